//! The vocabulary of nodesleuth: evidence, facts, findings, units.
//!
//! Nothing here reads a file, a clock or the environment. Collectors fill [`Evidence`], analysis
//! turns it into a [`Diagnosis`], reports print that; all three speak only these types. Raw
//! readings are kept as they were read; rates are computed in analysis, so an arithmetic bug is
//! fixed for old recordings too.

pub mod agents;
pub mod bundle;
pub mod diagnosis;
pub mod evidence;
pub mod facts;
pub mod fleet;
pub mod ledger;
pub mod observed;
mod printable;
pub mod syscalls;
pub mod units;

pub use bundle::SchemaVersion;
pub use diagnosis::{Confidence, Diagnosis, Finding, FindingKind, Outcome};
pub use evidence::Evidence;
pub use facts::{Fact, FactValue};
pub use ledger::{Ledger, LedgerPart, LedgerView};
pub use observed::{Missing, MissingKind, Observed, Reading, Window};
pub use printable::{printable, printable_lines};
pub use units::{BootNanos, Bytes, Cores, Kib, Nanos, Pid, Ticks};
