//! Writing a bundle: new file, 0600, no symlink followed, the same bytes for the same content.

use crate::failure::Failure;
use crate::output;
use flate2::{Compression, GzBuilder};
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, open, openat};
use nix::sys::stat::Mode;
use nix::unistd::linkat;
use nodesleuth_collect::Collected;
use nodesleuth_model::bundle::EVIDENCE_FILE;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A bundle that will be written when the collection is over. Its file is opened at the start, so
/// that a wrong path is found out before the window, not after it.
#[derive(Debug)]
pub(crate) struct Writer {
    path: PathBuf,
    file: NewFile,
}

impl Writer {
    /// Opens the file.
    pub(crate) fn create(path: &Path) -> Result<Self, Failure> {
        let file = NewFile::create(path).map_err(|error| Failure::file("create", path, error))?;
        Ok(Self {
            path: path.to_owned(),
            file,
        })
    }

    /// There is nothing to write.
    pub(crate) fn abandon(self) {
        self.file.remove();
    }

    /// Writes what was collected. When the disk is full or fails, or when something else has got
    /// the name meanwhile, what was measured is kept elsewhere if any place takes it, and the
    /// failure says why.
    pub(crate) fn write(self, collected: &Collected) -> Result<(), Failure> {
        let bytes = match archive(collected) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.file.remove();
                return Err(Failure::file("pack", &self.path, error));
            }
        };
        let Err(error) = self.file.write(&bytes) else {
            return Ok(());
        };
        if let Some(rescued) = rescue(&self.path, &bytes) {
            output::note(&format!(
                "the bundle was written to {} instead\n",
                rescued.display()
            ));
        }
        Err(Failure::file("write", &self.path, error))
    }
}

/// A private file (0600) that appears under its name when it is complete, in place of nothing.
#[derive(Debug)]
struct NewFile {
    folder: OwnedFd,
    name: OsString,
    file: File,
    /// The filesystem has no unnamed files: an empty one stands there already.
    named: bool,
}

