//! Which cgroups hold no process, for people.

use super::text::told;
use nodesleuth_model::evidence::CgroupOccupancy;
use nodesleuth_model::units::grouped;
use nodesleuth_model::{Observed, printable};

pub(super) fn text(occupancy: &Observed<CgroupOccupancy>) -> String {
    let found = match occupancy {
        Observed::NotRequested => return String::new(),
        Observed::Unavailable(missing) => return format!("\nempty cgroups: {}\n", told(missing)),
        Observed::Value(found) => found,
    };
    let at_least = if found.partial { "at least " } else { "" };
    let mut text = format!(
        "\nwithout a process in them or below: {at_least}{} of {} cgroups of the memory hierarchy \
         ({} of CPU)\n",
        grouped(found.empty),
        grouped(found.cgroups),
        found.cost
    );
    for row in found.patterns.iter().filter(|row| row.empty > 0) {
        text.push_str(&format!(
            "{:>8} of {:<8} {:<23} {}\n",
            grouped(row.empty),
            grouped(row.count),
            row.kind.as_str(),
            printable(&row.pattern)
        ));
    }
    text
}
