//! The result for programs.

use super::compared::Before;
use super::functions::functions;
use super::taking::Capture;
use nodesleuth_profile::{SourceLinks, TopOrder, ValueType};
use serde_json::{Value, json};

pub(super) fn of(capture: &Capture, before: Option<&Before>, links: &SourceLinks) -> Value {
    let named = &capture.named;
    let figures = &named.figures;
    let cpu = named
        .profile
        .sample_types()
        .position(|t| t == ValueType::CPU);
    let functions = functions(&named.profile, cpu.unwrap_or(0), TopOrder::Flat, links);
    let not_used: Vec<Value> = capture
        .not_used
        .iter()
        .map(|(engine, why)| json!({ "engine": engine.name(), "reason": why }))
        .collect();
    let unresolved: Vec<Value> = figures
        .unresolved
        .iter()
        .map(|(unnamed, samples)| {
            json!({ "module": &*unnamed.module, "why": &*unnamed.why, "samples": samples })
        })
        .collect();
    let [own_window, own_names] = capture.own;
    json!({
        "pid": capture.target.as_ref().map(|target| target.pid),
        "comm": capture.target.as_ref().map(|target| &target.comm),
        "engine": capture.engine.name(),
        "not_used": not_used,
        "event": capture.event.name(),
        "hz": capture.options.hz,
        "ended": capture.ended,
        "window_seconds": capture.length().seconds(),
        "cpu": {
            "sampled_seconds": figures.on_cpu_ns as f64 / 1e9,
            "kernel_seconds": figures.kernel_ns as f64 / 1e9,
            "accounted_seconds": capture.used.map(|used| used.seconds()),
        },
        "samples": {
            "all": figures.samples,
            "rooted": figures.rooted,
            "broken": figures.broken,
            "truncated": figures.truncated,
            "no_user_stack": figures.no_user_stack,
            "lost": capture.counts.lost,
            "missed": capture.counts.missed,
            "unfollowed_processes": capture.counts.unfollowed,
            "records_lost": capture.counts.records_lost,
            "unresolved": unresolved,
        },
        "off_cpu": capture.options.off_cpu.then(|| json!({
            "waits": figures.off_cpu_count,
            "seconds": figures.off_cpu_ns as f64 / 1e9,
            "missing": capture.off_cpu_missing,
        })),
        "kernel_missing": capture.kernel_missing,
        "kernel_names_missing": named.kernel_problem,
        "own": {
            "window_cpu_seconds": own_window.seconds(),
            "names_cpu_seconds": own_names.seconds(),
            "peak_memory_bytes": capture.own_memory,
        },
        "functions": functions,
        "since": before.map(|before| json!({
            "before": before.name,
            "changes": before.changes(capture),
        })),
    })
}
