//! The bundle through the container's log, where exec is forbidden: the pod's first process does
//! the work and writes it as numbered lines, which are read once it has ended.

use super::listener::Listener;
use super::state::PodState;
use super::{Following, MOST_BUNDLE_BYTES, OVERHEAD, log_lines, spec};
use crate::request::{Bounds, interrupted, stopped};
use crate::{Cluster, ClusterError};
use nodesleuth_collect::Quiet;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// How often it is looked whether it has ended.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Base64 takes a third more.
const LOG: Bounds = Bounds {
    bytes: (MOST_BUNDLE_BYTES as u64) / 3 * 4 + (1 << 20),
    ..Bounds::PAGE
};

impl Cluster {
    pub(super) async fn bundle_by_log(
        &self,
        following: &Following<'_>,
    ) -> Result<Vec<u8>, ClusterError> {
        let run = following.run;
        following.progress.stage("measuring on the node");
        let code = self.end(following).await?;
        let path = format!("{}/log?container={}", run.path(), spec::CONTAINER);
        let log = self.requester.bytes(&path, LOG).await;
        let log =
            log.map_err(|refusal| ClusterError::refused("reading the pod's log", &refusal))?;
        let log = String::from_utf8_lossy(&log);
        let mut listener = Listener::new(&Quiet, following.note);
        let others = log.lines().filter(|line| !line.starts_with("@bundle"));
        others.for_each(|line| listener.line(line));
        if code != 0 {
            let what = format!("the agent in the pod ended with exit code {code}");
            let help = "`--via pod` without --via-logs shows more, where exec is allowed";
            return Err(listener.failure(&what, help));
        }
        log_lines::bundle_of(&log).map_err(|why| {
            ClusterError::new(
                why,
                "the node keeps too little of a log (containerLogMaxSize), or loses lines: a shorter --window and \
                 --no-stacks make a smaller bundle",
            )
        })
    }

    /// Its exit code.
    async fn end(&self, following: &Following<'_>) -> Result<i64, ClusterError> {
        let Following { run, progress, .. } = *following;
        let began = Instant::now();
        loop {
            match self.state(following).await? {
                PodState::Ended(code) => return Ok(code),
                PodState::Broken(error) => return Err(error),
                PodState::NotSeen | PodState::Starting(_) | PodState::Running => {}
            }
            let passed = began.elapsed();
            progress.window(passed.min(run.options.work), run.options.work);
            if passed > run.options.work + OVERHEAD {
                return Err(ClusterError::new(
                    format!("the agent did not end within {:.0} s", passed.as_secs_f64()),
                    "the node may be too busy: a shorter --window, --no-stacks and --no-trace ask less of it",
                ));
            }
            tokio::select! {
                () = sleep(LOOK_EVERY) => {}
                () = stopped(following.cancel) => {
                    return Err(ClusterError::refused("waiting for the agent", &interrupted()));
                }
            }
        }
    }
}
