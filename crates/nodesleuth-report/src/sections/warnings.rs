//! About the evidence itself.

use super::Section;
use crate::document::{Block, Item};
use nodesleuth_model::Diagnosis;

pub(super) struct Warnings;

impl Section for Warnings {
    fn title(&self) -> &'static str {
        "Mind"
    }

    fn build(&self, diagnosis: &Diagnosis) -> Vec<Block> {
        if diagnosis.warnings.is_empty() {
            return Vec::new();
        }
        let items = diagnosis.warnings.iter().map(Item::plain).collect();
        vec![Block::List {
            label: String::new(),
            items,
        }]
    }
}
