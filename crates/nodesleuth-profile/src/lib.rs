//! Stacks: pprof and folded in and out, merging, filters, frame names, signatures, top, and the
//! reports of `go tool pprof`.
//!
//! A [`Profile`] is read from a pprof file by [`read`], or made from other sources by
//! [`ProfileBuilder`]. All stacks run from root to leaf. Getting the bytes, and deciding what
//! a profile means, is left to others; nothing here opens a file.
//!
//! ```
//! use nodesleuth_profile::{Limits, NormalNames, Profile, Signature, ValueType};
//! use nodesleuth_profile::{encode, fold, read, top};
//!
//! let stacks = [
//!     (vec!["runtime.main", "main.main", "x/vendor/a.io/b.(*T).Poll", "os.ReadFile"], 30),
//!     (vec!["runtime.main", "main.main"], 10),
//! ];
//! let bytes = encode(&Profile::from_stacks(ValueType::CPU, stacks));
//!
//! let profile = read(&bytes, &Limits::default())?;
//! let value = profile.default_value_index().expect("it has a sample type");
//! assert_eq!(profile.total(value), 40);
//!
//! let rows = top(&profile, value);
//! assert_eq!((rows[0].name, rows[0].flat, rows[0].cum), ("os.ReadFile", 30, 30));
//! assert!(fold(&profile, value).to_string().ends_with("Poll;os.ReadFile 30\n"));
//!
//! let polling = Signature::parse(["a.io/b.(*T).Poll", "os.*"])?.resolve(&NormalNames::of(&profile));
//! let share: i64 = profile
//!     .stacks()
//!     .filter(|stack| polling.matches(stack.name_ids()))
//!     .map(|stack| stack.values()[value])
//!     .sum();
//! assert_eq!(share, 30);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! From several files to one that holds what matters:
//!
//! ```
//! use nodesleuth_profile::{Draft, Filters, GoRegex, Limits, Merger, Profile, ValueType};
//! use nodesleuth_profile::{encode, fold, read};
//!
//! let file = |idle| {
//!     let stacks = [(vec!["main", "poll", "read"], 30), (vec!["main", "idle"], idle)];
//!     encode(&Profile::from_stacks(ValueType::CPU, stacks))
//! };
//! let mut merger = Merger::new();
//! for bytes in [file(1), file(2)] {
//!     merger.add(&read(&bytes, &Limits::default())?)?;
//! }
//! let filters = Filters {
//!     focus: Some(GoRegex::new("^poll$")?),
//!     ..Filters::default()
//! };
//! let mut draft = Draft::of(merger.finish());
//! draft.filter(&filters);
//! let polling = draft.into_profile();
//! assert_eq!(fold(&polling, 0).to_string(), "main;poll;read 60\n");
//! assert_eq!(read(&encode(&polling), &Limits::default())?.total(0), 60);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod advice;
mod boxes;
mod builder;
mod change;
mod decode;
mod draw;
mod error;
mod fields;
mod folded;
mod folded_name;
mod folded_text;
mod foreign;
mod frame_names;
mod from_stacks;
mod go_regex;
mod gzip;
mod html;
mod ids;
mod index;
mod keyed_hash;
mod limits;
mod locations;
mod merge;
mod names;
mod open;
mod parts;
mod pattern;
mod profile;
mod read;
mod report;
mod row_order;
mod rows;
mod sample_reader;
mod samples;
mod signature;
mod signature_set;
mod source_link;
mod stack;
mod stack_filter;
mod stack_rows;
mod stackcollapse_go;
mod strings;
mod symbols;
mod text;
mod top;
mod varint;
mod wire;
mod write;

pub use boxes::FlameBox;
pub use builder::{FunctionId, Line, Location, LocationId, MappingId, ProfileBuilder};
pub use draw::{Colors, Drawn, Lanes, SvgOptions, svg, unit_seconds, value_text};
pub use error::{Place, ReadError, Table, WireProblem};
pub use fields::{Function, Label, LabelValue, Mapping, ValueType};
pub use folded::{Folded, FoldedStack, fold, fold_with};
pub use folded_name::{EMPTY_NAME, EMPTY_STACK, safe_name};
pub use folded_text::{FoldedError, FoldedText, IgnoredLine, read_folded};
pub use go_regex::{GoRegex, GoRegexError};
pub use html::{HtmlError, HtmlOptions, HtmlPage};
pub use limits::Limits;
pub use merge::{MergeError, Merger};
pub use names::{FrameName, GoName, GoReceiver, normalize};
pub use open::{Format, OpenError, Opened, open, open_from, open_in_parts};
pub use parts::Parts;
pub use pattern::{Pattern, PatternError, name_matches};
pub use profile::Profile;
pub use read::read;
pub use report::{
    Draft, Filters, Granularity, Report, ReportError, ReportKind, ReportOptions, TagFilter, report,
};
pub use signature::{NormalNames, Signature, SignatureMatcher};
pub use signature_set::{SignatureMatch, SignatureSet};
pub use source_link::{GO, SourceLinks, VersionError};
pub use stack::{Frame, FrameId, NameId, Stack};
pub use stack_filter::StackFilter;
pub use stack_rows::{StackRow, StackRows, StackRowsBuilder};
pub use stackcollapse_go::{CompatError, stackcollapse_go};
pub use symbols::{Symbol, SymbolId};
pub use text::TextError;
pub use text::source::decode as decode_text;
pub use top::{TopOrder, TopRow, top};
pub use write::{encode, write};
