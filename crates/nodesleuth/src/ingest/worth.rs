//! Which files of a folder or archive are worth reading: an sos report has ten thousand.

/// More files than somebody puts together by hand.
const MANY: usize = 400;

/// Endings of files that hold nothing for us.
const USELESS: &[&str] = &[
    ".png", ".jpg", ".jpeg", ".gif", ".svg", ".pdf", ".so", ".rpm", ".deb", ".html", ".css", ".js",
    ".xz", ".zst", ".bz2", ".zip", ".7z", ".ko", ".o", ".a", ".exe", ".mp4", ".crt", ".pem",
    ".key", ".md5", ".sha256", ".pyc", ".mo", ".ttf",
];

/// Parts of paths of the files that matter in large collections (sos report, must-gather).
const USEFUL: &[&str] = &[
    "/proc/",
    "meminfo",
    "slabinfo",
    "cgroups",
    "vmstat",
    "mountinfo",
    "mounts",
    "pressure",
    "dentry",
    "loadavg",
    "uname",
    "os-release",
    "uptime",
    "ps_",
    "ps-",
    "top_",
    "top.",
    "pidstat",
    "mpstat",
    "iostat",
    "sar",
    "free",
    "dmesg",
    "messages",
    "syslog",
    "journal",
    "kubelet",
    "containerd",
    "docker",
    "crio",
    "cadvisor",
    "kube-proxy",
    "pprof",
    "profile",
    "goroutine",
    "strace",
    "perf",
    "metrics",
    "stats",
    "configz",
    "describe",
    "node",
    "iptables",
    "nft",
    "ipvs",
    "conntrack",
    "systemctl",
    "sysctl",
    "find",
    "mount",
    "report",
    "issue",
    "flame",
    "folded",
    "stack",
    "trace",
    "version",
    "heap",
];

/// Whether a folder is a large collection.
pub(super) fn is_many(files: usize) -> bool {
    files > MANY
}

/// Whether a file of a folder is read.
pub(super) fn reading(path: &str, many: bool) -> bool {
    let lower = path.to_ascii_lowercase();
    let name = lower.rsplit('/').next().unwrap_or(&lower);
    if is_hidden(name) || USELESS.iter().any(|end| name.ends_with(end)) {
        return false;
    }
    !many || USEFUL.iter().any(|part| lower.contains(part))
}

/// Hidden files belong to tools, not to a report.
pub(super) fn is_hidden(name: &str) -> bool {
    name.starts_with('.') && name.len() > 1
}

/// Whether text in no known format is somebody's words, and not one of thousands of files of
/// configuration.
pub(super) fn is_prose(path: &str, many: bool) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let ends = [".txt", ".md", ".log", ".out", ".text", ".rst"]
        .iter()
        .any(|end| name.ends_with(end))
        || !name.contains('.');
    ends && (!many
        || ["report", "issue", "readme", "describe"]
            .iter()
            .any(|part| name.contains(part)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_read_whole_and_of_a_large_collection_the_useful_files() {
        assert!(reading("case/anything.txt", false) && !reading("case/.expected.json", false));
        assert!(reading("sos/proc/meminfo", true) && !reading("sos/etc/fonts.conf", true));
        assert!(!reading("sos/proc/config.xz", true));
        assert!(is_prose("case/report.txt", true) && !is_prose("sos/etc/passwd", true));
    }
}
