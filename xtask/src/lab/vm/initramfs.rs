//! A guest's first and only root: a cpio archive in the "newc" format, as the kernel's
//! `Documentation/driver-api/early-userspace/buffer-format.rst` describes it. Written here because
//! it takes no root, no device nodes and no package that may be missing.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{Result, While};
use crate::lab::libraries::libraries;

const FOLDER: u32 = 0o040_755;
const PROGRAM: u32 = 0o100_755;
const LINK: u32 = 0o120_777;
/// An archive being put together. Parent folders come by themselves.
#[derive(Debug, Default)]
pub(crate) struct Initramfs {
    bytes: Vec<u8>,
    entries: u32,
    /// Folders and libraries that are in it already.
    packed: BTreeSet<PathBuf>,
}

impl Initramfs {
    /// An empty folder.
    pub(crate) fn folder(&mut self, path: &str) {
        self.add_folder(Path::new(path));
    }

    /// A file that can be run.
    pub(crate) fn text(&mut self, path: &str, text: &str) {
        self.file(Path::new(path), PROGRAM, text.as_bytes());
    }

    /// A symbolic link.
    pub(crate) fn link(&mut self, path: &str, target: &str) {
        self.file(Path::new(path), LINK, target.as_bytes());
    }

    /// A file of this machine.
    pub(crate) fn copy(&mut self, path: &str, from: &Path) -> Result<()> {
        let bytes = fs::read(from).doing(|| format!("reading {}", from.display()))?;
        self.file(Path::new(path), PROGRAM, &bytes);
        Ok(())
    }

    /// A program of this machine in `/bin`, and the libraries that it is linked to where it looks
    /// for them.
    pub(crate) fn program(&mut self, name: &str, from: &Path) -> Result<()> {
        self.copy(&format!("bin/{name}"), from)?;
        for library in libraries(from)? {
            let inside = library.trim_start_matches('/').to_owned();
            if !self.packed.contains(Path::new(&inside)) {
                self.copy(&inside, Path::new(&library))?;
                self.packed.insert(PathBuf::from(inside));
            }
        }
        Ok(())
    }

    /// The finished archive.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.entry("TRAILER!!!", 0, &[]);
        self.bytes
    }

    fn file(&mut self, path: &Path, mode: u32, content: &[u8]) {
        if let Some(parent) = path.parent() {
            self.add_folder(parent);
        }
        self.entry(&path.to_string_lossy(), mode, content);
    }

    fn add_folder(&mut self, path: &Path) {
        if path.as_os_str().is_empty() || self.packed.contains(path) {
            return;
        }
        if let Some(parent) = path.parent() {
            self.add_folder(parent);
        }
        self.packed.insert(path.to_owned());
        self.entry(&path.to_string_lossy(), FOLDER, &[]);
    }

    fn entry(&mut self, name: &str, mode: u32, content: &[u8]) {
        self.entries += 1;
        let size = u32::try_from(content.len()).unwrap_or(u32::MAX);
        let name_size = u32::try_from(name.len() + 1).unwrap_or(u32::MAX);
        // Inode, mode, user, group, links, time, size, four device numbers, length of the name, sum.
        let fields = [
            self.entries,
            mode,
            0,
            0,
            1,
            0,
            size,
            0,
            0,
            0,
            0,
            name_size,
            0,
        ];
        self.bytes.extend_from_slice(b"070701");
        for field in fields {
            self.bytes
                .extend_from_slice(format!("{field:08X}").as_bytes());
        }
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend_from_slice(content);
        self.pad();
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_has_every_folder_once_and_is_padded() {
        let mut archive = Initramfs::default();
        archive.text("etc/a/x", "12345");
        archive.text("etc/a/y", "");
        let bytes = archive.finish();
        let text = String::from_utf8_lossy(&bytes);
        assert_eq!(bytes.len() % 4, 0);
        assert_eq!(text.matches("070701").count(), 5);
        assert!(text.contains("etc/a/x\0") && text.ends_with("TRAILER!!!\0\0\0\0"));
    }
}
