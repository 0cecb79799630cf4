//! How the test run ends: a table of the parts and their times, what was left out, the count.

use std::fmt;
use std::time::{Duration, Instant};

use crate::failure::Result;

/// How a part ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    /// What failed at first, and passed when it was run once more, alone.
    PassedAgain(Vec<String>),
    /// Why is printed where it failed.
    Failed,
    /// What was not done, and why.
    Skipped(String),
}

impl Outcome {
    /// An error is printed, and is a failure.
    pub(crate) fn of(result: Result<Self>) -> Self {
        result.unwrap_or_else(|failure| {
            println!("{failure}");
            Self::Failed
        })
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Passed => "passed",
            Self::PassedAgain(_) => "passed at the second try",
            Self::Failed => "FAILED",
            Self::Skipped(_) => "SKIPPED",
        })
    }
}

#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) outcome: Outcome,
    pub(crate) took: Duration,
}

impl Row {
    /// Runs a part under its heading, and says how it ended. An error is a failure of the part.
    pub(crate) fn of(
        name: &'static str,
        heading: &str,
        part: impl FnOnce() -> Result<Outcome>,
    ) -> Self {
        println!("\n=== {heading} ===");
        let began = Instant::now();
        let outcome = Outcome::of(part());
        let took = began.elapsed();
        println!("--- {name}: {outcome} in {:.1} s", took.as_secs_f64());
        Self {
            name,
            outcome,
            took,
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Summary {
    rows: Vec<Row>,
    warnings: Vec<String>,
}

impl Summary {
    /// Something the reader must not miss: said now and again at the end.
    pub(crate) fn warn(&mut self, text: &str) {
        println!("!!! WARNING: {text}");
        self.warnings.push(text.to_owned());
    }

    pub(crate) fn add(&mut self, row: Row) {
        match &row.outcome {
            Outcome::Skipped(why) => self.warn(&format!("skipped {}: {why}", row.name)),
            Outcome::PassedAgain(what) => {
                let what = what.join(", ");
                self.warn(&format!("failed, and passed when run once more: {what}"));
            }
            Outcome::Passed | Outcome::Failed => {}
        }
        self.rows.push(row);
    }

    pub(crate) fn all_passed(&self) -> bool {
        self.count(|outcome| *outcome == Outcome::Failed) == 0
    }

    fn count(&self, wanted: impl Fn(&Outcome) -> bool) -> usize {
        self.rows.iter().filter(|row| wanted(&row.outcome)).count()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n=== parts and their times ===")?;
        let total: Duration = self.rows.iter().map(|row| row.took).sum();
        for row in &self.rows {
            line(f, row.name, row.took, &row.outcome.to_string())?;
        }
        line(f, "all", total, "")?;
        for warning in &self.warnings {
            writeln!(f, "!!! WARNING: {warning}")?;
        }
        let passed =
            self.count(|outcome| matches!(outcome, Outcome::Passed | Outcome::PassedAgain(_)));
        let failed = self.count(|outcome| *outcome == Outcome::Failed);
        let skipped = self.count(|outcome| matches!(outcome, Outcome::Skipped(_)));
        write!(f, "{passed} passed, {failed} failed")?;
        if skipped > 0 {
            write!(f, ", {skipped} skipped")?;
        }
        writeln!(f)
    }
}

fn line(f: &mut fmt::Formatter<'_>, name: &str, took: Duration, end: &str) -> fmt::Result {
    let text = format!("{name:<34} {:>8.1} s  {end}", took.as_secs_f64());
    writeln!(f, "{}", text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_line_counts_and_neither_a_skipped_part_nor_one_tried_again_is_a_failure() {
        let mut summary = Summary::default();
        let outcomes = [
            Outcome::PassedAgain(vec!["split".to_owned()]),
            Outcome::Skipped("no root".to_owned()),
        ];
        for outcome in outcomes {
            summary.add(Row {
                name: "part",
                outcome,
                took: Duration::from_millis(1500),
            });
        }
        let text = summary.to_string();
        assert!(summary.all_passed());
        assert!(
            text.contains("!!! WARNING: skipped part: no root"),
            "{text}"
        );
        assert!(text.contains("passed at the second try\n"), "{text}");
        assert!(text.contains("once more: split\n"), "{text}");
        assert!(
            text.ends_with("\n1 passed, 0 failed, 1 skipped\n"),
            "{text}"
        );
    }
}
