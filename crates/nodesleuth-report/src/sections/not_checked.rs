//! What was not checked, and what would make it possible.

use super::Section;
use crate::document::{Block, Item};
use nodesleuth_model::Diagnosis;

pub(super) struct NotChecked;

impl Section for NotChecked {
    fn title(&self) -> &'static str {
        "Not checked"
    }

    fn build(&self, diagnosis: &Diagnosis) -> Vec<Block> {
        if diagnosis.not_checked.is_empty() {
            return Vec::new();
        }
        let items = diagnosis.not_checked.iter();
        let items = items.map(|row| Item::plain(format!("{}: {}", row.what, row.why)));
        vec![Block::List {
            label: String::new(),
            items: items.collect(),
        }]
    }
}
