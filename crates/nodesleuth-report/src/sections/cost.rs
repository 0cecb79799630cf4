//! What the measurement itself cost.

use super::Section;
use crate::document::Block;
use nodesleuth_model::Diagnosis;

pub(super) struct Cost;

impl Section for Cost {
    fn title(&self) -> &'static str {
        ""
    }

    fn build(&self, diagnosis: &Diagnosis) -> Vec<Block> {
        let Some(cost) = &diagnosis.own_cost else {
            return Vec::new();
        };
        let mut line = format!(
            "This measurement cost {:.1}% of a core during the window, {} of CPU in all, and at \
             most {} of memory.",
            cost.cpu_cores.0 * 100.0,
            cost.cpu_total,
            cost.peak_rss_bytes
        );
        if let Some(syscalls) = &diagnosis.syscalls {
            line.push_str(&format!(
                " Counting system calls slowed all other processes by {} cores for {:.1} s \
                 (predicted: {}).",
                syscalls.real_tax, syscalls.seconds, syscalls.predicted_tax
            ));
        }
        if !cost.stuck_children.is_empty() {
            let pids: Vec<String> = cost
                .stuck_children
                .iter()
                .map(ToString::to_string)
                .collect();
            line.push_str(&format!(
                " Still there: process {}, stuck in a kernel read that cannot be stopped; it ends \
                 by itself when the read does.",
                pids.join(", ")
            ));
        }
        vec![Block::Paragraph(line)]
    }
}
