//! Captures of a real cAdvisor on built 4.15 and 5.10 kernels with dying memory cgroups.

use std::collections::BTreeMap;
use std::path::Path;

use nodesleuth_model::evidence::{
    CgroupCensus, CgroupMode, ChosenBy, GoBuild, Host, KernelSettings, ReadOutcome, Target,
    TimedRead, TimedReads,
};
use nodesleuth_model::{Bytes, Evidence, Nanos, Observed, Pid};
use nodesleuth_parse::proc;

use super::text::{self, Used, number, parsed, read, rows};
use super::{Case, Recorded, window};
use crate::failure::{Failure, Result};

/// Slab caches kept of each capture.
const SLAB_CACHES: usize = 20;
/// Kernel folder, cAdvisor folder, the snapshot and timings taken in the same state.
const CASES: &[(&str, &str, &str)] = &[
    ("k415", "z0", "z0"),
    ("k415", "z5000", "z5000"),
    ("k415", "z20000", "z20000"),
    ("k415", "z20000-1s", "z20000"),
    ("k415", "z20000-drop2", "z20000-drop2-20s"),
    ("k510", "z20000", "z20000"),
];

/// Runs of which stacks were recorded that hold the target.
const STACKS: &[(&str, &str)] = &[("k415", "z20000"), ("k510", "z20000")];

pub(super) fn cases(folder: &Path) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for (kernel, label, state) in CASES {
        let recorded = folder.join(kernel);
        if STACKS.contains(&(*kernel, *label)) {
            cases.push(with_stacks_alone(
                &recorded,
                case(&recorded, kernel, label, state)?,
                label,
            ));
        }
        cases.push(case(&recorded, kernel, label, state)?);
    }
    Ok(cases)
}

/// The same run as somebody has it who only ran `perf record` and `pidstat`.
fn with_stacks_alone(folder: &Path, whole: Case, label: &str) -> Case {
    let mut evidence = Evidence::default();
    evidence.imported_from = whole.evidence.imported_from;
    evidence.window = whole.evidence.window;
    evidence.host = whole.evidence.host;
    evidence.processes = whole.evidence.processes;
    evidence.target = whole.evidence.target;
    Case {
        name: format!("{}-stacks", whole.name),
        about: format!(
            "# {0}-stacks\n\nThe run of {0} with nothing but the CPU of the process and a \
             recording of `perf record -a -g` from after it. Made by `cargo xtask import`.\n",
            whole.name
        ),
        evidence,
        profiles: vec![Recorded::perf_script(
            folder.join(format!("cadvisor-{label}/perf-script.txt.gz")),
        )],
    }
}

fn case(folder: &Path, kernel: &str, label: &str, state: &str) -> Result<Case> {
    let run = rows(&read(&folder.join("cadvisor.csv"))?, label);
    let run = run
        .first()
        .ok_or_else(|| Failure::new("importing", format!("no run {label}")))?;
    let seconds = number(run, 3)?;
    let cadvisor = folder.join(format!("cadvisor-{label}"));
    let snap = folder.join(format!("snap-{state}"));
    let counts = rows(&read(&folder.join("counts.csv"))?, state);
    let counts = counts
        .first()
        .ok_or_else(|| Failure::new("importing", format!("no {state}")))?;
    let closed = number(counts, 11)? + seconds;
    let status = parsed(&cadvisor.join("status"), proc::status::parse)?;
    let pid = status.tgid.unwrap_or(1);

    let mut evidence = Evidence::default();
    evidence.imported_from = Some(format!(
        "a real cAdvisor 0.38.7 on an emulated {kernel} machine, state {label}"
    ));
    evidence.window = window(closed, seconds);
    evidence.host = Observed::Value(host(folder, closed)?);
    let used = Used {
        pid,
        comm: "cadvisor".to_owned(),
        user_seconds: number(run, 4)?,
        kernel_seconds: number(run, 5)?,
        threads: status.threads.unwrap_or(1),
    };
    evidence.processes = Observed::Value(text::processes(&[used], closed, seconds));
    evidence.target = Observed::Value(target(&cadvisor, pid, &run[1])?);
    let controllers = parsed(&snap.join("cgroups"), proc::cgroups::parse)?;
    let live = [("memory", number(counts, 2)? as u64)];
    evidence.cgroups = Observed::Value(CgroupCensus {
        hierarchies: text::hierarchies(&controllers, &live),
        ..CgroupCensus::default()
    });
    evidence.timed_reads = Observed::Value(timed_reads(folder, state)?);
    evidence.meminfo = Observed::Value(parsed(&snap.join("meminfo"), proc::meminfo::parse)?);
    evidence.slab = Observed::Value(parsed(&snap.join("slabinfo"), |text| {
        proc::slabinfo::parse(text, SLAB_CACHES)
    })?);
    evidence.dentries = Observed::Value(parsed(
        &snap.join("dentry-state"),
        proc::dentry_state::parse,
    )?);
    evidence.kernel = Observed::Value(KernelSettings {
        load_average: Observed::Value(parsed(&snap.join("loadavg"), proc::loadavg::parse)?),
        ..KernelSettings::default()
    });
    let about = format!(
        "# {kernel}-{label}\n\nA real cAdvisor 0.38.7 (Debian 11) on {} with {} memory cgroups in \
         the kernel and {} directories, housekeeping every {}; one emulated CPU, 64 possible. Its \
         own profile, the kernel's accounting over the same {seconds} s, /proc and timed reads of \
         the same state. Made by `cargo xtask import`.\n",
        evidence
            .host
            .value()
            .map_or("", |host| host.kernel_release.as_str()),
        run[2],
        counts[2],
        run[1],
    );
    Ok(Case {
        name: format!("{kernel}-{label}"),
        about,
        evidence,
        profiles: vec![Recorded::own(cadvisor.join("cpu.pb.gz"))],
    })
}

