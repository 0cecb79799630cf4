//! The ledger: the target's CPU split by owner, mode, threads and system calls, each adding up.

use crate::call_ledger;
use crate::catalog::Parts;
use crate::cpu::{TargetCpu, rate};
use crate::input::Input;
use crate::kernel_ledger;
use crate::stacks::ProfileView;
use crate::traced::Traced;
use nodesleuth_model::evidence::{Host, ThreadTable};
use nodesleuth_model::ledger::KernelShare;
use nodesleuth_model::{Cores, Ledger, LedgerPart, LedgerView, Window};
use std::collections::BTreeMap;

/// Thread groups shown apart; the rest is added up.
const THREAD_GROUPS: usize = 8;
/// A gap below this share of the target's own CPU is what SIGPROF usually misses.
const GAP_WORTH_A_NOTE: f64 = 0.2;

/// All views of the target's CPU; nothing is claimed yet.
pub(crate) fn build(input: &Input<'_>) -> Ledger {
    let Ok(cpu) = input.cpu() else {
        return Ledger::default();
    };
    let mut views = vec![owner(input, &cpu), mode(&input.catalog.parts, &cpu)];
    if let (Ok(host), Some(threads)) = (input.host(), input.evidence.threads.value()) {
        views.push(by_thread(host, threads, &cpu));
    }
    if let Ok(stacks) = input.stacks() {
        views.push(kernel_ledger::view(input, stacks, &cpu));
    }
    if let Ok(traced) = Traced::of(input.evidence) {
        views.push(call_ledger::view(&traced, &input.catalog.parts, &cpu));
    }
    Ledger {
        total_cores: Cores(cpu.total()),
        unexplained_cores: Cores(cpu.total()),
        views,
    }
}

pub(crate) fn part(id: &str, title: &str, cores: f64) -> LedgerPart {
    LedgerPart {
        id: id.to_owned(),
        title: title.to_owned(),
        cores: Cores(cores),
        kernel: Vec::new(),
        claims: Vec::new(),
    }
}

fn mode(parts: &Parts, cpu: &TargetCpu) -> LedgerView {
    let rows = [
        ("user", cpu.user),
        ("kernel", cpu.kernel),
        ("children", cpu.children),
    ];
    LedgerView {
        id: "mode".to_owned(),
        title: "by mode".to_owned(),
        parts: sorted(rows.map(|(id, cores)| part(id, parts.title(id), cores))),
        notes: Vec::new(),
    }
}

/// By owner of the stack where a profile is there, else by mode: what findings claim.
fn owner(input: &Input<'_>, cpu: &TargetCpu) -> LedgerView {
    let titles = &input.catalog.parts;
    let Some(profile) = input.owner() else {
        let notes = vec!["there is no CPU profile: only modes are told apart".to_owned()];
        let title = "by owner".to_owned();
        return LedgerView {
            id: "owner".to_owned(),
            title,
            notes,
            ..mode(titles, cpu)
        };
    };
    let own = cpu.user + cpu.kernel;
    let (kernel_gap, other_gap) = profile.gap(cpu);
    let seen = profile.total_cores();
    // Scaled where the profile is of another time or shows a little more than /proc does.
    let scale = if seen <= 0.0 {
        0.0
    } else {
        (own - kernel_gap - other_gap).max(0.0) / seen
    };
    let mut rows: Vec<LedgerPart> = profile
        .parts()
        .map(|(id, cores)| LedgerPart {
            kernel: kernel_shares(profile, id, scale),
            ..part(id, titles.title(id), cores * scale)
        })
        .collect();
    if seen <= 0.0 && !profile.covers_window {
        rows.push(part(
            "other-in-profile",
            titles.title("other-in-profile"),
            own,
        ));
    }
    for (id, cores) in [
        ("outside-profile-kernel", kernel_gap),
        ("outside-profile-other", other_gap),
        ("children", cpu.children),
    ] {
        rows.push(part(id, titles.title(id), cores));
    }
    LedgerView {
        id: "owner".to_owned(),
        title: "by owner".to_owned(),
        parts: sorted(rows),
        notes: owner_notes(input, cpu, kernel_gap + other_gap, kernel_gap),
    }
}

/// What an owner's stacks spent in each part of the kernel, largest first.
fn kernel_shares(profile: &ProfileView<'_>, owner: &str, scale: f64) -> Vec<KernelShare> {
    let parts = profile.kernel_parts(Some(owner)).into_iter();
    let mut shares: Vec<KernelShare> = parts
        .map(|(id, cores)| KernelShare {
            part: format!("{}{id}", kernel_ledger::PREFIX),
            cores: Cores(cores * scale),
        })
        .collect();
    shares.sort_by(|a, b| b.cores.0.total_cmp(&a.cores.0));
    shares
}

