//! Where the target's CPU went; what no finding explains is named.

use super::Section;
use crate::document::{Block, Row};
use nodesleuth_model::{Cores, Diagnosis, LedgerPart, LedgerView, Outcome};

/// Parts below this share of the total are added up.
const SMALL_SHARE: f64 = 0.01;
const COLUMNS: [&str; 3] = ["cores", "%", "explained by"];

pub(super) struct Ledger;

impl Section for Ledger {
    fn title(&self) -> &'static str {
        "Where its CPU goes"
    }

    fn build(&self, diagnosis: &Diagnosis) -> Vec<Block> {
        let ledger = &diagnosis.ledger;
        if diagnosis.outcome == Outcome::NotHot || ledger.total_cores.0 <= 0.0 {
            return Vec::new();
        }
        let mut blocks = Vec::new();
        for view in ledger.views.iter().filter(|view| worth_showing(view)) {
            blocks.extend(view.notes.iter().cloned().map(Block::Paragraph));
            let rows = rows(view, ledger.total_cores);
            blocks.push(Block::Table {
                columns: [&[first_column(view)], &COLUMNS[..]].concat(),
                rows,
            });
        }
        blocks.push(Block::Paragraph(format!(
            "unexplained: {} of {} cores ({:.0}%)",
            ledger.unexplained_cores,
            ledger.total_cores,
            (1.0 - ledger.explained_share()) * 100.0
        )));
        blocks
    }
}

/// Owners and kernel functions always; the others when they tell something that it does not.
fn worth_showing(view: &LedgerView) -> bool {
    match view.id.as_str() {
        "owner" | "kernel-functions" => true,
        // With a profile the owner view says more, unless something was measured by call.
        "calls" => view.parts.iter().any(|part| !part.claims.is_empty()),
        "threads" => {
            view.parts
                .iter()
                .filter(|part| part.title.contains('×'))
                .count()
                > 1
        }
        _ => false,
    }
}

/// What the rows of a view are.
fn first_column(view: &LedgerView) -> &'static str {
    match view.id.as_str() {
        "kernel-functions" => "part of the kernel",
        "calls" => "system call or file",
        "threads" => "threads",
        _ => "part",
    }
}

fn rows(view: &LedgerView, total: Cores) -> Vec<Row> {
    let share = |part: &LedgerPart| part.cores.0 / total.0;
    let (large, small): (Vec<_>, Vec<_>) = view
        .parts
        .iter()
        .partition(|part| share(part) >= SMALL_SHARE);
    let mut rows: Vec<Row> = large.iter().map(|part| row(part, total)).collect();
    let rest: f64 = small.iter().map(|part| part.cores.0).sum();
    if rest > 0.0 {
        let title = format!("{} smaller parts", small.len());
        let part = LedgerPart {
            title,
            cores: Cores(rest),
            ..LedgerPart::default()
        };
        rows.push(row(&part, total));
    }
    rows
}

fn row(part: &LedgerPart, total: Cores) -> Row {
    let mut claims: Vec<&str> = part
        .claims
        .iter()
        .map(|claim| claim.finding.as_str())
        .collect();
    // A finding may claim a part for several reasons.
    claims.dedup();
    Row::new([
        part.title.clone(),
        part.cores.to_string(),
        format!("{:.0}", part.cores.0 / total.0 * 100.0),
        claims.join(", "),
    ])
}
