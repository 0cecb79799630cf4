//! Facts about who makes cgroups, and when reading them will be slow if it goes on like this.

use super::{Derived, FactDef, FactType, absent, number, text};
use crate::input::Input;
use nodesleuth_model::Missing;
use nodesleuth_model::evidence::{CgroupGrowth, GrowthGroup, ReadForecast};
use nodesleuth_model::units::grouped;

/// A difference of fewer between removed and released ones is chance in a window of seconds: the
/// kernel takes a moment for each.
const LEAST_DIFFERENCE: u64 = 10;

pub(super) const FACTS: &[FactDef] = &[
    FactDef {
        name: "cgroup.growth.made_per_day",
        kind: FactType::Number,
        unit: "per day",
        doc: "Memory cgroups that would be made in a day at the rate seen while the target was watched.",
        derive: |input| {
            let growth = growth(input)?;
            rate(growth, growth.made, "made")
        },
    },
    FactDef {
        name: "cgroup.growth.removed_per_day",
        kind: FactType::Number,
        unit: "per day",
        doc: "Memory cgroups that would be removed in a day at that rate.",
        derive: |input| {
            let growth = growth(input)?;
            rate(growth, growth.removed, "removed")
        },
    },
    FactDef {
        name: "cgroup.growth.dying_per_day",
        kind: FactType::Number,
        unit: "per day",
        doc: "Dying memory cgroups that would be added in a day: removed and not let go. Unknown when \
              the difference is smaller than chance.",
        derive: |input| {
            number(
                dying_per_day(growth(input)?)?,
                "removed − let go by the kernel",
            )
        },
    },
    FactDef {
        name: "cgroup.growth.pattern",
        kind: FactType::Text,
        unit: "",
        doc: "Name pattern of the memory cgroups that are made most.",
        derive: |input| {
            let group = most_made(input)?;
            let source = format!("{} made, such as {}", grouped(group.made), group.example);
            text(&group.pattern, source)
        },
    },
    FactDef {
        name: "cgroup.growth.maker",
        kind: FactType::Text,
        unit: "",
        doc: "The process that makes most of these, by name.",
        derive: |input| {
            let group = most_made(input)?;
            let maker = group
                .maker
                .as_ref()
                .ok_or_else(|| absent("whoever makes them ends within milliseconds"))?;
            text(maker, &group.pattern)
        },
    },
    FactDef {
        name: "cgroup.growth.whose",
        kind: FactType::Text,
        unit: "",
        doc: "The CronJob, pod or systemd unit that one of these belongs to.",
        derive: |input| {
            let group = most_made(input)?;
            let named = [
                ("CronJob", &group.cron_job),
                ("pod", &group.pod),
                ("unit", &group.unit),
            ];
            let mut named = named
                .into_iter()
                .filter_map(|(what, name)| Some(format!("{what} {}", name.as_ref()?)));
            let whose = named.next();
            text(
                whose.ok_or_else(|| absent("neither a pod nor a unit is in its path"))?,
                &group.example,
            )
        },
    },
    FactDef {
        name: "cgroup.growth.days_to_10ms",
        kind: FactType::Number,
        unit: "days",
        doc: "Until one read of the root's memory.stat takes 10 ms at this rate.",
        derive: |input| days(input, 0),
    },
    FactDef {
        name: "cgroup.growth.days_to_100ms",
        kind: FactType::Number,
        unit: "days",
        doc: "The same for 100 ms.",
        derive: |input| days(input, 1),
    },
    FactDef {
        name: "cgroup.growth.days_to_1s",
        kind: FactType::Number,
        unit: "days",
        doc: "The same for 1 s.",
        derive: |input| days(input, 2),
    },
];

fn growth<'a>(input: &Input<'a>) -> Result<&'a CgroupGrowth, Missing> {
    input.evidence.cgroup_growth.require("who makes cgroups")
}

fn rate(growth: &CgroupGrowth, count: Option<u64>, what: &str) -> Derived {
    let count = count.ok_or_else(|| absent("single events were not seen"))?;
    if growth.lost > 0 {
        return Err(absent(format!("{} events were lost", grouped(growth.lost))));
    }
    let source = format!("{} {what} in {}", grouped(count), growth.length);
    number(growth.a_day(count), source)
}

