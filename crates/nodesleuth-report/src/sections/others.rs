//! Other processes that are hot too.

use super::Section;
use crate::document::{Block, Row};
use nodesleuth_model::Diagnosis;
use nodesleuth_model::diagnosis::HotProcess;

pub(super) struct Others;

impl Section for Others {
    fn title(&self) -> &'static str {
        "Also hot"
    }

    fn build(&self, diagnosis: &Diagnosis) -> Vec<Block> {
        if diagnosis.others.is_empty() {
            return Vec::new();
        }
        let rows = diagnosis.others.iter().map(row).collect();
        let mut blocks = vec![Block::Table {
            columns: vec!["process", "pid", "cores", "kernel cores"],
            rows,
        }];
        let agents = diagnosis
            .others
            .iter()
            .filter(|other| other.known_agent)
            .count();
        if agents > 0 {
            blocks.push(Block::Paragraph(
                "Several node agents that are hot at once point to something they share: the \
                 kernel's tables, the disk, or one client of all of them."
                    .to_owned(),
            ));
        }
        blocks
    }
}

fn row(other: &HotProcess) -> Row {
    Row::new([
        other.comm.clone(),
        other.pid.to_string(),
        other.cores.to_string(),
        other.kernel_cores.to_string(),
    ])
}
