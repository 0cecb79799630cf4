//! How deep the kernel walks a stack.

use std::fs;

/// Of a kernel that cannot be asked; also what our programs have room for.
const USUAL: u32 = 127;

/// A stack of so many frames is taken to go on.
pub(super) fn most_frames() -> u32 {
    let text = fs::read_to_string("/proc/sys/kernel/perf_event_max_stack");
    let allowed = text.ok().and_then(|text| text.trim().parse().ok());
    allowed.unwrap_or(USUAL).min(USUAL)
}
