//! What tests of readers begin with.

use super::Ingested;
use nodesleuth_model::evidence::Pasted;

/// One text, as if a file held it.
pub(super) fn read(text: &str) -> Ingested {
    let mut ingested = Ingested::default();
    ingested.read("t", text.as_bytes(), None, true);
    ingested
}

/// What is taken from a text in sentences.
pub(super) fn prose(text: &str) -> Pasted {
    let mut ingested = Ingested::default();
    ingested.read("report.txt", text.as_bytes(), None, true);
    ingested.evidence.pasted
}
