//! The kubelet's `/metrics`, under whatever names its release gives them.

use super::metric_names::{Field, NAMES, Name, Part};
use super::prometheus::{Reader, Sample};
use crate::Malformed;
use nodesleuth_model::Bytes;
use nodesleuth_model::evidence::{CallTotals, KubeletMetrics};
use std::collections::{BTreeMap, HashMap};

const WHAT: &str = "the kubelet's /metrics";
/// Operations and paths of one field that are kept: real kubelets have about thirty.
const MOST_KEYS: usize = 200;

/// Reads `/metrics` piece by piece.
#[derive(Debug)]
pub struct MetricsReader {
    text: Reader,
    names: HashMap<&'static str, usize>,
    seen: BTreeMap<(Field, String), Seen>,
}

/// A field's number, from the name that stands first in the table.
#[derive(Debug)]
struct Seen {
    rank: usize,
    value: f64,
    text: Option<String>,
}

impl Default for MetricsReader {
    fn default() -> Self {
        let names = NAMES.iter().enumerate();
        Self {
            text: Reader::default(),
            names: names.map(|(rank, name)| (name.metric, rank)).collect(),
            seen: BTreeMap::new(),
        }
    }
}

impl MetricsReader {
    /// Takes the next piece.
    ///
    /// # Errors
    /// When it is not metrics.
    pub fn push(&mut self, piece: &[u8]) -> Result<(), Malformed> {
        let Self { text, names, seen } = self;
        text.push(piece, |sample| take(names, seen, sample))
    }

    /// All that was said.
    ///
    /// # Errors
    /// When the last line is cut, or the metrics are not those of a kubelet.
    pub fn finish(mut self) -> Result<KubeletMetrics, Malformed> {
        let Self { text, names, seen } = &mut self;
        text.finish(|sample| take(names, seen, sample))?;
        if self.seen.is_empty() {
            let reason = "none of its metrics is there; is this another program's page?";
            return Err(Malformed::whole(WHAT, reason));
        }
        let mut metrics = KubeletMetrics::default();
        for ((field, key), seen) in self.seen {
            set(&mut metrics, field, key, seen);
        }
        Ok(metrics)
    }
}

/// Reads a whole `/metrics` page.
///
/// # Errors
/// When it is not a kubelet's metrics.
pub fn parse(text: &str) -> Result<KubeletMetrics, Malformed> {
    let mut reader = MetricsReader::default();
    reader.push(text.as_bytes())?;
    reader.finish()
}

fn take(
    names: &HashMap<&'static str, usize>,
    seen: &mut BTreeMap<(Field, String), Seen>,
    sample: &Sample<'_>,
) {
    let Some(rank) = names.get(sample.name).copied() else {
        return;
    };
    let name = &NAMES[rank];
    let other =
        |(label, wanted): (&str, &str)| sample.label(label).is_some_and(|value| value != wanted);
    if name.only.is_some_and(other) || !sample.value.is_finite() {
        return;
    }
    let label = labelled(name, sample);
    let (key, text) = match name.field {
        Field::GoVersion | Field::Version => (String::new(), label),
        _ => (label.unwrap_or_default(), None),
    };
    let number = Seen {
        rank,
        value: sample.value * name.scale,
        text,
    };
    let keys = seen.len();
    match seen.get_mut(&(name.field, key.clone())) {
        // One operation or path with several other labels.
        Some(before) if before.rank == rank => before.value += number.value,
        Some(before) if before.rank > rank => *before = number,
        Some(_) => {}
        None if keys >= MOST_KEYS * 4 => {}
        None => {
            seen.insert((name.field, key), number);
        }
    }
}

fn labelled(name: &Name, sample: &Sample<'_>) -> Option<String> {
    let mut labels = name.labels.iter();
    labels.find_map(|label| {
        sample
            .label(label)
            .map(|value| value.chars().take(100).collect())
    })
}

