//! Captures of a real kubelet 1.20.2 on kernel 6.18: idle, leaked cgroups, dying cgroups, churn.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use nodesleuth_model::evidence::{
    CgroupCensus, CgroupMode, ChosenBy, GoBuild, Host, PatternCount, Pressure, ReadOutcome, Target,
    TimedRead, TimedReads,
};
use nodesleuth_model::{Bytes, Evidence, Nanos, Observed, Pid};
use nodesleuth_parse::{cgroup, proc};

use super::text::{self, Used, parsed, read};
use super::{Case, Recorded, window};
use crate::failure::{Failure, Result, While};

/// Capture folder and name of the fixture.
const CASES: &[(&str, &str)] = &[
    ("a-idle", "kubelet-idle"),
    ("b-cgroup-explosion-10000", "kubelet-leaked-10000"),
    ("c-zombie-memcg-26000", "kubelet-zombies-26000"),
    ("d-pod-churn-quiet", "kubelet-churn"),
];
/// The captures do not say how long the machine had been up.
const UPTIME_SECONDS: f64 = 3_600.0;

pub(super) fn cases(captures: &Path) -> Result<Vec<Case>> {
    CASES
        .iter()
        .map(|(folder, name)| case(&captures.join(folder), name))
        .collect()
}

fn case(folder: &Path, name: &str) -> Result<Case> {
    let summary = read(&folder.join("summary.txt"))?;
    let status = parsed(&folder.join("kubelet.status.txt"), proc::status::parse)?;
    let pid = status.tgid.unwrap_or(1);
    let (used, seconds) = cpu(&summary, pid, status.threads.unwrap_or(1))?;

    let mut evidence = Evidence::default();
    let scenario = summary.lines().next().unwrap_or_default();
    evidence.imported_from = Some(format!("a real kubelet 1.20.2, {scenario}"));
    evidence.window = window(UPTIME_SECONDS, seconds);
    evidence.host = Observed::Value(host(folder)?);
    evidence.processes = Observed::Value(text::processes(&used, UPTIME_SECONDS, seconds));
    evidence.target = Observed::Value(Target {
        pid: Pid(pid),
        comm: "kubelet".to_owned(),
        chosen: ChosenBy::Import,
        flags: Observed::Value(BTreeMap::new()),
        go: Observed::Value(GoBuild {
            go_version: "go1.19.8".to_owned(),
            path: "k8s.io/kubernetes/cmd/kubelet".to_owned(),
            ..GoBuild::default()
        }),
        open_files_limit: parsed(&folder.join("kubelet.limits.txt"), proc::limits::open_files)
            .map(Observed::Value)?,
        ..Target::default()
    });
    evidence.cgroups = Observed::Value(census(folder, &summary)?);
    evidence.timed_reads = Observed::Value(timed_reads(&summary)?);
    evidence.meminfo = Observed::Value(parsed(&folder.join("meminfo.txt"), proc::meminfo::parse)?);
    evidence.pressure = Observed::Value(Pressure {
        cpu: Some(parsed(&folder.join("pressure.txt"), proc::pressure::parse)?),
        ..Pressure::default()
    });
    let about = format!(
        "# {name}\n\nA real kubelet 1.20.2 (Go 1.19) on kernel 6.18 with cgroup v1 and two busy \
         CPUs; {scenario}. CPU and counts as noted beside the capture, the kubelet's own profile \
         taken through the API server in the same 30 s. Made by `cargo xtask import`.\n"
    );
    Ok(Case {
        name: name.to_owned(),
        about,
        evidence,
        profiles: vec![Recorded::own(folder.join("cpu.pb.gz"))],
    })
}

/// `cpu over 30.5 s: kubelet  68.2% of a core (user 19.9%, sys 48.3%)`
fn cpu(summary: &str, pid: u32, threads: u32) -> Result<(Vec<Used>, f64)> {
    let mut all = Vec::new();
    let mut window_seconds = 0.0;
    for line in summary
        .lines()
        .filter_map(|line| line.strip_prefix("cpu over "))
    {
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = |at: usize| -> Option<f64> {
            let digits = |c: char| !c.is_ascii_digit() && c != '.';
            words.get(at)?.trim_matches(digits).parse().ok()
        };
        let parsed = number(0).zip(number(8)).zip(number(10));
        let ((seconds, user), kernel) =
            parsed.ok_or_else(|| Failure::new("understanding a summary", line))?;
        window_seconds = seconds;
        let comm = words[2].to_owned();
        let kubelet = comm == "kubelet";
        all.push(Used {
            pid: if kubelet {
                pid
            } else {
                100_000 + all.len() as u32
            },
            comm: comm.chars().take(15).collect(),
            user_seconds: user / 100.0 * seconds,
            kernel_seconds: kernel / 100.0 * seconds,
            threads: if kubelet { threads } else { 1 },
        });
    }
    all.sort_by_key(|used| used.pid);
    Ok((all, window_seconds))
}

