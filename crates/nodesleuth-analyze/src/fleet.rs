//! Many nodes side by side: sorted, grouped by cause, and what the hot have that others have not.

use nodesleuth_model::evidence::Evidence;
use nodesleuth_model::fleet::{CauseGroup, Difference, FailedNode, FleetNode, FleetReport};
use nodesleuth_model::{Cores, Diagnosis};
use std::collections::{BTreeMap, BTreeSet};

/// The share of hot nodes with a property exceeds that of the others by so much, or it says
/// nothing.
const TELLING: f64 = 0.5;
/// So many times the others' median is another number.
const TELLING_RATIO: f64 = 2.0;
/// One hot node has nothing in common with anybody.
const FEWEST_HOT: usize = 2;
/// So many differences are told.
const MOST_DIFFERENCES: usize = 10;

/// One node's line, from its evidence and diagnosis.
#[must_use]
pub fn fleet_node(name: &str, evidence: &Evidence, diagnosis: &Diagnosis) -> FleetNode {
    let target = diagnosis.target.as_ref();
    let top = diagnosis.findings.first();
    FleetNode {
        name: name.to_owned(),
        cores: target.and_then(|target| target.cores),
        kernel_cores: target.and_then(|target| target.kernel_cores),
        outcome: diagnosis.outcome,
        cause: top.map(|finding| (finding.id.clone(), finding.title.clone())),
        verdict: diagnosis.verdict.clone(),
        traits: traits(evidence),
        numbers: numbers(evidence, diagnosis),
    }
}

fn traits(evidence: &Evidence) -> BTreeMap<String, String> {
    let mut traits = BTreeMap::new();
    let Some(object) = evidence.node_object.value() else {
        return traits;
    };
    let mut add = |name: &str, value: &str| {
        if !value.is_empty() {
            traits.insert(name.to_owned(), value.to_owned());
        }
    };
    add("kernel", &object.kernel_release);
    add("os image", &object.os_image);
    add("architecture", &object.architecture);
    add("kubelet", &object.kubelet_version);
    add("runtime", &object.runtime_version);
    for (label, value) in &object.labels {
        let name = label.rsplit('/').next().unwrap_or(label);
        // The object itself tells these.
        if !matches!(name, "arch" | "os") {
            add(name, value);
        }
    }
    let driver = evidence.kubelet_config.value();
    if let Some(driver) = driver.and_then(|config| config.fields.get("cgroupDriver")) {
        add("cgroup driver", driver);
    }
    traits
}

fn numbers(evidence: &Evidence, diagnosis: &Diagnosis) -> BTreeMap<String, f64> {
    let mut numbers = BTreeMap::new();
    let mut add = |name: &str, value: Option<f64>| {
        if let Some(value) = value {
            numbers.insert(name.to_owned(), value);
        }
    };
    let fact = |name: &str| match diagnosis.facts.get(name)?.value {
        Some(nodesleuth_model::FactValue::Number(number)) => Some(number),
        _ => None,
    };
    add("pods", fact("node.pods.count"));
    add(
        "cgroups that cAdvisor follows",
        fact("kubelet.stats.cgroups"),
    );
    add("goroutines", fact("kubelet.goroutines"));
    add("exec probes a second", fact("node.pods.exec_probe_rate"));
    add(
        "runtime calls a second",
        fact("kubelet.runtime_operations.rate"),
    );
    let age = diagnosis
        .target
        .as_ref()
        .and_then(|target| target.age_seconds);
    add("kubelet's days since start", age.map(|age| age / 86_400.0));
    let cpus = evidence.node_object.value().and_then(|object| object.cpus);
    add("CPUs", cpus);
    numbers
}

/// The report on all of them.
#[must_use]
pub fn fleet_report(
    tool: &str,
    window_seconds: f64,
    mut nodes: Vec<FleetNode>,
    mut failed: Vec<FailedNode>,
) -> FleetReport {
    let cores = |node: &FleetNode| node.cores.map_or(-1.0, |cores| cores.0);
    nodes.sort_by(|a, b| {
        cores(b)
            .total_cmp(&cores(a))
            .then_with(|| a.name.cmp(&b.name))
    });
    failed.sort_by(|a, b| a.name.cmp(&b.name));
    let groups = groups(&nodes);
    let (hot, others): (Vec<&FleetNode>, Vec<&FleetNode>) = nodes
        .iter()
        .filter(|node| node.cores.is_some())
        .partition(|node| node.is_hot());
    let mut notes = Vec::new();
    let differences = if hot.len() >= FEWEST_HOT && !others.is_empty() {
        differences(&hot, &others)
    } else {
        let why = match hot.len() {
            0 => "no node is hot",
            1 => "only one node is hot",
            _ => "every node is hot",
        };
        notes.push(format!("nothing to compare: {why}"));
        Vec::new()
    };
    FleetReport {
        tool: tool.to_owned(),
        window_seconds,
        verdict: verdict(&nodes, &hot, &failed, &groups),
        groups,
        differences,
        notes,
        nodes,
        failed,
    }
}

