//! What profiles say about values, mappings, functions and labels: the same types for reading
//! and for building.

/// What a number means. `unit` is as the profile spells it: `nanoseconds`, `count`, `bytes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ValueType<'a> {
    /// What is counted, for example `cpu` or `inuse_space` (`type` in the schema).
    pub kind: &'a str,
    /// In which unit.
    pub unit: &'a str,
}

impl<'a> ValueType<'a> {
    /// CPU time in nanoseconds, as in Go's CPU profiles.
    pub const CPU: ValueType<'static> = ValueType {
        kind: "cpu",
        unit: "nanoseconds",
    };

    /// A value type by its two parts.
    pub fn new(kind: &'a str, unit: &'a str) -> Self {
        Self { kind, unit }
    }
}

/// A file mapped into the profiled process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mapping<'a> {
    /// First address.
    pub start: u64,
    /// First address after it.
    pub limit: u64,
    /// Offset in the file that `start` shows.
    pub offset: u64,
    /// Path of the file, or a name like `[vdso]`; may be empty.
    pub file: &'a str,
    /// GNU or Go build id; empty if not known.
    pub build_id: &'a str,
    /// Its addresses have function names.
    pub has_functions: bool,
    /// Its functions have file names.
    pub has_filenames: bool,
    /// Its addresses have line numbers.
    pub has_line_numbers: bool,
    /// Its addresses list inlined functions.
    pub has_inline_frames: bool,
}

/// A function of the profiled process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Function<'a> {
    /// Name for people.
    pub name: &'a str,
    /// Name in the symbol table, for example mangled; often the same.
    pub system_name: &'a str,
    /// Source file; empty if not known.
    pub file: &'a str,
    /// Line at which the function starts; 0 if not known.
    pub start_line: i64,
}

/// A key with a value attached to a sample, for example a thread's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label<'a> {
    /// What the value is.
    pub key: &'a str,
    /// The value.
    pub value: LabelValue<'a>,
}

/// Labels are text or numbers. In a file an entry with both counts as text, and one with neither
/// is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelValue<'a> {
    /// Text.
    Text(&'a str),
    /// A number with its unit, which may be empty.
    Number {
        /// The number.
        number: i64,
        /// For example `bytes`.
        unit: &'a str,
    },
}