fn set(metrics: &mut KubeletMetrics, field: Field, key: String, seen: Seen) {
    let count = (seen.value >= 0.0).then_some(seen.value as u64);
    match field {
        Field::CpuSeconds => metrics.cpu_seconds = Some(seen.value),
        Field::StartSeconds => metrics.start_unix_seconds = Some(seen.value),
        Field::Resident => metrics.resident = count.map(Bytes),
        Field::OpenFds => metrics.open_fds = count,
        Field::MaxFds => metrics.max_fds = count,
        Field::Goroutines => metrics.goroutines = count,
        Field::Threads => metrics.threads = count,
        Field::GoVersion => metrics.go_version = seen.text,
        Field::Collections => metrics.collections = count,
        Field::Allocated => metrics.allocated_bytes = Some(seen.value),
        Field::Version => metrics.version = seen.text,
        Field::RunningPods => metrics.running_pods = count,
        Field::RunningContainers => metrics.running_containers = count,
        Field::RuntimeOperations(part) => {
            part.set(metrics.runtime_operations.entry(key).or_default(), &seen);
        }
        Field::CgroupOperations(part) => {
            part.set(metrics.cgroup_operations.entry(key).or_default(), &seen);
        }
        Field::HttpRequests(part) => {
            part.set(metrics.http_requests.entry(key).or_default(), &seen);
        }
        Field::Relists(part) => part.set(metrics.relists.get_or_insert_default(), &seen),
        Field::RelistIntervals(part) => {
            part.set(metrics.relist_intervals.get_or_insert_default(), &seen);
        }
    }
}

