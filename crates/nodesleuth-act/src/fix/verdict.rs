//! What a remedy was worth, from two looks at the node. Pure.

use super::{Look, Plan};
use nodesleuth_model::Nanos;
use nodesleuth_model::units::grouped;
use serde::Serialize;

/// At most this share of what there was is left: it worked.
const LEFT_WHEN_WORKED: f64 = 0.15;
/// At least this share is gone: it worked in part.
const GONE_WHEN_PARTLY: f64 = 0.10;
/// Of fewer dying cgroups a share is chance: other programs' cgroups come and go meanwhile.
const FEW_DYING: u64 = 16;

/// A process that uses less has nothing that could fall.
const HOT_CORES: f64 = 0.1;

/// What a remedy was worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// What it was for is nearly gone.
    Worked,
    /// Some of it is gone.
    Partly,
    /// It changed next to nothing.
    Nothing,
    /// It could not be measured.
    NotKnown,
}

impl Verdict {
    /// How to say it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Worked => "worked",
            Self::Partly => "worked in part",
            Self::Nothing => "changed nothing",
            Self::NotKnown => "not known",
        }
    }
}

/// The verdict and what it rests on, with what the watched process's CPU did meanwhile.
#[must_use]
pub fn verdict(
    plan: Plan,
    before: &Look,
    after: &Look,
    removed: Option<(usize, usize)>,
    fast_read: Nanos,
) -> (Verdict, String) {
    let (verdict, why) = of_remedy(plan, before, after, removed, fast_read);
    match cpu(before, after) {
        Some(cpu) => (verdict, format!("{why}; {cpu}")),
        None => (verdict, why),
    }
}

/// What a process's CPU did; a hot one's that did not fall has another cause.
fn cpu(before: &Look, after: &Look) -> Option<String> {
    let (was, is) = (before.target.as_ref()?, after.target.as_ref()?);
    let told = format!(
        "CPU of {} ({}): {} cores before, {} after",
        was.comm, was.pid, was.cores, is.cores
    );
    let (was, is) = (was.cores.0, is.cores.0);
    Some(if was >= HOT_CORES && is > was * (1.0 - GONE_WHEN_PARTLY) {
        format!("{told}, not less: something else burns it")
    } else {
        told
    })
}

fn of_remedy(
    plan: Plan,
    before: &Look,
    after: &Look,
    removed: Option<(usize, usize)>,
    fast_read: Nanos,
) -> (Verdict, String) {
    if let Some((planned, gone)) = removed {
        let why = format!(
            "{} of {} are gone",
            grouped(gone as u64),
            grouped(planned as u64)
        );
        return (
            of_share_left(planned as f64, (planned - gone.min(planned)) as f64),
            why,
        );
    }
    if !plan.frees_dying() {
        return (Verdict::NotKnown, "it changes nothing".to_owned());
    }
    of_reads(before, after, fast_read)
        .or_else(|| of_dying_below(before, after))
        .or_else(|| of_held(before, after))
        .or_else(|| of_dying(before, after))
        .unwrap_or_else(|| {
            let why = "neither read times nor dying cgroups could be measured twice";
            (Verdict::NotKnown, why.to_owned())
        })
}

/// Where reads were slow, they are what it is about.
fn of_reads(before: &Look, after: &Look, fast_read: Nanos) -> Option<(Verdict, String)> {
    let (was, is) = (before.slowest.as_ref()?, after.slowest.as_ref()?);
    if was.took < fast_read || was.path != is.path {
        return None;
    }
    let why = format!(
        "one read of {}: {} before, {} after",
        was.path, was.took, is.took
    );
    let verdict = if is.took < fast_read {
        Verdict::Worked
    } else {
        of_share_left(was.took.0 as f64, is.took.0 as f64)
    };
    Some((verdict, why))
}

/// Dying cgroups below the subtree, where the kernel counts those (v2).
fn of_dying_below(before: &Look, after: &Look) -> Option<(Verdict, String)> {
    let (was, is) = (
        before.subtree.as_ref()?.dying?,
        after.subtree.as_ref()?.dying?,
    );
    let why = format!(
        "dying cgroups below it: {} before, {} after",
        grouped(was),
        grouped(is)
    );
    (was > 0).then(|| (of_counts(was, is), why))
}

/// Bytes that dying cgroups held below the subtree.
fn of_held(before: &Look, after: &Look) -> Option<(Verdict, String)> {
    let (was, is) = (
        before.subtree.as_ref()?.held?,
        after.subtree.as_ref()?.held?,
    );
    let why = format!("dying cgroups below it held {was} before and {is} after");
    (was.0 > 0).then(|| (of_share_left(was.0 as f64, is.0 as f64), why))
}

fn of_dying(before: &Look, after: &Look) -> Option<(Verdict, String)> {
    let (was, is) = (before.dying?, after.dying?);
    let why = format!(
        "dying cgroups: {} before, {} after",
        grouped(was),
        grouped(is)
    );
    Some((of_counts(was, is), why))
}

