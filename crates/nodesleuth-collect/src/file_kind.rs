//! What kind of file a path is, and which pattern stands for it and its likes.

use nodesleuth_parse::cgroup::name_pattern;
use std::borrow::Cow;

/// Where cgroups are mounted when nothing else is known.
const CGROUPS: &str = "/sys/fs/cgroup";
/// Files of these controllers; other names below a cgroup mount are cgroups.
const CONTROLLERS: &[&str] = &[
    "blkio",
    "cgroup",
    "cpu",
    "cpuacct",
    "cpuset",
    "devices",
    "freezer",
    "hugetlb",
    "io",
    "memory",
    "misc",
    "net_cls",
    "net_prio",
    "perf_event",
    "pids",
    "rdma",
];
const CORE_FILES: &[&str] = &["tasks", "notify_on_release", "release_agent"];
/// An ordinary file or, as only its flags can tell, a folder.
pub(crate) const FILE: &str = "file";
/// A file or folder of a cgroup file system.
const CGROUP: &str = "cgroup";
/// What a folder is called.
pub(crate) const FOLDER: &str = "dir";
/// So many components of an ordinary path say where work is being done.
const COMPONENTS: usize = 3;

/// What a path is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) pattern: String,
}

/// Tells kinds apart.
#[derive(Clone, Debug)]
pub(crate) struct Kinds {
    /// Longest first.
    cgroup_mounts: Vec<String>,
}

impl Kinds {
    pub(crate) fn new(mut cgroup_mounts: Vec<String>) -> Self {
        cgroup_mounts.push(CGROUPS.to_owned());
        cgroup_mounts.sort_by_key(|mount| std::cmp::Reverse(mount.len()));
        cgroup_mounts.dedup();
        Self { cgroup_mounts }
    }

    /// None: not a file (a socket, a pipe, memory).
    pub(crate) fn of(&self, link: &str) -> Option<Kind> {
        let path = link.strip_suffix(" (deleted)").unwrap_or(link);
        if !path.starts_with('/') || path.starts_with("/memfd:") {
            return None;
        }
        Some(self.cgroup(path).unwrap_or_else(|| elsewhere(path)))
    }

    /// The same, but cgroup files of different subtrees (`kubepods`, `system.slice`) are different.
    pub(crate) fn with_subtree(&self, path: &str) -> Option<Kind> {
        let kind = self.of(path)?;
        let pattern = kind.pattern.split_once("/**").and_then(|(mount, file)| {
            let below = path.strip_prefix(mount)?.strip_prefix('/')?;
            let (subtree, _) = below.split_once('/')?;
            Some(format!("{mount}/{}/**{file}", name_pattern(subtree)))
        });
        Some(match pattern {
            Some(pattern) if kind.name == CGROUP => Kind { pattern, ..kind },
            _ => kind,
        })
    }

