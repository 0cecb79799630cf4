//! What can be wrong with the bytes of a profile, and where.

use std::fmt;

/// Why bytes are not a readable profile.
///
/// Offsets count from the start of the protobuf data: for a gzip file, of the inflated data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// There is nothing to read, or the gzip stream holds nothing.
    #[error("empty input: no profile in it")]
    Empty,
    /// The bytes are something else, recognised by their beginning.
    #[error("this is {what}, not a profile: {first_line}")]
    NotAProfile {
        /// What it is, with its article, for example `an HTML page`.
        what: &'static str,
        /// The first line that says something, shortened; empty for binary formats.
        first_line: String,
    },
    /// The gzip stream is broken: cut off, bad checksum, or followed by other bytes.
    #[error("cannot decompress: {reason} (compressed byte {offset} of {length})")]
    Gzip {
        /// Where reading stopped in the compressed bytes.
        offset: usize,
        /// How many compressed bytes there are.
        length: usize,
        /// What the decompressor found.
        reason: String,
    },
    /// More of something than [`Limits`](crate::Limits) allow.
    #[error("the profile has more than {limit} {what}, the limit set for reading")]
    OverLimit {
        /// What there is too much of.
        what: &'static str,
        /// The bound that was passed.
        limit: usize,
    },
    /// The bytes do not follow protobuf's wire format.
    #[error("not a pprof protobuf: {problem} at byte {offset}")]
    Wire {
        /// Where the broken field starts.
        offset: usize,
        /// What is broken about it.
        problem: WireProblem,
    },
    /// A known field has another wire type than the pprof schema gives it.
    #[error("field {field} at byte {offset} has wire type {found}, expected {expected}")]
    WireType {
        /// Where the field starts.
        offset: usize,
        /// Message and field, for example `Profile.time_nanos`.
        field: &'static str,
        /// The wire type found.
        found: &'static str,
        /// The wire type of the schema.
        expected: &'static str,
    },
    /// Two profiles were written one after the other into the same file.
    #[error("two profiles one after the other: a second time_nanos at byte {offset}")]
    Concatenated {
        /// Where the second time field is.
        offset: usize,
    },
    /// No string table; every profile has at least the empty string.
    #[error("the profile has no string table: field 6 is nowhere in it")]
    NoStringTable,
    /// String 0 must be empty, because 0 stands for "absent" everywhere.
    #[error("string 0 (byte {offset}) must be empty, but is {text:?}")]
    FirstString {
        /// Where it starts.
        offset: usize,
        /// What string 0 is, shortened.
        text: String,
    },
    /// A reference to a string that does not exist.
    #[error("{at}: {field} is string {index}, but the table has {strings} strings")]
    StringIndex {
        /// The entry with the reference.
        at: Place,
        /// Its field.
        field: &'static str,
        /// The reference.
        index: i64,
        /// Size of the string table.
        strings: usize,
    },
    /// An entry calls itself 0, which means "none".
    #[error("{at} has the reserved id 0")]
    ReservedId {
        /// The entry.
        at: Place,
    },
    /// Two entries of a table have the same id.
    #[error("{at} has the id {id}, as one before it has")]
    DuplicateId {
        /// The second of them.
        at: Place,
        /// The id that is there twice.
        id: u64,
    },
    /// A reference to a location or function that does not exist.
    #[error("{at} refers to {table} {id}, which does not exist")]
    Missing {
        /// The entry with the reference.
        at: Place,
        /// The table it points into.
        table: Table,
        /// The id it asks for.
        id: u64,
    },
    /// A sample has not one value for each sample type.
    #[error("{at} has {found} values for {expected} sample types")]
    ValueCount {
        /// The sample.
        at: Place,
        /// Values of the sample.
        found: usize,
        /// Sample types of the profile.
        expected: usize,
    },
    /// There are samples, but nothing says what their values are.
    #[error("{samples} samples, but no sample types that say what their values mean")]
    NoSampleTypes {
        /// How many samples there are.
        samples: usize,
    },
}

/// How protobuf's wire format is violated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireProblem {
    /// The data ends inside a number.
    #[error("the data ends inside a varint")]
    VarintCut,
    /// A number has more than ten bytes.
    #[error("a varint longer than 10 bytes")]
    VarintTooLong,
    /// A field is longer than what is left of the message around it.
    #[error("a field of {length} bytes with only {left} left")]
    PastEnd {
        /// Length the field claims.
        length: u64,
        /// Bytes left.
        left: usize,
    },
    /// Wire types 3 and 4 (groups) and 6 and 7 (never assigned).
    #[error("wire type {0}")]
    UnknownType(u8),
}

/// A table of a profile, or what else an error can be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Table {
    /// The profile's own fields.
    Profile,
    /// What the values of samples mean.
    SampleType,
    /// Stacks with their values.
    Sample,
    /// Files mapped into the process.
    Mapping,
    /// Instruction addresses with their lines.
    Location,
    /// Functions.
    Function,
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Profile => "profile",
            Self::SampleType => "sample type",
            Self::Sample => "sample",
            Self::Mapping => "mapping",
            Self::Location => "location",
            Self::Function => "function",
        })
    }
}

/// Which entry of which table, and where it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The table.
    pub table: Table,
    /// The entry's position in the file, counting from 1; not its id.
    pub number: usize,
    /// Byte offset of the first field of the entry.
    pub offset: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.table {
            Table::Profile => f.write_str("the profile"),
            table => write!(f, "{table} number {} (byte {})", self.number, self.offset),
        }
    }
}
