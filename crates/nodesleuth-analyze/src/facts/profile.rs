//! Facts about the CPU profile and how it agrees with the kernel's accounting.

use super::{Derived, FactDef, FactType, number};
use crate::input::Input;

pub(super) const FACTS: &[FactDef] = &[
    FactDef {
        name: "profile.cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "CPU that the profile shows, per second of its length.",
        derive: |input| {
            let profile = input.profile()?.in_time()?;
            number(profile.total_cores(), &profile.source)
        },
    },
    FactDef {
        name: "profile.seconds",
        kind: FactType::Number,
        unit: "seconds",
        doc: "CPU time of all its samples.",
        derive: |input| {
            let profile = input.profile()?.in_time()?;
            number(profile.total_seconds, &profile.source)
        },
    },
    FactDef {
        name: "profile.samples",
        kind: FactType::Number,
        unit: "count",
        doc: "Samples in the profile; few samples make rough shares.",
        derive: |input| {
            let profile = input.profile()?;
            number(profile.samples as f64, &profile.source)
        },
    },
    FactDef {
        name: "profile.coverage",
        kind: FactType::Number,
        unit: "share",
        doc: "Profile's CPU divided by the target's own CPU from /proc over the same window.",
        derive: coverage,
    },
    FactDef {
        name: "profile.missing_kernel_cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "Kernel CPU that /proc shows and the profile does not: a Go profile holds at most one \
              sample for each system call, however long it runs.",
        derive: |input| {
            let profile = input.profile()?;
            let cpu = input.cpu()?.split()?;
            let (kernel, _) = profile.gap(&cpu);
            number(
                kernel,
                "stime of /proc/PID/stat − system calls in the profile",
            )
        },
    },
];

fn coverage(input: &Input<'_>) -> Derived {
    let profile = input.profile()?;
    let cpu = input.cpu()?;
    let own = cpu.own();
    if cpu.is_of_profile {
        return Err(super::absent("nothing but the profile tells the CPU"));
    }
    if !profile.covers_window || own <= 0.0 {
        return Err(super::absent("the profile was not taken in this window"));
    }
    number(profile.total_cores() / own, "profile / (utime + stime)")
}
