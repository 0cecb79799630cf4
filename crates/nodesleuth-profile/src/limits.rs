//! How much a profile may ask of us: a file of a few kilobytes can inflate to gigabytes.

/// Upper bounds while reading. Whatever exceeds one is an error that names it, never a cut-off
/// profile. Nothing is allocated from a length found in the file.
///
/// The defaults take the largest real profiles (a million stacks, sixty frames deep) and keep a
/// hostile file below 1.5 GB of memory, however little it is before gunzip.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of a file after gunzip, or of an uncompressed one. Default 256 MiB.
    pub max_inflated_bytes: usize,
    /// Samples in the file. Default 4 Mi.
    pub max_samples: usize,
    /// Entries in each table by itself: strings, mappings, functions, locations, lines of
    /// locations, sample types, comments. Default 1 Mi.
    pub max_table_entries: usize,
    /// Bytes of all strings of a `profile.proto` together. Default 64 MiB.
    pub max_string_bytes: usize,
    /// Frames summed over all stacks with inlined ones counted. Default 64 Mi.
    pub max_frames: usize,
    /// Values summed over all samples. Default 16 Mi.
    pub max_values: usize,
    /// Labels summed over all samples. Default 4 Mi.
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
            max_string_bytes: self.max_string_bytes.saturating_mul(factor),
            max_frames: self.max_frames.saturating_mul(factor),
            max_values: self.max_values.saturating_mul(factor),
            max_labels: self.max_labels.saturating_mul(factor),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_inflated_bytes: 256 << 20,
            max_samples: 4 << 20,
            max_table_entries: 1 << 20,
            max_string_bytes: 64 << 20,
            max_frames: 64 << 20,
            max_values: 16 << 20,
            max_labels: 4 << 20,
        }
    }
}
