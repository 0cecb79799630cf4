//! Facts about what a first read of memory.stat does for those after it: counters that were put
//! off are summed up then (rstat flush).

use super::{FactDef, FactType, absent, number, text};
use crate::input::Input;
use nodesleuth_model::evidence::{ReadOutcome, TimedRead};
use nodesleuth_model::{Missing, Nanos};

pub(super) const FACTS: &[FactDef] = &[
    FactDef {
        name: "cgroup.flush.first_seconds",
        kind: FactType::Number,
        unit: "seconds",
        doc: "CPU time of the first of several reads of a memory.stat, of the file for which it was \
              longest.",
        derive: |input| number(longest(input)?.first.seconds(), SOURCE),
    },
    FactDef {
        name: "cgroup.flush.again_seconds",
        kind: FactType::Number,
        unit: "seconds",
        doc: "CPU time of the fastest read of the same file.",
        derive: |input| number(longest(input)?.again.seconds(), SOURCE),
    },
    FactDef {
        name: "cgroup.flush.path",
        kind: FactType::Text,
        unit: "",
        doc: "Which file that was.",
        derive: |input| text(&longest(input)?.read.path, SOURCE),
    },
];

const SOURCE: &str = "timed reads";

struct FirstAndAgain<'a> {
    read: &'a TimedRead,
    first: Nanos,
    again: Nanos,
}

fn longest<'a>(input: &Input<'a>) -> Result<FirstAndAgain<'a>, Missing> {
    let timed = input.evidence.timed_reads.require("timed reads")?;
    let stats = timed
        .reads
        .iter()
        .filter(|read| read.file_name() == "memory.stat");
    let pairs = stats.filter_map(|read| match read.outcome {
        ReadOutcome::Read {
            cpu,
            repeats,
            first_cpu: Some(first),
            ..
        } if repeats > 1 => Some(FirstAndAgain {
            read,
            first,
            again: cpu,
        }),
        _ => None,
    });
    let longest = { pairs }.max_by_key(|pair| pair.first);
    longest.ok_or_else(|| absent("no memory.stat was read more than once"))
}