fn verdict(
    nodes: &[FleetNode],
    hot: &[&FleetNode],
    failed: &[FailedNode],
    groups: &[CauseGroup],
) -> String {
    let mut text = format!("{} of {} kubelets are hot", hot.len(), nodes.len());
    if !hot.is_empty() {
        let cores: f64 = hot.iter().filter_map(|node| node.cores).map(|c| c.0).sum();
        text.push_str(&format!(" and burn {} cores together", Cores(cores)));
    }
    if let Some(top) = groups.first() {
        text.push_str(&format!(
            "; most because of: {} ({} nodes)",
            top.title,
            top.nodes.len()
        ));
    }
    if !failed.is_empty() {
        text.push_str(&format!("; {} could not be looked at", failed.len()));
    }
    text
}

fn groups(nodes: &[FleetNode]) -> Vec<CauseGroup> {
    let mut groups: BTreeMap<&str, CauseGroup> = BTreeMap::new();
    for node in nodes.iter().filter(|node| node.is_hot()) {
        // What explains too little of a node is no cause of it.
        let is_known = node.outcome == nodesleuth_model::Outcome::CauseFound;
        let cause = node.cause.as_ref().filter(|_| is_known);
        let (id, title) = match cause {
            Some((id, title)) => (id.as_str(), title.as_str()),
            None => ("", "not identified"),
        };
        let group = groups.entry(id).or_insert_with(|| CauseGroup {
            id: id.to_owned(),
            title: title.to_owned(),
            ..CauseGroup::default()
        });
        group.cores.0 += node.cores.unwrap_or_default().0;
        group.nodes.push(node.name.clone());
    }
    let mut groups: Vec<CauseGroup> = groups.into_values().collect();
    groups.sort_by(|a, b| b.cores.0.total_cmp(&a.cores.0));
    groups
}

fn differences(hot: &[&FleetNode], others: &[&FleetNode]) -> Vec<Difference> {
    let mut found: Vec<(f64, Difference)> = Vec::new();
    let names: BTreeSet<&String> = hot.iter().flat_map(|node| node.traits.keys()).collect();
    for name in names {
        found.extend(of_trait(name, hot, others));
    }
    let names: BTreeSet<&String> = hot.iter().flat_map(|node| node.numbers.keys()).collect();
    for name in names {
        found.extend(of_number(name, hot, others));
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.truncate(MOST_DIFFERENCES);
    found
        .into_iter()
        .map(|(_, difference)| difference)
        .collect()
}

/// The value that most of the hot ones have, if few others have it; with how telling it is.
fn of_trait(name: &str, hot: &[&FleetNode], others: &[&FleetNode]) -> Option<(f64, Difference)> {
    let values = |nodes: &[&FleetNode]| {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for value in nodes.iter().filter_map(|node| node.traits.get(name)) {
            *counts.entry(value.clone()).or_default() += 1;
        }
        counts
    };
    let (of_hot, of_others) = (values(hot), values(others));
    let (hot_of, other_of): (u64, u64) = (of_hot.values().sum(), of_others.values().sum());
    if other_of == 0 {
        return None;
    }
    let difference = |(value, count): (&String, &u64)| {
        let other_count = of_others.get(value).copied().unwrap_or(0);
        let telling = *count as f64 / hot_of as f64 - other_count as f64 / other_of as f64;
        let difference = Difference {
            name: name.to_owned(),
            hot: value.clone(),
            hot_count: *count,
            hot_of,
            others: String::new(),
            other_count,
            other_of,
        };
        (telling, difference)
    };
    let best = of_hot
        .iter()
        .map(difference)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|(telling, _)| *telling >= TELLING)
}

/// A number that most of the hot ones have more of than most of the others.
fn of_number(name: &str, hot: &[&FleetNode], others: &[&FleetNode]) -> Option<(f64, Difference)> {
    let sorted = |nodes: &[&FleetNode]| {
        let mut numbers: Vec<f64> = nodes
            .iter()
            .filter_map(|node| node.numbers.get(name).copied())
            .collect();
        numbers.sort_by(f64::total_cmp);
        numbers
    };
    let (of_hot, of_others) = (sorted(hot), sorted(others));
    let median = |numbers: &[f64]| numbers.get(numbers.len() / 2).copied();
    let (hot_median, other_median) = (median(&of_hot)?, median(&of_others)?);
    if hot_median < TELLING_RATIO * other_median.max(f64::MIN_POSITIVE) || hot_median <= 0.0 {
        return None;
    }
    // Halfway between both medians, by ratio where there is one.
    let border = match other_median > 0.0 {
        true => (hot_median * other_median).sqrt(),
        false => hot_median / 2.0,
    };
    let above = |numbers: &[f64]| numbers.iter().filter(|number| **number >= border).count();
    let (hot_count, other_count) = (above(&of_hot), above(&of_others));
    let telling =
        hot_count as f64 / of_hot.len() as f64 - other_count as f64 / of_others.len() as f64;
    let difference = Difference {
        name: name.to_owned(),
        hot: format!("{} or more", short(border)),
        hot_count: hot_count as u64,
        hot_of: of_hot.len() as u64,
        others: format!(
            "median {} against {}",
            short(hot_median),
            short(other_median)
        ),
        other_count: other_count as u64,
        other_of: of_others.len() as u64,
    };
    (telling >= TELLING).then_some((telling, difference))
}

