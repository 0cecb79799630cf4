//! The `kernel-functions` view of the ledger: kernel time by what its functions were busy with,
//! from stacks of the machine.
//!
//! A claim that names parts of this view (`through`) takes as much as they and the owner's parts
//! have left, of each owner only what its own stacks spent there.

use crate::cpu::TargetCpu;
use crate::input::Input;
use crate::ledger::{part, sorted};
use crate::stacks::ProfileView;
use nodesleuth_model::{Cores, LedgerPart, LedgerView};

/// Id of the view.
pub(crate) const VIEW: &str = "kernel-functions";
/// What ids of its sampled parts begin with.
pub(crate) const PREFIX: &str = "kernel:";
/// Where stacks and /proc agree less than this, it is said.
const DISAGREES: f64 = 0.8;
/// Kernel time below this says nothing.
const LITTLE_CORES: f64 = 0.02;

/// The view; user mode and children are as in every other view.
pub(crate) fn view(input: &Input<'_>, stacks: &ProfileView<'_>, cpu: &TargetCpu) -> LedgerView {
    let (catalog, seen) = (input.catalog, stacks.kernel_cores());
    let scale = stacks.scale(seen, cpu.kernel);
    let parts = stacks.kernel_parts(None).into_iter();
    let mut rows: Vec<LedgerPart> = parts
        .map(|(id, cores)| {
            let title = catalog.kernel_parts.title(id);
            part(&format!("{PREFIX}{id}"), title, cores * scale)
        })
        .collect();
    let titles = &catalog.parts;
    for (id, cores) in [
        ("outside-stacks-kernel", cpu.kernel - seen * scale),
        ("user", cpu.user),
        ("children", cpu.waited_for()),
    ] {
        rows.push(part(id, titles.title(id), cores));
    }
    LedgerView {
        id: VIEW.to_owned(),
        title: "by kernel function".to_owned(),
        parts: sorted(rows),
        notes: recorded(input)
            .into_iter()
            .chain(note(input, stacks, cpu))
            .collect(),
    }
}

/// How the stacks were taken, and how good they are.
fn recorded(input: &Input<'_>) -> Option<String> {
    let recording = input.evidence.stacks.value()?;
    let mut text = format!(
        "{} stacks of it and its children were sampled by {}, {} a second and CPU",
        recording.samples, recording.engine, recording.hz
    );
    for (count, what) in [
        (recording.lost, "were lost"),
        (
            recording.broken,
            "end before a function at which stacks begin",
        ),
        (recording.truncated, "are deeper than the kernel walks"),
        (recording.no_user_stack, "have no user part"),
    ] {
        if count > 0 {
            text.push_str(&format!("; {count} {what}"));
        }
    }
    for refused in &recording.not_used {
        text.push_str(&format!(
            "; {} did not run: {}",
            refused.engine, refused.reason
        ));
    }
    if let Some(problem) = &recording.kernel_problem {
        text.push_str(&format!(
            "; functions of the kernel have no names: {problem}"
        ));
    }
    if let Some(code) = recording.unresolved.first() {
        text.push_str(&format!(
            "; {} hold code of {} without a name ({})",
            code.samples, code.module, code.why
        ));
    }
    Some(text)
}

fn note(input: &Input<'_>, stacks: &ProfileView<'_>, cpu: &TargetCpu) -> Option<String> {
    if !stacks.covers_window {
        // The view of owners says so already where it is by the same stacks.
        input.profiles.beside_stacks()?;
        return Some(format!(
            "{} was not taken in this window: its shares are applied to the kernel time of the \
             window",
            stacks.source
        ));
    }
    let seen = stacks.kernel_cores();
    let (less, more) = (seen.min(cpu.kernel), seen.max(cpu.kernel));
    (more > LITTLE_CORES && less < DISAGREES * more).then(|| {
        format!(
            "the sampled stacks show {} cores of kernel time, /proc shows {}",
            Cores(seen),
            Cores(cpu.kernel)
        )
    })
}
