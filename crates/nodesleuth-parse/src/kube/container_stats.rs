//! The kubelet's `/metrics/cadvisor`: cgroups with series, the age of their figures, the cgroups of
//! the kubelet and the container runtime. Read while it arrives: with 10,000 leaked cgroups it is 44 MB.

use super::prometheus::{Reader, Sample};
use crate::Malformed;
use crate::cgroup::name_pattern;
use nodesleuth_model::Bytes;
use nodesleuth_model::evidence::{AgentCgroup, ContainerStats, PatternCount, Stamp};
use std::collections::{BTreeMap, HashSet};

const WHAT: &str = "the kubelet's /metrics/cadvisor";
/// Metrics by which cgroups are counted: each has one sample a cgroup, in the releases and cgroup
/// versions that have it at all.
const ONE_EACH: &[&str] = &[
    "container_last_seen",
    "container_start_time_seconds",
    "container_memory_working_set_bytes",
    CPU_TOTAL,
];
const CPU_TOTAL: &str = "container_cpu_usage_seconds_total";
const CPU_USER: &str = "container_cpu_user_seconds_total";
const CPU_KERNEL: &str = "container_cpu_system_seconds_total";
/// Last component of the cgroups that distributions run a kubelet in, whole or after its parents.
const AGENTS: &[&str] = &[
    "kubelet.service",
    "kubelet",
    "k3s.service",
    "k3s-agent.service",
    "rke2-server.service",
    "rke2-agent.service",
    "snap.microk8s.daemon-kubelite.service",
    "snap.microk8s.daemon-kubelet.service",
    "k0sworker.service",
    "k0scontroller.service",
];
/// The same for container runtimes, where the kubelet follows theirs (`--runtime-cgroups`).
const RUNTIMES: &[&str] = &[
    "containerd.service",
    "docker.service",
    "crio.service",
    "cri-o.service",
    "snap.microk8s.daemon-containerd.service",
];
/// Kinds of names that are kept.
const MOST_PATTERNS: usize = 12;
/// Kinds of names that are counted: more are not told apart.
const MOST_COUNTED_PATTERNS: usize = 2_000;
/// More cgroups than this are not told apart: the count stops here.
const MOST_CGROUPS: usize = 2_000_000;

/// Reads `/metrics/cadvisor` piece by piece.
#[derive(Debug, Default)]
pub struct ContainerStatsReader {
    text: Reader,
    seen: Cgroups,
}

#[derive(Debug, Default)]
struct Cgroups {
    known: HashSet<u64>,
    containers: u64,
    patterns: BTreeMap<String, PatternCount>,
    /// The smallest hashes.
    stamps: BTreeMap<u32, i64>,
    agent: Option<AgentCgroup>,
    runtime: Option<AgentCgroup>,
    scrape_error: Option<bool>,
    has_cadvisor: bool,
}

impl ContainerStatsReader {
    /// Takes the next piece.
    ///
    /// # Errors
    /// When it is not metrics.
    pub fn push(&mut self, piece: &[u8]) -> Result<(), Malformed> {
        let Self { text, seen } = self;
        text.push(piece, |sample| seen.take(sample))
    }

    /// All that was said. How long the answer took and the node's clock are for the caller to add.
    ///
    /// # Errors
    /// When the last line is cut, or the metrics are not cAdvisor's.
    pub fn finish(mut self) -> Result<ContainerStats, Malformed> {
        let Self { text, seen } = &mut self;
        text.finish(|sample| seen.take(sample))?;
        self.so_far()
    }

    /// What the lines say that came whole, of a page whose end will not come.
    ///
    /// # Errors
    /// When they are not cAdvisor's metrics.
    pub fn so_far(self) -> Result<ContainerStats, Malformed> {
        let Self { text, seen } = self;
        if !seen.has_cadvisor {
            let reason = "no metric of a container is there; is this another page?";
            return Err(Malformed::whole(WHAT, reason));
        }
        let stamp = |(cgroup, unix_millis)| Stamp {
            cgroup,
            unix_millis,
        };
        Ok(ContainerStats {
            cgroups: seen.known.len() as u64,
            containers: seen.containers,
            series: text.samples,
            size: Bytes(text.bytes),
            stamps: seen.stamps.into_iter().map(stamp).collect(),
            patterns: most_frequent(seen.patterns),
            agent: seen.agent,
            runtime: seen.runtime,
            scrape_error: seen.scrape_error,
            ..ContainerStats::default()
        })
    }
}

