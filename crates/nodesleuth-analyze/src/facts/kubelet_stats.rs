//! Facts from the statistics that a kubelet's cAdvisor keeps.

use super::{Derived, FactDef, FactType, absent, number};
use crate::input::Input;
use nodesleuth_model::evidence::{ContainerStats, Stamp};
use nodesleuth_model::{Missing, Window};
use std::collections::BTreeMap;

pub(super) const FACTS: &[FactDef] = &[
    FactDef {
        name: "kubelet.stats.cgroups",
        kind: FactType::Number,
        unit: "count",
        doc: "Cgroups that the kubelet's cAdvisor follows.",
        derive: |input| {
            let stats = &stats(input)?.after.value;
            number(stats.cgroups as f64, counted_in("/metrics/cadvisor", stats))
        },
    },
    FactDef {
        name: "kubelet.stats.age_seconds",
        kind: FactType::Number,
        unit: "seconds",
        doc: "Median age of the containers' statistics, by the node's own clock: the outside \
              reading of slow housekeeping, about half its interval when all is well.",
        derive: age,
    },
    FactDef {
        name: "kubelet.stats.oldest_seconds",
        kind: FactType::Number,
        unit: "seconds",
        doc: "Age that one in ten of them exceeds.",
        derive: |input| {
            let ages = ages(input)?;
            number(ages[ages.len() * 9 / 10], "/metrics/cadvisor")
        },
    },
    FactDef {
        name: "kubelet.stats.not_renewed_share",
        kind: FactType::Number,
        unit: "share",
        doc: "Share of the cgroups whose statistics were the same at both ends of the window.",
        derive: not_renewed,
    },
];

fn stats<'a>(input: &Input<'a>) -> Result<&'a Window<ContainerStats>, Missing> {
    input.evidence.container_stats.require("/metrics/cadvisor")
}

/// A page as the source of counts: the beginning of one tells lower bounds.
pub(super) fn counted_in(page: &str, stats: &ContainerStats) -> String {
    match stats.incomplete {
        None => page.to_owned(),
        Some(_) => format!("{page}, of which only the beginning came: at least so many"),
    }
}

/// Ages at the end of the window, sorted.
fn ages(input: &Input<'_>) -> Result<Vec<f64>, Missing> {
    let stats = &stats(input)?.after.value;
    let newest = stats.stamps.iter().map(|stamp| stamp.unix_millis).max();
    let newest = newest.ok_or_else(|| absent("this kubelet's metrics tell no times"))?;
    // The header has whole seconds: what is newer than it tells the time better.
    let now = stats.node_unix_millis.map_or(newest, |now| now.max(newest));
    let ages = stats
        .stamps
        .iter()
        .map(|stamp| (now - stamp.unix_millis) as f64 / 1e3);
    let mut ages: Vec<f64> = ages.collect();
    ages.sort_by(f64::total_cmp);
    Ok(ages)
}

fn age(input: &Input<'_>) -> Derived {
    let ages = ages(input)?;
    let source = format!("timestamps of {} cgroups in /metrics/cadvisor", ages.len());
    number(ages[ages.len() / 2], source)
}

fn not_renewed(input: &Input<'_>) -> Derived {
    let window = stats(input)?;
    if window.seconds() <= 0.0 {
        return Err(absent("they came at one end of the window only"));
    }
    let before: BTreeMap<u32, i64> = window
        .before
        .value
        .stamps
        .iter()
        .map(|stamp| (stamp.cgroup, stamp.unix_millis))
        .collect();
    let earlier = |stamp: &Stamp| Some((*before.get(&stamp.cgroup)?, stamp.unix_millis));
    let both: Vec<(i64, i64)> = window
        .after
        .value
        .stamps
        .iter()
        .filter_map(earlier)
        .collect();
    if both.is_empty() {
        return Err(absent("no cgroup has a time at both ends"));
    }
    let same = both
        .iter()
        .filter(|(before, after)| before == after)
        .count();
    number(
        same as f64 / both.len() as f64,
        format!(
            "timestamps of {} cgroups over {:.0} s",
            both.len(),
            window.seconds()
        ),
    )
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::{number, window};
    use nodesleuth_model::Evidence;
    use nodesleuth_model::evidence::{ContainerStats, Stamp};

    #[test]
    fn ages_are_told_by_the_nodes_clock() {
        let stats = |stamps: &[(u32, i64)], now| ContainerStats {
            node_unix_millis: now,
            stamps: stamps
                .iter()
                .map(|(cgroup, unix_millis)| Stamp {
                    cgroup: *cgroup,
                    unix_millis: *unix_millis,
                })
                .collect(),
            ..ContainerStats::default()
        };
        let before = stats(&[(1, 10_000), (2, 12_000), (3, 14_000)], None);
        let after = stats(
            &[(1, 10_000), (2, 22_000), (3, 24_000), (4, 9_000)],
            Some(30_000),
        );
        let mut evidence = Evidence::default();
        evidence.container_stats = window(before.clone(), after);
        assert_eq!(number(&evidence, "kubelet.stats.age_seconds"), Some(20.0));
        assert_eq!(
            number(&evidence, "kubelet.stats.oldest_seconds"),
            Some(21.0)
        );
        let share = number(&evidence, "kubelet.stats.not_renewed_share").unwrap();
        assert!((share - 1.0 / 3.0).abs() < 1e-9);
        // Without a clock the newest figure tells the time.
        evidence.container_stats = window(before.clone(), before);
        assert_eq!(number(&evidence, "kubelet.stats.age_seconds"), Some(2.0));
        evidence.container_stats = window(stats(&[], None), stats(&[], None));
        assert_eq!(number(&evidence, "kubelet.stats.age_seconds"), None);
    }
}
