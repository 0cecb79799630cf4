//! Facts that the kubelet tells of itself and the API server of its node.

use super::{Derived, FactDef, FactType, absent, flag, number, text};
use crate::input::Input;
use nodesleuth_model::evidence::{
    CallTotals, ContainerStats, KubeletMetrics, KubeletPage, NodeObject, NodePods, Stamp, Via,
};
use nodesleuth_model::{Missing, MissingKind, Window};
use std::collections::BTreeMap;

pub(super) const FACTS: &[FactDef] = &[
    FactDef {
        name: "node.asked_through_api",
        kind: FactType::Flag,
        unit: "",
        doc: "Whether the kubelet itself was asked, through the API server.",
        derive: |input| {
            flag(
                input.evidence.vantage.via == Via::Api,
                "how it was collected",
            )
        },
    },
    FactDef {
        name: "node.name",
        kind: FactType::Text,
        unit: "",
        doc: "Name of the node in its cluster.",
        derive: |input| text(&object(input)?.name, "Node object"),
    },
    FactDef {
        name: "node.kubelet_version",
        kind: FactType::Text,
        unit: "",
        doc: "Version of its kubelet.",
        derive: |input| text(&object(input)?.kubelet_version, "Node object"),
    },
    FactDef {
        name: "node.runtime_version",
        kind: FactType::Text,
        unit: "",
        doc: "Container runtime and its version.",
        derive: |input| text(&object(input)?.runtime_version, "Node object"),
    },
    FactDef {
        name: "node.pods.count",
        kind: FactType::Number,
        unit: "count",
        doc: "Pods that are bound to the node.",
        derive: |input| {
            let pods = &pods(input)?.after.value;
            number(pods.pods as f64, &pods.source)
        },
    },
    FactDef {
        name: "node.pods.created_rate",
        kind: FactType::Number,
        unit: "per second",
        doc: "Pods that were created on the node in the last five minutes of the window, a second.",
        derive: created_rate,
    },
    FactDef {
        name: "node.pods.exec_probe_rate",
        kind: FactType::Number,
        unit: "per second",
        doc: "Probes that run a command in a container, from the periods of the pods' probes.",
        derive: |input| {
            let pods = &pods(input)?.after.value;
            number(pods.exec_probe_rate, &pods.source)
        },
    },
    FactDef {
        name: "kubelet.goroutines",
        kind: FactType::Number,
        unit: "count",
        doc: "Goroutines of the kubelet.",
        derive: |input| {
            let goroutines = metrics(input)?.after.value.goroutines;
            number(known(goroutines, "goroutines")? as f64, "go_goroutines")
        },
    },
    FactDef {
        name: "kubelet.gc.rate",
        kind: FactType::Number,
        unit: "per second",
        doc: "Garbage collections of the kubelet a second.",
        derive: |input| {
            let window = metrics(input)?;
            let collections = |metrics: &KubeletMetrics| {
                known(metrics.collections, "collections").map(|count| count as f64)
            };
            rate(window, collections, "go_gc_duration_seconds_count")
        },
    },
    FactDef {
        name: "kubelet.allocated_rate",
        kind: FactType::Number,
        unit: "bytes",
        doc: "Bytes that the kubelet allocates a second.",
        derive: |input| {
            let window = metrics(input)?;
            let allocated = |metrics: &KubeletMetrics| known(metrics.allocated_bytes, "allocation");
            rate(window, allocated, "go_memstats_alloc_bytes_total")
        },
    },
    FactDef {
        name: "kubelet.pleg.relist_seconds",
        kind: FactType::Number,
        unit: "seconds",
        doc: "Mean time of one listing of all containers (PLEG) in the window.",
        derive: |input| {
            mean(
                input,
                |metrics| metrics.relists,
                "kubelet_pleg_relist_duration",
            )
        },
    },
    FactDef {
        name: "kubelet.pleg.interval_seconds",
        kind: FactType::Number,
        unit: "seconds",
        doc: "Mean time between two of these; 1 s by default.",
        derive: |input| {
            mean(
                input,
                |metrics| metrics.relist_intervals,
                "kubelet_pleg_relist_interval",
            )
        },
    },
    FactDef {
        name: "kubelet.runtime_operations.rate",
        kind: FactType::Number,
        unit: "per second",
        doc: "Calls of the kubelet to the container runtime a second.",
        derive: |input| {
            let calls = calls(input, |metrics| &metrics.runtime_operations)?;
            number(calls.values().sum(), "kubelet_runtime_operations")
        },
    },
    FactDef {
        name: "kubelet.runtime_operations.top",
        kind: FactType::Text,
        unit: "",
        doc: "The most frequent of these calls.",
        derive: |input| {
            let calls = calls(input, |metrics| &metrics.runtime_operations)?;
            let top = calls.iter().max_by(|a, b| a.1.total_cmp(b.1));
            let (name, _) = top.ok_or_else(|| absent("it made no such call"))?;
            text(*name, "kubelet_runtime_operations")
        },
    },
    FactDef {
        name: "kubelet.exec_sync.rate",
        kind: FactType::Number,
        unit: "per second",
        doc: "Commands that the kubelet had run in containers, a second: exec probes and hooks.",
        derive: |input| number(exec_rate(input)?, "kubelet_runtime_operations of exec_sync"),
    },
    FactDef {
        name: "kubelet.exec_sync.of_operations",
        kind: FactType::Number,
        unit: "share",
        doc: "Share of these among all its calls to the container runtime.",
        derive: |input| number(exec_share(input)?, "kubelet_runtime_operations"),
    },
    FactDef {
        name: "kubelet.exec_sync.mean_seconds",
        kind: FactType::Number,
        unit: "seconds",
        doc: "Mean time that one of these took.",
        derive: |input| {
            mean(
                input,
                |metrics| metrics.runtime_operations.get("exec_sync").copied(),
                "kubelet_runtime_operations_duration of exec_sync",
            )
        },
    },
    FactDef {
        name: "kubelet.pages.slowest_seconds",
        kind: FactType::Number,
        unit: "seconds",
        doc: "Longest time that one of the kubelet's pages of metrics and statistics took, or was \
              waited for in vain.",
        derive: |input| {
            let page = slowest_page(input)?;
            number(page.took.seconds(), &page.path)
        },
    },
    FactDef {
        name: "kubelet.pages.slowest",
        kind: FactType::Text,
        unit: "",
        doc: "Path of that page.",
        derive: |input| {
            let page = slowest_page(input)?;
            text(&page.path, "answer times of the kubelet's pages")
        },
    },
    FactDef {
        name: "kubelet.pages.unanswered",
        kind: FactType::Text,
        unit: "",
        doc: "Pages that the kubelet did not answer in their time.",
        derive: unanswered,
    },
    FactDef {
        name: "kubelet.scrapes.rate",
        kind: FactType::Number,
        unit: "per second",
        doc: "Requests for metrics and statistics that the kubelet answered, a second, ours left \
              out.",
        derive: scrapes,
    },
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

/// Pages that a kubelet puts together itself, which takes the longer the more it follows.
fn slowest_page<'a>(input: &Input<'a>) -> Result<&'a KubeletPage, Missing> {
    let is_own = |path: &str| path.starts_with("/metrics") || path.starts_with("/stats");
    let pages = input.evidence.kubelet_pages.iter();
    let slowest = pages
        .filter(|page| is_own(&page.path))
        .max_by_key(|page| page.took);
    slowest.ok_or_else(|| absent("no page of a kubelet was asked for"))
}

