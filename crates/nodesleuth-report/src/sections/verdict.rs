//! The answer, and the target's CPU in one line.

use super::Section;
use crate::document::{Block, Tone};
use nodesleuth_model::diagnosis::TargetSummary;
use nodesleuth_model::{Diagnosis, Outcome};

pub(super) struct Verdict;

impl Section for Verdict {
    fn title(&self) -> &'static str {
        ""
    }

    fn build(&self, diagnosis: &Diagnosis) -> Vec<Block> {
        let tone = match diagnosis.outcome {
            Outcome::CauseFound => Tone::Alarm,
            Outcome::NotHot => Tone::Calm,
            Outcome::NotIdentified | Outcome::NoTarget => Tone::Open,
        };
        let mut blocks = vec![Block::Verdict {
            text: diagnosis.verdict.clone(),
            tone,
        }];
        blocks.extend(
            diagnosis
                .target
                .as_ref()
                .and_then(cpu)
                .map(Block::Paragraph),
        );
        blocks.extend(diagnosis.window_note.clone().map(Block::Paragraph));
        blocks
    }
}

/// Nothing when the CPU is not known: the verdict says why.
fn cpu(target: &TargetSummary) -> Option<String> {
    let cores = target.cores?;
    let mut line = format!("CPU: {cores} cores in this window (");
    match (target.user_cores, target.kernel_cores) {
        (Some(user), Some(kernel)) => line.push_str(&format!("user {user}, kernel {kernel}")),
        _ => line.push_str("user and kernel together"),
    }
    match target.children_cores {
        Some(children) if children.0 > 0.0 => {
            line.push_str(&format!(", ended children {children}"));
        }
        Some(_) => {}
        None => line.push_str(", without children"),
    }
    line.push(')');
    if let (Some(cores), Some(age)) = (target.lifetime_cores, target.age_seconds) {
        line.push_str(&format!(
            "; {cores} on average since it started {} ago",
            age_words(age)
        ));
    }
    Some(line)
}

fn age_words(seconds: f64) -> String {
    match seconds {
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7_200.0 => format!("{:.0} min", s / 60.0),
        s if s < 172_800.0 => format!("{:.0} h", s / 3_600.0),
        s => format!("{:.0} days", s / 86_400.0),
    }
}