fn short(number: f64) -> String {
    match number {
        n if n >= 10.0 => nodesleuth_model::units::grouped(n.round() as u64),
        n => format!("{n:.1}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nodesleuth_model::Outcome;

    fn node(name: &str, cores: f64, cause: &str, kernel: &str, cgroups: f64) -> FleetNode {
        let is_hot = cores >= 0.1;
        FleetNode {
            name: name.to_owned(),
            cores: Some(Cores(cores)),
            outcome: match (is_hot, cause) {
                (false, _) => Outcome::NotHot,
                (true, "") => Outcome::NotIdentified,
                (true, _) => Outcome::CauseFound,
            },
            cause: (!cause.is_empty()).then(|| (cause.to_owned(), format!("title of {cause}"))),
            traits: BTreeMap::from([("kernel".to_owned(), kernel.to_owned())]),
            numbers: BTreeMap::from([("cgroups".to_owned(), cgroups)]),
            ..FleetNode::default()
        }
    }

    fn fleet() -> FleetReport {
        let nodes = vec![
            node("a", 0.01, "", "5.10", 60.0),
            node("b", 0.9, "walk", "4.15", 70.0),
            node("c", 0.4, "walk", "4.15", 80.0),
            node("d", 0.5, "many", "4.15", 9_000.0),
            node("e", 0.02, "", "4.15", 50.0),
            node("f", 0.03, "", "5.10", 40.0),
            node("g", 0.03, "", "5.10", 55.0),
        ];
        let failed = FailedNode {
            name: "z".to_owned(),
            ..FailedNode::default()
        };
        fleet_report("tool", 10.0, nodes, vec![failed])
    }

    #[test]
    fn nodes_are_sorted_and_grouped_by_cause() {
        let report = fleet();
        let names: String = report.nodes.iter().map(|node| node.name.as_str()).collect();
        assert_eq!(names, "bdcfgea");
        assert_eq!(report.groups[0].id, "walk");
        assert_eq!(report.groups[0].nodes, ["b", "c"]);
        assert_eq!(
            report.verdict,
            "3 of 7 kubelets are hot and burn 1.80 cores together; most because of: title of \
             walk (2 nodes); 1 could not be looked at"
        );
    }

    #[test]
    fn what_the_hot_have_and_others_have_not_is_told_with_counts() {
        let report = fleet();
        let kernel = &report.differences[0];
        assert_eq!(
            (kernel.name.as_str(), kernel.hot.as_str()),
            ("kernel", "4.15")
        );
        assert_eq!((kernel.hot_count, kernel.hot_of), (3, 3));
        assert_eq!((kernel.other_count, kernel.other_of), (1, 4));
        // The cgroups of one hot node are not what the hot have in common.
        assert_eq!(report.differences.len(), 1, "{:?}", report.differences);
    }

    #[test]
    fn a_number_that_differs_is_told_with_its_border() {
        let mut nodes = vec![
            node("a", 0.01, "", "x", 60.0),
            node("b", 0.01, "", "x", 0.0),
        ];
        nodes.extend(["c", "d"].map(|name| node(name, 0.7, "many", "x", 6_000.0)));
        let report = fleet_report("tool", 1.0, nodes, Vec::new());
        let cgroups = &report.differences[0];
        assert_eq!(cgroups.hot, "600 or more");
        assert_eq!(cgroups.others, "median 6,000 against 60");
        assert_eq!(report.differences.len(), 1, "all have the same kernel");
    }

    #[test]
    fn where_nothing_can_be_compared_it_is_said() {
        let one = vec![
            node("a", 0.9, "walk", "x", 1.0),
            node("b", 0.0, "", "y", 1.0),
        ];
        let report = fleet_report("tool", 1.0, one, Vec::new());
        assert!(report.differences.is_empty());
        assert_eq!(report.notes, ["nothing to compare: only one node is hot"]);
        let none = fleet_report("tool", 1.0, Vec::new(), Vec::new());
        assert_eq!(none.verdict, "0 of 0 kubelets are hot");
    }
}
