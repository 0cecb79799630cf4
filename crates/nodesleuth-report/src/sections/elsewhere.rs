//! What burns CPU in other programs of the node.

use super::{Section, findings};
use crate::document::Block;
use nodesleuth_model::Diagnosis;

pub(super) struct Elsewhere;

impl Section for Elsewhere {
    fn title(&self) -> &'static str {
        "Elsewhere on the node"
    }

    fn build(&self, diagnosis: &Diagnosis) -> Vec<Block> {
        findings::numbered(&diagnosis.elsewhere)
    }
}
