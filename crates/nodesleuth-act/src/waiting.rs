//! Waiting for a child, but not for ever.

use std::io;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_millis(5);

/// The child's exit status, or `None` when it still runs after `limit`.
pub(crate) fn wait_at_most(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let deadline = Instant::now() + limit;
    loop {
        let status = child.try_wait()?;
        if status.is_some() || Instant::now() >= deadline {
            return Ok(status);
        }
        std::thread::sleep(PAUSE);
    }
}
