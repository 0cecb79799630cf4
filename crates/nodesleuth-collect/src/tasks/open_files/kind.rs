//! What kind of file a path is, and which pattern stands for it and its likes.

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
/// So many components of an ordinary path say where work is being done.
const COMPONENTS: usize = 3;

/// What a path is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) pattern: String,
}

/// Tells kinds apart.
#[derive(Clone, Debug)]
pub(super) struct Kinds {
    /// Longest first.
    cgroup_mounts: Vec<String>,
}

impl Kinds {
    pub(super) fn new(mut cgroup_mounts: Vec<String>) -> Self {
        cgroup_mounts.push(CGROUPS.to_owned());
        cgroup_mounts.sort_by_key(|mount| std::cmp::Reverse(mount.len()));
        cgroup_mounts.dedup();
        Self { cgroup_mounts }
    }

    /// Whether only its flags tell a file from a folder.
    pub(super) fn asks_for_flags(&self, path: &str) -> bool {
        self.of(path, false).is_some_and(|kind| kind.name == "file")
    }

    /// None: not a file (a socket, a pipe, memory).
    pub(super) fn of(&self, link: &str, is_folder: bool) -> Option<Kind> {
        let path = link.strip_suffix(" (deleted)").unwrap_or(link);
        if !path.starts_with('/') || path.starts_with("/memfd:") {
            return None;
        }
        Some(
            self.cgroup(path)
                .unwrap_or_else(|| elsewhere(path, is_folder)),
        )
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
            name: "cgroup",
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

fn elsewhere(path: &str, is_folder: bool) -> Kind {
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
        _ => {
            let name = if is_folder { "dir" } else { "file" };
            Kind {
                name,
                pattern: beginning(path),
            }
        }
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

fn beginning(path: &str) -> String {
    match path.match_indices('/').nth(COMPONENTS) {
        Some((end, _)) => format!("{}/**", &path[..end]),
        None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(path: &str) -> (String, &'static str) {
        let mounts = ["/sys/fs/cgroup/memory", "/cg2"].map(str::to_owned).into();
        let kind = Kinds::new(mounts).of(path, false).unwrap();
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
            ("/dev/null", "/dev/**", "other"),
            ("/cg20/x", "/cg20/x", "file"),
        ] {
            assert_eq!(pattern(path), (expected.to_owned(), kind), "{path}");
        }
    }

    #[test]
    fn a_folder_is_told_by_its_flags_only() {
        let kinds = Kinds::new(Vec::new());
        assert!(kinds.asks_for_flags("/var/lib/x"));
        assert!(!kinds.asks_for_flags("/sys/fs/cgroup/memory.stat"));
        assert_eq!(kinds.of("/var/lib/x/y", true).unwrap().name, "dir");
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
            assert_eq!(Kinds::new(Vec::new()).of(link, false), None, "{link}");
        }
    }
}
