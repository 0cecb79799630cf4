//! A process that removes our pod when we cannot: after `kill -9`, a crash, a second Ctrl-C.
//!
//! It waits at the read end of a pipe whose only write end is ours and closes on exec; the end of
//! the pipe is the end of us. It is out of reach of Ctrl-C and of a closed terminal. What it cannot
//! survive is the end of its machine: then the pod's own deadline ends the pod, and
//! `nodesleuth clean --cluster` removes what is left of it.

use super::cluster_choice::ClusterArgs;
use crate::failure::Failure;
use crate::output;
use nodesleuth_cluster::PodRun;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The hidden command.
pub(crate) const COMMAND: &str = "__pod-guardian";

/// What it says when it listens.
const READY: &str = "ready\n";
/// What it is told when there is nothing to do.
const DISMISSED: &[u8] = b"dismissed";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    namespace: String,
    name: String,
    #[command(flatten)]
    cluster: ClusterArgs,
}

/// A running guardian; dropped, it does its work.
#[derive(Debug)]
pub(crate) struct PodGuardian {
    child: Child,
    pipe: ChildStdin,
}

impl PodGuardian {
    /// Starts it before the pod is made.
    pub(crate) fn start(run: &PodRun, cluster: &ClusterArgs) -> Result<Self, Failure> {
        let failed = |error: io::Error| {
            Failure::usage(
                format!("cannot start the process that removes the pod if we are killed: {error}"),
                "is /proc mounted, and can processes be started?",
            )
        };
        let mut child = Command::new("/proc/self/exe")
            .args([COMMAND, run.namespace(), run.name()])
            .args(cluster.words())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let (Some(pipe), Some(mut said)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(failed(io::ErrorKind::BrokenPipe.into()));
        };
        let mut ready = vec![0; READY.len()];
        said.read_exact(&mut ready).map_err(failed)?;
        Ok(Self { child, pipe })
    }

    /// The pod is gone: there is nothing to guard.
    pub(crate) fn dismiss(mut self) {
        // If it is gone already, so is what it was for.
        let _ = self.pipe.write_all(DISMISSED);
        drop(self.pipe);
        let _ = self.child.wait();
    }
}

/// Waits for the end of whoever started us, and removes the pod if it is still theirs to remove.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    for signal in [SIGHUP, SIGINT, SIGTERM] {
        // A flag that nobody looks at: the signal is for others.
        let _ = signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false)));
    }
    output::print(READY)?;
    let mut told = Vec::new();
    // A pipe that breaks has ended too.
    let _ = io::stdin().lock().read_to_end(&mut told);
    if told == DISMISSED {
        return Ok(());
    }
    let cluster = args.cluster.connect()?;
    Ok(cluster.remove_left_pod(&args.namespace, &args.name)?)
}
