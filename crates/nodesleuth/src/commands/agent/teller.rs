//! Tells the client what is going on, line by line on stderr.

use nodesleuth_cluster::AgentLine;
use nodesleuth_collect::Progress;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So often the window is told.
const WINDOW_EVERY: Duration = Duration::from_millis(500);

/// Whoever is told.
#[derive(Clone, Debug, Default)]
pub(super) struct Teller {
    window_told: Arc<Mutex<Option<Instant>>>,
}

impl Teller {
    pub(super) fn tell(&self, line: &AgentLine) {
        // A client that is gone is noticed at stdin.
        let _ = io::stderr()
            .lock()
            .write_all(format!("{line}\n").as_bytes());
    }
}

impl Progress for Teller {
    fn stage(&self, what: &str) {
        self.tell(&AgentLine::Stage(what.to_owned()));
    }

    fn window(&self, elapsed: Duration, total: Duration) {
        let mut told = self
            .window_told
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if told.is_none_or(|told| told.elapsed() >= WINDOW_EVERY) {
            *told = Some(Instant::now());
            self.tell(&AgentLine::Window(elapsed, total));
        }
    }
}
