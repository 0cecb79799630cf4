//! Causes, most expensive first: price, what was seen, what would disprove it, what helps.

use super::Section;
use crate::document::{Block, Item};
use nodesleuth_model::diagnosis::{Proof, Remedy, ScorePart, SourceLine};
use nodesleuth_model::{Confidence, Diagnosis, Finding, FindingKind};

pub(super) struct Findings;

impl Section for Findings {
    fn title(&self) -> &'static str {
        "Why"
    }

    fn build(&self, diagnosis: &Diagnosis) -> Vec<Block> {
        numbered(&diagnosis.findings)
    }
}

/// Each with all that belongs to it.
pub(super) fn numbered(findings: &[Finding]) -> Vec<Block> {
    let mut blocks = Vec::new();
    for (at, finding) in findings.iter().enumerate() {
        let first = &findings[0];
        let driven = finding.kind == FindingKind::Contributor && first.kind == FindingKind::Cause;
        blocks.push(Block::Subheading(heading(at + 1, finding, driven)));
        blocks.extend(body(finding));
    }
    blocks
}

fn heading(number: usize, finding: &Finding, driven: bool) -> String {
    let cores = finding.cores.unwrap_or_default();
    let percent = finding.share.unwrap_or_default() * 100.0;
    let confidence = confidence(finding);
    let driven = if driven {
        ", usually driven by a cause above"
    } else {
        ""
    };
    // Without a target there is nothing to take a share of, and often no price; what burns elsewhere
    // is no share of the target.
    let price = match (finding.cores, finding.share) {
        (Some(_), _) if finding.kind == FindingKind::Elsewhere => format!(" — {cores} cores"),
        (_, Some(_)) => format!(" — {cores} cores, {percent:.0}%"),
        (Some(_), None) => format!(" — up to {cores} cores"),
        (None, None) => String::new(),
    };
    let (title, id) = (&finding.title, &finding.id);
    format!("{number}. {title}{price} (confidence {confidence}{driven}) [{id}]")
}

pub(super) fn confidence(finding: &Finding) -> &'static str {
    match finding.confidence {
        Confidence::High => "high",
        Confidence::Medium => "medium",
        Confidence::Low => "low",
    }
}

/// How the points add up, each part with what it adds.
pub(super) fn score(finding: &Finding) -> Block {
    let parts = finding.score.iter().flat_map(|score| &score.parts);
    let line = |part: &ScorePart| {
        let decides = if part.decides { ", decides" } else { "" };
        let how = if part.measured { "" } else { ", hearsay" };
        Item::plain(format!("{:+.1}{decides}{how}: {}", part.points, part.what))
    };
    let points = finding.score.as_ref().map_or(0.0, |score| score.points);
    list(&format!("{points:.1} points"), parts.map(line).collect())
}

pub(super) fn body(finding: &Finding) -> Vec<Block> {
    let plain = |lines: &[String]| lines.iter().map(Item::plain).collect::<Vec<_>>();
    let mut blocks = vec![
        score(finding),
        list("price", plain(&finding.pricing)),
        list("seen", proofs(&finding.evidence)),
        list(
            "in the source",
            finding.sources.iter().map(source).collect(),
        ),
        list("do now", remedies(&finding.remedies_now)),
        list("do for good", remedies(&finding.remedies_for_good)),
        list("wrong if", plain(&finding.disproof)),
        list("check by hand", proofs(&finding.confirm)),
    ];
    blocks.retain(|block| !matches!(block, Block::List { items, .. } if items.is_empty()));
    blocks
}

fn list(label: &str, items: Vec<Item>) -> Block {
    Block::List {
        label: label.to_owned(),
        items,
    }
}

/// `manager.housekeeping, container.go:318: 0.41 cores`, with its page or else its path.
fn source(line: &SourceLine) -> Item {
    let file = line.file.rsplit('/').next().unwrap_or_default();
    let place = match line.line {
        _ if file.is_empty() => String::new(),
        Some(number) => format!(", {file}:{number}"),
        None => format!(", {file}"),
    };
    let path = (!line.file.is_empty()).then(|| line.file.clone());
    Item {
        text: format!("{}{place}: {} cores", line.function, line.cores),
        command: None,
        note: line.link.clone().or(path),
    }
}

pub(super) fn proofs(proofs: &[Proof]) -> Vec<Item> {
    let item = |proof: &Proof| Item {
        text: proof.text.clone(),
        command: proof.command.clone(),
        note: None,
    };
    proofs.iter().map(item).collect()
}

fn remedies(remedies: &[Remedy]) -> Vec<Item> {
    let item = |remedy: &Remedy| Item {
        text: remedy.text.clone(),
        command: remedy.command.clone(),
        note: remedy.risk.as_ref().map(|risk| format!("risk: {risk}")),
    };
    remedies.iter().map(item).collect()
}
