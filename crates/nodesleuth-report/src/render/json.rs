//! The diagnosis as JSON, for other programs.

use nodesleuth_model::Diagnosis;

/// The whole diagnosis, indented, with a newline at its end.
#[must_use]
pub fn json(diagnosis: &Diagnosis) -> String {
    let mut text = serde_json::to_string_pretty(diagnosis)
        .expect("a diagnosis holds no map with keys other than text and no failing Serialize");
    text.push('\n');
    text
}
