//! Where functions of a signature were seen: tables of functions, single stacks, free text.

use super::PastedView;
use nodesleuth_model::evidence::pasted::{PastedStack, StackRow, StackTable, StackTool, Weighed};
use nodesleuth_profile::Pattern;
use std::collections::BTreeSet;

/// What was seen of the functions of a signature.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FramesSeen {
    /// Largest share of CPU that a table or stack gives them, 0 to 1. A table holds each function
    /// for itself: that they call each other is not seen in it.
    pub share: Option<f64>,
    /// The same of memory that was allocated or in use.
    pub memory_share: Option<f64>,
    /// Single stacks that hold them in order: goroutines, threads, traces of the kernel.
    pub stacks: u64,
    /// Longest time for which one of these stacks waited, in minutes.
    pub wait_minutes: Option<f64>,
    /// Whether free text names them all, or a table does without a share.
    pub mentioned: bool,
    /// The files, without repetitions.
    pub files: Vec<String>,
    /// Functions that were seen, as the files spell them, without repetitions: those of tables with
    /// the largest shares first.
    pub names: Vec<String>,
}

impl FramesSeen {
    /// Whether they were seen at all.
    #[must_use]
    pub fn any(&self) -> bool {
        self.share.is_some() || self.memory_share.is_some() || self.stacks > 0 || self.mentioned
    }
}

impl PastedView<'_> {
    /// Looks for signatures: ordered lists of frame patterns, root to leaf, any one of which is
    /// enough.
    #[must_use]
    pub fn frames(&self, lists: &[Vec<String>]) -> FramesSeen {
        let lists: Vec<Vec<Pattern>> = lists.iter().filter_map(|list| parsed(list)).collect();
        let mut seen = FramesSeen::default();
        if lists.is_empty() {
            return seen;
        }
        for table in &self.pasted.stack_tables {
            let rows = in_table(table, &lists);
            if rows.is_empty() {
                continue;
            }
            let share = share_of(&rows);
            note(&mut seen.files, self.name(table.file));
            for row in largest_first(rows) {
                note(&mut seen.names, &row.name);
            }
            match (share, table.weighed, table.tool) {
                (Some(share), Weighed::Cpu, _) => raise(&mut seen.share, share),
                (Some(share), Weighed::Memory, _) => raise(&mut seen.memory_share, share),
                (_, _, StackTool::Prose) | (None, Weighed::Cpu, _) => seen.mentioned = true,
                _ => {}
            }
        }
        for stack in &self.pasted.stacks {
            let Some(leaf) = lists.iter().find_map(|list| in_stack(stack, list)) else {
                continue;
            };
            note(&mut seen.files, self.name(stack.file));
            note(&mut seen.names, leaf);
            seen.stacks = seen.stacks.saturating_add(stack.count.max(1));
            if let Some(minutes) = stack.wait_minutes {
                raise(&mut seen.wait_minutes, minutes);
            }
            if let Some(share) = stack.share {
                raise(&mut seen.share, share);
            }
        }
        seen
    }
}

fn parsed(list: &[String]) -> Option<Vec<Pattern>> {
    let patterns = list.iter().map(|pattern| pattern.parse().ok());
    patterns
        .collect::<Option<Vec<Pattern>>>()
        .filter(|list| !list.is_empty())
}

fn raise(largest: &mut Option<f64>, value: f64) {
    *largest = Some(largest.map_or(value, |known| known.max(value)));
}

fn note(files: &mut Vec<String>, name: &str) {
    if !files.iter().any(|known| known == name) {
        files.push(name.to_owned());
    }
}

/// The rows of a table that signatures name.
///
/// A table does not say who calls whom. A signature of several functions is seen in it when the last
/// one (the leaf) is there and so are its callers: a lock's leaf alone is anybody's. Those that have
/// too little to be in a table of the first ten are not missed when one of them is there.
fn in_table<'t>(table: &'t StackTable, lists: &[Vec<Pattern>]) -> Vec<&'t StackRow> {
    let has_caller = |callers: &[Pattern]| {
        let mut callers = callers.iter();
        callers.len() == 0 || callers.any(|caller| rows(table, caller).next().is_some())
    };
    let leaves: BTreeSet<usize> = lists
        .iter()
        .filter_map(|list| list.split_last())
        .filter(|(_, callers)| has_caller(callers))
        .flat_map(|(leaf, _)| rows(table, leaf))
        .collect();
    leaves.into_iter().map(|at| &table.rows[at]).collect()
}

