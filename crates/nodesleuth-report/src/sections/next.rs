//! The one measurement that would decide most.

use super::{Section, findings};
use crate::document::Block;
use nodesleuth_model::Diagnosis;

pub(super) struct Next;

impl Section for Next {
    fn title(&self) -> &'static str {
        "What would decide"
    }

    fn build(&self, diagnosis: &Diagnosis) -> Vec<Block> {
        let next = diagnosis.next.iter();
        next.map(|proof| Block::List {
            label: String::new(),
            items: findings::proofs(std::slice::from_ref(proof)),
        })
        .collect()
    }
}
