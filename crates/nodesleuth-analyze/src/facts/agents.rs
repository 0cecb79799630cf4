//! Facts about what kind of program the target is.

use super::{Derived, FactDef, FactType, absent, flag, number, text};
use crate::input::Input;
use nodesleuth_model::Missing;
use nodesleuth_model::agents;

pub(super) const FACTS: &[FactDef] = &[
    FactDef {
        name: "target.go.version",
        kind: FactType::Text,
        unit: "",
        doc: "Go toolchain that built the target.",
        derive: |input| {
            let go = input.target()?.go.require("Go build information")?;
            text(&go.go_version, ".go.buildinfo")
        },
    },
    FactDef {
        name: "target.go.has_cadvisor",
        kind: FactType::Flag,
        unit: "",
        doc: "Whether cAdvisor is linked into the target.",
        derive: has_cadvisor,
    },
    FactDef {
        name: "runc.version",
        kind: FactType::Text,
        unit: "",
        doc: "Version of runc's libraries linked into the target.",
        derive: |input| {
            let go = input.target()?.go.require("Go build information")?;
            let runc = go
                .deps
                .iter()
                .find(|dep| dep.path == "github.com/opencontainers/runc");
            let runc = runc.ok_or_else(|| absent("runc is not among its modules"))?;
            text(&runc.version, ".go.buildinfo")
        },
    },
    FactDef {
        name: "target.housekeeping.interval_seconds",
        kind: FactType::Number,
        unit: "seconds",
        doc: "Time between two rounds of cgroup statistics (flag, else the agent's default).",
        derive: interval,
    },
    FactDef {
        name: "target.reads_cgroup_stats",
        kind: FactType::Flag,
        unit: "",
        doc: "Whether the target reads cgroup statistics (stacks, open files, modules or name).",
        derive: reads_cgroup_stats,
    },
];

fn has_cadvisor(input: &Input<'_>) -> Derived {
    let go = input.target()?.go.require("Go build information")?;
    if go.deps.is_empty() && !go.path.contains("cadvisor") {
        return Err(absent("its modules are not recorded"));
    }
    let cadvisor = "github.com/google/cadvisor";
    let has = go.path.starts_with(cadvisor) || go.deps.iter().any(|dep| dep.path == cadvisor);
    flag(has, ".go.buildinfo")
}

pub(super) fn interval(input: &Input<'_>) -> Derived {
    let target = input.target()?;
    if let Some(flags) = target.flags.value() {
        for name in ["housekeeping-interval", "housekeeping_interval"] {
            if let Some(seconds) = flags.get(name).and_then(|value| go_duration(value)) {
                return number(seconds, format!("--{name}"));
            }
        }
    }
    let agent = agents::by_comm(&target.comm).and_then(|agent| agent.housekeeping_seconds);
    let seconds = agent.ok_or_else(|| {
        absent(format!(
            "{} is not known to carry cAdvisor's housekeeping",
            target.comm
        ))
    })?;
    number(seconds, format!("default of {}", target.comm))
}

/// Seconds of a Go duration such as `1m30s`, `10s` or `500ms`.
fn go_duration(text: &str) -> Option<f64> {
    let mut rest = text;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let unit_end = rest[digits..].find(|c: char| c.is_ascii_digit() || c == '.');
        let unit_end = unit_end.map_or(rest.len(), |at| digits + at);
        let number: f64 = rest[..digits].parse().ok()?;
        seconds += number
            * match &rest[digits..unit_end] {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 1e-3,
                "us" | "µs" => 1e-6,
                "ns" => 1e-9,
                _ => return None,
            };
        rest = &rest[unit_end..];
    }
    (seconds > 0.0).then_some(seconds)
}

fn reads_cgroup_stats(input: &Input<'_>) -> Derived {
    if let Some(profile) = input.owner()
        && profile.part_cores("cadvisor-housekeeping") > 0.0
    {
        return flag(true, "cAdvisor's housekeeping is in the profile");
    }
    let files = super::files::counts(input);
    if let Ok(counts) = &files
        && counts.cgroup > 0
    {
        return flag(true, "cgroup files among its open files");
    }
    if has_cadvisor(input).is_ok_and(|known| known.value == nodesleuth_model::FactValue::Flag(true))
    {
        return flag(true, "cAdvisor is linked into it");
    }
    let target = input.target()?;
    if agents::by_comm(&target.comm).is_some_and(|agent| agent.housekeeping_seconds.is_some()) {
        return flag(true, format!("{} carries cAdvisor", target.comm));
    }
    match files {
        Ok(counts) if counts.samples >= 50 => flag(false, "no cgroup file among its open files"),
        Ok(_) => Err(absent("too few samples of its open files")),
        Err(missing) => Err(Missing {
            reason: format!("not known: {missing}"),
            ..missing
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::go_duration;

    #[test]
    fn go_durations_are_read_as_go_writes_them() {
        assert_eq!(go_duration("10s"), Some(10.0));
        assert_eq!(go_duration("1m30s"), Some(90.0));
        assert_eq!(go_duration("500ms"), Some(0.5));
        assert_eq!(go_duration("10"), None);
        assert_eq!(go_duration("0s"), None);
        assert_eq!(go_duration("1 fortnight"), None);
    }
}
