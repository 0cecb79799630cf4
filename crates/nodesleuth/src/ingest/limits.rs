//! How much is read at most: folders and archives come from anybody.

/// Bytes of a file that was named, unpacked.
pub(super) const MOST_BYTES_NAMED: u64 = 256 << 20;
/// Bytes of a file in a folder or archive, unpacked.
pub(super) const MOST_BYTES_INSIDE: u64 = 64 << 20;
/// Bytes of all files together, unpacked.
const MOST_BYTES: u64 = 768 << 20;
/// Files that are read.
const MOST_FILES: usize = 20_000;
/// Names that are looked at, read or not.
const MOST_NAMES: usize = 200_000;
/// Folders in folders.
pub(super) const DEEPEST: usize = 32;

/// What is left of the limits.
#[derive(Debug)]
pub(super) struct Limits {
    pub(super) bytes_left: u64,
    pub(super) files_left: usize,
    pub(super) names_left: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes_left: MOST_BYTES,
            files_left: MOST_FILES,
            names_left: MOST_NAMES,
        }
    }
}
