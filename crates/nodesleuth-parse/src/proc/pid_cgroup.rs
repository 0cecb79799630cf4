//! `/proc/PID/cgroup` (since 2.6.24): `hierarchy:controllers:path` lines, `cgroups(7)`.

use crate::Malformed;
use crate::lines::numbered;
use crate::malformed::quoted;
use crate::number::decimal32;
use std::collections::BTreeMap;

const WHAT: &str = "/proc/PID/cgroup";

/// The process's cgroup in each hierarchy: controllers as the file joins them (`cpu,cpuacct`,
/// `name=systemd`, "" for v2) → path, relative to the reader's cgroup namespace.
///
/// Empty where no hierarchy is mounted. A removed cgroup keeps its ` (deleted)` ending.
///
/// # Errors
/// When a line does not have three parts.
pub fn parse(text: &str) -> Result<BTreeMap<String, String>, Malformed> {
    numbered(text)
        .map(|(index, line)| {
            entry(line).ok_or_else(|| {
                let reason = format!("expected id:controllers:path, found {}", quoted(line));
                Malformed::line(WHAT, index, reason)
            })
        })
        .collect()
}

fn entry(line: &str) -> Option<(String, String)> {
    let mut parts = line.splitn(3, ':');
    decimal32(parts.next()?.as_bytes())?;
    let controllers = parts.next()?;
    let path = parts.next().filter(|path| path.starts_with('/'))?;
    Some((controllers.to_owned(), path.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::parse;

    /// A hybrid machine.
    const HYBRID: &str = "\
9:name=systemd:/system.slice/kubelet.service
4:memory:/system.slice/kubelet.service
2:cpu,cpuacct:/a:b (deleted)
0::/
";

    #[test]
    fn controllers_lead_to_paths() {
        let cgroups = parse(HYBRID).unwrap();
        assert_eq!(cgroups["memory"], "/system.slice/kubelet.service");
        assert_eq!(cgroups["cpu,cpuacct"], "/a:b (deleted)");
        assert_eq!(cgroups["name=systemd"], "/system.slice/kubelet.service");
        assert_eq!(cgroups[""], "/");
    }

    #[test]
    fn no_hierarchy_is_no_entry() {
        assert!(parse("").unwrap().is_empty());
    }

    #[test]
    fn cut_and_absurd_lines_are_malformed() {
        for line in [
            "4:memory",
            "4:memory:",
            "-1:memory:/",
            "4",
            "x:memory:/",
            "4:memory:x",
        ] {
            let error = parse(&format!("0::/\n{line}\n")).unwrap_err();
            assert_eq!(error.line, Some(2), "{line}");
        }
    }
}
