//! Mount tables: `/proc/PID/mountinfo` and what `mount` prints.

use super::clean::Lines;
use super::logs;
use super::sink::Sink;
use crate::cgroup;
use crate::proc::mountinfo;
use nodesleuth_model::Observed;
use nodesleuth_model::evidence::{DuplicateMount, MountTable};
use std::collections::BTreeMap;

/// Mount points with several mounts that are kept.
const KEPT_DUPLICATES: usize = 10;

pub(super) fn take(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    let infos = lines.while_true(at, is_mountinfo);
    if infos > 0 {
        let text: Vec<&str> = lines.from(at).take(infos).map(str::trim).collect();
        match mountinfo::parse(&(text.join("\n") + "\n")) {
            Ok(mounts) => {
                let whole = mounts.iter().any(|mount| mount.mount_point == "/");
                if let Some(mode) =
                    cgroup::mode(&cgroup::hierarchies(&mounts, &[])).filter(|_| whole)
                {
                    super::proc_files::host(sink).cgroup_mode = Observed::Value(mode);
                }
                let summary = mountinfo::summarise(&mounts, "mountinfo");
                finish(sink, at, "mountinfo", summary, whole, &text);
            }
            Err(error) => sink.ignore(error.to_string()),
        }
        return infos;
    }
    let printed = lines.while_true(at, |line| parts(line).is_some());
    if printed > 0 {
        let text: Vec<&str> = lines.from(at).take(printed).map(str::trim).collect();
        let mounts: Vec<(&str, &str)> = text.iter().filter_map(|line| parts(line)).collect();
        let whole = mounts.iter().any(|(point, _)| *point == "/");
        finish(sink, at, "mount", summary(&mounts), whole, &text);
    }
    printed
}

/// `36 35 98:0 / /mnt rw,noatime - ext3 /dev/root rw`.
fn is_mountinfo(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let number = |word: Option<&str>| word.is_some_and(|word| word.parse::<u32>().is_ok());
    number(words.next())
        && number(words.next())
        && words.next().is_some_and(|word| word.contains(':'))
        && line.contains(" - ")
}

/// Mount point and type of `proc on /proc type proc (rw,nosuid)`.
fn parts(line: &str) -> Option<(&str, &str)> {
    let (head, options) = line.trim().rsplit_once(" (")?;
    let (head, fs_type) = head.rsplit_once(" type ")?;
    let point = match head.split_once(" on ") {
        Some((_, point)) => point,
        None => head,
    };
    (options.ends_with(')') && point.starts_with('/') && !fs_type.contains(' '))
        .then_some((point, fs_type))
}

fn summary(mounts: &[(&str, &str)]) -> MountTable {
    let mut by_type = BTreeMap::new();
    let mut by_point: BTreeMap<&str, u64> = BTreeMap::new();
    for (point, fs_type) in mounts {
        *by_type.entry((*fs_type).to_owned()).or_default() += 1;
        *by_point.entry(point).or_default() += 1;
    }
    let several = by_point.into_iter().filter(|(_, count)| *count > 1);
    let mut duplicates: Vec<DuplicateMount> = several
        .map(|(point, count)| DuplicateMount {
            mount_point: point.to_owned(),
            count,
        })
        .collect();
    duplicates.sort_by_key(|duplicate| std::cmp::Reverse(duplicate.count));
    duplicates.truncate(KEPT_DUPLICATES);
    MountTable {
        source: "mount".to_owned(),
        mounts: mounts.len() as u64,
        by_type,
        duplicates,
    }
}

/// A few lines of a table do not tell how many mounts there are, but what kind is among them.
fn finish(
    sink: &mut Sink<'_>,
    at: usize,
    kind: &str,
    summary: MountTable,
    whole: bool,
    text: &[&str],
) {
    sink.block(kind, at, format!("{} mounts", summary.mounts));
    if whole {
        sink.evidence().mounts = Observed::Value(summary);
    }
    for line in text {
        logs::take_bare_of("mount", line, sink);
    }
}

#[cfg(test)]
mod tests {
    use crate::pasted::Ingested;

    #[test]
    fn a_whole_table_is_counted_and_an_excerpt_is_not() {
        let mut ingested = Ingested::default();
        let text = "proc on /proc type proc (rw)\n/dev/vda on / type ext4 (rw)\nx on /a type tmpfs (rw)\ny on /a type tmpfs (rw)\n";
        ingested.read("t", text.as_bytes(), None, true);
        let table = ingested.evidence.mounts.value().unwrap();
        assert_eq!((table.mounts, table.duplicates[0].count), (4, 2));
        let mut ingested = Ingested::default();
        ingested.read(
            "t",
            b"/run/docker/runtime-runc/moby/12ab/runc.GC2atV type ext4 (ro,relatime)\n",
            None,
        );
        ingested.finish();
        assert!(ingested.evidence.mounts.value().is_none());
        assert!(ingested.evidence.pasted.logs[0].example.contains("runc."));
    }

    #[test]
    fn mountinfo() {
        let mut ingested = Ingested::default();
        let text = "20 1 98:0 / / rw - ext4 /dev/root rw\n35 20 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
        ingested.read("t", text.as_bytes(), None, true);
        assert_eq!(ingested.evidence.mounts.value().unwrap().mounts, 2);
    }
}