fn host(folder: &Path, uptime: f64) -> Result<Host> {
    let possible = parsed(&folder.join("cpu-possible.txt"), proc::cpu_list::count)?;
    Ok(Host {
        possible_cpus: Observed::Value(possible),
        online_cpus: Observed::Value(1),
        cgroup_mode: Observed::Value(CgroupMode::V1),
        ..text::host(folder, uptime)?
    })
}

fn target(folder: &Path, pid: u32, housekeeping: &str) -> Result<Target> {
    let metrics = read(&folder.join("metrics.txt"))?;
    let go = metrics
        .lines()
        .find_map(|line| line.strip_prefix("go_info{version=\""));
    let go = go
        .and_then(|rest| rest.split('"').next())
        .unwrap_or_default();
    let flags = [("housekeeping_interval".to_owned(), housekeeping.to_owned())];
    Ok(Target {
        pid: Pid(pid),
        comm: "cadvisor".to_owned(),
        chosen: ChosenBy::Import,
        flags: Observed::Value(BTreeMap::from(flags)),
        go: Observed::Value(GoBuild {
            go_version: go.to_owned(),
            path: "github.com/google/cadvisor".to_owned(),
            ..GoBuild::default()
        }),
        ..Target::default()
    })
}

/// The fastest of the three reads of each cgroup file.
fn timed_reads(folder: &Path, state: &str) -> Result<TimedReads> {
    let mut fastest: BTreeMap<String, (Nanos, Nanos, u64, u32)> = BTreeMap::new();
    let text = read(&folder.join("timings.csv"))?;
    for cells in rows(&text, state) {
        let path = &cells[1];
        if !path.starts_with("/sys/fs/cgroup") {
            continue;
        }
        let micros =
            |column| number(&cells, column).map(|micros| Nanos::from_seconds(micros / 1e6));
        let (wall, cpu) = (micros(5)?, Nanos(micros(6)?.0 + micros(7)?.0));
        let bytes = number(&cells, 3)? as u64;
        let entry = fastest.entry(path.clone()).or_insert((wall, cpu, bytes, 0));
        if wall < entry.0 {
            (entry.0, entry.1) = (wall, cpu);
        }
        entry.3 += 1;
    }
    if fastest.is_empty() {
        return Err(Failure::new("importing", format!("no timings of {state}")));
    }
    let reads = fastest
        .into_iter()
        .map(|(path, (wall, cpu, bytes, repeats))| TimedRead {
            path,
            predicted: None,
            outcome: ReadOutcome::Read {
                bytes: Bytes(bytes),
                wall,
                cpu,
                repeats,
                first_cpu: None,
            },
        });
    Ok(TimedReads {
        reads: reads.collect(),
        ..TimedReads::default()
    })
}
