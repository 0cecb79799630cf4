//! Takes a scratch folder away: from the leaves up, never through a symbolic link, never onto
//! another filesystem, in bounded time; what stays is reported with the reason.
//!
//! Everything goes through directory descriptors, so swapping a folder for a link while we work
//! cannot lead us elsewhere.

use nix::dir::{Dir, Type};
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, fstatat};
use nix::unistd::{Uid, UnlinkatFlags, unlinkat};
use std::ffi::{CStr, CString, OsStr};
use std::fmt;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Deepest nesting that is followed; ours is 3.
const MAX_DEPTH: usize = 32;
/// Leftovers that are listed one by one.
const LISTED_LEFTOVERS: usize = 20;
/// A directory that is busy (a process in it is just ending) is tried again after this time.
const BUSY_PAUSE: Duration = Duration::from_millis(20);
/// All such waiting together.
const BUSY_PATIENCE: Duration = Duration::from_secs(5);
/// Longest removal: 2,000 cgroups or 50,000 files take a second or less here.
pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(60);

/// What may be taken away inside the folder.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Contents {
    /// Cgroup directories; their files are the kernel's and go with them.
    Cgroups,
    /// Folders, and regular files with names that this accepts.
    Files(fn(&[u8]) -> bool),
    /// Everything.
    Anything,
}

/// What a removal did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Removal {
    /// Folders and files that are gone.
    pub removed: u64,
    /// What is still there, the first twenty of it.
    pub leftovers: Vec<Leftover>,
    /// How much is still there in all.
    pub left: u64,
}

/// Something that is still there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// Where.
    pub path: PathBuf,
    /// Why.
    pub why: String,
}

impl fmt::Display for Leftover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.why)
    }
}

impl Removal {
    /// Whether nothing is left.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.left == 0
    }

    fn left(&mut self, path: &Path, why: impl Into<String>) {
        self.left += 1;
        if self.leftovers.len() < LISTED_LEFTOVERS {
            self.leftovers.push(Leftover {
                path: path.to_owned(),
                why: why.into(),
            });
        }
    }
}

/// Removes `path` and what is in it. A folder that is not there is a complete removal of nothing.
pub(crate) fn remove(path: &Path, contents: Contents, limit: Duration) -> Removal {
    let mut remover = Remover {
        contents,
        device: 0,
        deadline: Instant::now() + limit,
        patience: BUSY_PATIENCE,
        removal: Removal::default(),
    };
    if let Err(why) = remover.remove_root(path) {
        remover.removal.left(path, why);
    }
    remover.removal
}

struct Remover {
    contents: Contents,
    device: u64,
    deadline: Instant,
    patience: Duration,
    removal: Removal,
}

