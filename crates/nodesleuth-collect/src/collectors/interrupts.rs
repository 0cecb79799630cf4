//! Timer and rescheduling interrupts of each CPU, `/proc/interrupts`.

use super::shape::{AtBothEnds, parsed};
use nodesleuth_model::evidence::Interrupts;
use nodesleuth_parse::proc::interrupts;

const PATH: &str = "/proc/interrupts";

/// How often CPUs are woken by timers.
pub(super) static COLLECTOR: AtBothEnds<Interrupts> = AtBothEnds {
    name: "interrupts",
    read: |ctx| parsed(ctx.node, PATH, interrupts::parse),
    field: |evidence| &mut evidence.interrupts,
};
