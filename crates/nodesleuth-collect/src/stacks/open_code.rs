//! Opening the very file that a process has mapped, and no other that stands at its path by now.

use super::code::{Code, Identity};
use super::exec_file::ExecFile;
use crate::Node;
use crate::ranged_file::RangedFile;
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::resource::{Resource, getrlimit};
use nix::sys::stat::{Mode, SFlag, fstat, major, minor};
use nodesleuth_parse::proc::maps::FileId;
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::rc::Rc;

/// A file held open, or why it is not.
pub(super) type Held = Result<Rc<ExecFile>, Rc<str>>;

/// Files that are mapped as code, each opened once.
#[derive(Debug)]
pub(super) struct OpenCode<'n> {
    node: &'n Node,
    /// With the generation of its inode, or 0.
    held: HashMap<Identity, (Rc<ExecFile>, u64)>,
    /// So many files may be held open: descriptors are needed for other things too.
    most: usize,
}

/// A way to a mapped file.
struct Way {
    path: String,
    /// The kernel's own link to the file: it leads to no other.
    exact: bool,
}

impl<'n> OpenCode<'n> {
    pub(super) fn new(node: &'n Node) -> Self {
        let (soft, _) = getrlimit(Resource::RLIMIT_NOFILE).unwrap_or((1024, 1024));
        Self {
            node,
            held: HashMap::new(),
            most: usize::try_from(soft / 2).unwrap_or(usize::MAX),
        }
    }

    /// The file behind a mapping of a process that lives; `None` where there is no file.
    pub(super) fn hold(&mut self, pid: u32, code: &Code) -> Option<Held> {
        if code.identity == Identity::NoFile {
            return None;
        }
        if let Some((file, _)) = self.held.get(&code.identity) {
            return Some(Ok(Rc::clone(file)));
        }
        Some(self.open(pid, code))
    }

    /// The file of code that could not be opened when it was mapped, if it was opened for another
    /// process and is certainly the same: an inode number alone may have been given again.
    pub(super) fn opened_for_another(&self, code: &Code) -> Option<&Rc<ExecFile>> {
        let (file, generation) = self.held.get(&code.identity)?;
        let same_inode = code.generation != 0 && code.generation == *generation;
        let is_sure = same_inode || matches!(code.identity, Identity::BuildId(_));
        is_sure.then_some(file)
    }

    fn open(&mut self, pid: u32, code: &Code) -> Held {
        if self.held.len() >= self.most {
            let reason = format!("{} files are open already (ulimit -n)", self.most);
            return Err(reason.into());
        }
        let mut reason = None;
        for way in ways(self.node, pid, code) {
            match self.verified(&way, code) {
                Ok(file) => {
                    let file = Rc::new(file);
                    if code.identity != Identity::Path {
                        let held = (Rc::clone(&file), code.generation);
                        self.held.insert(code.identity.clone(), held);
                    }
                    return Ok(file);
                }
                // The last way is the one that people know.
                Err(why) => reason = Some(why),
            }
        }
        Err(reason
            .unwrap_or_else(|| "the file was deleted".to_owned())
            .into())
    }

    fn verified(&self, way: &Way, code: &Code) -> Result<ExecFile, String> {
        let file = self
            .open_plain(&way.path)
            .map_err(|error| words(&error).to_owned())?;
        let (file, id) = file;
        let file = ExecFile::of(RangedFile::of(file).map_err(|error| error.to_string())?);
        let same = match &code.identity {
            Identity::Inode(mapped) => is_same(*mapped, id, way.exact),
            Identity::BuildId(wanted) => file.build_id() == Some(wanted),
            Identity::Path => way.exact,
            Identity::NoFile => false,
        };
        match same {
            true => Ok(file),
            false => Err("another file stands at its path by now".to_owned()),
        }
    }

    /// Opens an ordinary file without waiting for anything, as a pipe in its place would make us.
    fn open_plain(&self, path: &str) -> io::Result<(File, FileId)> {
        let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
        let file = File::from(open(&self.node.path(path), flags, Mode::empty())?);
        let stat = fstat(&file)?;
        let kind = SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits());
        if kind != SFlag::S_IFREG {
            return Err(Errno::ENOENT.into());
        }
        let number = |part: u64| u32::try_from(part).unwrap_or(u32::MAX);
        let id = FileId {
            major: number(major(stat.st_dev)),
            minor: number(minor(stat.st_dev)),
            inode: stat.st_ino,
        };
        Ok((file, id))
    }
}

/// The ways to a mapped file, the surest first.
fn ways(node: &Node, pid: u32, code: &Code) -> Vec<Way> {
    let exe = format!("/proc/{pid}/exe");
    let is_exe = node.link(&exe).is_ok_and(|link| {
        let path = link.strip_suffix(" (deleted)").unwrap_or(&link);
        path == code.path
    });
    let range = format!("{:x}-{:x}", code.start, code.end);
    let exact = |path| Way { path, exact: true };
    let mut ways = vec![exact(format!("/proc/{pid}/map_files/{range}"))];
    if is_exe {
        ways.push(exact(exe));
    }
    if !code.deleted {
        ways.push(Way {
            path: format!("/proc/{pid}/root{}", code.path),
            exact: false,
        });
    }
    ways
}

/// Whether an opened file is the mapped one. Overlays and the like have devices of their own
/// (major number 0), which maps and `stat` do not tell alike, and some number files anew.
fn is_same(mapped: FileId, opened: FileId, exact: bool) -> bool {
    let own_device = mapped.major == 0 || opened.major == 0;
    match (own_device, exact) {
        (true, true) => true,
        (true, false) => mapped.inode == opened.inode,
        (false, _) => mapped == opened,
    }
}

fn words(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "it was gone before it could be opened",
        io::ErrorKind::PermissionDenied => "no permission to open it (run as root)",
        // ESRCH: the process has ended.
        _ if error.raw_os_error() == Some(3) => "it was gone before it could be opened",
        _ => "it could not be opened",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(major: u32, inode: u64) -> FileId {
        FileId {
            major,
            minor: 1,
            inode,
        }
    }

    #[test]
    fn a_file_with_another_number_is_another_file() {
        assert!(is_same(id(8, 5), id(8, 5), false));
        for exact in [true, false] {
            assert!(!is_same(id(8, 5), id(8, 6), exact));
            assert!(!is_same(id(8, 5), id(9, 5), exact));
        }
    }

    #[test]
    fn overlays_are_believed_where_the_kernel_leads_to_the_file() {
        assert!(is_same(id(0, 5), id(8, 6), true));
        assert!(is_same(id(0, 5), id(8, 5), false));
        assert!(!is_same(id(0, 5), id(8, 6), false));
    }
}
