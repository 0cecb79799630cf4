//! Facts about the CPU quotas that the target runs under: of those that bind it, the one whose
//! periods were cut most.

use super::{FactDef, FactType, absent, number, text};
use crate::input::Input;
use nodesleuth_model::Missing;
use nodesleuth_model::evidence::CpuQuota;

pub(super) const FACTS: &[FactDef] = &[
    FactDef {
        name: "target.quota.throttled_share",
        kind: FactType::Number,
        unit: "share",
        doc: "Share of the periods of the window in which the target's CPU quota, or one above it, \
              stopped it.",
        derive: |input| number(most_cut(input)?.throttled_share, SOURCE),
    },
    FactDef {
        name: "target.quota.used_share",
        kind: FactType::Number,
        unit: "share",
        doc: "CPU that the quota's cgroup used in the window, per CPU that the quota allows.",
        derive: |input| number(most_cut(input)?.used_share, SOURCE),
    },
    FactDef {
        name: "target.quota.cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "CPU that the quota allows.",
        derive: |input| number(most_cut(input)?.cores, SOURCE),
    },
    FactDef {
        name: "target.quota.cgroup",
        kind: FactType::Text,
        unit: "",
        doc: "Cgroup that has the quota.",
        derive: |input| text(most_cut(input)?.cgroup, SOURCE),
    },
];

const SOURCE: &str = "cpu.stat at both ends of the window";

struct Cut<'a> {
    cgroup: &'a str,
    throttled_share: f64,
    used_share: f64,
    cores: f64,
}

fn most_cut<'a>(input: &Input<'a>) -> Result<Cut<'a>, Missing> {
    let window = input.evidence.cpu_quotas.require("CPU quotas")?;
    let seconds = window.seconds();
    let (before, after) = (&window.before.value.groups, &window.after.value.groups);
    if after.is_empty() {
        return Err(absent("no CPU quota is set on the target or above it"));
    }
    let cuts = after.iter().filter_map(|after| {
        let before = before.iter().find(|before| before.cgroup == after.cgroup)?;
        cut(before, after, seconds)
    });
    let most = { cuts }.max_by(|a, b| a.throttled_share.total_cmp(&b.throttled_share));
    most.ok_or_else(|| absent("the quota had no period in the window"))
}

fn cut<'a>(before: &CpuQuota, after: &'a CpuQuota, seconds: f64) -> Option<Cut<'a>> {
    let periods = after.periods.checked_sub(before.periods)?;
    let throttled = after.throttled.checked_sub(before.throttled)?;
    let used = after.usage.0.checked_sub(before.usage.0)?;
    let cores = after.quota.0 as f64 / after.period.0 as f64;
    let sound = periods > 0 && seconds > 0.0 && cores.is_finite() && cores > 0.0;
    sound.then(|| Cut {
        cgroup: &after.cgroup,
        throttled_share: throttled as f64 / periods as f64,
        used_share: used as f64 / 1e9 / seconds / cores,
        cores,
    })
}