impl Remover {
    fn remove_root(&mut self, path: &Path) -> Result<(), String> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Err("not a folder that we make".to_owned());
        };
        let name = c_string(name).ok_or("not a folder that we make")?;
        let parent = match File::open(parent) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            other => other.map_err(|error| error.to_string())?,
        };
        let mut root = match open(&parent, &name) {
            Err(Errno::ENOENT) => return Ok(()),
            other => other.map_err(|error| refusal(error).to_owned())?,
        };
        let status = fstat(&root).map_err(|error| error.to_string())?;
        let owner = Uid::from_raw(status.st_uid);
        if owner != Uid::effective() && !owner.is_root() {
            return Err(format!("belongs to another user (uid {owner})"));
        }
        self.device = status.st_dev;
        if self.empty(&mut root, path, 0) {
            self.remove_directory(&parent, &name, path);
        }
        Ok(())
    }

    /// Removes what is in a folder; true when nothing of it stayed.
    fn empty(&mut self, directory: &mut Dir, path: &Path, depth: usize) -> bool {
        let before = self.removal.left;
        let names = match names(directory) {
            Ok(names) => names,
            Err(error) => {
                self.removal.left(path, error.to_string());
                return false;
            }
        };
        for (name, is_directory) in names {
            let path = path.join(OsStr::from_bytes(name.to_bytes()));
            if Instant::now() >= self.deadline {
                self.removal.left(&path, "out of time");
                return false;
            }
            if is_directory {
                self.remove_folder(directory, &name, &path, depth);
            } else {
                self.remove_file(directory, &name, &path);
            }
        }
        self.removal.left == before
    }

    fn remove_folder(&mut self, parent: &Dir, name: &CStr, path: &Path, depth: usize) {
        if depth >= MAX_DEPTH {
            return self
                .removal
                .left(path, "nested deeper than anything that we make");
        }
        let mut folder = match open(parent, name) {
            Ok(folder) => folder,
            Err(Errno::ENOENT) => return,
            Err(error) => return self.removal.left(path, refusal(error)),
        };
        match fstat(&folder) {
            Ok(status) if status.st_dev == self.device => {}
            Ok(_) => {
                return self
                    .removal
                    .left(path, "another filesystem is mounted there");
            }
            Err(error) => return self.removal.left(path, error.to_string()),
        }
        if self.empty(&mut folder, path, depth + 1) {
            self.remove_directory(parent, name, path);
        }
    }

    fn remove_directory(&mut self, parent: impl std::os::fd::AsFd, name: &CStr, path: &Path) {
        loop {
            match unlinkat(&parent, name, UnlinkatFlags::RemoveDir) {
                Ok(()) => return self.removal.removed += 1,
                Err(Errno::ENOENT) => return,
                Err(Errno::EBUSY) if !self.patience.is_zero() => {
                    std::thread::sleep(BUSY_PAUSE);
                    self.patience = self.patience.saturating_sub(BUSY_PAUSE);
                }
                Err(Errno::EBUSY) if matches!(self.contents, Contents::Cgroups) => {
                    return self.removal.left(path, "busy: a process is still in it");
                }
                Err(error) => return self.removal.left(path, error.desc()),
            }
        }
    }

    fn remove_file(&mut self, parent: &Dir, name: &CStr, path: &Path) {
        let ours = match self.contents {
            Contents::Cgroups => return,
            Contents::Anything => true,
            Contents::Files(accepts) => accepts(name.to_bytes()) && is_regular(parent, name),
        };
        if !ours {
            return self.removal.left(path, "not made by us");
        }
        match unlinkat(parent, name, UnlinkatFlags::NoRemoveDir) {
            Ok(()) => self.removal.removed += 1,
            Err(Errno::ENOENT) => {}
            Err(error) => self.removal.left(path, error.desc()),
        }
    }
}

fn open(parent: impl std::os::fd::AsFd, name: &CStr) -> nix::Result<Dir> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    Dir::openat(parent, name, flags, Mode::empty())
}

/// Entries with whether each is a folder; all of them before the first is removed, because
/// removing while listing may skip some.
fn names(directory: &mut Dir) -> nix::Result<Vec<(CString, bool)>> {
    let entries: Vec<_> = directory.iter().collect::<nix::Result<_>>()?;
    let names = entries
        .iter()
        .filter(|entry| !matches!(entry.file_name().to_bytes(), b"." | b".."));
    Ok(names
        .map(|entry| {
            let name = entry.file_name().to_owned();
            let is_directory = match entry.file_type() {
                Some(kind) => kind == Type::Directory,
                None => kind_of(&*directory, &name) == Some(SFlag::S_IFDIR),
            };
            (name, is_directory)
        })
        .collect())
}

fn is_regular(parent: &Dir, name: &CStr) -> bool {
    kind_of(parent, name) == Some(SFlag::S_IFREG)
}

fn kind_of(parent: &Dir, name: &CStr) -> Option<SFlag> {
    let status: FileStat = fstatat(parent, name, AtFlags::AT_SYMLINK_NOFOLLOW).ok()?;
    Some(SFlag::from_bits_truncate(status.st_mode) & SFlag::S_IFMT)
}

fn refusal(error: Errno) -> &'static str {
    match error {
        Errno::ELOOP | Errno::ENOTDIR => "a symbolic link or file, not a folder that we make",
        other => other.desc(),
    }
}

fn c_string(name: &OsStr) -> Option<CString> {
    CString::new(name.as_bytes()).ok()
}

#[cfg(test)]
mod tests;
