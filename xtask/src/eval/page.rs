//! docs/accuracy.md, and the same figures on a terminal.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::eval::{Figures, Judged};

/// Written where a case got no answer.
const NONE: &str = "not identified";

const HEAD: &str = "\
# Accuracy

Written by `cargo xtask docs`; `cargo xtask eval` prints it, `cargo xtask eval --each` says what was answered to each case,
`--cases DIR` judges another folder. A case is a folder of files as people attached them to a report, given to
`nodesleuth analyze`; what is expected of the answer stands in its `.expected.json`. Real ones hold what was posted and
nothing else; the catalogue was written with them at hand, so that these figures say what it knows, not how well it will
do on reports that nobody has seen (below). Synthetic ones were written after what is known of a cause.
";

/// Measured once for each batch, before anybody looked at what was answered: nothing can measure it again.
const UNSEEN: &str = "
## Reports that nobody had seen

On 27 November 2026 three batches of other real reports were gathered, with what is expected of them, before anything
was answered to them. Afterwards what was wrong was mended by families, and most of the reports became cases here. What
counts is the answer to a batch at first sight: the last column, and the 77 % of the first batch.

| batch | with a known cause | right at first, catalogue of 72 real cases | among three | right at first, after the batches before were mended | among three |
|---|---|---|---|---|---|
| first | 61 | 47 (77.0 %) | 51 (83.6 %) | - | - |
| second | 30 | 23 (76.7 %) | 27 (90.0 %) | 23 (76.7 %) | 27 (90.0 %) |
| third | 22 | 11 (50.0 %) | 14 (63.6 %) | 11 (50.0 %) | 14 (63.6 %) |

Each batch had one false alarm at first sight (of 13, 17 and 8 reports without a cause of burnt CPU). The third is mostly
prose of a few sentences, and of programs that the catalogue hardly knew (log agents, telegraf, dqlite, API servers): what
was not known was not answered (8 of its 22), rather than wrongly. Mending one batch did not help with the next.
";

/// The page.
pub(crate) fn whole(judged: &[Judged]) -> String {
    format!("{HEAD}\n{}{UNSEEN}", body(judged))
}

/// Figures, cases that were answered wrongly, and the table of classes.
pub(crate) fn body(judged: &[Judged]) -> String {
    let mut text = String::from(
        "| cases | with a known cause | right at first | right among three | not identified | \
         without a cause of burnt CPU | false alarms |\n|---|---|---|---|---|---|---|\n",
    );
    row(&mut text, "all", Figures::of(judged.iter()));
    for (name, synthetic) in [("real", false), ("synthetic", true)] {
        let of_kind = judged.iter().filter(|one| one.case.synthetic == synthetic);
        row(&mut text, name, Figures::of(of_kind));
    }
    wrong(&mut text, judged);
    confusion(&mut text, judged);
    text
}

fn row(text: &mut String, name: &str, figures: Figures) {
    let percent = |part: usize| match figures.answerable {
        0 => "-".to_owned(),
        all => format!("{part} ({:.1} %)", part as f64 / all as f64 * 100.0),
    };
    let _ = writeln!(
        text,
        "| {name} | {} | {} | {} | {} | {} | {} |",
        figures.answerable,
        percent(figures.first),
        percent(figures.third),
        figures.unanswered,
        figures.quiet,
        figures.false_alarms
    );
}

fn wrong(text: &mut String, judged: &[Judged]) {
    let wrong = judged
        .iter()
        .filter(|one| (one.case.answerable && !one.right_within(1)) || one.is_false_alarm());
    let mut lines = wrong.map(Judged::line).peekable();
    if lines.peek().is_some() {
        text.push_str("\n## Not right at first\n\n");
    }
    for line in lines {
        let _ = writeln!(text, "- {line}");
    }
}

fn confusion(text: &mut String, judged: &[Judged]) {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for one in judged.iter().filter(|one| one.case.answerable) {
        let answered = one.answer.classes.first().map_or(NONE, String::as_str);
        // An answer that is acceptable counts as the best one.
        let best = one.case.classes.first().map_or(NONE, String::as_str);
        let answered = if one.right_within(1) { best } else { answered };
        *counts.entry((best, answered)).or_default() += 1;
    }
    let wanted: BTreeSet<&str> = counts.keys().map(|(wanted, _)| *wanted).collect();
    text.push_str("\n## Classes\n\n| expected | right | answered instead |\n|---|---|---|\n");
    for class in wanted {
        let right = counts.get(&(class, class)).copied().unwrap_or(0);
        let others = counts
            .iter()
            .filter(|((wanted, got), _)| *wanted == class && *got != class);
        let others: Vec<String> = others
            .map(|((_, got), count)| format!("{got} {count}"))
            .collect();
        let _ = writeln!(text, "| {class} | {right} | {} |", others.join(", "));
    }
}
