//! The kernel's perf events: rings that it fills and we empty.

mod event;
mod mapping;
mod ring;
mod rings;

pub(crate) use event::{Attributes, Scope, attach, open, open_telling, redirect, start, stop};
pub(crate) use ring::{Ring, Sample};
pub(crate) use rings::{Rings, online_cpus};
