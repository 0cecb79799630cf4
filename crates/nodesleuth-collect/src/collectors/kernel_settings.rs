//! Single settings and counters of the kernel, each one small file.

use super::shape::{Once, parsed};
use crate::{Ctx, Node};
use flate2::read::MultiGzDecoder;
use nodesleuth_model::evidence::KernelSettings;
use nodesleuth_model::{Missing, MissingKind};
use nodesleuth_parse::proc::{cmdline, kernel_config, loadavg, single};
use std::collections::BTreeMap;
use std::io::Read;

/// Words of the kernel's command line that change what CPU time is spent on. Nothing else of it
/// is kept.
const KEPT_WORDS: &[&str] = &[
    "mitigations",
    "audit",
    "cgroup*",
    "nopti",
    "nosmt",
    "isolcpus",
    "nohz_full",
    "systemd.unified_cgroup_hierarchy",
    "swapaccount",
    "transparent_hugepage",
    "selinux",
    "clocksource",
    "tsc",
];
/// Where tracefs is mounted: of its own since 4.1, inside debugfs before.
const TRACEFS: [&str; 2] = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"];
const HUGE_PAGES: &str = "/sys/kernel/mm/transparent_hugepage";
/// A kernel's configuration is well below this.
const MOST_CONFIG_BYTES: usize = 4 << 20;

/// Settings that decide or rule out known causes.
pub(super) static COLLECTOR: Once<KernelSettings> = Once {
    name: "kernel",
    read: |ctx| Ok(read(ctx)),
    field: |evidence| &mut evidence.kernel,
};

fn read(ctx: &Ctx<'_>) -> KernelSettings {
    let node = ctx.node;
    KernelSettings {
        cmdline: words(node).into(),
        softlockup_panic: softlockup_panic(node).into(),
        watchdog_thresh: number(node, "/proc/sys/kernel/watchdog_thresh").into(),
        clocksource: line(
            node,
            "/sys/devices/system/clocksource/clocksource0/current_clocksource",
        )
        .into(),
        vulnerabilities: vulnerabilities(node).into(),
        conntrack_count: conntrack(node, "count").into(),
        conntrack_max: conntrack(node, "max").into(),
        conntrack_buckets: conntrack(node, "buckets").into(),
        inotify_max_user_watches: number(node, "/proc/sys/fs/inotify/max_user_watches").into(),
        inotify_max_user_instances: number(node, "/proc/sys/fs/inotify/max_user_instances").into(),
        loop_devices: loop_devices(node).into(),
        current_tracer: in_tracefs(node, "current_tracer", |text| text.trim().to_owned()).into(),
        trace_events_on: in_tracefs(node, "set_event", |text| text.lines().count() as u64).into(),
        probes_defined: probes_defined(node).into(),
        stack_tracer_enabled: switch(node, "/proc/sys/kernel/stack_tracer_enabled").into(),
        bpf_stats_enabled: switch(node, "/proc/sys/kernel/bpf_stats_enabled").into(),
        hz: hz(node).into(),
        transparent_hugepage: chosen_word(node, &format!("{HUGE_PAGES}/enabled")).into(),
        transparent_hugepage_defrag: chosen_word(node, &format!("{HUGE_PAGES}/defrag")).into(),
        load_average: parsed(node, "/proc/loadavg", loadavg::parse).into(),
    }
}

/// Whether the node panics when something holds a CPU for too long.
pub(super) fn softlockup_panic(node: &Node) -> Result<bool, Missing> {
    switch(node, "/proc/sys/kernel/softlockup_panic")
}

fn line(node: &Node, path: &str) -> Result<String, Missing> {
    Ok(node.text(path)?.trim().to_owned())
}

/// The error already names the path, so the parser names only the kind of text.
fn number(node: &Node, path: &str) -> Result<u64, Missing> {
    parsed(node, path, |text| single::number(text, "setting")).map_err(|missing| match missing {
        Missing {
            kind: MissingKind::Malformed,
            reason,
            need,
        } => Missing {
            kind: MissingKind::Malformed,
            reason: format!("{path}: {reason}"),
            need,
        },
        other => other,
    })
}

fn switch(node: &Node, path: &str) -> Result<bool, Missing> {
    number(node, path).map(|value| value != 0)
}

fn words(node: &Node) -> Result<Vec<String>, Missing> {
    Ok(cmdline::kernel_words(
        &node.text("/proc/cmdline")?,
        KEPT_WORDS,
    ))
}

fn conntrack(node: &Node, which: &str) -> Result<u64, Missing> {
    number(
        node,
        &format!("/proc/sys/net/netfilter/nf_conntrack_{which}"),
    )
}

fn vulnerabilities(node: &Node) -> Result<BTreeMap<String, String>, Missing> {
    const FOLDER: &str = "/sys/devices/system/cpu/vulnerabilities";
    let mut found = BTreeMap::new();
    for name in node.names(FOLDER)? {
        if let Ok(text) = line(node, &format!("{FOLDER}/{name}")) {
            found.insert(name, text);
        }
    }
    Ok(found)
}

/// Only devices with a file behind them have a `loop` folder.
fn loop_devices(node: &Node) -> Result<u64, Missing> {
    let devices = node.names("/sys/block")?;
    let in_use = |name: &&String| {
        name.starts_with("loop")
            && node
                .path(format!("/sys/block/{name}/loop/backing_file"))
                .exists()
    };
    Ok(devices.iter().filter(in_use).count() as u64)
}