fn owner_notes(input: &Input<'_>, cpu: &TargetCpu, gap: f64, kernel_gap: f64) -> Vec<String> {
    let Some(profile) = input.owner() else {
        return Vec::new();
    };
    let mut notes: Vec<String> = beside(input, cpu).into_iter().collect();
    notes.extend(gap_note(profile, cpu, gap, kernel_gap));
    notes
}

/// How the program's own profile and the machine's stacks agree.
fn beside(input: &Input<'_>, cpu: &TargetCpu) -> Option<String> {
    let own = input.profiles.beside_owner()?;
    let stacks = input.owner()?;
    if !own.covers_window || !stacks.covers_window {
        return None;
    }
    let (missing, _) = own.gap(cpu);
    let why = match missing > GAP_WORTH_A_NOTE * (cpu.user + cpu.kernel) {
        true => ": it holds at most one sample of each system call, however long it runs",
        false => "",
    };
    Some(format!(
        "the stacks of the machine show {} cores, the program's own profile {}{why}",
        Cores(stacks.total_cores()),
        Cores(own.total_cores())
    ))
}

fn gap_note(
    profile: &ProfileView<'_>,
    cpu: &TargetCpu,
    gap: f64,
    kernel_gap: f64,
) -> Option<String> {
    if !profile.covers_window {
        return Some(format!(
            "{} was not taken in this window: its shares are applied to the CPU of the window",
            profile.source
        ));
    }
    let own = cpu.user + cpu.kernel;
    if gap <= GAP_WORTH_A_NOTE * own {
        return None;
    }
    let reason = if profile.machine.is_some() {
        "the gap is time of which no stack was sampled"
    } else if kernel_gap >= gap / 2.0 {
        "the gap is mostly kernel time: long system calls, of which a Go profile shows at most one \
         sample each"
    } else {
        "the gap is mostly user time: code without samples, or a profile that lost some"
    };
    Some(format!(
        "the profile shows {} of {} cores; {reason}",
        Cores(profile.total_cores()),
        Cores(own)
    ))
}

/// Threads of one name together; threads that ended in the window are the rest.
fn by_thread(host: &Host, window: &Window<ThreadTable>, cpu: &TargetCpu) -> LedgerView {
    let before: BTreeMap<_, _> = window
        .before
        .value
        .threads
        .iter()
        .map(|thread| (thread.tid, thread))
        .collect();
    let mut groups: BTreeMap<&str, (f64, u32)> = BTreeMap::new();
    let seconds = window.seconds();
    for after in &window.after.value.threads {
        let first = before
            .get(&after.tid)
            .filter(|first| first.start == after.start);
        let (user, kernel) = first.map_or((Default::default(), Default::default()), |first| {
            (first.utime, first.stime)
        });
        let cores =
            rate(host, user, after.utime, seconds) + rate(host, kernel, after.stime, seconds);
        let group = groups.entry(after.comm.as_str()).or_default();
        group.0 += cores;
        group.1 += 1;
    }
    // Threads and process are read a moment apart: their sum may be a tick above the process's.
    let own = cpu.user + cpu.kernel;
    let sum: f64 = groups.values().map(|group| group.0).sum();
    let scale = if sum > own { own / sum } else { 1.0 };
    let mut rows: Vec<LedgerPart> = groups
        .iter()
        .map(|(comm, (cores, count))| part(comm, &format!("{comm} × {count}"), *cores * scale))
        .collect();
    rows = sorted(rows);
    let small: f64 = rows.iter().skip(THREAD_GROUPS).map(|row| row.cores.0).sum();
    rows.truncate(THREAD_GROUPS);
    if small > 0.0 {
        rows.push(part("others", "other threads", small));
    }
    let ended = own - sum * scale;
    rows.push(part("ended", "threads that ended, and rounding", ended));
    rows.push(part(
        "children",
        "children that were waited for",
        cpu.children,
    ));
    LedgerView {
        id: "threads".to_owned(),
        title: "by thread name".to_owned(),
        parts: sorted(rows),
        notes: Vec::new(),
    }
}

/// Largest first, nothing left out but zeros.
pub(crate) fn sorted(parts: impl IntoIterator<Item = LedgerPart>) -> Vec<LedgerPart> {
    let mut parts: Vec<LedgerPart> = parts
        .into_iter()
        .filter(|part| part.cores.0 > 0.0)
        .collect();
    parts.sort_by(|a, b| {
        b.cores
            .0
            .total_cmp(&a.cores.0)
            .then_with(|| a.id.cmp(&b.id))
    });
    parts
}