impl NewFile {
    /// Fails where the file could not be written either.
    fn create(path: &Path) -> io::Result<Self> {
        let name = match path.file_name() {
            Some(name) if !path.as_os_str().as_bytes().ends_with(b"/") => name.to_owned(),
            _ => return Err(Errno::EISDIR.into()),
        };
        match fs::symlink_metadata(path) {
            Ok(_) => return Err(Errno::EEXIST.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let parent = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let folder = open(parent, flags, Mode::empty())?;
        let unnamed = OFlag::O_WRONLY | OFlag::O_TMPFILE | OFlag::O_CLOEXEC;
        // Since Linux 3.11, and not on every filesystem; what fails for another reason fails again.
        let (file, named) = match openat(&folder, ".", unnamed, owner_only()) {
            Ok(file) => (file, false),
            Err(_) => (create_named(&folder, &name)?, true),
        };
        Ok(Self {
            folder,
            name,
            file: File::from(file),
            named,
        })
    }

    /// Writes all of it and gives it its name; where that fails, nothing stays.
    fn write(mut self, bytes: &[u8]) -> io::Result<()> {
        let written = write_all(&self.file, bytes).and_then(|()| self.publish(bytes));
        if written.is_err() {
            self.remove();
        }
        written
    }

    fn publish(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.named {
            return Ok(());
        }
        let unnamed = format!("/proc/self/fd/{}", self.file.as_raw_fd());
        let follow = AtFlags::AT_SYMLINK_FOLLOW;
        match linkat(
            AT_FDCWD,
            unnamed.as_str(),
            &self.folder,
            &*self.name,
            follow,
        ) {
            Ok(()) => Ok(()),
            Err(Errno::EEXIST) => Err(Errno::EEXIST.into()),
            // Linking may be forbidden, or /proc not be there: once more, under its name.
            Err(_) => {
                self.file = create_named(&self.folder, &self.name)?.into();
                self.named = true;
                write_all(&self.file, bytes)
            }
        }
    }

    /// Nothing of it stays.
    fn remove(self) {
        if self.named {
            let only_files = nix::unistd::UnlinkatFlags::NoRemoveDir;
            let _ = nix::unistd::unlinkat(&self.folder, &*self.name, only_files);
        }
    }
}

fn create_named(folder: &OwnedFd, name: &OsString) -> nix::Result<OwnedFd> {
    let new = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL;
    let flags = new | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    openat(folder, name.as_os_str(), flags, owner_only())
}

fn owner_only() -> Mode {
    Mode::S_IRUSR | Mode::S_IWUSR
}

fn write_all(mut file: &File, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    // A filesystem may only find out now that it is full.
    file.sync_all()
}

/// Tries the places that are likely to have room.
fn rescue(path: &Path, bytes: &[u8]) -> Option<PathBuf> {
    let name = path.file_name()?;
    let folders = [
        std::env::temp_dir(),
        PathBuf::from("/dev/shm"),
        PathBuf::from("."),
    ];
    folders
        .iter()
        .map(|folder| folder.join(name))
        .find(|place| NewFile::create(place).is_ok_and(|file| file.write(bytes).is_ok()))
}

/// The archive's bytes: evidence first, then profiles by name; no times, users or random parts.
fn archive(collected: &Collected) -> io::Result<Vec<u8>> {
    let gzip = GzBuilder::new()
        .mtime(0)
        .write(Vec::new(), Compression::default());
    let mut tar = tar::Builder::new(gzip);
    let mut evidence = serde_json::to_vec_pretty(&collected.evidence)?;
    evidence.push(b'\n');
    append(&mut tar, EVIDENCE_FILE, &evidence)?;
    let mut profiles: Vec<_> = collected.profiles.iter().collect();
    profiles.sort();
    for (name, bytes) in profiles {
        append(&mut tar, name, bytes)?;
    }
    tar.into_inner()?.finish()
}

fn append(tar: &mut tar::Builder<impl Write>, name: &str, bytes: &[u8]) -> io::Result<()> {
    let mut header = tar::Header::new_ustar();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o600);
    header.set_mtime(0);
    tar.append_data(&mut header, name, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_same_content_gives_the_same_bytes() {
        let profiles = |order: [&str; 2]| Collected {
            profiles: order.map(|name| (name.to_owned(), b"x".to_vec())).to_vec(),
            ..Collected::default()
        };
        let one = archive(&profiles(["profiles/a", "profiles/b"])).unwrap();
        assert_eq!(
            one,
            archive(&profiles(["profiles/b", "profiles/a"])).unwrap()
        );
    }

    #[test]
    fn a_bundle_is_private_and_overwrites_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b.tar.gz");
        Writer::create(&path)
            .unwrap()
            .write(&Collected::default())
            .unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let again = Writer::create(&path).unwrap_err().to_string();
        assert!(again.contains("exists"), "{again}");
    }

    /// A file that stands there from the start, as on a filesystem without unnamed ones.
    fn named(path: &Path) -> NewFile {
        let mut file = NewFile::create(path).unwrap();
        let name = path.file_name().unwrap().to_owned();
        file.file = create_named(&file.folder, &name).unwrap().into();
        file.named = true;
        file
    }

    #[test]
    fn an_abandoned_bundle_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b.tar.gz");
        Writer::create(&path).unwrap().abandon();
        assert!(!path.exists());
        named(&path).remove();
        assert!(!path.exists());
    }

    #[test]
    fn a_filesystem_without_unnamed_files_does_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b.tar.gz");
        let file = named(&path);
        assert!(path.exists());
        file.write(b"all of it").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"all of it");
        // No filesystem of the kernel's own has any.
        assert!(NewFile::create(Path::new("/proc/self/b.tar.gz")).is_err());
    }

    #[test]
    fn the_name_stays_free_until_the_bundle_is_complete() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b.tar.gz");
        let file = NewFile::create(&path).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        fs::write(&path, "somebody else's").unwrap();
        let error = file.write(b"ours").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "somebody else's");
    }

    #[test]
    fn a_path_that_cannot_be_written_is_found_out_at_once() {
        let folder = tempfile::tempdir().unwrap();
        for wrong in ["no/such/b.tar.gz", "b.tar.gz/", "..", &"x".repeat(300)] {
            let refused = NewFile::create(&folder.path().join(wrong));
            assert!(refused.is_err(), "{wrong}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_symbolic_link_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b.tar.gz");
        std::os::unix::fs::symlink(folder.path().join("elsewhere"), &path).unwrap();
        assert!(Writer::create(&path).is_err());
        assert!(!folder.path().join("elsewhere").exists());
    }
}
