//! What is known of this kernel.

use super::Section;
use crate::document::{Block, Item};
use nodesleuth_model::Diagnosis;
use nodesleuth_model::diagnosis::AdvisoryStatus;

pub(super) struct Advisories;

impl Section for Advisories {
    fn title(&self) -> &'static str {
        "This kernel"
    }

    fn build(&self, diagnosis: &Diagnosis) -> Vec<Block> {
        if diagnosis.advisories.is_empty() {
            return Vec::new();
        }
        let items = diagnosis.advisories.iter().map(|advisory| {
            let word = match advisory.status {
                AdvisoryStatus::Affected => "AFFECTED",
                AdvisoryStatus::Fixed => "not affected",
                AdvisoryStatus::Unknown => "unknown",
            };
            Item {
                text: format!("{word}: {} [{}]", advisory.title, advisory.id),
                command: None,
                note: Some(advisory.reason.clone()),
            }
        });
        vec![Block::List {
            label: String::new(),
            items: items.collect(),
        }]
    }
}