impl Part {
    fn set(self, totals: &mut CallTotals, seen: &Seen) {
        match self {
            Self::Count => totals.count = seen.value.max(0.0) as u64,
            Self::Seconds => totals.seconds = Some(seen.value),
            Self::Failed => totals.failed = Some(seen.value.max(0.0) as u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    /// Chosen lines of a real kubelet 1.20.2.
    const NEW: &str = include_str!("samples/metrics-1.20.txt");
    /// As kubelets 1.9 to 1.13 write it.
    const OLD: &str = "\
process_cpu_seconds_total 1012.5
kubelet_running_pod_count 31
kubelet_runtime_operations{operation_type=\"list_containers\"} 120
kubelet_runtime_operations_latency_microseconds{operation_type=\"list_containers\",quantile=\"0.5\"} 9000
kubelet_runtime_operations_latency_microseconds_sum{operation_type=\"list_containers\"} 2.5e+06
kubelet_runtime_operations_errors{operation_type=\"list_containers\"} 3
kubelet_pleg_relist_latency_microseconds_sum 4e+06
kubelet_pleg_relist_latency_microseconds_count 40
kubernetes_build_info{gitVersion=\"v1.11.3\",goVersion=\"go1.10.3\"} 1
";

    #[test]
    fn a_real_page_is_understood() {
        let metrics = parse(NEW).unwrap();
        assert_eq!(metrics.cpu_seconds, Some(0.84));
        assert_eq!(metrics.version.as_deref(), Some("v1.20.2"));
        assert_eq!(metrics.go_version.as_deref(), Some("go1.19.8"));
        assert_eq!(metrics.running_pods, Some(5));
        assert_eq!(metrics.running_containers, Some(5));
        assert_eq!(metrics.runtime_operations["list_podsandbox"].count, 80);
        assert_eq!(metrics.http_requests["debug"].count, 13);
        assert_eq!(metrics.relists.unwrap().count, 39);
        assert!(metrics.relists.unwrap().seconds.unwrap() < 1.0);
    }

    #[test]
    fn old_names_and_units_mean_the_same() {
        let metrics = parse(OLD).unwrap();
        let listing = metrics.runtime_operations["list_containers"];
        assert_eq!((listing.count, listing.failed), (120, Some(3)));
        assert_eq!(listing.seconds, Some(2.5));
        assert_eq!(metrics.relists.unwrap().seconds, Some(4.0));
        assert_eq!(metrics.running_pods, Some(31));
        assert_eq!(metrics.version.as_deref(), Some("v1.11.3"));
        assert_eq!(metrics.goroutines, None, "missing is not zero");
    }

    /// The same kubelet as several releases write it, samples in the labels of each.
    #[test]
    fn every_release_says_the_same_in_its_own_words() {
        let to_1_13 = "\
kubelet_running_pod_count 7
kubelet_running_container_count 9
kubelet_runtime_operations{operation_type=\"exec_sync\"} 40
kubelet_runtime_operations_latency_microseconds_sum{operation_type=\"exec_sync\"} 2e+06
kubelet_runtime_operations_errors{operation_type=\"exec_sync\"} 4
kubelet_pleg_relist_latency_microseconds_sum 3e+06
kubelet_pleg_relist_latency_microseconds_count 30
kubelet_pleg_relist_interval_microseconds_sum 3.1e+07
kubelet_pleg_relist_interval_microseconds_count 29
kubelet_cgroup_manager_latency_microseconds_sum{operation_type=\"update\"} 500000
kubelet_cgroup_manager_latency_microseconds_count{operation_type=\"update\"} 5
kubernetes_build_info{gitVersion=\"v1.0\"} 1
";
        let from_1_14 = "\
kubelet_runtime_operations_total{operation_type=\"exec_sync\"} 40
kubelet_runtime_operations_duration_seconds_bucket{operation_type=\"exec_sync\",le=\"0.005\"} 1
kubelet_runtime_operations_duration_seconds_sum{operation_type=\"exec_sync\"} 2
kubelet_runtime_operations_errors_total{operation_type=\"exec_sync\"} 4
kubelet_pleg_relist_duration_seconds_sum 3
kubelet_pleg_relist_duration_seconds_count 30
kubelet_pleg_relist_interval_seconds_sum 31
kubelet_pleg_relist_interval_seconds_count 29
kubelet_cgroup_manager_duration_seconds_sum{operation_type=\"update\"} 0.5
kubelet_cgroup_manager_duration_seconds_count{operation_type=\"update\"} 5
";
        let from_1_20 = format!(
            "{from_1_14}kubelet_running_pods 7\n\
             kubelet_running_containers{{container_state=\"exited\"}} 3\n\
             kubelet_running_containers{{container_state=\"running\"}} 9\n\
             kubernetes_build_info{{git_version=\"v1.0\"}} 1\n"
        );
        let answers = [
            ("1.9 to 1.13", to_1_13.to_owned()),
            ("1.14 to 1.16", format!("{to_1_13}{from_1_14}")),
            ("1.20 and later", from_1_20),
        ];
        for (release, answer) in answers {
            let metrics = parse(&answer).unwrap();
            let exec = metrics.runtime_operations["exec_sync"];
            let told = (exec.count, exec.seconds, exec.failed);
            assert_eq!(told, (40, Some(2.0), Some(4)), "{release}");
            let relists = metrics.relists.unwrap();
            assert_eq!(
                (relists.count, relists.seconds),
                (30, Some(3.0)),
                "{release}"
            );
            let intervals = metrics.relist_intervals.unwrap();
            assert_eq!(
                (intervals.count, intervals.seconds),
                (29, Some(31.0)),
                "{release}"
            );
            let cgroups = metrics.cgroup_operations["update"];
            assert_eq!(
                (cgroups.count, cgroups.seconds),
                (5, Some(0.5)),
                "{release}"
            );
            let running = (metrics.running_pods, metrics.running_containers);
            assert_eq!(running, (Some(7), Some(9)), "{release}");
            assert_eq!(metrics.version.as_deref(), Some("v1.0"), "{release}");
        }
    }

    #[test]
    fn while_two_names_stand_side_by_side_the_newer_counts_once() {
        let both = "kubelet_runtime_operations{operation_type=\"x\"} 7\n\
                    kubelet_runtime_operations_total{operation_type=\"x\"} 7\n";
        assert_eq!(parse(both).unwrap().runtime_operations["x"].count, 7);
    }

    #[test]
    fn labels_that_do_not_matter_are_added_up() {
        let text = "kubelet_http_requests_total{path=\"metrics\",method=\"GET\"} 7\n\
                    kubelet_http_requests_total{path=\"metrics\",method=\"HEAD\"} 2\n";
        assert_eq!(parse(text).unwrap().http_requests["metrics"].count, 9);
    }

    #[test]
    fn another_programs_page_is_refused() {
        assert!(parse("http_requests_total 3\n").is_err());
        assert!(parse("<html>").is_err());
        assert!(parse("").is_err());
    }
}
