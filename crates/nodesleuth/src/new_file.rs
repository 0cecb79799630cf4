//! A new file: private (0600), in place of nothing, no symlink followed, there when it is complete.

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, open, openat};
use nix::sys::stat::Mode;
use nix::unistd::linkat;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// A private file (0600) that appears under its name when it is complete, in place of nothing.
#[derive(Debug)]
pub(crate) struct NewFile {
    folder: OwnedFd,
    name: OsString,
    file: File,
    /// The filesystem has no unnamed files: an empty one stands there already.
    named: bool,
}

impl NewFile {
    /// Fails where the file could not be written either.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
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
    pub(crate) fn write(self, bytes: &[u8]) -> io::Result<()> {
        self.write_with(|out| out.write_all(bytes))
    }

    /// The same with what `fill` writes, which may be asked for twice.
    pub(crate) fn write_with(
        mut self,
        fill: impl Fn(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        let written = write_all(&self.file, &fill).and_then(|()| self.publish(&fill));
        if written.is_err() {
            self.remove();
        }
        written
    }

    fn publish(&mut self, fill: &impl Fn(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
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
                write_all(&self.file, fill)
            }
        }
    }

    /// Nothing of it stays.
    pub(crate) fn remove(self) {
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

fn write_all(file: &File, fill: &impl Fn(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 16, file);
    fill(&mut out)?;
    out.flush()?;
    // A filesystem may only find out now that it is full.
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that stands there from the start, as on a filesystem without unnamed ones.
    fn named(path: &Path) -> NewFile {
        let mut file = NewFile::create(path).unwrap();
        let name = path.file_name().unwrap().to_owned();
        file.file = create_named(&file.folder, &name).unwrap().into();
        file.named = true;
        file
    }

    #[test]
    fn a_filesystem_without_unnamed_files_does_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b.tar.gz");
        let file = named(&path);
        assert!(path.exists());
        file.write(b"all of it").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"all of it");
        let named = named(&folder.path().join("removed"));
        named.remove();
        assert!(!folder.path().join("removed").exists());
        // No filesystem of the kernel's own has any.
        assert!(NewFile::create(Path::new("/proc/self/b.tar.gz")).is_err());
    }

    #[test]
    fn the_name_stays_free_until_the_file_is_complete() {
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
        assert!(NewFile::create(&path).is_err());
        assert!(!folder.path().join("elsewhere").exists());
    }
}
