//! Files of cgroups: memory.stat, cgroup.stat, cpu.stat, memory.events, and any other list of
//! names and numbers such as /proc/vmstat.

use super::clean::Lines;
use super::sink::Sink;
use nodesleuth_model::Observed;
use nodesleuth_model::evidence::DyingCount;
use nodesleuth_model::evidence::pasted::PastedCount;

/// A file is recognised by one of its names.
const FILES: &[(&str, &[&str])] = &[
    ("cgroup.stat", &["nr_descendants", "nr_dying_descendants"]),
    (
        "cpu.stat",
        &[
            "nr_periods",
            "nr_throttled",
            "throttled_time",
            "throttled_usec",
        ],
    ),
    ("memory.events", &["oom_kill", "oom_group_kill"]),
    (
        "vmstat",
        &[
            "nr_free_pages",
            "pgfault",
            "pgscan_kswapd",
            "pgscan_direct",
            "workingset_refault",
            "workingset_refault_file",
        ],
    ),
    (
        "memory.stat",
        &[
            "total_cache",
            "total_rss",
            "inactive_anon",
            "active_anon",
            "anon",
            "slab",
            "slab_reclaimable",
            "hierarchical_memory_limit",
            "cache",
        ],
    ),
];

/// Numbers of one file; /proc/vmstat has some two hundred.
const MOST: usize = 400;

pub(super) fn take(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    let Some((first, _)) = pair(lines.get(at)) else {
        return 0;
    };
    let pairs: Vec<(&str, f64)> = lines.from(at).take(MOST).map_while(pair).collect();
    let has = |file: &&(&str, &[&str])| pairs.iter().any(|(name, _)| file.1.contains(name));
    let Some((file, _)) = FILES.iter().find(has) else {
        return 0;
    };
    // One line might be anything; a name that nothing else has is enough.
    if pairs.len() < 2 && !first.contains('_') {
        return 0;
    }
    sink.block(file, at, format!("{} numbers", pairs.len()));
    let from = sink.file;
    let taken = pairs.len();
    for (name, value) in pairs {
        if name == "nr_dying_descendants" && value >= 0.0 {
            // The unified hierarchy's own count.
            let dying = DyingCount {
                count: value as u64,
                how: "nr_dying_descendants of cgroup.stat".to_owned(),
                ..DyingCount::default()
            };
            super::proc_files::hierarchy(sink, "memory").dying = Observed::Value(dying);
        }
        sink.evidence().pasted.counts.push(PastedCount {
            file: from,
            what: format!("{file}.{name}"),
            value,
            unit: String::new(),
            measured: true,
        });
    }
    taken
}

/// `nr_throttled 34`, `nr_throttled: 34`, `nr_throttled=34`.
fn pair(line: &str) -> Option<(&str, f64)> {
    let line = line.trim();
    let (name, value) = line.split_once([' ', '\t', ':', '='])?;
    let is_name = name.len() > 2
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && name.starts_with(|c: char| c.is_ascii_lowercase());
    let value = value.trim_start_matches([' ', '\t', ':', '=']).trim();
    let is_number = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
    (is_name && is_number).then(|| Some((name, value.parse().ok()?)))?
}

#[cfg(test)]
mod tests {
    use crate::pasted::Ingested;

    #[test]
    fn files_are_told_by_their_names() {
        let text = "nr_periods 3076\nnr_throttled 34\nthrottled_time 12070000\n\nnr_descendants 40\nnr_dying_descendants 7000\n\nretries: 3\n";
        let mut ingested = Ingested::default();
        ingested.read("t", text.as_bytes(), None, true);
        let counts = &ingested.evidence.pasted.counts;
        assert!(
            counts
                .iter()
                .any(|count| count.what == "cpu.stat.nr_throttled" && count.value == 34.0)
        );
        let memory = ingested.evidence.cgroups.value().unwrap().memory().unwrap();
        assert_eq!(memory.dying.value().unwrap().count, 7000);
        assert!(!counts.iter().any(|count| count.what.contains("retries")));
    }
}
