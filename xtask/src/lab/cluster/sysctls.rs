//! Settings of the kernel that a kubelet changes, and those that it needs; all are put back.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use crate::failure::{Failure, Result, While};

/// What a kubelet sets when it starts.
const CHANGED: [&str; 6] = [
    "kernel/keys/root_maxbytes",
    "kernel/keys/root_maxkeys",
    "kernel/panic",
    "kernel/panic_on_oops",
    "vm/overcommit_memory",
    "vm/panic_on_oom",
];
/// cAdvisor watches every cgroup in every hierarchy: at least so much.
const NEEDED: [(&str, u64); 2] = [
    ("fs/inotify/max_user_instances", 8192),
    ("fs/inotify/max_user_watches", 1_048_576),
];

/// Their values now, by path below /proc/sys.
pub(crate) fn now() -> Result<BTreeMap<String, String>> {
    let names = CHANGED.into_iter().chain(NEEDED.map(|(name, _)| name));
    names
        .map(|name| Ok((name.to_owned(), read(name)?)))
        .collect()
}

/// Raises what a node needs.
pub(crate) fn raise() -> Result<()> {
    for (name, least) in NEEDED {
        let value: u64 = read(name)?.parse().doing(|| format!("reading {name}"))?;
        if value < least {
            write(name, &least.to_string())?;
        }
    }
    Ok(())
}

/// Puts all back and says which would not.
pub(crate) fn restore(values: &BTreeMap<String, String>) -> Result<()> {
    let failures: Vec<_> = values
        .iter()
        .filter_map(|(name, value)| write(name, value).err())
        .map(|failure| format!("\n  {failure}"))
        .collect();
    if failures.is_empty() {
        Ok(())
    } else {
        Err(Failure::new("putting settings back", failures.concat()))
    }
}

fn path(name: &str) -> PathBuf {
    PathBuf::from("/proc/sys").join(name)
}

fn read(name: &str) -> Result<String> {
    let text = fs::read_to_string(path(name)).doing(|| format!("reading sysctl {name}"))?;
    Ok(text.trim_end().to_owned())
}

fn write(name: &str, value: &str) -> Result<()> {
    fs::write(path(name), value).doing(|| format!("writing sysctl {name}"))
}
