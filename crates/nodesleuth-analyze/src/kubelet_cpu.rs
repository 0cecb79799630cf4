//! The kubelet's CPU as it tells it itself, where nobody could read its node's `/proc`.
//!
//! Its counter has user and kernel time together and no children. cAdvisor's account of the
//! kubelet's own cgroup tells the modes apart; it is believed only where it is about as large.

use crate::cgroup_cpu::CgroupCpu;
use crate::cpu::TargetCpu;
use crate::stacks::ProfileView;
use nodesleuth_model::evidence::KubeletMetrics;
use nodesleuth_model::{Evidence, Missing, MissingKind, Window};

/// Where the numbers come from, for facts.
pub(crate) const SOURCE: &str = "process_cpu_seconds_total of the kubelet's /metrics";
/// The same where only its profile came.
pub(crate) const PROFILE_SOURCE: &str = "samples of the kubelet's own profile (at least so much)";
/// The cgroup may hold children and, in some distributions, more; up to this ratio it is mostly the
/// kubelet.
const MOST_IN_CGROUP: f64 = 1.3;
/// Both are read at other moments: this many cores apart they still agree.
const APART: f64 = 0.05;
/// A kubelet that started within so many seconds of the same moment is the same one.
const SAME_START_SECONDS: f64 = 2.0;

/// From the kubelet's counter at both ends.
pub(crate) fn of(evidence: &Evidence) -> Result<TargetCpu, Missing> {
    let window = evidence.kubelet_metrics.require("the kubelet's metrics")?;
    let (before, after) = (&window.before.value, &window.after.value);
    let starts = before.start_unix_seconds.zip(after.start_unix_seconds);
    if starts.is_some_and(|(before, after)| (before - after).abs() > SAME_START_SECONDS) {
        let reason = "the kubelet was started anew in the window";
        return Err(Missing::new(MissingKind::TargetGone, reason));
    }
    let used = counter(before)?..counter(after)?;
    if used.end < used.start {
        let reason = "the kubelet's CPU counter went back";
        return Err(Missing::new(MissingKind::Malformed, reason));
    }
    let seconds = window.seconds();
    let own = (used.end - used.start) / seconds;
    let modes = modes(evidence, own);
    let (user, kernel, unsplit) = match modes {
        Some((user, kernel)) => (user, kernel, 0.0),
        None => (0.0, 0.0, own),
    };
    Ok(TargetCpu {
        seconds,
        user,
        kernel,
        unsplit,
        children: None,
        is_of_profile: false,
    })
}

/// By the kubelet's own profile of the window, where its counter did not come: at least so much,
/// since a profile holds one sample of each system call, however long.
pub(crate) fn of_profile(profile: &ProfileView<'_>) -> Option<TargetCpu> {
    let is_whole = profile.covers_window && profile.in_time().is_ok();
    is_whole.then(|| TargetCpu {
        seconds: profile.seconds,
        unsplit: profile.total_cores(),
        is_of_profile: true,
        ..TargetCpu::default()
    })
}

/// CPU seconds since it started, and since when.
pub(crate) fn lifetime(evidence: &Evidence) -> Result<(f64, f64), Missing> {
    let window: &Window<KubeletMetrics> =
        evidence.kubelet_metrics.require("the kubelet's metrics")?;
    let after = &window.after;
    let started = after.value.start_unix_seconds.ok_or_else(|| {
        Missing::new(
            MissingKind::Absent,
            "the kubelet does not say when it started",
        )
    })?;
    let since_anchor = after.at.since(evidence.clock.boot).seconds();
    let now = evidence.clock.utc_unix_nanos as f64 / 1e9 + since_anchor;
    Ok((counter(&after.value)?, now - started))
}

fn counter(metrics: &KubeletMetrics) -> Result<f64, Missing> {
    metrics.cpu_seconds.ok_or_else(|| {
        Missing::new(
            MissingKind::Absent,
            "the kubelet's metrics do not tell its CPU",
        )
    })
}

/// The kubelet's CPU split into user and kernel as its cgroup's is.
fn modes(evidence: &Evidence, own: f64) -> Option<(f64, f64)> {
    let cgroup = CgroupCpu::of(evidence, |stats| stats.agent.as_ref())?;
    let (user, kernel) = (
        cgroup.cores(|cgroup| cgroup.user_seconds)?,
        cgroup.cores(|cgroup| cgroup.kernel_seconds)?,
    );
    let both = user + kernel;
    let agrees = both <= own * MOST_IN_CGROUP + APART && own <= both * MOST_IN_CGROUP + APART;
    (agrees && both > 0.0).then(|| (own * user / both, own * kernel / both))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nodesleuth_model::evidence::{AgentCgroup, ContainerStats};
    use nodesleuth_model::{BootNanos, Observed, Reading};

    fn evidence(cpu: (f64, f64), start: (f64, f64)) -> Evidence {
        let reading = |at: u64, cpu, start| Reading {
            at: BootNanos(at * 1_000_000_000),
            value: KubeletMetrics {
                cpu_seconds: Some(cpu),
                start_unix_seconds: Some(start),
                ..KubeletMetrics::default()
            },
        };
        let mut evidence = Evidence::default();
        evidence.kubelet_metrics = Observed::Value(Window {
            before: reading(100, cpu.0, start.0),
            after: reading(110, cpu.1, start.1),
        });
        evidence
    }

    fn with_cgroup(mut evidence: Evidence, user: f64, kernel: f64) -> Evidence {
        let reading = |millis, user, kernel| Reading {
            at: BootNanos(0),
            value: ContainerStats {
                agent: Some(AgentCgroup {
                    path: "/system.slice/kubelet.service".to_owned(),
                    unix_millis: Some(millis),
                    total_seconds: None,
                    user_seconds: Some(user),
                    kernel_seconds: Some(kernel),
                }),
                ..ContainerStats::default()
            },
        };
        evidence.container_stats = Observed::Value(Window {
            before: reading(5_000, 10.0, 20.0),
            after: reading(17_000, 10.0 + user, 20.0 + kernel),
        });
        evidence
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn the_counter_alone_does_not_tell_modes_apart() {
        let cpu = of(&evidence((50.0, 58.0), (1.0, 1.0))).unwrap();
        assert!(close(cpu.total(), 0.8) && close(cpu.unsplit, 0.8));
        assert!(cpu.children.is_none());
    }

    #[test]
    fn the_cgroup_tells_modes_apart_where_it_agrees() {
        let base = evidence((50.0, 58.0), (1.0, 1.0));
        // 9.6 s in 12 s: 0.8 cores as well.
        let cpu = of(&with_cgroup(base.clone(), 2.4, 7.2)).unwrap();
        assert!(close(cpu.user, 0.2) && close(cpu.kernel, 0.6) && close(cpu.unsplit, 0.0));
        // A cgroup that holds a container runtime too.
        let cpu = of(&with_cgroup(base, 24.0, 7.2)).unwrap();
        assert!(close(cpu.unsplit, 0.8));
    }

    #[test]
    fn another_kubelet_is_not_the_same_counter() {
        let error = of(&evidence((50.0, 0.5), (1.0, 900.0))).unwrap_err();
        assert_eq!(error.kind, MissingKind::TargetGone);
        assert!(of(&evidence((50.0, 49.0), (1.0, 1.0))).is_err());
        assert!(of(&Evidence::default()).is_err());
    }
}