/// Reads a whole `/metrics/cadvisor` page.
///
/// # Errors
/// When it is not cAdvisor's metrics.
pub fn parse(text: &str) -> Result<ContainerStats, Malformed> {
    let mut reader = ContainerStatsReader::default();
    reader.push(text.as_bytes())?;
    reader.finish()
}

impl Cgroups {
    fn take(&mut self, sample: &Sample<'_>) {
        match sample.name {
            "container_scrape_error" => self.scrape_error = Some(sample.value != 0.0),
            CPU_USER | CPU_KERNEL | CPU_TOTAL => self.cpu(sample),
            _ => {}
        }
        self.has_cadvisor |= sample.name.starts_with("container_");
        if ONE_EACH.contains(&sample.name) {
            self.cgroup(sample);
        }
    }

    fn cgroup(&mut self, sample: &Sample<'_>) {
        let Some(id) = sample.label("id").filter(|id| id.starts_with('/')) else {
            return;
        };
        let hash = fnv(&id);
        if let Some(at) = sample.unix_millis {
            self.stamp((hash >> 32) as u32, at);
        }
        if self.known.len() >= MOST_CGROUPS || !self.known.insert(hash) {
            return;
        }
        let has_image = sample.label("image").is_some_and(|image| !image.is_empty());
        self.containers += u64::from(has_image);
        let pattern: Vec<String> = id.split('/').map(name_pattern).collect();
        let pattern = pattern.join("/");
        if let Some(known) = self.patterns.get_mut(&pattern) {
            known.count += 1;
        } else if self.patterns.len() < MOST_COUNTED_PATTERNS {
            let first = PatternCount {
                pattern: pattern.clone(),
                count: 1,
                example: id.into_owned(),
            };
            self.patterns.insert(pattern, first);
        }
    }

    /// Keeps the newest time of each of the cgroups with the smallest hashes.
    fn stamp(&mut self, cgroup: u32, unix_millis: i64) {
        if let Some(known) = self.stamps.get_mut(&cgroup) {
            *known = unix_millis.max(*known);
            return;
        }
        if self.stamps.len() >= ContainerStats::MOST_STAMPS {
            match self.stamps.last_key_value() {
                Some((largest, _)) if *largest > cgroup => {
                    self.stamps.pop_last();
                }
                _ => return,
            }
        }
        self.stamps.insert(cgroup, unix_millis);
    }

    fn cpu(&mut self, sample: &Sample<'_>) {
        let Some(id) = sample.label("id") else {
            return;
        };
        let last = id.rsplit('/').next().unwrap_or_default();
        // A kubelet in a container of the container runtime (RKE) is known by the container's name.
        let is_named = || sample.label("name").is_some_and(|name| name == "kubelet");
        let of_program = if AGENTS.contains(&last) || is_named() {
            &mut self.agent
        } else if RUNTIMES.contains(&last) {
            &mut self.runtime
        } else {
            return;
        };
        // Old releases tell every CPU apart.
        let other_cpu = |cpu: &str| !cpu.is_empty() && cpu != "total";
        if sample.label("cpu").is_some_and(|cpu| other_cpu(&cpu)) {
            return;
        }
        let cgroup = of_program.get_or_insert_with(|| AgentCgroup {
            path: id.clone().into_owned(),
            ..AgentCgroup::default()
        });
        if cgroup.path != id {
            return;
        }
        let number = match sample.name {
            CPU_USER => &mut cgroup.user_seconds,
            CPU_KERNEL => &mut cgroup.kernel_seconds,
            _ => &mut cgroup.total_seconds,
        };
        *number = Some(sample.value);
        cgroup.unix_millis = sample.unix_millis.or(cgroup.unix_millis);
    }
}

fn most_frequent(patterns: BTreeMap<String, PatternCount>) -> Vec<PatternCount> {
    let mut patterns: Vec<PatternCount> = patterns.into_values().collect();
    patterns.sort_by(|a, b| {
        b.count
            .cmp(&a.count)
            .then_with(|| a.pattern.cmp(&b.pattern))
    });
    patterns.truncate(MOST_PATTERNS);
    patterns
}

