//! Which cgroup hierarchies are mounted where, from `/proc/self/mountinfo` (proc_pid_mountinfo(5)),
//! and where in them this process is.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Result, While};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hierarchy {
    pub(crate) mount: PathBuf,
    /// v1 controllers (or `name=…`); empty for v2.
    pub(crate) controllers: Vec<String>,
}

impl Hierarchy {
    pub(crate) fn is_v2(&self) -> bool {
        self.controllers.is_empty()
    }
}

/// The hierarchies in which leaked scopes appear: every v1 one, or v2 where there is no v1.
pub(crate) fn for_leaks() -> Result<Vec<Hierarchy>> {
    let all = mounted()?;
    let v1: Vec<_> = all.iter().filter(|found| !found.is_v2()).cloned().collect();
    let found = if v1.is_empty() { all } else { v1 };
    if found.is_empty() {
        return Err(
            Failure::new("making cgroups", "no cgroup hierarchy is mounted")
                .remedy("mount one, for instance: mount -t cgroup2 none /sys/fs/cgroup"),
        );
    }
    Ok(found)
}

/// The hierarchy that accounts memory.
pub(crate) fn memory() -> Result<Hierarchy> {
    let all = mounted()?;
    let v1 = |found: &&Hierarchy| found.controllers.iter().any(|name| name == "memory");
    let v2 = |found: &&Hierarchy| found.is_v2() && v2_offers_memory(&found.mount);
    all.iter()
        .find(v1)
        .or_else(|| all.iter().find(v2))
        .cloned()
        .ok_or_else(|| Failure::new("making zombies", "no mounted hierarchy accounts memory"))
}

fn v2_offers_memory(mount: &Path) -> bool {
    fs::read_to_string(mount.join("cgroup.controllers"))
        .is_ok_and(|names| names.split_whitespace().any(|name| name == "memory"))
}

/// The folder of the cgroup that this process is in.
pub(crate) fn home(hierarchy: &Hierarchy) -> Result<PathBuf> {
    let path = "/proc/self/cgroup";
    let text = fs::read_to_string(path).doing(|| format!("reading {path}"))?;
    let inside = own_path(&text, hierarchy)
        .ok_or_else(|| Failure::new(path, "does not name the hierarchy we want"))?;
    Ok(hierarchy.mount.join(inside.trim_start_matches('/')))
}

/// Lines are `ID:CONTROLLERS:PATH`; v2's has no controllers.
fn own_path<'t>(text: &'t str, hierarchy: &Hierarchy) -> Option<&'t str> {
    text.lines().find_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let names: Vec<_> = fields
            .next()?
            .split(',')
            .filter(|n| !n.is_empty())
            .collect();
        (names == hierarchy.controllers).then(|| fields.next())?
    })
}

pub(crate) fn mounted() -> Result<Vec<Hierarchy>> {
    let path = "/proc/self/mountinfo";
    let text = fs::read_to_string(path).doing(|| format!("reading {path}"))?;
    Ok(parse(&text))
}

/// One entry per hierarchy, however often it is mounted: the device number tells them apart.
fn parse(mountinfo: &str) -> Vec<Hierarchy> {
    let mut seen = BTreeSet::new();
    mountinfo
        .lines()
        .filter_map(parse_line)
        .filter(|(device, _)| seen.insert((*device).to_owned()))
        .map(|(_, hierarchy)| hierarchy)
        .collect()
}

fn parse_line(line: &str) -> Option<(&str, Hierarchy)> {
    let (before, after) = line.split_once(" - ")?;
    let before: Vec<_> = before.split(' ').collect();
    let mut after = after.split(' ');
    let kind = after.next()?;
    let controllers = match kind {
        "cgroup2" => Vec::new(),
        "cgroup" => controllers(after.nth(1)?),
        _ => return None,
    };
    let mount = PathBuf::from(before.get(4)?);
    Some((before.get(2)?, Hierarchy { mount, controllers }))
}

/// Super block options without the ones that are not controllers.
fn controllers(options: &str) -> Vec<String> {
    let other = [
        "rw",
        "ro",
        "xattr",
        "noprefix",
        "clone_children",
        "favordynmods",
    ];
    let is_controller =
        |option: &&str| !other.contains(option) && !option.starts_with("release_agent=");
    options
        .split(',')
        .filter(is_controller)
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HYBRID: &str = "\
24 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 29 0:26 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
31 29 0:27 / /sys/fs/cgroup/systemd rw - cgroup systemd rw,xattr,release_agent=/lib/agent,name=systemd
32 29 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate
40 29 0:26 /docker/x /elsewhere rw - cgroup cgroup rw,cpu,cpuacct
";

    #[test]
    fn hierarchies_are_found_once_each_with_their_controllers() {
        let found: Vec<_> = parse(HYBRID)
            .into_iter()
            .map(|h| (h.mount.display().to_string(), h.controllers.join(",")))
            .collect();
        let expected = [
            ("/sys/fs/cgroup/cpu,cpuacct", "cpu,cpuacct"),
            ("/sys/fs/cgroup/systemd", "name=systemd"),
            ("/sys/fs/cgroup/unified", ""),
        ];
        assert_eq!(found, expected.map(|(m, c)| (m.to_owned(), c.to_owned())));
    }

    #[test]
    fn our_own_path_is_found_in_v1_and_v2() {
        let text = "4:memory:/a:b\n2:cpu,cpuacct:/x\n0::/user.slice\n";
        let at = |controllers: &[&str]| Hierarchy {
            mount: PathBuf::from("/m"),
            controllers: controllers.iter().map(|&name| name.to_owned()).collect(),
        };
        assert_eq!(own_path(text, &at(&["memory"])), Some("/a:b"));
        assert_eq!(own_path(text, &at(&["cpu", "cpuacct"])), Some("/x"));
        assert_eq!(own_path(text, &at(&[])), Some("/user.slice"));
        assert_eq!(own_path(text, &at(&["pids"])), None);
    }
}
