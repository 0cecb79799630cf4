//! What looks alarming and is not.

use super::{Section, findings};
use crate::document::Block;
use nodesleuth_model::Diagnosis;

pub(super) struct RedHerrings;

impl Section for RedHerrings {
    fn title(&self) -> &'static str {
        "Looks alarming, is not"
    }

    fn build(&self, diagnosis: &Diagnosis) -> Vec<Block> {
        let mut blocks = Vec::new();
        for finding in &diagnosis.red_herrings {
            blocks.push(Block::Subheading(format!(
                "{} [{}]",
                finding.title, finding.id
            )));
            if finding.score.is_some() {
                blocks.push(findings::score(finding));
            }
            let items = findings::proofs(&finding.evidence);
            blocks.push(Block::List {
                label: String::new(),
                items,
            });
        }
        blocks
    }
}
