//! The kernel's perf events: rings that it fills and we empty.

mod event;
mod mapping;
mod ring;
mod rings;

pub(crate) use event::{Attributes, Scope, TASK_RECORDS, attach, open, open_with, redirect, start};
pub(crate) use ring::{Ring, Sample};
pub(crate) use rings::{Rings, online_cpus};
