//! The first SIGINT or SIGTERM closes the window and what there is gets reported; a second one
//! aborts.

use nodesleuth_collect::Cancel;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// The exit code of a process that a signal ended: 128 + SIGINT.
const ABORTED: i32 = 130;

/// A flag that the first signal sets.
pub(crate) fn cancel() -> Cancel {
    let cancel = Cancel::default();
    for signal in [SIGINT, SIGTERM] {
        // In this order: the second signal finds the flag set by the first. Failing to install a
        // handler leaves the default, which ends us: no harm.
        let _ = flag::register_conditional_shutdown(signal, ABORTED, cancel.flag());
        let _ = flag::register(signal, cancel.flag());
    }
    cancel
}
