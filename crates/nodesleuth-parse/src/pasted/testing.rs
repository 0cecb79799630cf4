//! What tests of readers begin with.

use super::Ingested;

/// One text, as if a file held it.
pub(super) fn read(text: &str) -> Ingested {
    let mut ingested = Ingested::default();
    ingested.read("t", text.as_bytes(), None, true);
    ingested
}
