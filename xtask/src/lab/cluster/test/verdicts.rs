//! A healthy kubelet and sick ones: the right cause each, and as many cores as the kernel bills.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::failure::{Failure, Result, While};
use crate::lab::cluster::cgroups::service_path;
use crate::lab::cluster::pki::NODE;
use crate::lab::cluster::test::leaks::LeakedPodCgroups;
use crate::lab::cluster::test::{Judged, Scenario, Trial};
use crate::lab::hierarchies;

pub(crate) const ALL: &[Scenario] = &[
    Scenario {
        name: "healthy",
        run: healthy,
    },
    Scenario {
        name: "leaked cgroups",
        run: leaked_cgroups,
    },
    Scenario {
        name: "metrics read without pause",
        run: metrics_read,
    },
    Scenario {
        name: "exec probes",
        run: exec_probes,
    },
    Scenario {
        name: "exec probes, runtime accounted for",
        run: exec_probes_accounted,
    },
];

const WINDOW: &str = "20s";
/// cAdvisor takes up new cgroups within a minute.
pub(crate) const SETTLING: Duration = Duration::from_secs(60);
const CLIENTS: usize = 3;
/// How far the cores that are said may be from those that the kernel billed over the whole run:
/// the window is a part of it, and being asked for large pages costs a sick kubelet more after it.
const SLACK: f64 = 0.4;
const PROBES: &str = "exec-probes";
const RUNTIME: &str = "containerd";
/// The runtime also does other work, its window is a part of the run, and an estimate is one.
const MOST_OF_RUNTIME: f64 = 2.0;
/// Below this a kubelet does nothing worth explaining.
const IDLE_CORES: f64 = 0.15;

fn healthy(trial: &Trial<'_>) -> Result<Judged> {
    trial.with_workload("few", || {
        let mut judged = Judged::default();
        let (report, billed) = diagnose(trial, &[], &mut judged)?;
        expect_not_hot(&mut judged, &report);
        judged.expect(
            billed < IDLE_CORES,
            format!("an idle kubelet burns {billed:.2} cores"),
        );
        Ok(judged)
    })
}

fn leaked_cgroups(trial: &Trial<'_>) -> Result<Judged> {
    let leaked = LeakedPodCgroups::make(trial.leaked)?;
    thread::sleep(SETTLING);
    let mut judged = Judged::default();
    let (report, _) = diagnose(trial, &[], &mut judged)?;
    expect_cause(
        &mut judged,
        &report,
        &["many-live-cgroups", "leaked-pod-cgroups"],
    );
    judged.said = format!("{}; {}", leaked.told(), judged.said);
    Ok(judged)
}

fn metrics_read(trial: &Trial<'_>) -> Result<Judged> {
    let _load = trial.hammer(CLIENTS, "metrics/cadvisor")?;
    let mut judged = Judged::default();
    let (report, _) = diagnose(trial, &[], &mut judged)?;
    expect_cause(&mut judged, &report, &["metrics-scrape"]);
    Ok(judged)
}

/// A kubelet that does not know which cgroup its container runtime is in: what that burns is
/// estimated by the number of probes.
fn exec_probes(trial: &Trial<'_>) -> Result<Judged> {
    trial.with_workload(PROBES, || judge_probes(trial))
}

/// One that accounts for it, as those of most managed clusters: it is measured.
fn exec_probes_accounted(trial: &Trial<'_>) -> Result<Judged> {
    let flag = format!("--runtime-cgroups=/{}", service_path(RUNTIME));
    trial.cluster.restart_kubelet_with(Some(&flag))?;
    let judged = trial.with_workload(PROBES, || {
        let mut judged = judge_probes(trial)?;
        judged.expect(
            !judged.said.contains("estimate"),
            "the runtime's CPU is not measured",
        );
        Ok(judged)
    });
    trial.cluster.restart_kubelet_with(None)?;
    judged
}