fn host(folder: &Path) -> Result<Host> {
    Ok(Host {
        possible_cpus: Observed::Value(2),
        online_cpus: Observed::Value(2),
        cgroup_mode: Observed::Value(CgroupMode::Hybrid),
        ..text::host(folder, UPTIME_SECONDS)?
    })
}

/// `cgroup dirs memory: 10035 (kubepods 10018, x 0)`, and the names that the kubelet's cAdvisor
/// followed.
fn census(folder: &Path, summary: &str) -> Result<CgroupCensus> {
    let controllers = parsed(&folder.join("proc-cgroups.txt"), proc::cgroups::parse)?;
    let live: Vec<(&str, u64)> = summary
        .lines()
        .filter_map(|line| line.strip_prefix("cgroup dirs "))
        .filter_map(|line| line.split_once(": "))
        .filter_map(|(name, rest)| Some((name, rest.split(' ').next()?.parse().ok()?)))
        .collect();
    let mut hierarchies = text::hierarchies(&controllers, &live);
    let patterns = patterns(&folder.join("metrics-cadvisor.txt.gz"))?;
    for hierarchy in &mut hierarchies {
        hierarchy.patterns.clone_from(&patterns);
    }
    Ok(CgroupCensus {
        hierarchies,
        ..CgroupCensus::default()
    })
}

/// Name patterns of the cgroups that have metrics.
fn patterns(metrics: &Path) -> Result<Vec<PatternCount>> {
    let mut ids = BTreeSet::new();
    for line in gunzipped(metrics)?.lines() {
        let id = line
            .split_once("id=\"/")
            .and_then(|(_, rest)| rest.split('"').next());
        ids.extend(id.filter(|id| !id.is_empty()).map(|id| format!("/{id}")));
    }
    let mut counts: BTreeMap<String, PatternCount> = BTreeMap::new();
    for id in ids {
        let pattern: Vec<String> = id.split('/').map(cgroup::name_pattern).collect();
        let pattern = pattern.join("/");
        let count = counts.entry(pattern.clone()).or_insert(PatternCount {
            pattern,
            count: 0,
            example: id,
        });
        count.count += 1;
    }
    let mut patterns: Vec<PatternCount> = counts.into_values().collect();
    patterns.sort_by(|a, b| {
        b.count
            .cmp(&a.count)
            .then_with(|| a.pattern.cmp(&b.pattern))
    });
    patterns.truncate(12);
    Ok(patterns)
}

fn gunzipped(path: &Path) -> Result<String> {
    let doing = || format!("unpacking {}", path.display());
    let mut child = Command::new("gzip")
        .args(["-dc", "--"])
        .arg(path)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .doing(doing)?;
    let mut text = String::new();
    if let Some(mut out) = child.stdout.take() {
        out.read_to_string(&mut text).doing(doing)?;
    }
    child.wait().doing(doing)?;
    Ok(text)
}

/// `read /sys/fs/cgroup/memory/memory.stat x20: min 19 us, median 20 us, max 391 us`
fn timed_reads(summary: &str) -> Result<TimedReads> {
    let mut reads = Vec::new();
    for line in summary
        .lines()
        .filter_map(|line| line.strip_prefix("read "))
    {
        let words: Vec<&str> = line.split_whitespace().collect();
        let micros = words.get(3).and_then(|word| word.parse::<u64>().ok());
        let micros = micros.ok_or_else(|| Failure::new("understanding a summary", line))?;
        let time = Nanos(micros * 1_000);
        reads.push(TimedRead {
            path: words[0].to_owned(),
            predicted: None,
            outcome: ReadOutcome::Read {
                bytes: Bytes(0),
                wall: time,
                cpu: time,
                repeats: 20,
                first_cpu: None,
            },
        });
    }
    Ok(TimedReads {
        reads,
        ..TimedReads::default()
    })
}
