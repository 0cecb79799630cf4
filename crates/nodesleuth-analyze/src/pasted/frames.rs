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
            let Some(share) = in_table(table, &lists) else {
                continue;
            };
            note(&mut seen.files, self.name(table.file));
            match (share, table.weighed, table.tool) {
                (Some(share), Weighed::Cpu, _) => raise(&mut seen.share, share),
                (Some(share), Weighed::Memory, _) => raise(&mut seen.memory_share, share),
                (_, _, StackTool::Prose) | (None, Weighed::Cpu, _) => seen.mentioned = true,
                _ => {}
            }
        }
        for stack in &self.pasted.stacks {
            if !lists.iter().any(|list| in_stack(stack, list)) {
                continue;
            }
            note(&mut seen.files, self.name(stack.file));
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

/// `None` when the table has none of the signatures; inside, the share if rows have shares.
///
/// A table seldom shows callers and callees together, so one of a signature's functions is enough
/// when it is the last one (the leaf); a caller alone may do other things too.
fn in_table(table: &StackTable, lists: &[Vec<Pattern>]) -> Option<Option<f64>> {
    let mut leaves = BTreeSet::new();
    let mut cum: Option<f64> = None;
    let mut found = false;
    for list in lists {
        let last = list.last()?;
        let mut matching = rows(table, last).peekable();
        if matching.peek().is_none() {
            continue;
        }
        found = true;
        for (at, row) in matching {
            leaves.insert(at);
            if let Some(share) = row.share() {
                raise(&mut cum, share);
            }
        }
    }
    let flats: f64 = leaves
        .iter()
        .filter_map(|at| table.rows[*at].flat)
        .sum::<f64>()
        .min(1.0);
    if flats > 0.0 {
        raise(&mut cum, flats);
    }
    found.then_some(cum)
}

fn rows<'t>(
    table: &'t StackTable,
    pattern: &'t Pattern,
) -> impl Iterator<Item = (usize, &'t StackRow)> {
    let rows = table.rows.iter().enumerate();
    rows.filter(|(_, row)| pattern.matches_normal(&row.name))
}

fn in_stack(stack: &PastedStack, list: &[Pattern]) -> bool {
    let mut wanted = list.iter().peekable();
    for frame in &stack.frames {
        if wanted
            .peek()
            .is_some_and(|pattern| pattern.matches_normal(frame))
        {
            wanted.next();
        }
    }
    wanted.peek().is_none()
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
        assert_eq!(view.frames(&lists(&[&["main.work"]])).share, Some(0.4));
        assert_eq!(view.frames(&lists(&[&["absent"]])), FramesSeen::default());
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
        assert!(!view.frames(&lists(&[&["c.Wait", "a.Run"]])).any());
    }
}