    fn cgroup(&self, path: &str) -> Option<Kind> {
        let is_below = |mount: &&String| {
            let rest = path.strip_prefix(mount.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let mount = self.cgroup_mounts.iter().find(is_below)?;
        let file = path.rsplit('/').next().unwrap_or_default();
        let pattern = if is_cgroup_file(file) {
            format!("{mount}/**/{file}")
        } else {
            format!("{mount}/**")
        };
        Some(Kind {
            name: CGROUP,
            pattern,
        })
    }
}

fn is_cgroup_file(name: &str) -> bool {
    CORE_FILES.contains(&name)
        || name.split_once('.').is_some_and(|(controller, rest)| {
            let unit = [".slice", ".scope", ".service", ".mount"];
            CONTROLLERS.contains(&controller)
                && !unit.iter().any(|end| format!(".{rest}").ends_with(end))
        })
}

fn elsewhere(path: &str) -> Kind {
    let mut components = path.split('/').skip(1);
    match components.next() {
        Some("proc") => Kind {
            name: "proc",
            pattern: without_numbers(path),
        },
        Some("sys") => {
            let name = path.rsplit('/').next().unwrap_or_default();
            Kind {
                name: "sys",
                pattern: format!("/sys/**/{name}"),
            }
        }
        Some("dev") => Kind {
            name: "other",
            pattern: "/dev/**".to_owned(),
        },
        _ => Kind {
            name: FILE,
            pattern: beginning(path),
        },
    }
}

/// `/proc/12/task/34/stat` → `/proc/*/task/*/stat`.
fn without_numbers(path: &str) -> String {
    let components = path.split('/').map(|component| {
        let number = !component.is_empty() && component.bytes().all(|byte| byte.is_ascii_digit());
        if number {
            Cow::Borrowed("*")
        } else {
            Cow::Borrowed(component)
        }
    });
    components.collect::<Vec<_>>().join("/")
}

/// `/tmp/walk-17/layer-09/a/b` → `/tmp/walk-*/layer-*/**`.
fn beginning(path: &str) -> String {
    let components = path.split('/').skip(1);
    let mut pattern = String::new();
    for component in components.clone().take(COMPONENTS) {
        pattern.push('/');
        pattern.push_str(&name_pattern(component));
    }
    if components.count() > COMPONENTS {
        pattern.push_str("/**");
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(path: &str) -> (String, &'static str) {
        let mounts = ["/sys/fs/cgroup/memory", "/cg2"].map(str::to_owned).into();
        let kind = Kinds::new(mounts).of(path).unwrap();
        (kind.pattern, kind.name)
    }

    #[test]
    fn cgroup_files_keep_their_hierarchy_and_name() {
        for (path, expected) in [
            (
                "/sys/fs/cgroup/memory/kubepods/pod1/memory.stat",
                "/sys/fs/cgroup/memory/**/memory.stat",
            ),
            (
                "/sys/fs/cgroup/system.slice/x.service/cpu.stat",
                "/sys/fs/cgroup/**/cpu.stat",
            ),
            ("/cg2/a/cgroup.procs", "/cg2/**/cgroup.procs"),
            (
                "/sys/fs/cgroup/memory/system.slice/run-r1.scope",
                "/sys/fs/cgroup/memory/**",
            ),
            (
                "/sys/fs/cgroup/memory/tasks",
                "/sys/fs/cgroup/memory/**/tasks",
            ),
            ("/cg2/io.slice", "/cg2/**"),
        ] {
            assert_eq!(pattern(path), (expected.to_owned(), "cgroup"), "{path}");
        }
    }

    #[test]
    fn subtrees_of_cgroups_can_be_told_apart() {
        let kinds = Kinds::new(vec!["/sys/fs/cgroup/memory".to_owned()]);
        for (path, expected) in [
            (
                "/sys/fs/cgroup/memory/kubepods/pod1/memory.stat",
                "/sys/fs/cgroup/memory/kubepods/**/memory.stat",
            ),
            (
                "/sys/fs/cgroup/memory/memory.stat",
                "/sys/fs/cgroup/memory/**/memory.stat",
            ),
            ("/sys/fs/cgroup/memory/kubepods", "/sys/fs/cgroup/memory/**"),
            ("/proc/12/stat", "/proc/*/stat"),
        ] {
            assert_eq!(
                kinds.with_subtree(path).unwrap().pattern,
                expected,
                "{path}"
            );
        }
    }

    #[test]
    fn other_files_are_grouped_by_what_they_have_in_common() {
        for (path, expected, kind) in [
            ("/proc/12/task/34/stat", "/proc/*/task/*/stat", "proc"),
            ("/proc/meminfo", "/proc/meminfo", "proc"),
            ("/sys/class/net/eth0/mtu", "/sys/**/mtu", "sys"),
            (
                "/var/lib/docker/overlay2/a/b (deleted)",
                "/var/lib/docker/**",
                "file",
            ),
            ("/etc/hosts", "/etc/hosts", "file"),
            (
                "/tmp/walk-17/layer-09/a/b",
                "/tmp/walk-*/layer-*/**",
                "file",
            ),
            ("/dev/null", "/dev/**", "other"),
            ("/cg20/x", "/cg*/x", "file"),
        ] {
            assert_eq!(pattern(path), (expected.to_owned(), kind), "{path}");
        }
    }

    #[test]
    fn sockets_pipes_and_memory_are_no_files() {
        for link in [
            "socket:[1]",
            "pipe:[2]",
            "anon_inode:[eventpoll]",
            "/memfd:x (deleted)",
            "",
        ] {
            assert_eq!(Kinds::new(Vec::new()).of(link), None, "{link}");
        }
    }
}
