//! Writing a bundle: new file, 0600, no symlink followed, the same bytes for the same content.

use crate::failure::Failure;
use crate::output;
use flate2::{Compression, GzBuilder};
use nodesleuth_collect::Collected;
use nodesleuth_model::bundle::EVIDENCE_FILE;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A bundle that will be written when the collection is over. Its file exists from the start, so
/// that a wrong path is found out before the window, not after it.
#[derive(Debug)]
pub(crate) struct Writer {
    path: PathBuf,
    file: File,
}

impl Writer {
    /// Creates the file.
    pub(crate) fn create(path: &Path) -> Result<Self, Failure> {
        let file = create_new(path).map_err(|error| Failure::file("create", path, error))?;
        Ok(Self {
            path: path.to_owned(),
            file,
        })
    }

    /// Removes the empty file: there is nothing to write.
    pub(crate) fn abandon(self) {
        drop(self.file);
        let _ = fs::remove_file(&self.path);
    }

    /// Writes what was collected. When the disk is full or fails, what was measured is kept
    /// elsewhere if any place takes it, and the failure says where.
    pub(crate) fn write(self, collected: &Collected) -> Result<(), Failure> {
        let bytes = archive(collected).map_err(|error| Failure::file("pack", &self.path, error))?;
        let Err(error) = write_all(&self.file, &bytes) else {
            return Ok(());
        };
        let path = self.path.clone();
        self.abandon();
        if let Some(rescued) = rescue(&path, &bytes) {
            output::note(&format!(
                "the bundle was written to {} instead\n",
                rescued.display()
            ));
        }
        Err(Failure::file("write", &path, error))
    }
}

fn create_new(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .custom_flags(nix::fcntl::OFlag::O_NOFOLLOW.bits())
        .open(path)
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
        .find(|place| {
            let Ok(file) = create_new(place) else {
                return false;
            };
            let written = write_all(&file, bytes).is_ok();
            if !written {
                let _ = fs::remove_file(place);
            }
            written
        })
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

    #[test]
    fn an_abandoned_bundle_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b.tar.gz");
        Writer::create(&path).unwrap().abandon();
        assert!(!path.exists());
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
