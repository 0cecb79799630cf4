//! Facts: what analysis derived from evidence, each with its source. The table of all facts is
//! closed and lives in the analysis crate; this is only their shape.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The value of a fact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FactValue {
    /// Yes or no.
    Flag(bool),
    /// A number in the unit that the fact table names.
    Number(f64),
    /// A word, such as a kernel release.
    Text(String),
}

/// A fact: a value, or why it is unknown. Unknown is not false.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// The value, absent when unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<FactValue>,
    /// Unit of a number ("cores", "seconds", "count", "bytes", "share", "per second" or "").
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// Where it came from, or why it is unknown.
    pub source: String,
}

impl fmt::Display for FactValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => f.write_str(if *flag { "yes" } else { "no" }),
            Self::Number(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
                write!(f, "{number:.0}")
            }
            Self::Number(number) if number.abs() >= 100.0 => write!(f, "{number:.0}"),
            Self::Number(number) if number.abs() >= 0.01 => write!(f, "{number:.2}"),
            Self::Number(number) => write!(f, "{number:.6}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}