fn in_tracefs<T>(node: &Node, file: &str, value: fn(&str) -> T) -> Result<T, Missing> {
    let [own, in_debugfs] = TRACEFS.map(|folder| node.text(&format!("{folder}/{file}")));
    match own {
        Ok(text) => Ok(value(&text)),
        Err(refused) => Ok(value(&in_debugfs.map_err(|_| refused)?)),
    }
}

/// A kernel that was built without one of the two kinds of probes has no file for it.
fn probes_defined(node: &Node) -> Result<u64, Missing> {
    let files = ["kprobe_events", "uprobe_events"];
    let [kernel, user] =
        files.map(|file| in_tracefs(node, file, |text| text.lines().count() as u64));
    match (kernel, user) {
        (Ok(kernel), Ok(user)) => Ok(kernel + user),
        (Ok(one), Err(absent)) | (Err(absent), Ok(one)) if absent.kind == MissingKind::Absent => {
            Ok(one)
        }
        (Err(missing), _) | (_, Err(missing)) => Err(missing),
    }
}

/// From the configuration that the distribution keeps beside the kernel, else from the kernel's own.
fn hz(node: &Node) -> Result<u64, Missing> {
    const OWN: &str = "/proc/config.gz";
    let release = line(node, "/proc/sys/kernel/osrelease")?;
    let beside = format!("/boot/config-{release}");
    if let Some(hz) = node
        .text(&beside)
        .ok()
        .and_then(|text| kernel_config::hz(&text))
    {
        return Ok(hz);
    }
    let none = || {
        let reason = format!("CONFIG_HZ is neither in {beside} nor in {OWN}");
        Missing::new(MissingKind::Absent, reason)
    };
    let packed = node.bytes(OWN).map_err(|_| none())?;
    let mut text = String::new();
    let unpacked = MultiGzDecoder::new(&packed[..]).take(MOST_CONFIG_BYTES as u64);
    { unpacked }.read_to_string(&mut text).map_err(|_| none())?;
    kernel_config::hz(&text).ok_or_else(none)
}

/// `always [madvise] never`: the word in brackets.
fn chosen_word(node: &Node, path: &str) -> Result<String, Missing> {
    let text = node.text(path)?;
    let chosen = text
        .split_once('[')
        .and_then(|(_, rest)| rest.split_once(']'));
    match chosen {
        Some((word, _)) => Ok(word.to_owned()),
        None => Err(Missing::new(
            MissingKind::Malformed,
            format!("{path}: no word in brackets"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cancel;
    use crate::fake_node::{FakeClock, FakeNode};

    fn settings(fake: &FakeNode) -> KernelSettings {
        let (clock, cancel) = (FakeClock::new(), Cancel::default());
        read(&fake.ctx(&clock, &cancel))
    }

    #[test]
    fn settings_are_read_and_what_is_absent_is_not_false() {
        let fake = FakeNode::new()
            .file("/proc/sys/kernel/softlockup_panic", "1\n")
            .file(
                "/sys/kernel/mm/transparent_hugepage/enabled",
                "always [madvise] never\n",
            )
            .file("/sys/kernel/debug/tracing/current_tracer", "nop\n")
            .file(
                "/sys/kernel/debug/tracing/set_event",
                "sched:sched_switch\nirq:irq_entry\n",
            )
            .file("/proc/loadavg", "0.10 0.20 0.30 1/100 42\n");
        let settings = settings(&fake);
        assert_eq!(
            settings.softlockup_panic,
            nodesleuth_model::Observed::Value(true)
        );
        assert_eq!(settings.transparent_hugepage.value().unwrap(), "madvise");
        assert_eq!(settings.current_tracer.value().unwrap(), "nop");
        assert_eq!(settings.trace_events_on.value(), Some(&2));
        assert_eq!(settings.load_average.value(), Some(&[0.1, 0.2, 0.3]));
        assert_eq!(
            settings.conntrack_max.missing().unwrap().kind,
            MissingKind::Absent
        );
    }

    #[test]
    fn only_allow_listed_words_of_the_command_line_are_kept() {
        let line = "root=UUID=secret mitigations=off audit=1 cgroup_enable=memory password=x\n";
        let fake = FakeNode::new().file("/proc/cmdline", line);
        let kept = settings(&fake).cmdline;
        assert_eq!(
            kept.value().unwrap(),
            &["mitigations=off", "audit=1", "cgroup_enable=memory"]
        );
    }

    #[test]
    fn only_loop_devices_with_a_file_count() {
        let fake = FakeNode::new()
            .file("/sys/block/loop0/loop/backing_file", "/a.img\n")
            .folder("/sys/block/loop1")
            .folder("/sys/block/sda");
        assert_eq!(settings(&fake).loop_devices.value(), Some(&1));
    }

    #[test]
    fn nonsense_names_the_file() {
        let fake = FakeNode::new().file("/proc/sys/kernel/watchdog_thresh", "ten\n");
        let missing = settings(&fake).watchdog_thresh;
        let missing = missing.missing().unwrap();
        assert_eq!(missing.kind, MissingKind::Malformed);
        assert!(
            missing
                .reason
                .starts_with("/proc/sys/kernel/watchdog_thresh"),
            "{missing}"
        );
    }
}
