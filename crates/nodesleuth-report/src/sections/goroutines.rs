//! The target's goroutines, by what they do or wait for.

use super::Section;
use crate::document::{Block, Row};
use nodesleuth_model::Diagnosis;
use nodesleuth_model::evidence::{GoroutineGroup, GoroutineState, Goroutines as Counted};
use nodesleuth_model::units::grouped;

const COLUMNS: &[&str] = &["goroutines", "in", "began with", "state"];
/// Rows of the table; json has all that are kept.
const MOST_ROWS: usize = 10;

pub(super) struct Goroutines;

impl Section for Goroutines {
    fn title(&self) -> &'static str {
        "Goroutines"
    }

    fn build(&self, diagnosis: &Diagnosis) -> Vec<Block> {
        let Some(counted) = &diagnosis.goroutines else {
            return Vec::new();
        };
        let rows: Vec<Row> = counted.groups.iter().take(MOST_ROWS).map(row).collect();
        let table = Block::Table {
            columns: COLUMNS.to_vec(),
            rows,
        };
        vec![Block::Paragraph(headline(counted)), table]
    }
}

fn headline(counted: &Counted) -> String {
    let mut states: Vec<(&GoroutineState, &u64)> = counted.states.iter().collect();
    states.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let states: Vec<String> = states
        .iter()
        .map(|(state, count)| format!("{} {}", grouped(**count), state.as_str()))
        .collect();
    format!(
        "{} after the window: {}.",
        grouped(counted.total),
        states.join("; ")
    )
}

fn row(group: &GoroutineGroup) -> Row {
    Row::new([
        grouped(group.count),
        group.at.clone(),
        group.began.clone(),
        group.state.as_str().to_owned(),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_most_wait_for_comes_first() {
        let group = |count, at: &str, state| GoroutineGroup {
            count,
            at: at.to_owned(),
            began: "main.run".to_owned(),
            state,
        };
        let counted = Counted {
            total: 1_207,
            states: [(GoroutineState::Lock, 7), (GoroutineState::Select, 1_200)].into(),
            groups: vec![
                group(1_200, "main.poll", GoroutineState::Select),
                group(7, "main.write", GoroutineState::Lock),
            ],
            others: 0,
        };
        let blocks = Goroutines.build(&Diagnosis {
            goroutines: Some(counted),
            ..Diagnosis::default()
        });
        let Block::Paragraph(headline) = &blocks[0] else {
            panic!("{blocks:?}")
        };
        assert_eq!(
            headline,
            "1,207 after the window: 1,200 waiting for one of several channels; 7 waiting for a lock."
        );
        let Block::Table { rows, .. } = &blocks[1] else {
            panic!("{blocks:?}")
        };
        assert_eq!(
            rows[1].cells.join("|"),
            "7|main.write|main.run|waiting for a lock"
        );
        assert!(Goroutines.build(&Diagnosis::default()).is_empty());
    }
}
