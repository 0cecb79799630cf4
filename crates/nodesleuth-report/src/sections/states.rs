//! States of the node that are known to cost CPU, at no measured price.

use super::{Section, findings};
use crate::document::Block;
use nodesleuth_model::{Diagnosis, Finding};

pub(super) struct States;

impl Section for States {
    fn title(&self) -> &'static str {
        "State of the node"
    }

    fn build(&self, diagnosis: &Diagnosis) -> Vec<Block> {
        if diagnosis.states.is_empty() {
            return Vec::new();
        }
        let said = "Known to cost CPU. That each is there was measured; what it costs the target was \
                    not. The thresholds are proposals from experience.";
        let mut blocks = vec![Block::Paragraph(said.to_owned())];
        for state in &diagnosis.states {
            blocks.push(Block::Subheading(heading(state)));
            blocks.extend(findings::body(state));
        }
        blocks
    }
}

fn heading(state: &Finding) -> String {
    let severity = state.severity.unwrap_or_default().as_str();
    let confidence = findings::confidence(state);
    let (title, id) = (&state.title, &state.id);
    format!("{severity}: {title} (confidence {confidence} that it matters here) [{id}]")
}