/// FNV-1a with a last mix, so that the upper half differs for similar names. The same on every
/// machine and in every release, since two readings must choose alike.
fn fnv(text: &str) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in text.bytes() {
        hash ^= u64::from(byte);
        hash = hash.wrapping_mul(0x0100_0000_01b3);
    }
    hash ^= hash >> 29;
    hash.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use super::{ContainerStats, ContainerStatsReader, parse};

    /// Chosen lines of a real kubelet 1.20.2.
    const REAL: &str = include_str!("samples/cadvisor-1.20.txt");

    #[test]
    fn a_real_page_is_understood() {
        let stats = parse(REAL).unwrap();
        assert_eq!((stats.cgroups, stats.containers), (20, 10));
        assert_eq!(stats.stamps.len(), 20);
        assert_eq!(stats.scrape_error, Some(false));
        let agent = stats.agent.unwrap();
        assert_eq!(agent.path, "/system.slice/kubelet.service");
        assert_eq!(agent.unix_millis, Some(1_795_449_251_836));
        assert_eq!(agent.kernel_seconds, Some(3.93));
        assert_eq!(agent.user_seconds, Some(3.11));
        assert_eq!(stats.patterns[0].count, 10);
        assert_eq!(stats.patterns[0].pattern, "/kubepods/burstable/pod*/*");
    }

    #[test]
    fn two_readings_choose_the_same_cgroups() {
        let page = |at: i64, extra: usize| {
            let line = |n: usize| format!("container_last_seen{{id=\"/x/leak-{n}\"}} 1 {at}\n");
            (0..1_000 + extra).map(line).collect::<String>()
        };
        let (one, two) = (parse(&page(5, 0)).unwrap(), parse(&page(9, 3)).unwrap());
        assert_eq!(one.stamps.len(), ContainerStats::MOST_STAMPS);
        let both = one
            .stamps
            .iter()
            .filter(|stamp| two.stamps.iter().any(|other| other.cgroup == stamp.cgroup));
        assert!(both.count() > 250);
        assert_eq!(two.patterns[0].count, 1_003);
    }

    #[test]
    fn per_cpu_samples_of_old_releases_are_not_the_total() {
        let page = "container_cpu_usage_seconds_total{cpu=\"cpu00\",id=\"/system.slice/kubelet.service\"} 5\n\
                    container_cpu_user_seconds_total{id=\"/system.slice/kubelet.service\"} 3\n";
        let agent = parse(page).unwrap().agent.unwrap();
        assert_eq!((agent.total_seconds, agent.user_seconds), (None, Some(3.0)));
        assert_eq!(agent.unix_millis, None);
    }

    /// With `--runtime-cgroups=/system.slice/containerd.service`.
    #[test]
    fn the_cgroup_of_a_container_runtime_is_told_apart_from_the_kubelets() {
        let line = |id: &str, value: f64| {
            format!(
                "container_cpu_usage_seconds_total{{container=\"\",cpu=\"total\",id=\"{id}\",image=\"\",name=\"\",namespace=\"\",pod=\"\"}} {value} 1795834272000\n"
            )
        };
        let page = line("/", 90_000.5)
            + &line("/system.slice/containerd.service", 61.25)
            + &line("/system.slice/kubelet.service", 7.5);
        let stats = parse(&page).unwrap();
        let runtime = stats.runtime.unwrap();
        assert_eq!(runtime.path, "/system.slice/containerd.service");
        assert_eq!(runtime.total_seconds, Some(61.25));
        assert_eq!(runtime.unix_millis, Some(1_795_834_272_000));
        assert_eq!(stats.agent.unwrap().total_seconds, Some(7.5));
        assert_eq!(parse(REAL).unwrap().runtime, None);
    }

    #[test]
    fn other_pages_and_cut_ones_are_refused() {
        assert!(parse("process_cpu_seconds_total 1\n").is_err());
        let mut reader = ContainerStatsReader::default();
        reader.push(b"container_last_seen{id=\"/").unwrap();
        assert!(reader.finish().is_err());
    }

    #[test]
    fn of_a_page_without_an_end_whole_lines_count() {
        let mut reader = ContainerStatsReader::default();
        let began =
            "container_last_seen{id=\"/a\"} 1\ncontainer_last_seen{id=\"/b\"} 1\ncontainer_last";
        reader.push(began.as_bytes()).unwrap();
        assert_eq!(reader.so_far().unwrap().cgroups, 2);
        let mut other = ContainerStatsReader::default();
        other.push(b"up 1\nprocess_c").unwrap();
        assert!(other.so_far().is_err());
    }
}
