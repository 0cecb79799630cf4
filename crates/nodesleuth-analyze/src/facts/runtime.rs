//! Facts about CPU that other programs of a node burn: its container runtime above all.

use super::kubelet::{exec_rate, exec_share};
use super::{Derived, FactDef, FactType, Known, absent, number};
use crate::cgroup_cpu::CgroupCpu;
use crate::input::Input;
use nodesleuth_model::evidence::StatsSummary;
use nodesleuth_model::{FactValue, Missing, Ticks};

pub(super) const FACTS: &[FactDef] = &[
    FactDef {
        name: "node.cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "CPU of the whole node, as its kubelet tells it.",
        derive: |input| {
            number(
                node_cores(summary(input)?)?,
                "the node's CPU in /stats/summary",
            )
        },
    },
    FactDef {
        name: "node.beside_pods.cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "CPU of the node outside of pods and of the target: its container runtime, its other \
              services, the kernel.",
        derive: beside_pods,
    },
    FactDef {
        name: "node.runtime.cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "CPU of the container runtime's cgroup, with its shims and runc, where the kubelet \
              accounts for it.",
        derive: runtime,
    },
    FactDef {
        name: "node.runtime.helper_cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "CPU of programs that shims of the container runtime had started and that ended in the \
              window, runc above all; seen on the node itself.",
        derive: helpers,
    },
    FactDef {
        name: "node.runtime.exec_cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "CPU that the container runtime burns to run commands in containers: its own by the \
              share of these among the kubelet's calls; where nobody accounts for it, an estimate \
              by their number; where no kubelet was asked, what its shims' helpers burnt.",
        derive: exec,
    },
];

fn summary<'a>(input: &Input<'a>) -> Result<&'a StatsSummary, Missing> {
    let summary = &input.evidence.stats_summary;
    summary.require("the kubelet's statistics")
}

fn node_cores(summary: &StatsSummary) -> Result<f64, Missing> {
    let cores = summary.node_cpu.and_then(|cpu| cpu.cores);
    cores.ok_or_else(|| absent("the kubelet does not tell its node's CPU"))
}

fn system_cores(summary: &StatsSummary, name: &str) -> Option<f64> {
    summary.system.get(name).and_then(|usage| usage.cores)
}

fn beside_pods(input: &Input<'_>) -> Derived {
    let summary = summary(input)?;
    let pods = system_cores(summary, "pods")
        .ok_or_else(|| absent("the kubelet does not tell the CPU of all its pods"))?;
    let target = input.cpu()?.total();
    let rest = node_cores(summary)? - pods - target;
    number(
        rest.max(0.0),
        "the node's CPU in /stats/summary without its pods and the kubelet",
    )
}

fn runtime(input: &Input<'_>) -> Derived {
    let followed = CgroupCpu::of(input.evidence, |stats| stats.runtime.as_ref());
    let cores = followed.and_then(|cgroup| cgroup.cores(|cgroup| cgroup.total_seconds));
    if let (Some(cgroup), Some(cores)) = (followed, cores) {
        return number(cores, format!("{} in /metrics/cadvisor", cgroup.path()));
    }
    let cores = system_cores(summary(input)?, "runtime").ok_or_else(|| {
        absent("its kubelet does not account for the container runtime (--runtime-cgroups)")
    })?;
    number(cores, "system containers in /stats/summary")
}

/// Who starts runc and waits for it, as `/proc` cuts the names.
const SHIMS: &[&str] = &["containerd-shim", "crio"];

fn helpers(input: &Input<'_>) -> Derived {
    let per_second = input.host()?.ticks_per_second;
    let window = input.evidence.processes.require("processes")?;
    let (mut shims, mut ticks) = (0, 0);
    for after in &window.after.value.processes {
        let before = window.before.value.by_pid(after.pid);
        let before = before.filter(|before| before.start == after.start);
        let (true, Some(before)) = (SHIMS.contains(&after.comm.as_str()), before) else {
            continue;
        };
        shims += 1;
        ticks += after.cutime.0.saturating_sub(before.cutime.0);
        ticks += after.cstime.0.saturating_sub(before.cstime.0);
    }
    if shims == 0 {
        return Err(absent("no shim of a container runtime was seen at work"));
    }
    number(
        Ticks(ticks).seconds(per_second) / window.seconds(),
        format!("children of {shims} shims that ended, from /proc"),
    )
}

fn exec(input: &Input<'_>) -> Derived {
    let Ok(rate) = exec_rate(input) else {
        return helpers(input);
    };
    if let Ok(Known {
        value: FactValue::Number(cores),
        source,
    }) = runtime(input)
    {
        let share = exec_share(input)?;
        let source = format!(
            "{source}, by the share of commands among the kubelet's calls to it ({:.0} %)",
            share * 100.0
        );
        return number(cores * share, source);
    }
    let each = input.catalog.thresholds.exec_cpu_seconds;
    let source = format!(
        "an estimate of {:.0} ms each, as measured elsewhere (containerd 1.6, runc 1.1): this \
         kubelet does not account for its container runtime (--runtime-cgroups)",
        each * 1e3
    );
    match beside_pods(input) {
        Ok(Known {
            value: FactValue::Number(most),
            ..
        }) => number((rate * each).min(most), source),
        _ => number(rate * each, source),
    }
}

