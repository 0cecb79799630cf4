//! States of a node through the real binary: a recorded diagnosis of a healthy machine, in which
//! each state is put just beyond its threshold, and just on its other side.

use crate::repository;
use crate::support::run;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;

/// What the recording is changed to: JSON pointers into its evidence and what stands there.
type Changes = Vec<(&'static str, Value)>;

struct State {
    id: &'static str,
    /// The list of the diagnosis that tells it.
    list: &'static str,
    fires: Changes,
    silent: Changes,
}

fn state(id: &'static str, fires: Changes, silent: Changes) -> State {
    State {
        id,
        list: "states",
        fires,
        silent,
    }
}

/// What looks like overload and is told beside the red herrings.
fn not_cpu(id: &'static str, fires: Changes, silent: Changes) -> State {
    State {
        list: "red_herrings",
        ..state(id, fires, silent)
    }
}

/// Two readings, five seconds apart, as the recording's own are.
fn window(before: &Value, after: &Value) -> Value {
    json!({ "value": {
        "before": { "at": 5_887_194_000_000_u64, "value": before },
        "after": { "at": 5_892_194_000_000_u64, "value": after },
    }})
}

fn one(pointer: &'static str, value: Value) -> Changes {
    vec![(pointer, value)]
}

fn known(value: impl Into<Value>) -> Value {
    json!({ "value": value.into() })
}

fn dentries(total: u64, negative: u64) -> Changes {
    let state = json!({ "total": total, "unused": total, "negative": negative });
    one("/dentries", known(state))
}

fn quota(throttled: u64, usage_ms: u64) -> Changes {
    let at = |periods: u64, throttled: u64, usage: u64| {
        json!({ "groups": [{
            "cgroup": "/kubepods/pod1", "quota": 50_000_000, "period": 100_000_000,
            "periods": periods, "throttled": throttled, "throttled_time": 0, "usage": usage,
        }]})
    };
    let after = at(140, 7 + throttled, 1_000_000 * (9 + usage_ms));
    one("/cpu_quotas", window(&at(100, 7, 9_000_000), &after))
}

fn first_read(first_cpu: u64, again: u64) -> Changes {
    let read = json!({
        "path": "/sys/fs/cgroup/memory/memory.stat", "predicted": 50_000,
        "outcome": { "read": {
            "bytes": 900, "wall": again, "cpu": again, "repeats": 3, "first_cpu": first_cpu,
        }},
    });
    one("/timed_reads/value/reads", json!([read]))
}

fn handles(what: &Value) -> Changes {
    let mut seen = json!({ "processes": 143, "left_out": 0 });
    for (name, value) in what.as_object().unwrap() {
        seen[name] = value.clone();
    }
    one("/kernel_handles", known(seen))
}

fn holder(comm: &str, count: u64, age_seconds: u64) -> Value {
    json!({ "pid": 4242, "comm": comm, "count": count, "age": age_seconds * 1_000_000_000 })
}

fn received(of_first: u64, of_second: u64, squeezed: u64) -> Changes {
    let irqs = |first: u64, second: u64| json!({ "by_kind": { "NET_RX": [first, second] } });
    let stat = |squeezed: u64| {
        json!({ "cpus": [
            { "processed": 1000, "dropped": 0, "squeezed": 3 + squeezed },
            { "processed": 1000, "dropped": 0, "squeezed": 0 },
        ]})
    };
    let after = irqs(100 + of_first, 100 + of_second);
    vec![
        ("/softirqs", window(&irqs(100, 100), &after)),
        ("/softnet", window(&stat(0), &stat(squeezed))),
    ]
}

/// Timer interrupts of CPU 1, which was idle for nine tenths of the window, while CPU 0 worked.
fn timers(of_idle_cpu: u64) -> Changes {
    let irqs = |busy: u64, idle: u64| json!({ "cpus": [0, 1], "timer": [busy, idle], "rescheduling": [5, 5] });
    let after = irqs(100 + 9_000, 100 + of_idle_cpu);
    vec![
        ("/interrupts", window(&irqs(100, 100), &after)),
        (
            "/machine_cpu/value/before/value/idle",
            json!({ "0": 1000, "1": 1000 }),
        ),
        (
            "/machine_cpu/value/after/value/idle",
            json!({ "0": 1010, "1": 1450 }),
        ),
        ("/kernel/value/hz", known(250)),
    ]
}

fn rules(entries: u64, nf_tables: bool) -> Changes {
    let rules = json!({
        "legacy_tables": { "value": ["ip filter", "ip nat"] },
        "legacy_entries": { "value": { "ip filter": 4, "ip nat": entries } },
        "nf_tables_loaded": { "value": nf_tables },
    });
    one("/packet_rules", known(rules))
}

/// CPU columns over five seconds of two CPUs, in ticks of 10 ms.
fn cpu(busy: u64, iowait: u64) -> Changes {
    let at = |busy: u64, iowait: u64| {
        json!({
            "total": [1000 + busy, 0, 0, 5000, iowait, 0, 0, 0, 0, 0], "cpus": 2,
            "context_switches": 1, "forks": 1, "running": 1, "blocked": 3,
        })
    };
    one("/machine_cpu", window(&at(0, 0), &at(busy, iowait)))
}

/// CPU ticks of auditd in the window.
fn auditd(ticks: u64) -> Changes {
    let at = |ticks: u64| {
        json!({
            "pid": 4243, "ppid": 1, "comm": "auditd", "state": "S", "utime": ticks, "stime": 0,
            "cutime": 0, "cstime": 0, "threads": 2, "start": 24, "resident": 0,
        })
    };
    vec![
        ("/processes/value/before/value/processes/-", at(100)),
        ("/processes/value/after/value/processes/-", at(100 + ticks)),
    ]
}

fn counter(name: &'static str, more: u64) -> Changes {
    let (before, after): (&'static str, &'static str) = match name {
        "allocstall_normal" => (
            "/vmstat/value/before/value/counters/allocstall_normal",
            "/vmstat/value/after/value/counters/allocstall_normal",
        ),
        "compact_stall" => (
            "/vmstat/value/before/value/counters/compact_stall",
            "/vmstat/value/after/value/counters/compact_stall",
        ),
        _ => (
            "/vmstat/value/before/value/counters/nr_slab_unreclaimable",
            "/vmstat/value/after/value/counters/nr_slab_unreclaimable",
        ),
    };
    vec![(before, json!(1000)), (after, json!(1000 + more))]
}

fn conntrack(count: u64, max: u64, buckets: u64) -> Changes {
    vec![
        ("/kernel/value/conntrack_count", known(count)),
        ("/kernel/value/conntrack_max", known(max)),
        ("/kernel/value/conntrack_buckets", known(buckets)),
    ]
}

fn instances(count: u64) -> Changes {
    let held = json!({
        "inotify_instances": { "0": count }, "inotify_holder": holder("kubelet", count, 9),
    });
    let limit = ("/kernel/value/inotify_max_user_instances", known(128));
    [handles(&held), vec![limit]].concat()
}

/// A mitigation, and calls of the target in a capture of one second.
fn calls(meltdown: &str, rate: u64) -> Changes {
    let read = json!({ "name": "read", "calls": rate, "errors": {}, "wall": 1000, "on_cpu": 1000 });
    let trace = json!({ "engine": "bpf", "length": 1_000_000_000, "calls": [read] });
    vec![
        (
            "/kernel/value/vulnerabilities/value/meltdown",
            json!(meltdown),
        ),
        ("/syscalls", known(trace)),
    ]
}

fn tracing(tracer: &str, events: u64, perf_age: Option<u64>) -> Changes {
    let perf = perf_age.map(|age| holder("recorder", 8, age));
    let perf = perf.into_iter().collect::<Vec<_>>();
    let settings = vec![
        ("/kernel/value/current_tracer", known(tracer)),
        ("/kernel/value/trace_events_on", known(events)),
    ];
    [settings, handles(&json!({ "perf_events": perf }))].concat()
}

fn permission(marks: u64) -> Changes {
    let holders = (marks > 0).then(|| holder("scanner", marks, 99));
    let holders: Vec<Value> = holders.into_iter().collect();
    handles(&json!({ "fanotify_permission": holders }))
}

fn audit(every_call: u64) -> Changes {
    one(
        "/audit",
        known(json!({ "rules": 12, "every_call": every_call })),
    )
}

fn states() -> Vec<State> {
    let slab = |kib: u64| {
        vec![
            ("/meminfo/value/fields/MemTotal", json!(1_000_000)),
            ("/meminfo/value/fields/SUnreclaim", json!(kib)),
        ]
    };
    let waiting = |percent: f64| one("/pressure/value/memory/avg10_percent", json!(percent));
    let mounts = |count: u64| one("/mounts/value/mounts", json!(count));
    let loops = |count: u64| one("/kernel/value/loop_devices", known(count));
    let clock = |name: &str| one("/kernel/value/clocksource", known(name));
    let bypass = |said: &str| one("/target/value/store_bypass", known(said));
    let tracer = |pid: u64| one("/target/value/tracer", known(pid));
    vec![
        state(
            "negative-dentries",
            dentries(4_000_000, 2_000_001),
            dentries(4_100_000, 2_000_001),
        ),
        state(
            "negative-dentries",
            dentries(2_100_000, 2_050_000),
            dentries(2_100_000, 1_999_999),
        ),
        state("unreclaimable-slab", slab(100_001), slab(100_000)),
        // Pages of 4 KiB in five seconds: 1.03 and 0.98 MB a second.
        state(
            "unreclaimable-slab-growth",
            counter("nr_slab_unreclaimable", 1_260),
            counter("nr_slab_unreclaimable", 1_200),
        ),
        not_cpu("cfs-quota", quota(11, 1_700), quota(10, 1_700)),
        not_cpu("cfs-quota", quota(30, 1_700), quota(30, 1_800)),
        state(
            "rstat-flush-on-read",
            first_read(5_000_001, 99_000),
            first_read(5_000_001, 100_000),
        ),
        state(
            "rstat-flush-on-read",
            first_read(6_000_000, 20_000),
            first_read(4_000_000, 20_000),
        ),
        state("kswapd", waiting(10.1), waiting(10.0)),
        state(
            "kswapd",
            counter("allocstall_normal", 1),
            counter("allocstall_normal", 0),
        ),
        state(
            "compaction",
            counter("compact_stall", 51),
            counter("compact_stall", 50),
        ),
        state(
            "conntrack-full",
            conntrack(901, 1_000, 1_000),
            conntrack(900, 1_000, 1_000),
        ),
        state(
            "conntrack-full",
            conntrack(801, 100_000, 100),
            conntrack(800, 100_000, 100),
        ),
        state("inotify-instances-used-up", instances(116), instances(115)),
        state("many-mounts", mounts(1_001), mounts(1_000)),
        state("many-loop-devices", loops(51), loops(50)),
        state(
            "net-rx-on-one-cpu",
            received(810, 190, 1),
            received(800, 200, 1),
        ),
        state(
            "net-rx-on-one-cpu",
            received(990, 10, 5),
            received(990, 10, 0),
        ),
        // 1.5 times 250 a second in five seconds.
        state("timers-on-idle-cpus", timers(1_880), timers(1_870)),
        state(
            "many-packet-rules",
            rules(19_997, false),
            rules(19_996, false),
        ),
        state("two-iptables-modes", rules(1, true), rules(1, false)),
        not_cpu("blocked-on-disk", cpu(190, 210), cpu(210, 210)),
        not_cpu("blocked-on-disk", cpu(190, 210), cpu(190, 190)),
        state("slow-clocksource", clock("hpet"), clock("kvm-clock")),
        state("slow-clocksource", clock("xen"), clock("arch_sys_counter")),
        state(
            "mitigations-at-each-call",
            calls("Mitigation: PTI", 100_001),
            calls("Mitigation: PTI", 100_000),
        ),
        state(
            "mitigations-at-each-call",
            calls("Mitigation: PTI", 200_000),
            calls("Not affected", 200_000),
        ),
        state("audit-every-call", audit(1), audit(0)),
        // A twentieth of a core of five seconds.
        state("audit-daemons", auditd(26), auditd(24)),
        state("fanotify-permission", permission(1), permission(0)),
        not_cpu("tracer-overhead", tracer(77), tracer(0)),
        state(
            "store-bypass-mitigated",
            bypass("thread force mitigated"),
            bypass("thread vulnerable"),
        ),
        state(
            "tracing-left-on",
            tracing("function", 0, None),
            tracing("nop", 0, None),
        ),
        state(
            "tracing-left-on",
            tracing("nop", 2, None),
            tracing("nop", 0, Some(599)),
        ),
        state(
            "tracing-left-on",
            tracing("nop", 0, Some(600)),
            tracing("nop", 0, None),
        ),
    ]
}

/// Entries that are shown to fire and to be silent here.
pub(crate) fn ids() -> BTreeSet<String> {
    states().iter().map(|state| state.id.to_owned()).collect()
}

/// Puts a value where a pointer points to; objects on the way are made, `-` adds to a list.
fn put(evidence: &mut Value, pointer: &str, value: Value) {
    let mut at = evidence;
    for part in pointer.split('/').skip(1) {
        at = match at {
            Value::Array(list) => {
                assert_eq!(part, "-", "{pointer}");
                list.push(Value::Null);
                list.last_mut().unwrap()
            }
            other => &mut other[part],
        };
    }
    *at = value;
}

fn diagnosed(changes: &Changes) -> Value {
    let recorded = fs::read(repository("fixtures/bundles/demo-tree/evidence.json")).unwrap();
    let mut evidence: Value = serde_json::from_slice(&recorded).unwrap();
    for (pointer, value) in changes {
        put(&mut evidence, pointer, value.clone());
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("evidence.json"), evidence.to_string()).unwrap();
    let run = run(&["analyze", folder.path().to_str().unwrap(), "-o", "json"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    run.json()
}

fn told<'a>(diagnosis: &'a Value, state: &State) -> Option<&'a Value> {
    let list = diagnosis[state.list].as_array()?;
    list.iter().find(|finding| finding["id"] == state.id)
}

#[test]
fn each_state_is_told_beyond_its_threshold_and_not_before() {
    let mut wrong = Vec::new();
    for state in states() {
        let beyond = diagnosed(&state.fires);
        match told(&beyond, &state) {
            None => wrong.push(format!("{} is silent: {:?}", state.id, state.fires)),
            Some(finding) => {
                let seen = finding["evidence"].as_array().unwrap();
                assert!(!seen.is_empty(), "{} shows nothing", state.id);
                assert_ne!(finding["confidence"], "high", "{} has no price", state.id);
                assert_eq!(finding["cores"], Value::Null, "{}", state.id);
            }
        }
        if told(&diagnosed(&state.silent), &state).is_some() {
            wrong.push(format!("{} is told: {:?}", state.id, state.silent));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Nothing is taken for zero where a file is not there: what is not known does not fire, and says why.
#[test]
fn what_an_old_kernel_does_not_have_is_unknown_with_its_reason() {
    let absent = |what: &str| json!({ "unavailable": { "kind": "absent", "reason": what } });
    let changes = vec![
        ("/host/value/kernel_release", json!("4.15.0-213-generic")),
        ("/dentries/value/negative", json!(0)),
        (
            "/pressure",
            absent("/proc/pressure/cpu: No such file or directory (os error 2)"),
        ),
        (
            "/softnet",
            absent("/proc/net/softnet_stat: No such file or directory (os error 2)"),
        ),
        (
            "/interrupts",
            absent("/proc/interrupts: No such file or directory (os error 2)"),
        ),
        (
            "/kernel/value/hz",
            absent("CONFIG_HZ is neither in /boot nor in /proc"),
        ),
        (
            "/kernel/value/conntrack_count",
            absent("nf_conntrack_count: No such file"),
        ),
        (
            "/target/value/store_bypass",
            absent("status has no Speculation_Store_Bypass line"),
        ),
        (
            "/audit",
            absent("audit socket: Protocol not supported (os error 93)"),
        ),
    ];
    let diagnosis = diagnosed(&changes);
    assert_eq!(diagnosis["states"], Value::Null, "{diagnosis:#}");
    for (fact, why) in [
        (
            "dentry.negative",
            "4.15.0-213-generic is not known to count",
        ),
        ("pressure.memory.some_avg10", "/proc/pressure"),
        ("softnet.squeezed_rate", "softnet_stat"),
        ("interrupts.timer.idle_cpu_rate", "/proc/interrupts"),
        ("kernel.hz", "CONFIG_HZ"),
        ("kernel.conntrack.fill", "nf_conntrack_count"),
        ("target.store_bypass", "Speculation_Store_Bypass"),
        ("audit.every_call_rules", "Protocol not supported"),
        ("fanotify.permission_marks", "not collected"),
    ] {
        let fact = &diagnosis["facts"][fact];
        assert_eq!(fact["value"], Value::Null, "{fact}");
        assert!(fact["source"].as_str().unwrap().contains(why), "{fact}");
    }
}
