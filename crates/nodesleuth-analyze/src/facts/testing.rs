//! What tests of facts begin with.

use super::derive_one;
use crate::catalog::Catalog;
use crate::input::Input;
use nodesleuth_model::{BootNanos, Evidence, FactValue, Observed, Reading, Window};

/// A fact of this evidence, if it is a number that is known.
pub(super) fn number(evidence: &Evidence, fact: &str) -> Option<f64> {
    let catalog = Catalog::built_in().unwrap();
    match derive_one(&Input::new(evidence, &[], &catalog), fact)? {
        FactValue::Number(number) => Some(number),
        other => panic!("{other:?}"),
    }
}

/// How far apart the readings of [`window`] are.
pub(super) const SECONDS: u64 = 10;

/// Two readings so far apart.
pub(super) fn window<T>(before: T, after: T) -> Observed<Window<T>> {
    let reading = |seconds: u64, value| Reading {
        at: BootNanos(seconds * 1_000_000_000),
        value,
    };
    Observed::Value(Window {
        before: reading(100, before),
        after: reading(100 + SECONDS, after),
    })
}
