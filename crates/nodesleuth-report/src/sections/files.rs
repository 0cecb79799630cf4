//! What was read from each file that was given.

use super::Section;
use crate::document::{Block, Item};
use nodesleuth_model::Diagnosis;
use nodesleuth_model::evidence::pasted::PastedFile;

/// Files that are listed one by one.
const MOST: usize = 60;

pub(super) struct Files;

impl Section for Files {
    fn title(&self) -> &'static str {
        "What was read"
    }

    fn build(&self, diagnosis: &Diagnosis) -> Vec<Block> {
        let (read, empty): (Vec<_>, Vec<_>) = diagnosis
            .files
            .iter()
            .partition(|file| !(file.blocks.is_empty() && file.ignored.is_empty()));
        if diagnosis.files.is_empty() {
            return Vec::new();
        }
        let mut items: Vec<Item> = read.iter().take(MOST).map(|file| item(file)).collect();
        let rest = read.len().saturating_sub(MOST);
        if rest > 0 {
            items.push(Item::plain(format!("{rest} more files")));
        }
        if let Some(first) = empty.first() {
            let text = match empty.len() {
                1 => format!("{}: nothing in it was understood", first.name),
                some => format!(
                    "{some} files in which nothing was understood, such as {}",
                    first.name
                ),
            };
            items.push(Item::plain(text));
        }
        vec![Block::List {
            label: String::new(),
            items,
        }]
    }
}

fn item(file: &PastedFile) -> Item {
    let block = |block: &nodesleuth_model::evidence::pasted::PastedBlock| {
        let place = match (file.blocks.len(), block.line) {
            (1, _) | (_, 0) => String::new(),
            (_, line) => format!(" (line {line})"),
        };
        format!("{}{place}: {}", block.kind, block.taken)
    };
    let taken: Vec<String> = file.blocks.iter().map(block).collect();
    let taken = match taken.is_empty() {
        true => "nothing was taken".to_owned(),
        false => taken.join("; "),
    };
    Item {
        text: format!("{} — {taken}", file.name),
        command: None,
        note: (!file.ignored.is_empty())
            .then(|| format!("not understood: {}", file.ignored.join("; "))),
    }
}
