//! The agent in a pod: sees the node as a local run does, and hands the bundle to a client that is
//! elsewhere. Its stdin holds it: when that ends, the client is gone, and so is the agent.

mod host_view;
mod teller;

use super::TOOL;
use super::target_choice::TargetArgs;
use crate::bundle;
use crate::failure::Failure;
use miette::Diagnostic;
use nodesleuth_cluster::{AgentLine, PROTOCOL, STOP, bundle_as_lines};
use nodesleuth_collect::{Cancel, CollectError, Collected};
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;
use teller::Teller;

/// The hidden command.
pub(crate) const COMMAND: &str = "__pod-agent";

/// Exit code of an agent whose client is gone.
const LEFT_ALONE: i32 = 3;
/// Front ends cut what is silent for a minute.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// Watched where no agent is hot: the report then says so.
const QUIET_TARGET: &str = "kubelet";
/// Leads to our binary also where its path does not.
const OURSELVES: &str = "/proc/self/exe";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Keep a pod alive for so many seconds.
    Wait { seconds: u64 },
    /// Measure, and write the bundle to stdout; ends when stdin does.
    Collect(TargetArgs),
    /// Measure, and write the bundle to stdout as lines of a log.
    Log(TargetArgs),
}

pub(crate) fn run(args: &Args) -> ExitCode {
    match &args.what {
        What::Wait { seconds } => {
            thread::sleep(Duration::from_secs(*seconds));
            ExitCode::SUCCESS
        }
        What::Collect(target) => answer(target, true, |bundle, out| out.write_all(bundle)),
        What::Log(target) => answer(target, false, |bundle, out| {
            bundle_as_lines(bundle).try_for_each(|line| writeln!(out, "{line}"))
        }),
    }
}

fn answer(
    target: &TargetArgs,
    is_held: bool,
    write: impl Fn(&[u8], &mut dyn Write) -> io::Result<()>,
) -> ExitCode {
    let teller = Teller::default();
    teller.tell(&AgentLine::Hello {
        protocol: PROTOCOL,
        tool: TOOL.to_owned(),
    });
    let answered = bundle(target, is_held, &teller).and_then(|bundle| {
        let mut out = BufWriter::new(io::stdout().lock());
        write(&bundle, &mut out)?;
        Ok(out.flush()?)
    });
    match answered {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            teller.tell(&AgentLine::Error(failure.to_string()));
            if let Some(help) = failure.help() {
                teller.tell(&AgentLine::Help(help.to_string()));
            }
            ExitCode::from(2)
        }
    }
}

fn bundle(target: &TargetArgs, is_held: bool, teller: &Teller) -> Result<Vec<u8>, Failure> {
    // While there is one thread only: later ones could not follow.
    host_view::enter()?;
    let cancel = Cancel::default();
    if is_held {
        hold(&cancel);
    }
    let alive = teller.clone();
    thread::spawn(move || {
        loop {
            thread::sleep(HEARTBEAT);
            alive.tell(&AgentLine::Alive);
        }
    });
    let collected = collected(target, &cancel, teller)?;
    Ok(bundle::archive(&collected)?)
}

fn collected(target: &TargetArgs, cancel: &Cancel, teller: &Teller) -> Result<Collected, Failure> {
    let catalog = super::catalog::load(None)?;
    let collect = |target: &TargetArgs| {
        target.collect_here(&catalog, Some(PathBuf::from(OURSELVES)), cancel, teller)
    };
    match collect(target) {
        Err(Failure::Collect(CollectError::NothingHot { .. })) => {
            teller.tell(&AgentLine::Note(format!(
                "no known agent is hot on the node: the {QUIET_TARGET} is watched"
            )));
            collect(&TargetArgs {
                name: Some(QUIET_TARGET.to_owned()),
                ..target.clone()
            })
        }
        other => other,
    }
}

/// A word on stdin closes the window, its end ends us.
fn hold(cancel: &Cancel) {
    let stop = cancel.flag();
    thread::spawn(move || {
        for line in io::stdin().lines() {
            match line {
                Ok(line) if line == STOP.trim_end() => stop.store(true, Ordering::Relaxed),
                Ok(_) => {}
                Err(_) => break,
            }
        }
        std::process::exit(LEFT_ALONE);
    });
}
