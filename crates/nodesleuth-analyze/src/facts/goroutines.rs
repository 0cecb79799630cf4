//! Facts about the target's goroutines and its Go heap.

use super::{FactDef, FactType, absent, number, text};
use crate::input::Input;
use nodesleuth_model::Missing;
use nodesleuth_model::evidence::{GoroutineState, Goroutines, HeapUse};

/// cAdvisor has one goroutine for each cgroup that it follows, which begins with this.
const HOUSEKEEPER: &str = "github.com/google/cadvisor/manager.(*containerData).housekeeping";
const GOROUTINES: &str = "/debug/pprof/goroutine";
const HEAP: &str = "/debug/pprof/heap";

pub(super) const FACTS: &[FactDef] = &[
    FactDef {
        name: "goroutines.count",
        kind: FactType::Number,
        unit: "count",
        doc: "Goroutines of the target after the window.",
        derive: |input| number(goroutines(input)?.total as f64, GOROUTINES),
    },
    FactDef {
        name: "goroutines.top",
        kind: FactType::Text,
        unit: "",
        doc: "Function that most of them are in, outside the runtime.",
        derive: |input| {
            let top = goroutines(input)?.groups.first();
            let top = top.ok_or_else(|| absent("it has no goroutine"))?;
            text(&top.at, GOROUTINES)
        },
    },
    FactDef {
        name: "goroutines.top_count",
        kind: FactType::Number,
        unit: "count",
        doc: "Goroutines that are in that function.",
        derive: |input| {
            let top = goroutines(input)?.groups.first();
            let top = top.ok_or_else(|| absent("it has no goroutine"))?;
            number(top.count as f64, GOROUTINES)
        },
    },
    FactDef {
        name: "goroutines.waiting_for_lock",
        kind: FactType::Number,
        unit: "count",
        doc: "Goroutines that wait for a mutex that another holds.",
        derive: |input| {
            let states = &goroutines(input)?.states;
            let waiting = states.get(&GoroutineState::Lock).copied();
            number(waiting.unwrap_or(0) as f64, GOROUTINES)
        },
    },
    FactDef {
        name: "heap.in_use",
        kind: FactType::Number,
        unit: "bytes",
        doc: "Heap that was alive at the last garbage collection, by Go's own samples.",
        derive: |input| number(heap(input)?.in_use.0 as f64, HEAP),
    },
    FactDef {
        name: "heap.top",
        kind: FactType::Text,
        unit: "",
        doc: "Function that allocated most of it.",
        derive: |input| {
            let top = heap(input)?.functions.first();
            let top = top.ok_or_else(|| absent("nothing of it has a function"))?;
            text(&top.function, HEAP)
        },
    },
];

fn goroutines<'a>(input: &Input<'a>) -> Result<&'a Goroutines, Missing> {
    input.evidence.goroutines.require("goroutines")
}

fn heap<'a>(input: &Input<'a>) -> Result<&'a HeapUse, Missing> {
    input.evidence.heap.require("the heap")
}

/// Cgroups that its cAdvisor follows, counted by their housekeepers.
pub(super) fn housekeepers(input: &Input<'_>) -> Option<u64> {
    let groups = &input.evidence.goroutines.value()?.groups;
    let housekeepers = groups.iter().filter(|group| group.began == HOUSEKEEPER);
    let count: u64 = housekeepers.map(|group| group.count).sum();
    (count > 0).then_some(count)
}
