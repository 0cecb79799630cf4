//! Writing a bundle: the same bytes for the same content.

use crate::failure::Failure;
use crate::new_file::NewFile;
use crate::output;
use flate2::{Compression, GzBuilder};
use nodesleuth_collect::Collected;
use nodesleuth_model::bundle::EVIDENCE_FILE;
use std::io::{self, Write};
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
pub(crate) fn archive(collected: &Collected) -> io::Result<Vec<u8>> {
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
    use std::fs;
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
}
