//! `cargo xtask eval`: gives the binary folders of what people attached to reports, and counts
//! how often it names the right class of causes. It knows no case: what is expected stands in
//! each folder's `.expected.json`.

mod answer;
mod case;
mod figures;
mod page;

use std::fs;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use crate::failure::{Failure, Result, While};
use crate::interrupt;
use crate::workspace::Workspace;
use answer::Answer;
use case::Case;
use figures::Figures;

/// One case; far more than it takes.
const CASE_LIMIT: Duration = Duration::from_secs(60);
/// Where our own cases are: reports, and recordings of healthy agents.
const OWN: [&str; 2] = ["fixtures/cases", "fixtures/bundles"];
const PAGE: &str = "docs/accuracy.md";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A folder of cases, instead of the repository's own.
    #[arg(long, value_name = "DIR")]
    cases: Option<PathBuf>,
    /// The binary to judge, instead of one that is built now.
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// Say of each case what was answered.
    #[arg(long)]
    each: bool,
}

/// A case and what the binary said of it.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) case: Case,
    pub(crate) answer: Answer,
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<ExitCode> {
    let binary = match &args.binary {
        Some(binary) => binary.clone(),
        None => workspace.debug_binary()?,
    };
    let folders = match &args.cases {
        Some(folder) => vec![folder.clone()],
        None => own(workspace),
    };
    let judged = judge(&binary, &folders)?;
    if args.each {
        judged.iter().for_each(|one| println!("{}", one.line()));
    }
    print!("{}", page::body(&judged));
    Ok(ExitCode::SUCCESS)
}

/// Writes the page of our own cases' figures.
pub(crate) fn write(workspace: &Workspace) -> Result<()> {
    let path = workspace.root().join(PAGE);
    fs::write(&path, fresh(workspace)?.0).doing(|| format!("writing {}", path.display()))
}

/// What is wrong with our own cases: a figure below its floor, or a page that tells others.
pub(crate) fn violations(workspace: &Workspace) -> Result<Vec<String>> {
    let (page, figures) = fresh(workspace)?;
    let mut wrong = figures.below_floors();
    if fs::read_to_string(workspace.root().join(PAGE)).unwrap_or_default() != page {
        wrong.push(format!("{PAGE} is not up to date: run `cargo xtask docs`"));
    }
    Ok(wrong)
}

fn fresh(workspace: &Workspace) -> Result<(String, Figures)> {
    let judged = judge(&workspace.debug_binary()?, &own(workspace))?;
    Ok((page::whole(&judged), Figures::of(judged.iter())))
}

fn own(workspace: &Workspace) -> Vec<PathBuf> {
    OWN.iter()
        .map(|folder| workspace.root().join(folder))
        .collect()
}

fn judge(binary: &Path, folders: &[PathBuf]) -> Result<Vec<Judged>> {
    let mut cases = Vec::new();
    for folder in folders {
        cases.extend(case::all(folder)?);
    }
    if cases.is_empty() {
        return Err(Failure::new("judging", "no folder with an .expected.json")
            .remedy("give --cases the folder that holds the folders of cases"));
    }
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    let each = cases.len().div_ceil(workers);
    let judged: Vec<Result<Vec<Judged>>> = thread::scope(|scope| {
        let mut parts = Vec::new();
        while !cases.is_empty() {
            let part: Vec<Case> = cases.drain(..each.min(cases.len())).collect();
            parts.push(scope.spawn(move || judge_part(binary, part)));
        }
        let died = |_| Err(Failure::new("judging", "a thread died"));
        parts
            .into_iter()
            .map(|part| part.join().unwrap_or_else(died))
            .collect()
    });
    let judged = judged.into_iter().collect::<Result<Vec<_>>>()?;
    Ok(judged.into_iter().flatten().collect())
}

fn judge_part(binary: &Path, cases: Vec<Case>) -> Result<Vec<Judged>> {
    let one = |case: Case| {
        interrupt::check()?;
        let answer = answer::of(binary, &case, CASE_LIMIT)?;
        Ok(Judged { case, answer })
    };
    cases.into_iter().map(one).collect()
}

impl Judged {
    /// Whether one of the first `places` classes is acceptable.
    pub(crate) fn right_within(&self, places: usize) -> bool {
        let first = self.answer.classes.iter().take(places);
        first
            .into_iter()
            .any(|class| self.case.classes.contains(class))
    }

    /// A cause of burnt CPU that was named as certain where none is: a report that is not about
    /// CPU, one that nobody could explain, or a healthy agent.
    pub(crate) fn is_false_alarm(&self) -> bool {
        let alarm = match self.case.answerable {
            true => self.answer.sure_of_cpu,
            false => self.answer.more_than_low,
        };
        !self.case.cpu_cause && alarm
    }

    fn line(&self) -> String {
        let mark = match (
            self.case.answerable,
            self.right_within(1),
            self.right_within(3),
        ) {
            _ if self.is_false_alarm() => "ALARM",
            (false, ..) => "quiet",
            (true, true, _) => "right",
            (true, false, true) => "third",
            (true, false, false) => "wrong",
        };
        let answered = match self.answer.ranked.as_slice() {
            [] => "not identified".to_owned(),
            ranked => ranked.join(", "),
        };
        let wanted = self.case.classes.first().map_or("-", String::as_str);
        format!("{mark} {} ({wanted}): {answered}", self.case.name)
    }
}