#[cfg(test)]
mod tests {
    use crate::catalog::Catalog;
    use crate::facts::derive_all;
    use crate::facts::testing::{SECONDS, window};
    use crate::input::Input;
    use nodesleuth_model::evidence::{
        AgentCgroup, CallTotals, ContainerStats, CpuUsage, Host, KubeletMetrics, ProcessStat,
        ProcessTable, StatsSummary, Via,
    };
    use nodesleuth_model::{Evidence, Fact, FactValue, Observed, Pid, Ticks};

    /// A kubelet with 28 commands a second among 35 calls, itself 0.07 cores.
    fn probed() -> Evidence {
        let metrics = |seconds: u64| {
            let calls = |rate: u64| CallTotals {
                count: rate * seconds,
                ..CallTotals::default()
            };
            let operations = [("exec_sync", 28), ("list_containers", 7)];
            KubeletMetrics {
                cpu_seconds: Some(5.0 + seconds as f64 * 0.07),
                runtime_operations: operations
                    .map(|(name, rate)| (name.to_owned(), calls(rate)))
                    .into(),
                ..KubeletMetrics::default()
            }
        };
        let mut evidence = Evidence::default();
        evidence.vantage.via = Via::Api;
        evidence.kubelet_metrics = window(metrics(0), metrics(SECONDS));
        evidence
    }

    fn with_summary(mut evidence: Evidence, node: f64, system: &[(&str, f64)]) -> Evidence {
        let usage = |cores| CpuUsage {
            cores: Some(cores),
            ..CpuUsage::default()
        };
        evidence.stats_summary = Observed::Value(StatsSummary {
            node_cpu: Some(usage(node)),
            system: system
                .iter()
                .map(|(name, cores)| ((*name).to_owned(), usage(*cores)))
                .collect(),
            ..StatsSummary::default()
        });
        evidence
    }

    fn fact(evidence: &Evidence, name: &str) -> Fact {
        let catalog = Catalog::built_in().unwrap();
        derive_all(&Input::new(evidence, &[], &catalog))[name].clone()
    }

    #[track_caller]
    fn is(evidence: &Evidence, name: &str, cores: f64, source: &str) {
        let fact = fact(evidence, name);
        let Some(FactValue::Number(number)) = fact.value else {
            panic!("{name}: {}", fact.source);
        };
        assert!((number - cores).abs() < 1e-6, "{name}: {number}");
        assert!(fact.source.contains(source), "{}", fact.source);
    }

    #[test]
    fn a_runtime_that_is_followed_is_measured_over_its_own_readings() {
        let stats = |millis, seconds| ContainerStats {
            runtime: Some(AgentCgroup {
                path: "/system.slice/containerd.service".to_owned(),
                unix_millis: Some(millis),
                total_seconds: Some(seconds),
                ..AgentCgroup::default()
            }),
            ..ContainerStats::default()
        };
        let mut evidence = with_summary(probed(), 2.0, &[("runtime", 9.0)]);
        evidence.container_stats = window(stats(1_000, 50.0), stats(13_000, 62.0));
        is(&evidence, "node.runtime.cores", 1.0, "containerd.service");
        is(&evidence, "node.runtime.exec_cores", 0.8, "80 %");
    }

    #[test]
    fn the_summary_serves_where_readings_do_not_move() {
        let evidence = with_summary(probed(), 2.0, &[("runtime", 1.5)]);
        is(&evidence, "node.runtime.cores", 1.5, "/stats/summary");
        is(&evidence, "node.runtime.exec_cores", 1.2, "80 %");
    }

    #[test]
    fn what_nobody_accounts_for_is_estimated_and_no_more_than_there_is() {
        let evidence = with_summary(probed(), 2.0, &[("pods", 0.2)]);
        let none = fact(&evidence, "node.runtime.cores");
        assert!(none.value.is_none() && none.source.contains("--runtime-cgroups"));
        is(&evidence, "node.beside_pods.cores", 1.73, "/stats/summary");
        is(
            &evidence,
            "node.runtime.exec_cores",
            28.0 * 0.04,
            "estimate",
        );
        let calm = with_summary(probed(), 0.6, &[("pods", 0.2)]);
        is(&calm, "node.runtime.exec_cores", 0.33, "estimate");
        is(&probed(), "node.runtime.exec_cores", 1.12, "estimate");
    }

    /// On the node itself: two shims, one of which is another by the end.
    #[test]
    fn helpers_of_shims_are_billed_to_who_waited_for_them() {
        let shim = |pid, start, reaped| ProcessStat {
            pid: Pid(pid),
            comm: "containerd-shim".to_owned(),
            start: Ticks(start),
            cutime: Ticks(reaped),
            cstime: Ticks(2 * reaped),
            ..ProcessStat::default()
        };
        let table = |processes: Vec<ProcessStat>| ProcessTable {
            processes,
            ..ProcessTable::default()
        };
        let mut evidence = Evidence::default();
        evidence.host = Observed::Value(Host {
            ticks_per_second: 100,
            ..Host::default()
        });
        evidence.processes = window(
            table(vec![shim(5, 1, 1_000), shim(6, 1, 9_000)]),
            table(vec![shim(5, 1, 1_200), shim(6, 8, 9_900)]),
        );
        is(&evidence, "node.runtime.helper_cores", 0.6, "1 shims");
        is(&evidence, "node.runtime.exec_cores", 0.6, "1 shims");
    }

    #[test]
    fn without_a_kubelet_nothing_of_it_is_known() {
        let fact = fact(&Evidence::default(), "node.runtime.exec_cores");
        assert_eq!(fact.value, None, "{}", fact.source);
    }
}
