//! How the test run ends: a table of the parts and their times, what was left out, the count.

use std::fmt;
use std::time::Duration;

/// How a part ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    /// Why is printed where it failed.
    Failed,
    /// What was not done, and why.
    Skipped(String),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Passed => "passed",
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
        if let Outcome::Skipped(why) = &row.outcome {
            self.warn(&format!("skipped {}: {why}", row.name));
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
        let passed = self.count(|outcome| *outcome == Outcome::Passed);
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
    fn the_closing_line_counts_and_a_skipped_part_is_no_failure() {
        let mut summary = Summary::default();
        let outcomes = [Outcome::Passed, Outcome::Skipped("no root".to_owned())];
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
        assert!(
            text.ends_with("\n1 passed, 0 failed, 1 skipped\n"),
            "{text}"
        );
    }
}
