//! Names of the kubelet's metrics by release. A field has several names because releases renamed
//! them; while two exist side by side the one that stands first here counts.

/// What a metric tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Field {
    CpuSeconds,
    StartSeconds,
    Resident,
    OpenFds,
    MaxFds,
    Goroutines,
    Threads,
    GoVersion,
    Collections,
    Allocated,
    Version,
    RunningPods,
    RunningContainers,
    RuntimeOperations(Part),
    Relists(Part),
    RelistIntervals(Part),
    CgroupOperations(Part),
    HttpRequests(Part),
}

/// Which number of something that is done again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Count,
    Seconds,
    Failed,
}

/// One name of a field.
pub(super) struct Name {
    pub(super) metric: &'static str,
    pub(super) field: Field,
    /// What one unit is in seconds, for times.
    pub(super) scale: f64,
    /// Labels that hold the key (operation, path) or the text, in order of preference.
    pub(super) labels: &'static [&'static str],
    /// Only samples with this label and value count, where they have the label at all.
    pub(super) only: Option<(&'static str, &'static str)>,
}

const fn plain(metric: &'static str, field: Field) -> Name {
    Name {
        metric,
        field,
        scale: 1.0,
        labels: &[],
        only: None,
    }
}

const fn keyed(metric: &'static str, field: Field, labels: &'static [&'static str]) -> Name {
    Name {
        labels,
        ..plain(metric, field)
    }
}

/// Releases before 1.14 tell times in microseconds.
const fn micros(metric: &'static str, field: Field, labels: &'static [&'static str]) -> Name {
    Name {
        scale: 1e-6,
        ..keyed(metric, field, labels)
    }
}

const OPERATION: &[&str] = &["operation_type"];
const PATH: &[&str] = &["path"];

/// All names. Held in November 2026 against: answers of real kubelets 1.9.2 (published by others) and
/// 1.20.2 (ours); the sources of 1.9.4, 1.10.11, 1.13.8, 1.14, 1.22, 1.23, 1.24.4 and 1.26.8; the
/// reference pages of 1.34. "Verified" names a release of these; "reported" is from change logs, or
/// lies between two releases that agree (1.12, 1.16, 1.28, 1.31).
pub(super) const NAMES: &[Name] = &[
    // Verified in 1.9.2 and 1.20, every release: Go's and the process's own collectors.
    plain("process_cpu_seconds_total", Field::CpuSeconds),
    plain("process_start_time_seconds", Field::StartSeconds),
    plain("process_resident_memory_bytes", Field::Resident),
    plain("process_open_fds", Field::OpenFds),
    plain("process_max_fds", Field::MaxFds),
    plain("go_goroutines", Field::Goroutines),
    plain("go_threads", Field::Threads),
    keyed("go_info", Field::GoVersion, &["version"]),
    plain("go_gc_duration_seconds_count", Field::Collections),
    plain("go_memstats_alloc_bytes_total", Field::Allocated),
    // Verified: 1.20 (`git_version`), 1.9.2 and 1.13 (`gitVersion`); reported: the change in 1.18.
    keyed(
        "kubernetes_build_info",
        Field::Version,
        &["git_version", "gitVersion"],
    ),
    // Verified: 1.20, 1.22 to 1.26; 1.9 to 1.13 as `_pod_count` and `_container_count`; reported: the
    // change in 1.19.
    plain("kubelet_running_pods", Field::RunningPods),
    plain("kubelet_running_pod_count", Field::RunningPods),
    Name {
        only: Some(("container_state", "running")),
        ..plain("kubelet_running_containers", Field::RunningContainers)
    },
    plain("kubelet_running_container_count", Field::RunningContainers),
    // Verified: 1.14 to 1.26; 1.9 to 1.14 without `_total`, times in microseconds; reported: that these
    // went with 1.17.
    keyed(
        "kubelet_runtime_operations_total",
        Field::RuntimeOperations(Part::Count),
        OPERATION,
    ),
    keyed(
        "kubelet_runtime_operations",
        Field::RuntimeOperations(Part::Count),
        OPERATION,
    ),
    keyed(
        "kubelet_runtime_operations_duration_seconds_sum",
        Field::RuntimeOperations(Part::Seconds),
        OPERATION,
    ),
    micros(
        "kubelet_runtime_operations_latency_microseconds_sum",
        Field::RuntimeOperations(Part::Seconds),
        OPERATION,
    ),
    keyed(
        "kubelet_runtime_operations_errors_total",
        Field::RuntimeOperations(Part::Failed),
        OPERATION,
    ),
    keyed(
        "kubelet_runtime_operations_errors",
        Field::RuntimeOperations(Part::Failed),
        OPERATION,
    ),
    // Verified: 1.14 to 1.26; 1.9 to 1.14 in microseconds.
    plain(
        "kubelet_pleg_relist_duration_seconds_count",
        Field::Relists(Part::Count),
    ),
    plain(
        "kubelet_pleg_relist_latency_microseconds_count",
        Field::Relists(Part::Count),
    ),
    plain(
        "kubelet_pleg_relist_duration_seconds_sum",
        Field::Relists(Part::Seconds),
    ),
    micros(
        "kubelet_pleg_relist_latency_microseconds_sum",
        Field::Relists(Part::Seconds),
        &[],
    ),
    plain(
        "kubelet_pleg_relist_interval_seconds_count",
        Field::RelistIntervals(Part::Count),
    ),
    plain(
        "kubelet_pleg_relist_interval_microseconds_count",
        Field::RelistIntervals(Part::Count),
    ),
    plain(
        "kubelet_pleg_relist_interval_seconds_sum",
        Field::RelistIntervals(Part::Seconds),
    ),
    micros(
        "kubelet_pleg_relist_interval_microseconds_sum",
        Field::RelistIntervals(Part::Seconds),
        &[],
    ),
    // Verified: 1.14 to 1.26; 1.9 to 1.14 in microseconds.
    keyed(
        "kubelet_cgroup_manager_duration_seconds_count",
        Field::CgroupOperations(Part::Count),
        OPERATION,
    ),
    keyed(
        "kubelet_cgroup_manager_latency_microseconds_count",
        Field::CgroupOperations(Part::Count),
        OPERATION,
    ),
    keyed(
        "kubelet_cgroup_manager_duration_seconds_sum",
        Field::CgroupOperations(Part::Seconds),
        OPERATION,
    ),
    micros(
        "kubelet_cgroup_manager_latency_microseconds_sum",
        Field::CgroupOperations(Part::Seconds),
        OPERATION,
    ),
    // Verified: 1.20 and 1.34; reported: since 1.15, older kubelets do not count requests.
    keyed(
        "kubelet_http_requests_total",
        Field::HttpRequests(Part::Count),
        PATH,
    ),
    keyed(
        "kubelet_http_requests_duration_seconds_sum",
        Field::HttpRequests(Part::Seconds),
        PATH,
    ),
];

#[cfg(test)]
mod tests {
    use super::NAMES;

    #[test]
    fn no_name_stands_twice() {
        let mut names: Vec<&str> = NAMES.iter().map(|name| name.metric).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
