//! How much a profile may ask of us: a file of a few kilobytes can inflate to gigabytes.

/// Upper bounds while reading. Whatever exceeds one is an error that names it, never a cut-off
/// profile. Nothing is allocated from a length found in the file.
///
/// The defaults take the largest real profiles (a million stacks, thirty frames deep) and keep a
/// hostile file below about 1.5 GB of memory.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of protobuf after gunzip, or of an uncompressed file. Default 256 MiB.
    pub max_inflated_bytes: usize,
    /// Samples in the file. Default 10 million.
    pub max_samples: usize,
    /// Entries in each table by itself: strings, mappings, functions, locations, lines of
    /// locations, sample types, comments. Default 4 Mi.
    pub max_table_entries: usize,
    /// Frames summed over all stacks with inlined ones counted, and likewise values over all
    /// samples. Default 64 Mi.
    pub max_frames: usize,
    /// Labels summed over all samples. Default 16 Mi.
    pub max_labels: usize,
}

impl Limits {
    /// All of them so many times larger, for files that are trusted.
    #[must_use]
    pub fn times(self, factor: usize) -> Self {
        Self {
            max_inflated_bytes: self.max_inflated_bytes.saturating_mul(factor),
            max_samples: self.max_samples.saturating_mul(factor),
            max_table_entries: self.max_table_entries.saturating_mul(factor),
            max_frames: self.max_frames.saturating_mul(factor),
            max_labels: self.max_labels.saturating_mul(factor),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_inflated_bytes: 256 << 20,
            max_samples: 10_000_000,
            max_table_entries: 4 << 20,
            max_frames: 64 << 20,
            max_labels: 16 << 20,
        }
    }
}