fn unanswered(input: &Input<'_>) -> Derived {
    let in_vain = |page: &&KubeletPage| {
        let missing = page.missing.as_ref();
        missing.is_some_and(|missing| missing.kind == MissingKind::TimedOut)
    };
    let pages = input.evidence.kubelet_pages.iter().filter(in_vain);
    let mut pages: Vec<String> = pages
        .map(|page| format!("{} ({:.0} s)", page.path, page.took.seconds()))
        .collect();
    pages.dedup();
    match pages.is_empty() {
        true => Err(absent("all came in time")),
        false => text(pages.join(", "), "answer times of the kubelet's pages"),
    }
}

/// Pods younger than this are churn.
const RECENT_SECONDS: f64 = 300.0;
/// The page that opens the window is counted in the one that closes it.
const OUR_SCRAPES: f64 = 1.0;

fn object<'a>(input: &Input<'a>) -> Result<&'a NodeObject, Missing> {
    input.evidence.node_object.require("Node object")
}

fn metrics<'a>(input: &Input<'a>) -> Result<&'a Window<KubeletMetrics>, Missing> {
    input
        .evidence
        .kubelet_metrics
        .require("the kubelet's metrics")
}

fn stats<'a>(input: &Input<'a>) -> Result<&'a Window<ContainerStats>, Missing> {
    input.evidence.container_stats.require("/metrics/cadvisor")
}

