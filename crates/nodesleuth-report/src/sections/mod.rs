//! The sections of a report, in reading order: one file each, all in [`ALL`].

mod advisories;
mod cost;
mod elsewhere;
mod files;
mod findings;
mod goroutines;
mod growth;
mod heap;
mod ledger;
mod next;
mod not_checked;
mod others;
mod red_herrings;
mod states;
mod syscalls;
mod verdict;
mod warnings;

use crate::document::{Block, Document};
use nodesleuth_model::Diagnosis;

/// One section.
trait Section: Sync {
    /// Its heading; empty for none.
    fn title(&self) -> &'static str;

    /// Its blocks; none when there is nothing to say.
    fn build(&self, diagnosis: &Diagnosis) -> Vec<Block>;
}

const ALL: &[&dyn Section] = &[
    &verdict::Verdict,
    &next::Next,
    &findings::Findings,
    &elsewhere::Elsewhere,
    &ledger::Ledger,
    &syscalls::Syscalls,
    &goroutines::Goroutines,
    &heap::Heap,
    &red_herrings::RedHerrings,
    &states::States,
    &advisories::Advisories,
    &growth::Growth,
    &others::Others,
    &files::Files,
    &not_checked::NotChecked,
    &warnings::Warnings,
    &cost::Cost,
];

/// The report of a diagnosis.
#[must_use]
pub fn document(diagnosis: &Diagnosis) -> Document {
    let mut blocks = Vec::new();
    for section in ALL {
        let body = section.build(diagnosis);
        if body.is_empty() {
            continue;
        }
        if !section.title().is_empty() {
            blocks.push(Block::Heading(section.title().to_owned()));
        }
        blocks.extend(body);
    }
    Document {
        title: title(diagnosis),
        blocks,
    }
}

fn title(diagnosis: &Diagnosis) -> String {
    let mut title = diagnosis.tool.clone();
    if let Some(target) = &diagnosis.target {
        title.push_str(&format!(" · {}", target.name()));
        if let Some(version) = &target.version {
            title.push_str(&format!(" · {version}"));
        }
    }
    // Files that were pasted have no window.
    if diagnosis.files.is_empty() || diagnosis.window_seconds > 0.0 {
        title.push_str(&format!(" · window {:.1} s", diagnosis.window_seconds));
    }
    title
}
