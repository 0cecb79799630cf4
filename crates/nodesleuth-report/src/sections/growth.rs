//! Who makes cgroups, and when reading them will be slow.

use super::Section;
use crate::document::Block;
use nodesleuth_model::units::grouped;
use nodesleuth_model::{Diagnosis, FactValue};

pub(super) struct Growth;

impl Section for Growth {
    fn title(&self) -> &'static str {
        "Who makes cgroups"
    }

    fn build(&self, diagnosis: &Diagnosis) -> Vec<Block> {
        let number = |name: &str| match value(diagnosis, name)? {
            FactValue::Number(number) => Some(*number),
            FactValue::Flag(_) | FactValue::Text(_) => None,
        };
        let text = |name: &str| value(diagnosis, name).map(ToString::to_string);
        let Some(made) = number("cgroup.growth.made_per_day").filter(|made| *made > 0.0) else {
            return Vec::new();
        };
        let source = diagnosis.facts.get("cgroup.growth.made_per_day");
        let mut line = format!(
            "{} memory cgroups a day at the rate of this window ({})",
            grouped(made as u64),
            source.map_or("", |fact| fact.source.as_str())
        );
        if let Some(pattern) = text("cgroup.growth.pattern") {
            line.push_str(&format!(", most of them {pattern}"));
        }
        if let Some(maker) = text("cgroup.growth.maker") {
            line.push_str(&format!(", made by {maker}"));
        }
        if let Some(whose) = text("cgroup.growth.whose") {
            line.push_str(&format!(" ({whose})"));
        }
        line.push('.');
        if let Some(dying) = number("cgroup.growth.dying_per_day").filter(|dying| *dying > 0.0) {
            line.push_str(&format!(" {} a day stay dying.", grouped(dying as u64)));
        }
        let passes: Vec<String> = [
            ("10 ms", "cgroup.growth.days_to_10ms"),
            ("100 ms", "cgroup.growth.days_to_100ms"),
            ("1 s", "cgroup.growth.days_to_1s"),
        ]
        .into_iter()
        .filter_map(|(time, name)| Some((time, number(name).filter(|days| *days > 0.0)?)))
        .map(|(time, days)| format!("{time} in {days:.1} days"))
        .collect();
        if !passes.is_empty() {
            line.push_str(&format!(
                " One read of the root's memory.stat then takes {}.",
                passes.join(", ")
            ));
        }
        vec![Block::Paragraph(line)]
    }
}

fn value<'a>(diagnosis: &'a Diagnosis, name: &str) -> Option<&'a FactValue> {
    diagnosis.facts.get(name)?.value.as_ref()
}
