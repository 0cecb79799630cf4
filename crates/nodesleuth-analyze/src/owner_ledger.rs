//! The `owner` view of the ledger: whose code burns the target's CPU. Findings claim its parts.
//!
//! By the program's own profile, whose time is not whole, or by stacks of the machine, whose
//! kernel frames hang under the function that made the call; without either only by mode.

use crate::catalog::Parts;
use crate::cpu::TargetCpu;
use crate::input::Input;
use crate::kernel_ledger;
use crate::ledger::{mode, part, sorted};
use crate::stacks::{OTHERS, ProfileView};
use nodesleuth_model::ledger::KernelShare;
use nodesleuth_model::{Cores, LedgerPart, LedgerView};

/// A gap below this share of the target's own CPU is what SIGPROF usually misses.
const GAP_WORTH_A_NOTE: f64 = 0.2;

/// Time that `/proc` shows and no stack does.
struct Gap {
    kernel: f64,
    other: f64,
}

/// By owner of the stack where stacks are there, else by mode.
pub(crate) fn view(input: &Input<'_>, cpu: &TargetCpu) -> LedgerView {
    let titles = &input.catalog.parts;
    let title = "by owner".to_owned();
    let id = "owner".to_owned();
    let Some(profile) = input.owner() else {
        let notes = vec!["there is no CPU profile: only modes are told apart".to_owned()];
        return LedgerView {
            id,
            title,
            notes,
            ..mode(titles, cpu)
        };
    };
    let (mut rows, gap) = match profile.machine {
        Some(_) => by_stacks(profile, titles, cpu),
        None => by_profile(profile, titles, cpu),
    };
    // Whoever may not see the kernel at all knows its time from /proc alone.
    let outside_kernel = match profile.machine.is_some() && !profile.sees_kernel() {
        true => "kernel",
        false => "outside-profile-kernel",
    };
    let outside_rest = match cpu.split() {
        Ok(_) => "outside-profile-other",
        Err(_) => "outside-profile-unsplit",
    };
    for (id, cores) in [
        (outside_kernel, gap.kernel),
        (outside_rest, gap.other),
        ("children", cpu.waited_for()),
    ] {
        rows.push(part(id, titles.title(id), cores));
    }
    let mut notes: Vec<String> = beside(input, cpu).into_iter().collect();
    notes.extend(gap_note(profile, cpu, &gap));
    notes.extend(at_least(input, cpu));
    LedgerView {
        id,
        title,
        parts: sorted(rows),
        notes,
    }
}

fn by_profile(
    profile: &ProfileView<'_>,
    titles: &Parts,
    cpu: &TargetCpu,
) -> (Vec<LedgerPart>, Gap) {
    let own = cpu.own();
    let (kernel, other) = profile.gap(cpu);
    let seen = profile.total_cores();
    // Scaled where the profile is of another time or shows a little more than /proc does.
    let scale = match seen > 0.0 {
        true => (own - kernel - other).max(0.0) / seen,
        false => 0.0,
    };
    let parts = profile.parts();
    let mut rows: Vec<LedgerPart> = parts
        .map(|(id, cores)| part(id, titles.title(id), cores * scale))
        .collect();
    if seen <= 0.0 && !profile.covers_window {
        rows.push(part(OTHERS, titles.title(OTHERS), own));
    }
    (rows, Gap { kernel, other })
}

/// User and kernel time each brought to what `/proc` shows. What no rule owns is told by mode.
fn by_stacks(stacks: &ProfileView<'_>, titles: &Parts, cpu: &TargetCpu) -> (Vec<LedgerPart>, Gap) {
    let seen_user = stacks.total_cores() - stacks.kernel_cores();
    let user_scale = stacks.scale(seen_user, cpu.user);
    let kernel_scale = stacks.scale(stacks.kernel_cores(), cpu.kernel);
    let mut rows = Vec::new();
    for (id, cores) in stacks.parts() {
        let kernel = kernel_shares(stacks, id, kernel_scale);
        let in_kernel: f64 = kernel.iter().map(|share| share.cores.0).sum();
        let unscaled: f64 = stacks
            .kernel_parts(Some(id))
            .iter()
            .map(|part| part.1)
            .sum();
        let in_user = (cores - unscaled).max(0.0) * user_scale;
        let row = |id: &str, cores, kernel| LedgerPart {
            kernel,
            ..part(id, titles.title(id), cores)
        };
        if id == OTHERS {
            rows.push(row("user", in_user, Vec::new()));
            rows.push(row("kernel", in_kernel, kernel));
        } else {
            rows.push(row(id, in_user + in_kernel, kernel));
        }
    }
    let gap = Gap {
        kernel: (cpu.kernel - stacks.kernel_cores() * kernel_scale).max(0.0),
        other: (cpu.user - seen_user * user_scale).max(0.0),
    };
    (rows, gap)
}

/// What an owner's stacks spent in each part of the kernel, largest first.
fn kernel_shares(stacks: &ProfileView<'_>, owner: &str, scale: f64) -> Vec<KernelShare> {
    let parts = stacks.kernel_parts(Some(owner)).into_iter();
    let mut shares: Vec<KernelShare> = parts
        .map(|(id, cores)| KernelShare {
            part: format!("{}{id}", kernel_ledger::PREFIX),
            cores: Cores(cores * scale),
        })
        .collect();
    shares.sort_by(|a, b| b.cores.0.total_cmp(&a.cores.0));
    shares
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

/// Where only the profile tells the CPU.
fn at_least(input: &Input<'_>, cpu: &TargetCpu) -> Option<String> {
    let missing = input.evidence.kubelet_metrics.missing();
    cpu.is_of_profile.then(|| {
        format!(
            "the kubelet's own counter did not come ({}): this is what its profile shows, so it burns \
             at least so much; of a long system call a profile holds one sample",
            missing.map_or("no metrics", |missing| missing.reason.as_str())
        )
    })
}

fn gap_note(profile: &ProfileView<'_>, cpu: &TargetCpu, gap: &Gap) -> Option<String> {
    if !profile.covers_window {
        return Some(format!(
            "{} was not taken in this window: its shares are applied to the CPU of the window",
            profile.source
        ));
    }
    let own = cpu.own();
    if profile.machine.is_some() && !profile.sees_kernel() {
        return None;
    }
    if gap.kernel + gap.other <= GAP_WORTH_A_NOTE * own {
        return None;
    }
    let reason = if profile.machine.is_some() {
        "the gap is time of which no stack was sampled"
    } else if cpu.split().is_err() {
        "a large gap usually is kernel time: long system calls, of which a Go profile shows at most \
         one sample each"
    } else if gap.kernel >= gap.other {
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
