//! Who holds inotify instances, performance events and fanotify marks: one look at the descriptors
//! of all processes, within a budget of CPU time.

use super::ids;
use crate::collectors::Once;
use crate::cpu_time;
use crate::{Collector, Ctx, Node};
use nodesleuth_model::evidence::{HandleHolder, KernelHandles};
use nodesleuth_model::{BootNanos, Missing, MissingKind, Nanos, Pid};
use nodesleuth_parse::proc::{fanotify, pid_stat, status};
use std::fs;

/// The look ends there: about 28 µs a descriptor, so that this is enough for ten thousand.
const BUDGET: Nanos = Nanos(300_000_000);
/// So many holders of each kind are kept.
const MOST_HOLDERS: usize = 10;

/// Fills `kernel_handles`.
pub(crate) static KERNEL_HANDLES: &dyn Collector = &Once {
    name: "kernel_handles",
    read: |ctx| look(ctx, BUDGET),
    field: |evidence| &mut evidence.kernel_handles,
};

/// What one process holds.
#[derive(Debug, Default)]
struct Held {
    inotify: u64,
    perf: u64,
    permission_marks: u64,
}

fn look(ctx: &Ctx<'_>, budget: Nanos) -> Result<KernelHandles, Missing> {
    if ctx.cancel.requested() {
        let reason = "interrupted before descriptors were looked at";
        return Err(Missing::new(MissingKind::Interrupted, reason));
    }
    let mut pids = Vec::new();
    ids::list(&ctx.node.path("/proc"), &mut pids)
        .map_err(|error| Missing::new(MissingKind::Failed, format!("/proc: {error}")))?;
    let began = cpu_time::of_this_thread();
    let mut seen = KernelHandles::default();
    let mut refused = None;
    for pid in pids {
        let spent = cpu_time::of_this_thread().0.saturating_sub(began.0);
        if spent >= budget.0 || ctx.cancel.requested() {
            seen.left_out += 1;
            continue;
        }
        match held_by(ctx.node, pid) {
            Ok(held) => {
                seen.processes += 1;
                note(ctx, pid, &held, &mut seen);
            }
            Err(missing) if missing.kind == MissingKind::Permission => {
                seen.left_out += 1;
                refused = Some(missing);
            }
            // It ended meanwhile.
            Err(_) => {}
        }
    }
    match refused {
        Some(missing) if seen.processes == 0 => Err(missing),
        _ => {
            for holders in [&mut seen.perf_events, &mut seen.fanotify_permission] {
                holders.sort_by(|a, b| b.count.cmp(&a.count).then(a.pid.cmp(&b.pid)));
                holders.truncate(MOST_HOLDERS);
            }
            Ok(seen)
        }
    }
}

fn held_by(node: &Node, pid: u32) -> Result<Held, Missing> {
    let folder = format!("/proc/{pid}/fd");
    let mut held = Held::default();
    for name in node.names(&folder)? {
        // One that was closed meanwhile is none.
        let Ok(link) = fs::read_link(node.path(format!("{folder}/{name}"))) else {
            continue;
        };
        match kind_of(&link.to_string_lossy()) {
            Some(Kind::Inotify) => held.inotify += 1,
            Some(Kind::Perf) => held.perf += 1,
            Some(Kind::Fanotify) => {
                let fdinfo = node.text(&format!("/proc/{pid}/fdinfo/{name}"));
                let marks = fdinfo.map(|text| fanotify::permission_marks(&text));
                held.permission_marks += marks.unwrap_or(0);
            }
            None => {}
        }
    }
    Ok(held)
}

enum Kind {
    Inotify,
    Perf,
    Fanotify,
}

/// Kernels before 3.8 say "inotify" alone.
fn kind_of(link: &str) -> Option<Kind> {
    let name = link.strip_prefix("anon_inode:").unwrap_or(link);
    match name.trim_start_matches('[').trim_end_matches(']') {
        "inotify" => Some(Kind::Inotify),
        "perf_event" => Some(Kind::Perf),
        "fanotify" => Some(Kind::Fanotify),
        _ => None,
    }
}

