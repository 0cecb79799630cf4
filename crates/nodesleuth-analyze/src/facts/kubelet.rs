//! Facts that the kubelet tells of itself in its metrics.

use super::{Derived, FactDef, FactType, absent, number, text};
use crate::input::Input;
use nodesleuth_model::evidence::{CallTotals, KubeletMetrics};
use nodesleuth_model::{Missing, Window};
use std::collections::BTreeMap;

pub(super) const FACTS: &[FactDef] = &[
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
        name: "kubelet.scrapes.rate",
        kind: FactType::Number,
        unit: "per second",
        doc: "Requests for metrics and statistics that the kubelet answered, a second, ours left \
              out.",
        derive: scrapes,
    },
];

/// The page that opens the window is counted in the one that closes it.
const OUR_SCRAPES: f64 = 1.0;

fn metrics<'a>(input: &Input<'a>) -> Result<&'a Window<KubeletMetrics>, Missing> {
    input
        .evidence
        .kubelet_metrics
        .require("the kubelet's metrics")
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

#[cfg(test)]
mod tests {
    use crate::facts::testing::{number, window};
    use nodesleuth_model::Evidence;
    use nodesleuth_model::evidence::{CallTotals, KubeletMetrics};

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
}