fn dying_per_day(growth: &CgroupGrowth) -> Result<f64, Missing> {
    let seen = growth.removed.zip(growth.released);
    let (removed, released) = seen.ok_or_else(|| absent("single events were not seen"))?;
    if removed.abs_diff(released) < LEAST_DIFFERENCE {
        let reason = format!(
            "{} removed and {} let go in {}: too small a difference to tell",
            grouped(removed),
            grouped(released),
            growth.length
        );
        return Err(absent(reason));
    }
    growth.dying_a_day()
}

fn most_made<'a>(input: &Input<'a>) -> Result<&'a GrowthGroup, Missing> {
    let most = growth(input)?.groups.first();
    most.filter(|group| group.made > 0)
        .ok_or_else(|| absent("no memory cgroup was made while the target was watched"))
}

fn days(input: &Input<'_>, threshold: usize) -> Derived {
    let growth = growth(input)?;
    dying_per_day(growth)?;
    let forecast = growth.forecast.require("forecast")?;
    let (at, days) = forecast
        .passes
        .get(threshold)
        .ok_or_else(|| absent("it was not foretold"))?;
    let days = days.ok_or_else(|| absent(format!("{at} are never passed at this rate")))?;
    number(days, source(forecast))
}

fn source(forecast: &ReadForecast) -> String {
    let from = if forecast.measured {
        "measured here"
    } else {
        "from the table of kernels"
    };
    format!(
        "{} now and {:.1} µs for each further dying cgroup ({from})",
        forecast.now,
        forecast.nanos_each / 1e3
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalog;
    use nodesleuth_model::evidence::Evidence;
    use nodesleuth_model::{Nanos, Observed};

    /// Ten seconds in which 100 were made and removed, and so many let go.
    fn seen(released: u64) -> Evidence {
        let mut evidence = Evidence::default();
        evidence.cgroup_growth = Observed::Value(CgroupGrowth {
            length: Nanos(10_000_000_000),
            made: Some(100),
            removed: Some(100),
            released: Some(released),
            groups: vec![GrowthGroup {
                pattern: "/kubepods/besteffort/pod*".to_owned(),
                example: "/kubepods/besteffort/pod7".to_owned(),
                made: 100,
                maker: Some("kubelet".to_owned()),
                cron_job: Some("batch/report".to_owned()),
                pod: Some("batch/report-28392840-x7k2p".to_owned()),
                ..GrowthGroup::default()
            }],
            forecast: Observed::Value(ReadForecast::of(Nanos(5_000_000), 1_000.0, true, 864_000.0)),
            ..CgroupGrowth::default()
        });
        evidence
    }

    fn derived(evidence: &Evidence, name: &str) -> Result<String, Missing> {
        let catalog = Catalog::built_in().unwrap();
        let input = Input::new(evidence, &[], &catalog);
        let def = FACTS.iter().find(|def| def.name == name).unwrap();
        (def.derive)(&input).map(|known| known.value.to_string())
    }

    #[test]
    fn births_a_day_who_makes_them_and_when_reads_get_slow() {
        let evidence = seen(0);
        for (name, value) in [
            ("cgroup.growth.made_per_day", "864000"),
            ("cgroup.growth.dying_per_day", "864000"),
            ("cgroup.growth.maker", "kubelet"),
            ("cgroup.growth.whose", "CronJob batch/report"),
            ("cgroup.growth.pattern", "/kubepods/besteffort/pod*"),
            ("cgroup.growth.days_to_100ms", "0.11"),
        ] {
            assert_eq!(derived(&evidence, name).unwrap(), value, "{name}");
        }
    }

    #[test]
    fn a_difference_within_chance_is_no_rate() {
        let evidence = seen(95);
        for name in ["cgroup.growth.dying_per_day", "cgroup.growth.days_to_1s"] {
            let missing = derived(&evidence, name).unwrap_err();
            assert!(
                missing.reason.contains("too small a difference"),
                "{missing}"
            );
        }
        assert!(derived(&Evidence::default(), "cgroup.growth.made_per_day").is_err());
    }
}