/// The kubelet waits, and containerd, its shims and runc work: where the CPUs are used up by them
/// the kubelet is not hot, and the report must say who is, and price it.
fn judge_probes(trial: &Trial<'_>) -> Result<Judged> {
    let mut judged = Judged::default();
    let (began, before) = (Instant::now(), nanoseconds_of(RUNTIME)?);
    let (report, billed) = diagnose(trial, &[], &mut judged)?;
    let used = Duration::from_nanos(nanoseconds_of(RUNTIME)?.saturating_sub(before));
    let runtime = used.as_secs_f64() / began.elapsed().as_secs_f64();
    if billed < IDLE_CORES {
        expect_not_hot(&mut judged, &report);
    } else {
        expect_cause(&mut judged, &report, &["exec-probes"]);
    }
    let elsewhere = &report["elsewhere"][0];
    let said = elsewhere["cores"].as_f64().unwrap_or_default();
    judged.said = format!(
        "{}; the runtime: billed {runtime:.2} cores, said {said:.2} by {}",
        judged.said, elsewhere["pricing"][0]
    );
    judged.expect(
        elsewhere["id"] == "exec-probes-in-runtime",
        format!("who burns the CPU is not said: {}", report["verdict"]),
    );
    judged.expect(
        said < runtime * MOST_OF_RUNTIME && runtime < said * MOST_OF_RUNTIME,
        format!("the runtime's price is {said:.2} cores, billed were {runtime:.2}"),
    );
    Ok(judged)
}

/// The report, and the cores that the kernel billed the kubelet while it was made.
pub(crate) fn diagnose(
    trial: &Trial<'_>,
    way: &[&str],
    judged: &mut Judged,
) -> Result<(Value, f64)> {
    let (began, before) = (Instant::now(), nanoseconds_of("kubelet")?);
    let words = ["diagnose", "--node", NODE, "--window", WINDOW, "-o", "json"];
    let answer = trial.ask(&[&words, way].concat())?;
    let used = nanoseconds_of("kubelet")?.saturating_sub(before);
    let billed = Duration::from_nanos(used).as_secs_f64() / began.elapsed().as_secs_f64();
    let report = answer.json()?;
    let total = report["ledger"]["total_cores"].as_f64();
    let causes: Vec<_> = causes(&report).collect();
    judged.said = format!(
        "billed {billed:.2} cores, said {}; {}; {:.0} s",
        total.map_or_else(|| "nothing".to_owned(), |cores| format!("{cores:.2}")),
        if causes.is_empty() {
            "no cause".to_owned()
        } else {
            causes.join(", ")
        },
        answer.took.as_secs_f64(),
    );
    if billed > IDLE_CORES {
        let near = total.is_some_and(|cores| (cores / billed - 1.0).abs() < SLACK);
        judged.expect(
            near,
            format!("the total is {total:?} cores, billed were {billed:.2}"),
        );
    }
    Ok((report, billed))
}

pub(crate) fn expect_not_hot(judged: &mut Judged, report: &Value) {
    judged.expect(
        report["outcome"] == "not-hot",
        format!("the outcome is {}, not not-hot", report["outcome"]),
    );
}

pub(crate) fn expect_cause(judged: &mut Judged, report: &Value, expected: &[&str]) {
    let first = causes(report).next();
    judged.expect(
        first.is_some_and(|id| expected.contains(&id)),
        format!(
            "the first cause is {first:?}, not {}: {}",
            expected.join(" or "),
            report["verdict"]
        ),
    );
}

fn causes(report: &Value) -> impl Iterator<Item = &str> {
    let findings = report["findings"].as_array().into_iter().flatten();
    findings.filter_map(|finding| finding["id"].as_str())
}

/// CPU time of the cgroup of one of the cluster's programs, as the kernel accounts it.
fn nanoseconds_of(service: &str) -> Result<u64> {
    let accounting = hierarchies::mounted()?
        .into_iter()
        .find(|hierarchy| hierarchy.controllers.iter().any(|name| name == "cpuacct"));
    let mount: PathBuf = accounting
        .map(|hierarchy| hierarchy.mount)
        .ok_or_else(|| Failure::new("reading CPU time", "no cpuacct hierarchy"))?;
    let file = mount.join(service_path(service)).join("cpuacct.usage");
    let text = fs::read_to_string(&file).doing(|| format!("reading {}", file.display()))?;
    text.trim()
        .parse()
        .doing(|| format!("reading {}", file.display()))
}
