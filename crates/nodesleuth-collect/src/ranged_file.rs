//! An open file of which ranges are read: binaries are too large to be held in memory.

use nodesleuth_parse::RangedRead;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// A file and its size when it was opened.
#[derive(Debug)]
pub(crate) struct RangedFile {
    file: File,
    size: u64,
}

impl RangedFile {
    /// # Errors
    /// When its size cannot be read.
    pub(crate) fn of(file: File) -> io::Result<Self> {
        let size = file.metadata()?.len();
        Ok(Self { file, size })
    }
}

impl RangedRead for RangedFile {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }
}
