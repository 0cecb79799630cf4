//! What the binary answers to a case.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use nodesleuth_model::{Confidence, Diagnosis, Finding, FindingKind};

use crate::bounded;
use crate::eval::case::Case;
use crate::failure::{Result, While};

/// What the binary said.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// Classes, best first, each once.
    pub(crate) classes: Vec<String>,
    /// Findings in that order, for people.
    pub(crate) ranked: Vec<String>,
    /// The first is a cause of burnt CPU, and certain.
    pub(crate) sure_of_cpu: bool,
    /// The first is a cause of burnt CPU, and more than a guess.
    pub(crate) more_than_low: bool,
}

/// Runs `nodesleuth analyze` on the case's files.
pub(crate) fn of(binary: &Path, case: &Case, limit: Duration) -> Result<Answer> {
    let mut command = Command::new(binary);
    command
        .args(["analyze", "--output", "json"])
        .args(&case.inputs);
    let what = format!("nodesleuth analyze of {}", case.name);
    let text = bounded::output(&mut command, limit)?.success(&what)?;
    let diagnosis: Diagnosis = serde_json::from_str(&text).doing(|| what)?;
    Ok(ranked(&diagnosis))
}

/// In the order of the binary's own ranking; findings that were measured come as they are.
fn ranked(diagnosis: &Diagnosis) -> Answer {
    let findings = diagnosis.findings.iter().chain(&diagnosis.red_herrings);
    let by_id = |id: &String| findings.clone().find(|finding| finding.id == *id);
    let all: Vec<&Finding> = match diagnosis.ranking.is_empty() {
        true => diagnosis.findings.iter().collect(),
        false => diagnosis.ranking.iter().filter_map(by_id).collect(),
    };
    let mut answer = Answer::default();
    for finding in &all {
        if !answer.classes.contains(&finding.class) {
            answer.classes.push(finding.class.clone());
        }
        let points = finding.score.as_ref().map_or(0.0, |score| score.points);
        let sure = format!("{:?}", finding.confidence).to_lowercase();
        let named = format!("{} {points:.1} {sure}", finding.id);
        answer.ranked.push(named);
    }
    if let Some(first) = all.first() {
        let explains = matches!(first.kind, FindingKind::Cause | FindingKind::Contributor);
        answer.sure_of_cpu = explains && first.confidence == Confidence::High;
        answer.more_than_low = explains && first.confidence > Confidence::Low;
    }
    answer
}
