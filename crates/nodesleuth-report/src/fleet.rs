//! The report on many nodes.

use crate::document::{Block, Document, Item, Row, Tone};
use nodesleuth_model::fleet::{Difference, FleetNode, FleetReport};

/// So many nodes are listed; the others are counted.
const MOST_NODES: usize = 40;
/// So many names of a group are told.
const MOST_NAMES: usize = 8;

/// The report as neutral blocks.
#[must_use]
pub fn fleet_document(report: &FleetReport) -> Document {
    let mut blocks = vec![Block::Verdict {
        text: report.verdict.clone(),
        tone: match (report.groups.is_empty(), report.nodes.is_empty()) {
            (false, _) => Tone::Alarm,
            (true, false) => Tone::Calm,
            (true, true) => Tone::Open,
        },
    }];
    causes(report, &mut blocks);
    differences(report, &mut blocks);
    nodes(report, &mut blocks);
    failed(report, &mut blocks);
    Document {
        title: format!(
            "{} · {} nodes · window {:.1} s",
            report.tool,
            report.nodes.len() + report.failed.len(),
            report.window_seconds
        ),
        blocks,
    }
}

fn causes(report: &FleetReport, blocks: &mut Vec<Block>) {
    if report.groups.is_empty() {
        return;
    }
    blocks.push(Block::Heading("BY CAUSE".to_owned()));
    for group in &report.groups {
        let id = match group.id.as_str() {
            "" => String::new(),
            id => format!(" [{id}]"),
        };
        blocks.push(Block::Subheading(format!(
            "{} — {} cores on {} nodes{id}",
            group.title,
            group.cores,
            group.nodes.len()
        )));
        let mut items = vec![Item::plain(names(&group.nodes))];
        if let Some(first) = group.nodes.first() {
            items.push(Item {
                text: "the whole report of one of them".to_owned(),
                command: Some(format!("nodesleuth diagnose --node {first}")),
                note: None,
            });
        }
        blocks.push(Block::List {
            label: String::new(),
            items,
        });
    }
}

fn names(nodes: &[String]) -> String {
    let shown = nodes.len().min(MOST_NAMES);
    let mut text = nodes[..shown].join(", ");
    if nodes.len() > shown {
        text.push_str(&format!(" and {} more", nodes.len() - shown));
    }
    text
}

fn differences(report: &FleetReport, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading(
        "WHAT THE HOT HAVE AND OTHERS HAVE NOT".to_owned(),
    ));
    let mut items: Vec<Item> = report.differences.iter().map(difference).collect();
    items.extend(report.notes.iter().map(Item::plain));
    if items.is_empty() {
        items.push(Item::plain(
            "nothing: versions, machines and counts are alike among hot and other nodes",
        ));
    }
    blocks.push(Block::List {
        label: String::new(),
        items,
    });
}

fn difference(difference: &Difference) -> Item {
    let others = match difference.others.as_str() {
        "" => String::new(),
        others => format!(" ({others})"),
    };
    Item::plain(format!(
        "{} {}{others}: {} of {} hot nodes, {} of {} others",
        difference.name,
        difference.hot,
        difference.hot_count,
        difference.hot_of,
        difference.other_count,
        difference.other_of
    ))
}

fn nodes(report: &FleetReport, blocks: &mut Vec<Block>) {
    if report.nodes.is_empty() {
        return;
    }
    blocks.push(Block::Heading("NODES".to_owned()));
    let rows = report.nodes.iter().take(MOST_NODES).map(row).collect();
    blocks.push(Block::Table {
        columns: vec![
            "node",
            "cores",
            "kernel cores",
            "because of",
            "kubelet",
            "kernel",
        ],
        rows,
    });
    if report.nodes.len() > MOST_NODES {
        blocks.push(Block::Paragraph(format!(
            "and {} more with less",
            report.nodes.len() - MOST_NODES
        )));
    }
}

fn row(node: &FleetNode) -> Row {
    let cores = |cores: Option<nodesleuth_model::Cores>| {
        cores.map_or("?".to_owned(), |cores| cores.to_string())
    };
    let told = |name: &str| node.traits.get(name).cloned().unwrap_or_default();
    let cause = match (&node.cause, node.is_hot()) {
        (Some((id, _)), true) => id.clone(),
        (None, true) => "not identified".to_owned(),
        _ => String::new(),
    };
    Row::new([
        node.name.clone(),
        cores(node.cores),
        cores(node.kernel_cores),
        cause,
        told("kubelet"),
        told("kernel"),
    ])
}

/// One line a reason, with its nodes.
fn failed(report: &FleetReport, blocks: &mut Vec<Block>) {
    if report.failed.is_empty() {
        return;
    }
    blocks.push(Block::Heading("COULD NOT BE LOOKED AT".to_owned()));
    let items = report.failed.iter().map(|failed| Item {
        text: format!("{}: {}", failed.name, failed.why),
        command: None,
        note: Some(failed.help.clone()).filter(|help| !help.is_empty()),
    });
    blocks.push(Block::List {
        label: String::new(),
        items: items.collect(),
    });
}