fn of_counts(was: u64, is: u64) -> Verdict {
    if is <= FEW_DYING && was > is {
        Verdict::Worked
    } else if was.saturating_sub(is) <= FEW_DYING {
        Verdict::Nothing
    } else {
        of_share_left(was as f64, is as f64)
    }
}

fn of_share_left(was: f64, is: f64) -> Verdict {
    if is <= was * LEFT_WHEN_WORKED {
        Verdict::Worked
    } else if is <= was * (1.0 - GONE_WHEN_PARTLY) {
        Verdict::Partly
    } else {
        Verdict::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fix::{SlowestRead, SubtreeLook, TargetCpu};
    use nodesleuth_model::{Bytes, Cores, Pid};

    const FAST: Nanos = Nanos(1_000_000);

    fn dying(count: u64) -> Look {
        Look {
            dying: Some(count),
            ..Look::default()
        }
    }

    fn slow(milliseconds: u64) -> Look {
        Look {
            slowest: Some(SlowestRead {
                path: "/m/memory.stat".to_owned(),
                took: Nanos(milliseconds * 1_000_000),
            }),
            ..dying(20_000)
        }
    }

    fn judged(before: &Look, after: &Look) -> Verdict {
        verdict(Plan::DropSlab, before, after, None, FAST).0
    }

    #[test]
    fn dying_cgroups_that_are_gone_stay_or_go_in_part() {
        assert_eq!(judged(&dying(303), &dying(5)), Verdict::Worked);
        assert_eq!(judged(&dying(303), &dying(144)), Verdict::Partly);
        assert_eq!(judged(&dying(198), &dying(195)), Verdict::Nothing);
        // Others' cgroups come and go.
        assert_eq!(judged(&dying(3), &dying(1)), Verdict::Worked);
        assert_eq!(judged(&dying(40), &dying(30)), Verdict::Nothing);
        assert_eq!(judged(&dying(5), &dying(90)), Verdict::Nothing);
    }

    #[test]
    fn slow_reads_decide_before_counts() {
        // 4.15 after `echo 2`: 18,000 of 20,000 are left, and the read is ten times faster.
        assert_eq!(judged(&slow(1_311), &slow(4)), Verdict::Worked);
        assert_eq!(judged(&slow(1_311), &slow(600)), Verdict::Partly);
        assert_eq!(judged(&slow(60), &slow(58)), Verdict::Nothing);
        assert_eq!(judged(&slow(60), &slow(0)), Verdict::Worked);
    }

    #[test]
    fn a_subtree_is_judged_by_what_is_below_it() {
        let with = |dying, held: u64| Look {
            dying: Some(900),
            subtree: Some(SubtreeLook {
                dying,
                held: Some(Bytes(held)),
            }),
            ..Look::default()
        };
        assert_eq!(
            judged(&with(None, 1_228_800), &with(None, 0)),
            Verdict::Worked
        );
        assert_eq!(
            judged(&with(Some(300), 0), &with(Some(0), 0)),
            Verdict::Worked
        );
        assert_eq!(
            judged(&with(Some(300), 0), &with(Some(300), 0)),
            Verdict::Nothing
        );
    }

    #[test]
    fn what_was_not_measured_is_not_known() {
        assert_eq!(judged(&dying(300), &Look::default()), Verdict::NotKnown);
    }

    #[test]
    fn the_cpu_of_the_watched_process_is_told_and_whether_it_fell() {
        let with = |cores: f64, reads: u64| Look {
            target: Some(TargetCpu {
                pid: Pid(812),
                comm: "kubelet".to_owned(),
                cores: Cores(cores),
                window: Nanos(10_000_000_000),
            }),
            ..slow(reads)
        };
        let why = |before: &Look, after: &Look| {
            let (verdict, why) = verdict(Plan::DropSlab, before, after, None, FAST);
            assert_eq!(verdict, Verdict::Worked);
            why
        };
        let fell = why(&with(0.9, 1_311), &with(0.1, 0));
        assert!(
            fell.ends_with("; CPU of kubelet (812): 0.90 cores before, 0.10 after"),
            "{fell}"
        );
        let stayed = why(&with(0.9, 1_311), &with(0.88, 0));
        assert!(stayed.ends_with(", not less: something else burns it"));
        let idle = why(&with(0.02, 1_311), &with(0.02, 0));
        assert!(!idle.contains("something else"), "{idle}");
        let ended = why(&with(0.9, 1_311), &slow(0));
        assert!(!ended.contains("CPU"), "{ended}");
    }

    #[test]
    fn removals_are_counted() {
        let looks = Look::default();
        let of = |removed| {
            verdict(
                Plan::RemoveEmptyCgroups,
                &looks,
                &looks,
                Some(removed),
                FAST,
            )
            .0
        };
        assert_eq!(of((20, 20)), Verdict::Worked);
        assert_eq!(of((20, 9)), Verdict::Partly);
        assert_eq!(of((20, 0)), Verdict::Nothing);
    }
}