/// The share of some rows together, if they have shares.
fn share_of(rows: &[&StackRow]) -> Option<f64> {
    let mut share = rows.iter().filter_map(|row| row.share()).reduce(f64::max);
    let flats: f64 = rows.iter().filter_map(|row| row.flat).sum::<f64>().min(1.0);
    if flats > 0.0 {
        raise(&mut share, flats);
    }
    share
}

fn largest_first(mut rows: Vec<&StackRow>) -> Vec<&StackRow> {
    let share = |row: &StackRow| row.share().unwrap_or(0.0);
    rows.sort_by(|a, b| share(b).total_cmp(&share(a)));
    rows
}

fn rows(table: &StackTable, pattern: &Pattern) -> impl Iterator<Item = usize> {
    let rows = table.rows.iter().enumerate();
    rows.filter(|(_, row)| pattern.matches_normal(&row.name))
        .map(|(at, _)| at)
}

/// The function that the last pattern of a list stands for, when a stack holds all in order.
fn in_stack<'s>(stack: &'s PastedStack, list: &[Pattern]) -> Option<&'s str> {
    let mut frames = stack.frames.iter();
    let found = list
        .iter()
        .map(|pattern| frames.find(|frame| pattern.matches_normal(frame)));
    found.last()?.map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nodesleuth_model::evidence::Pasted;

    fn row(name: &str, flat: f64, cum: Option<f64>) -> StackRow {
        StackRow {
            name: name.to_owned(),
            flat: Some(flat),
            cum,
            ..StackRow::default()
        }
    }

    fn lists(lists: &[&[&str]]) -> Vec<Vec<String>> {
        let owned = |list: &&[&str]| list.iter().map(|name| (*name).to_owned()).collect();
        lists.iter().map(owned).collect()
    }

    fn perf_top() -> Pasted {
        Pasted {
            stack_tables: vec![StackTable {
                tool: StackTool::PerfTop,
                rows: vec![
                    row("memcg_stat_show", 0.31, None),
                    row("mem_cgroup_iter", 0.09, None),
                    row("main.work", 0.05, Some(0.4)),
                ],
                ..StackTable::default()
            }],
            ..Pasted::default()
        }
    }

    #[test]
    fn functions_of_a_table_are_added_once_and_cum_counts_where_it_is_larger() {
        let pasted = perf_top();
        let view = PastedView::new(&pasted);
        let twice = lists(&[
            &["memcg_stat_show"],
            &["mem_cgroup_iter"],
            &["mem_cgroup_*"],
        ]);
        let share = view.frames(&twice).share.unwrap();
        assert!((share - 0.40).abs() < 1e-9, "{share}");
        assert_eq!(
            view.frames(&twice).names,
            ["memcg_stat_show", "mem_cgroup_iter"]
        );
        assert_eq!(view.frames(&lists(&[&["main.work"]])).share, Some(0.4));
        assert_eq!(view.frames(&lists(&[&["absent"]])), FramesSeen::default());
    }

    #[test]
    fn a_leaf_without_any_of_its_callers_is_not_the_signature() {
        let pasted = perf_top();
        let view = PastedView::new(&pasted);
        assert!(
            !view
                .frames(&lists(&[&["shrink_node", "mem_cgroup_iter"]]))
                .any()
        );
        assert!(
            view.frames(&lists(&[&["memcg_stat_show", "mem_cgroup_iter"]]))
                .any()
        );
    }

    #[test]
    fn order_counts_in_stacks_and_waiting_is_told() {
        let pasted = Pasted {
            stacks: vec![PastedStack {
                count: 3,
                wait_minutes: Some(5.0),
                frames: ["a.Run", "b.Call", "c.Wait"].map(str::to_owned).to_vec(),
                ..PastedStack::default()
            }],
            ..Pasted::default()
        };
        let view = PastedView::new(&pasted);
        let seen = view.frames(&lists(&[&["a.Run", "c.Wait"]]));
        assert_eq!((seen.stacks, seen.wait_minutes), (3, Some(5.0)));
        assert_eq!(seen.names, ["c.Wait"]);
        assert!(!view.frames(&lists(&[&["c.Wait", "a.Run"]])).any());
    }
}