fn note(ctx: &Ctx<'_>, pid: u32, held: &Held, seen: &mut KernelHandles) {
    let holder = |count| holder(ctx, pid, count);
    if held.inotify > 0
        && let Some(user) = user_of(ctx.node, pid)
    {
        *seen.inotify_instances.entry(user).or_default() += held.inotify;
        let most = seen.inotify_holder.as_ref().map_or(0, |most| most.count);
        if user == 0 && held.inotify > most {
            seen.inotify_holder = Some(holder(held.inotify));
        }
    }
    if held.perf > 0 && pid != std::process::id() {
        seen.perf_events.push(holder(held.perf));
    }
    if held.permission_marks > 0 {
        seen.fanotify_permission.push(holder(held.permission_marks));
    }
}

fn user_of(node: &Node, pid: u32) -> Option<u32> {
    let text = node.text(&format!("/proc/{pid}/status")).ok()?;
    status::parse(&text).ok()?.uid_effective
}

fn holder(ctx: &Ctx<'_>, pid: u32, count: u64) -> HandleHolder {
    let stat = ctx.node.bytes(&format!("/proc/{pid}/stat")).ok();
    let stat = stat.and_then(|line| pid_stat::parse(&line, 0).ok());
    let (comm, start) = stat.map_or_else(Default::default, |stat| (stat.comm, stat.start));
    let hz = super::ticks_per_second().max(1);
    let started = BootNanos(start.0.saturating_mul(1_000_000_000 / hz));
    HandleHolder {
        pid: Pid(pid),
        comm,
        count,
        age: ctx.clock.boot().since(started),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cancel;
    use crate::fake_node::{FakeClock, FakeNode};
    use crate::tasks::fake_tasks::stat;

    fn node() -> FakeNode {
        FakeNode::new()
            .file("/proc/7/stat", &stat(7, "kubelet", 1, 1))
            .file("/proc/7/status", "Name:\tkubelet\nUid:\t0\t0\t0\t0\n")
            .link("/proc/7/fd/3", "anon_inode:inotify")
            .link("/proc/7/fd/4", "anon_inode:[inotify]")
            .link("/proc/7/fd/5", "/var/log/x")
            .file("/proc/8/stat", &stat(8, "scanner", 1, 1))
            .link("/proc/8/fd/3", "anon_inode:[fanotify]")
            .file(
                "/proc/8/fdinfo/3",
                "fanotify mnt_id:12 mflags:0 mask:10000 ignored_mask:0\n",
            )
            .file("/proc/9/stat", &stat(9, "tracer", 1, 1))
            .link("/proc/9/fd/3", "anon_inode:[perf_event]")
            .link("/proc/9/fd/4", "anon_inode:[perf_event]")
    }

    fn seen(fake: &FakeNode, budget: Nanos) -> Result<KernelHandles, Missing> {
        let (clock, cancel) = (FakeClock::new(), Cancel::default());
        look(&fake.ctx(&clock, &cancel), budget)
    }

    #[test]
    fn each_kind_is_counted_with_who_holds_it() {
        let seen = seen(&node(), BUDGET).unwrap();
        assert_eq!((seen.processes, seen.left_out), (3, 0));
        assert_eq!(seen.inotify_instances[&0], 2);
        assert_eq!(seen.inotify_holder.unwrap().comm, "kubelet");
        assert_eq!(
            (seen.perf_events[0].pid, seen.perf_events[0].count),
            (Pid(9), 2)
        );
        assert_eq!(seen.fanotify_permission[0].comm, "scanner");
    }

    #[test]
    fn what_the_budget_leaves_out_is_told() {
        let seen = seen(&node(), Nanos(0)).unwrap();
        assert_eq!((seen.processes, seen.left_out), (0, 3));
    }

    #[test]
    fn a_process_that_ends_while_it_is_looked_at_is_passed_over() {
        let fake = node().file("/proc/10/stat", "gone");
        assert_eq!(seen(&fake, BUDGET).unwrap().processes, 3);
    }
}
