//! Other processes that are hot too.

use super::Section;
use crate::document::{Block, Row};
use nodesleuth_model::agents::by_comm;
use nodesleuth_model::diagnosis::HotProcess;
use nodesleuth_model::{Diagnosis, Outcome};

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
        if hot_agents(diagnosis) > 1 {
            blocks.push(Block::Paragraph(
                "Several node agents that are hot at once point to something they share: the \
                 kernel's tables, the disk, or one client of all of them."
                    .to_owned(),
            ));
        }
        blocks
    }
}

/// Node agents that are hot, the target included.
fn hot_agents(diagnosis: &Diagnosis) -> usize {
    let others = diagnosis
        .others
        .iter()
        .filter(|other| other.known_agent)
        .count();
    let target = diagnosis
        .target
        .as_ref()
        .filter(|target| by_comm(&target.comm).is_some());
    others + usize::from(target.is_some() && diagnosis.outcome != Outcome::NotHot)
}

fn row(other: &HotProcess) -> Row {
    Row::new([
        other.comm.clone(),
        other.pid.to_string(),
        other.cores.to_string(),
        other.kernel_cores.to_string(),
    ])
}