fn pods<'a>(input: &Input<'a>) -> Result<&'a Window<NodePods>, Missing> {
    input.evidence.node_pods.require("the node's pods")
}

fn known<T>(value: Option<T>, what: &str) -> Result<T, Missing> {
    value.ok_or_else(|| absent(format!("the kubelet's metrics do not tell its {what}")))
}

fn rate(
    window: &Window<KubeletMetrics>,
    counter: impl Fn(&KubeletMetrics) -> Result<f64, Missing>,
    source: &str,
) -> Derived {
    let (before, after) = (
        counter(&window.before.value)?,
        counter(&window.after.value)?,
    );
    if after < before {
        return Err(absent("the counter went back"));
    }
    number((after - before) / window.seconds(), source)
}

/// Commands that it had run in containers, a second.
pub(super) fn exec_rate(input: &Input<'_>) -> Result<f64, Missing> {
    let calls = calls(input, |metrics| &metrics.runtime_operations)?;
    Ok(calls.get("exec_sync").copied().unwrap_or(0.0))
}

/// Their share among all its calls to the container runtime.
pub(super) fn exec_share(input: &Input<'_>) -> Result<f64, Missing> {
    let calls = calls(input, |metrics| &metrics.runtime_operations)?;
    let all: f64 = calls.values().sum();
    match all > 0.0 {
        true => Ok(exec_rate(input)? / all),
        false => Err(absent("it made no such call")),
    }
}

/// Mean time of what was done in the window.
fn mean(
    input: &Input<'_>,
    of: impl Fn(&KubeletMetrics) -> Option<CallTotals>,
    source: &str,
) -> Derived {
    let window = metrics(input)?;
    let before = known(of(&window.before.value), source)?;
    let after = known(of(&window.after.value), source)?;
    let count = after.count.saturating_sub(before.count);
    if count == 0 {
        return Err(absent("it did not happen in the window"));
    }
    let seconds = known(after.seconds, source)? - known(before.seconds, source)?;
    number(seconds.max(0.0) / count as f64, source)
}

/// Calls a second by name.
fn calls<'a>(
    input: &Input<'a>,
    of: impl Fn(&'a KubeletMetrics) -> &'a BTreeMap<String, CallTotals>,
) -> Result<BTreeMap<&'a str, f64>, Missing> {
    let window = metrics(input)?;
    let (before, after) = (of(&window.before.value), of(&window.after.value));
    if after.is_empty() {
        return Err(absent("the kubelet's metrics do not tell them"));
    }
    let rates = after.iter().map(|(name, totals)| {
        let earlier = before.get(name).map_or(0, |totals| totals.count);
        let count = totals.count.saturating_sub(earlier);
        (name.as_str(), count as f64 / window.seconds())
    });
    Ok(rates.collect())
}

