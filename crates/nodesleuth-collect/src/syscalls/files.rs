//! What each kind of file cost, from the engine's bill by single file.

use super::paths::Paths;
use super::tally::{kind_of_file, spelt};
use nodesleuth_model::evidence::FileUse;
use nodesleuth_trace::{FileCosts, FileMethod};
use std::collections::{BTreeMap, BTreeSet};

/// Files by kind and call. Descriptors that are no files (sockets, pipes) are left to their calls.
pub(super) fn uses(costs: &FileCosts, paths: &mut Paths) -> Vec<FileUse> {
    let mut uses: BTreeMap<(u16, usize), (FileUse, BTreeSet<&str>)> = BTreeMap::new();
    for total in &costs.totals {
        let Some(path) = total.path.as_deref() else {
            continue;
        };
        let Some(id) = paths.of_whole(path) else {
            continue;
        };
        let (file, distinct) = uses.entry((total.number, id)).or_default();
        distinct.insert(path);
        file.calls += total.calls;
        file.bytes.0 += total.bytes;
        file.wall.0 += total.wall_ns;
        file.on_cpu.0 += total.on_cpu_ns.unwrap_or(0);
    }
    let named = uses.into_iter().map(|((number, id), (file, distinct))| {
        let (group, call) = (paths.group(id), spelt(number));
        FileUse {
            kind: kind_of_file(&call, group.kind).to_owned(),
            pattern: group.pattern.clone(),
            example: distinct
                .first()
                .map_or_else(String::new, |path| (*path).to_owned()),
            distinct: distinct.len() as u64,
            call,
            ..file
        }
    });
    named.collect()
}

/// What to know of them.
pub(super) fn note(costs: &FileCosts) -> Option<String> {
    let unknown = costs.unknown_calls;
    match &costs.method {
        FileMethod::Kernel if unknown == 0 => None,
        FileMethod::Kernel => Some(format!(
            "{unknown} calls were about files that are not known"
        )),
        FileMethod::Descriptors { because } => Some(format!(
            "files were told apart by following descriptors ({because}); {unknown} calls were \
             about files that are not known"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file_kind::Kinds;
    use nodesleuth_model::{Bytes, Nanos, Pid};
    use nodesleuth_trace::{Arch, FileTotal};

    #[test]
    fn single_files_are_added_up_by_kind_and_call() {
        let total = |path: Option<&str>, call: &str| FileTotal {
            path: path.map(Into::into),
            number: Arch::native().unwrap().number(call).unwrap(),
            calls: 2,
            bytes: 10,
            on_cpu_ns: Some(100),
            ..FileTotal::default()
        };
        let costs = FileCosts {
            totals: vec![
                total(Some("/sys/fs/cgroup/memory/a/x/memory.stat"), "read"),
                total(Some("/sys/fs/cgroup/memory/a/y/memory.stat"), "read"),
                total(Some("/sys/fs/cgroup/memory/a/y/memory.stat"), "openat"),
                total(Some("/var/lib/kubelet/pods/1"), "getdents64"),
                total(Some("socket"), "read"),
                total(None, "read"),
            ],
            ..FileCosts::default()
        };
        let kinds = Kinds::new(vec!["/sys/fs/cgroup/memory".to_owned()]);
        let uses = uses(&costs, &mut Paths::new(kinds, Pid(7)));
        let told: Vec<(&str, &str, u64, Nanos)> = uses
            .iter()
            .map(|file| {
                (
                    file.call.as_str(),
                    file.pattern.as_str(),
                    file.distinct,
                    file.on_cpu,
                )
            })
            .collect();
        let pattern = "/sys/fs/cgroup/memory/a/**/memory.stat";
        assert!(told.contains(&("read", pattern, 2, Nanos(200))), "{told:?}");
        assert!(
            told.contains(&("openat", pattern, 1, Nanos(100))),
            "{told:?}"
        );
        assert_eq!(told.len(), 3);
        let folder = uses.iter().find(|file| file.call == "getdents64").unwrap();
        assert_eq!((folder.kind.as_str(), folder.bytes), ("dir", Bytes(10)));
    }

    #[test]
    fn what_may_be_missing_is_said() {
        let mut costs = FileCosts::default();
        assert_eq!(note(&costs), None);
        costs.unknown_calls = 3;
        assert!(note(&costs).unwrap().contains("3 calls"));
        costs.method = FileMethod::Descriptors {
            because: "no BTF".to_owned(),
        };
        assert!(note(&costs).unwrap().contains("(no BTF)"));
    }
}
