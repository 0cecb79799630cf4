//! Which flags of a command line are kept: settings that explain CPU use, and nothing that could
//! be a secret, a host or a file.

use nodesleuth_parse::proc::cmdline;
use std::collections::BTreeMap;

/// Stands for a value that does not look like one of its flag.
const NOT_KEPT: &str = "(not kept)";
/// Stands for the value of a flag of which only the name is kept.
const SET: &str = "(set)";

/// What values of a flag look like.
#[derive(Clone, Copy, Debug)]
enum Shape {
    /// `true` or `false`.
    Switch,
    /// A number, or a length of time such as `1m30s`.
    Quantity,
    /// Letters, digits and a little punctuation, or a list of such words.
    Words,
    /// Path of a cgroup.
    Cgroup,
}

/// Kubelet, cAdvisor and kube-proxy.
const KEPT: &[(&str, Shape)] = &[
    ("housekeeping-interval", Shape::Quantity),
    ("housekeeping_interval", Shape::Quantity),
    ("global-housekeeping-interval", Shape::Quantity),
    ("global_housekeeping_interval", Shape::Quantity),
    ("max-housekeeping-interval", Shape::Quantity),
    ("max_housekeeping_interval", Shape::Quantity),
    ("allow_dynamic_housekeeping", Shape::Switch),
    ("docker_only", Shape::Switch),
    ("disable_metrics", Shape::Words),
    ("enable_metrics", Shape::Words),
    ("storage_duration", Shape::Quantity),
    ("cgroup-driver", Shape::Words),
    ("cgroup-root", Shape::Cgroup),
    ("runtime-cgroups", Shape::Cgroup),
    ("kubelet-cgroups", Shape::Cgroup),
    ("system-cgroups", Shape::Cgroup),
    ("node-status-update-frequency", Shape::Quantity),
    ("enable-debugging-handlers", Shape::Switch),
    ("eviction-pressure-transition-period", Shape::Quantity),
    ("volume-stats-agg-period", Shape::Quantity),
    ("max-pods", Shape::Quantity),
    ("v", Shape::Quantity),
    ("container-runtime", Shape::Words),
    ("proxy-mode", Shape::Words),
    ("ipvs-sync-period", Shape::Quantity),
    ("ipvs-min-sync-period", Shape::Quantity),
    ("iptables-sync-period", Shape::Quantity),
    ("iptables-min-sync-period", Shape::Quantity),
];

/// The flags that are kept, name without dashes → value.
pub(super) fn kept(cmdline: &[u8]) -> BTreeMap<String, String> {
    let names: Vec<&str> = KEPT.iter().map(|(name, _)| *name).collect();
    let mut flags = cmdline::flags(cmdline, &names);
    for (name, shape) in KEPT {
        if let Some(value) = flags.get_mut(*name) {
            shape.clean(value);
        }
    }
    flags.extend(collectors(cmdline).map(|name| (name, SET.to_owned())));
    flags
}

impl Shape {
    /// A word behind a bare switch may be an argument of its own, even a secret.
    fn clean(self, value: &mut String) {
        if self.fits(value) {
            return;
        }
        let instead = if matches!(self, Self::Switch) {
            "true"
        } else {
            NOT_KEPT
        };
        instead.clone_into(value);
    }

    fn fits(self, value: &str) -> bool {
        const LONGEST: usize = 200;
        let all = |fits: fn(char) -> bool| value.len() <= LONGEST && value.chars().all(fits);
        match self {
            Self::Switch => matches!(value, "true" | "false" | "1" | "0" | "t" | "f"),
            Self::Quantity => {
                value == "true"
                    || (value.len() < 24 && all(|c| c.is_ascii_digit() || "hmsunµ.-".contains(c)))
            }
            Self::Words => all(|c| c.is_ascii_lowercase() || c == ',' || c == '_' || c == '-'),
            Self::Cgroup => all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c)),
        }
    }
}

/// Names of node_exporter's `--collector.NAME…` and `--no-collector.NAME`, without values.
fn collectors(cmdline: &[u8]) -> impl Iterator<Item = String> {
    let arguments = cmdline
        .split(|&byte| byte == 0)
        .filter_map(|bytes| str::from_utf8(bytes).ok());
    arguments.filter_map(|argument| {
        let name = argument.trim_start_matches('-').split('=').next()?;
        let is_flag =
            argument.starts_with("--collector.") || argument.starts_with("--no-collector.");
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        (is_flag && name.len() <= 100 && name.chars().all(is_plain)).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(arguments: &[&str]) -> BTreeMap<String, String> {
        kept(format!("agent\0{}\0", arguments.join("\0")).as_bytes())
    }

    #[test]
    fn settings_are_kept_and_everything_else_is_not() {
        let flags = of(&[
            "--housekeeping-interval=10s",
            "--token=secret",
            "--kubeconfig=/etc/kubernetes/kubelet.conf",
            "-v",
            "4",
            "--cgroup-root=/kube.slice",
        ]);
        let expected = [
            ("cgroup-root", "/kube.slice"),
            ("housekeeping-interval", "10s"),
            ("v", "4"),
        ];
        assert_eq!(
            flags,
            expected
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into()
        );
    }

    #[test]
    fn a_word_behind_a_bare_switch_is_never_kept() {
        let flags = of(&["--docker_only", "hunter2"]);
        assert_eq!(flags["docker_only"], "true");
    }

    #[test]
    fn a_value_that_does_not_fit_its_flag_is_not_kept() {
        let flags = of(&["--v", "https://user:password@host", "--proxy-mode=a b"]);
        assert_eq!(
            (flags["v"].as_str(), flags["proxy-mode"].as_str()),
            (NOT_KEPT, NOT_KEPT)
        );
    }

    #[test]
    fn of_node_exporters_collectors_only_names_are_kept() {
        let flags = of(&[
            "--collector.textfile.directory=/secret",
            "--no-collector.wifi",
            "-x",
        ]);
        let names: Vec<&String> = flags.keys().collect();
        assert_eq!(names, ["collector.textfile.directory", "no-collector.wifi"]);
        assert!(flags.values().all(|value| value == SET));
    }
}
