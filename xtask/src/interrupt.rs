//! Ctrl-C and friends: the first one asks every loop to stop, so that guards clean up on the way
//! out; a second one ends the process at once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

use crate::failure::{Failure, Result, While};

/// Exit code of a process ended by SIGINT, as shells report it.
const INTERRUPTED: i32 = 130;
const POLL: Duration = Duration::from_millis(20);

static ASKED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Starts listening; called once, before any process is started.
pub(crate) fn listen() -> Result<()> {
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        flag::register_conditional_shutdown(signal, INTERRUPTED, Arc::clone(&ASKED))
            .and_then(|_| flag::register(signal, Arc::clone(&ASKED)))
            .doing(|| format!("listening for signal {signal}"))?;
    }
    Ok(())
}

pub(crate) fn asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}

/// An error once somebody asked to stop.
pub(crate) fn check() -> Result<()> {
    if asked() {
        Err(Failure::new("stopped", "interrupted by a signal"))
    } else {
        Ok(())
    }
}

/// Polls `ready` until it says yes (true), or `limit` is over (false), or somebody interrupts.
pub(crate) fn wait_until(limit: Duration, mut ready: impl FnMut() -> Result<bool>) -> Result<bool> {
    let end = Instant::now() + limit;
    loop {
        if ready()? {
            return Ok(true);
        }
        check()?;
        if Instant::now() >= end {
            return Ok(false);
        }
        std::thread::sleep(POLL);
    }
}