fn scrapes(input: &Input<'_>) -> Derived {
    let seconds = metrics(input)?.seconds();
    let calls = calls(input, |metrics| &metrics.http_requests)?;
    let asks = |path: &str| path.starts_with("metrics") || path.starts_with("stats");
    let rate: f64 = calls
        .iter()
        .filter(|(path, _)| asks(path.trim_start_matches('/')))
        .map(|(_, rate)| rate)
        .sum();
    let rate = (rate - OUR_SCRAPES / seconds).max(0.0);
    number(rate, "kubelet_http_requests_total")
}

fn created_rate(input: &Input<'_>) -> Derived {
    let window = pods(input)?;
    let clock = input.evidence.clock;
    let since_anchor = window.after.at.since(clock.boot).seconds();
    let now = clock.utc_unix_nanos as f64 / 1e9 + since_anchor;
    let created = &window.after.value.created_unix_seconds;
    let recent = created
        .iter()
        .filter(|created| now - **created as f64 <= RECENT_SECONDS);
    number(
        recent.count() as f64 / RECENT_SECONDS,
        "creation times of the node's pods",
    )
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
    use crate::catalog::Catalog;
    use crate::facts::derive_one;
    use crate::input::Input;
    use nodesleuth_model::evidence::{CallTotals, ContainerStats, KubeletMetrics, Stamp};
    use nodesleuth_model::{BootNanos, Evidence, FactValue, Observed, Reading, Window};

    fn number(evidence: &Evidence, fact: &str) -> Option<f64> {
        let catalog = Catalog::built_in().unwrap();
        match derive_one(&Input::new(evidence, &[], &catalog), fact)? {
            FactValue::Number(number) => Some(number),
            other => panic!("{other:?}"),
        }
    }

    fn window<T>(before: T, after: T) -> Observed<Window<T>> {
        let reading = |seconds: u64, value| Reading {
            at: BootNanos(seconds * 1_000_000_000),
            value,
        };
        Observed::Value(Window {
            before: reading(100, before),
            after: reading(110, after),
        })
    }

    fn metrics(scrapes: u64, relists: u64, relist_seconds: f64) -> KubeletMetrics {
        let calls = |count, seconds| CallTotals {
            count,
            seconds: Some(seconds),
            failed: None,
        };
        let mut metrics = KubeletMetrics {
            relists: Some(calls(relists, relist_seconds)),
            ..KubeletMetrics::default()
        };
        for (path, count) in [("metrics/cadvisor", scrapes), ("debug", 900 + scrapes)] {
            metrics
                .http_requests
                .insert(path.to_owned(), calls(count, 0.0));
        }
        metrics
    }

    #[test]
    fn rates_and_means_are_those_of_the_window() {
        let mut evidence = Evidence::default();
        evidence.kubelet_metrics = window(metrics(1_000, 50, 5.0), metrics(1_031, 60, 8.0));
        let mean = number(&evidence, "kubelet.pleg.relist_seconds").unwrap();
        assert!((mean - 0.3).abs() < 1e-9);
        // One of the 31 was ours.
        let scrapes = number(&evidence, "kubelet.scrapes.rate").unwrap();
        assert!((scrapes - 3.0).abs() < 1e-9, "{scrapes}");
        assert_eq!(number(&evidence, "kubelet.goroutines"), None);
    }

    #[test]
    fn what_did_not_happen_has_no_mean() {
        let mut evidence = Evidence::default();
        evidence.kubelet_metrics = window(metrics(1, 50, 5.0), metrics(1, 50, 5.0));
        assert_eq!(number(&evidence, "kubelet.pleg.relist_seconds"), None);
        assert_eq!(number(&evidence, "kubelet.scrapes.rate"), Some(0.0));
    }

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
