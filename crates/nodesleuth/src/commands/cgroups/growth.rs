//! Who makes cgroups, for people.

use super::text::told;
use comfy_table::{CellAlignment, Table, presets};
use nodesleuth_model::evidence::{CgroupGrowth, GrowthGroup, GrowthMethod, ReadForecast};
use nodesleuth_model::units::grouped;
use nodesleuth_model::{Observed, printable};

pub(super) fn text(growth: &Observed<CgroupGrowth>) -> String {
    let growth = match growth {
        Observed::NotRequested => return String::new(),
        Observed::Unavailable(missing) => return format!("\ngrowth: {}\n", told(missing)),
        Observed::Value(growth) => growth,
    };
    let mut text = format!("\nmemory cgroups over {}: {}\n", growth.length, how(growth));
    text.push_str(&counts(growth));
    if growth.lost > 0 {
        text.push_str(&format!("{} events were lost\n", grouped(growth.lost)));
    }
    if !growth.groups.is_empty() {
        text.push_str(&format!("{}\n", table(growth)));
    }
    text.push_str(&forecast(&growth.forecast));
    text
}

fn how(growth: &CgroupGrowth) -> String {
    match &growth.method {
        GrowthMethod::Tracepoints => "each was seen (kernel tracepoints)".to_owned(),
        GrowthMethod::Names {
            because,
            watched,
            not_watched,
        } => format!(
            "names seen in {} directories{}; not seen: who made them, when the kernel let them go, \
             what was made in a directory that held no cgroup before ({})",
            grouped(*watched),
            match not_watched {
                0 => String::new(),
                more => format!(", {} more were not watched", grouped(*more)),
            },
            printable(because)
        ),
        GrowthMethod::TwoCounts { because } => format!(
            "counted before and after, what came and went in between was not seen ({})",
            printable(because)
        ),
    }
}

fn counts(growth: &CgroupGrowth) -> String {
    let mut text = String::new();
    if let (Some(made), Some(removed)) = (growth.made, growth.removed) {
        let released = growth.released.map_or_else(String::new, |released| {
            format!(", {} let go by the kernel", grouped(released))
        });
        text.push_str(&format!(
            "{} made, {} removed{released}\n",
            grouped(made),
            grouped(removed)
        ));
    }
    if let Some(lag) = &growth.lag {
        text.push_str(&format!(
            "from rmdir to release: {} for half of {}, {} at most",
            lag.median,
            grouped(lag.cgroups),
            lag.longest
        ));
        text.push_str(&match growth.waiting {
            Some(waiting) if waiting > 0 => {
                format!(
                    "; {} removed ones were still held at the end\n",
                    grouped(waiting)
                )
            }
            _ => "\n".to_owned(),
        });
    } else if let Some(waiting) = growth.waiting.filter(|waiting| *waiting > 0) {
        text.push_str(&format!(
            "{} removed ones were still held at the end\n",
            grouped(waiting)
        ));
    }
    for (name, counts) in [("live", &growth.live), ("dying", &growth.dying)] {
        match counts {
            Observed::Value((before, after)) => {
                text.push_str(&format!(
                    "{name}: {} → {}\n",
                    grouped(*before),
                    grouped(*after)
                ));
            }
            Observed::Unavailable(missing) => {
                text.push_str(&format!("{name}: {}\n", told(missing)))
            }
            Observed::NotRequested => {}
        }
    }
    text
}

fn table(growth: &CgroupGrowth) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([
        "made", "a day", "removed", "let go", "pattern", "by", "whose",
    ]);
    for group in &growth.groups {
        let seen = |all: Option<u64>, count| all.map_or_else(|| "?".to_owned(), |_| grouped(count));
        table.add_row([
            grouped(group.made),
            grouped(growth.a_day(group.made) as u64),
            seen(growth.removed, group.removed),
            seen(growth.released, group.released),
            printable(&group.pattern).into_owned(),
            group
                .maker
                .as_deref()
                .map_or_else(|| "?".to_owned(), |maker| printable(maker).into_owned()),
            whose(group),
        ]);
    }
    for column in 0..4 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}

fn whose(group: &GrowthGroup) -> String {
    let named = [
        ("CronJob", &group.cron_job),
        ("pod", &group.pod),
        ("unit", &group.unit),
    ];
    let mut named = named.into_iter();
    let first = named.find_map(|(what, name)| Some(format!("{what} {}", name.as_ref()?)));
    printable(&first.unwrap_or_default()).into_owned()
}

fn forecast(forecast: &Observed<ReadForecast>) -> String {
    let forecast = match forecast {
        Observed::NotRequested => return String::new(),
        Observed::Unavailable(missing) => return format!("forecast: {}\n", told(missing)),
        Observed::Value(forecast) => forecast,
    };
    let source = if forecast.measured {
        "measured here"
    } else {
        "from the table of kernels"
    };
    let mut text = format!(
        "forecast: memory.stat of the root takes {} now, {:.1} µs for each cgroup ({source}); {} \
         more are dying each day\n",
        forecast.now,
        forecast.nanos_each / 1e3,
        signed(forecast.dying_a_day)
    );
    for (threshold, days) in &forecast.passes {
        let when = match days {
            None => "never at this rate".to_owned(),
            Some(days) if *days <= 0.0 => "passed already".to_owned(),
            Some(days) if *days < 2.0 => format!("in {:.1} hours", days * 24.0),
            Some(days) => format!("in {days:.1} days"),
        };
        text.push_str(&format!("  {threshold}: {when}\n"));
    }
    text
}

fn signed(number: f64) -> String {
    let sign = if number < 0.0 { "-" } else { "" };
    format!("{sign}{}", grouped(number.abs() as u64))
}
