//! A process with many threads to look at: most sleep, a few do a little work. Ends when its
//! standard input is closed, so it does not outlive who started it.

use std::io::{self, Read};
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::bounded::Running;
use crate::failure::{Failure, Result, While};
use crate::parent;

const WORKERS: usize = 4;
const WORK: Duration = Duration::from_micros(500);
const REST: Duration = Duration::from_millis(50);
/// Shorter than the pause between the looks that are measured.
const BETWEEN_WAKES: Duration = Duration::from_millis(150);
const STACK_BYTES: usize = 64 * 1024;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    count: usize,
    /// All of them work, not only a few.
    #[arg(long)]
    all_work: bool,
}

/// The process itself.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    for index in 0..args.count {
        let body: fn() = match (args.all_work, index < WORKERS) {
            (true, _) => wake,
            (false, true) => work,
            (false, false) => sleep,
        };
        thread::Builder::new()
            .stack_size(STACK_BYTES)
            .spawn(body)
            .doing(|| format!("starting thread {index}"))?;
    }
    println!("ready");
    let mut nothing = Vec::new();
    io::stdin()
        .read_to_end(&mut nothing)
        .doing(|| "waiting for the end".to_owned())?;
    Ok(ExitCode::SUCCESS)
}

fn work() {
    loop {
        let began = Instant::now();
        while began.elapsed() < WORK {
            std::hint::spin_loop();
        }
        thread::sleep(REST);
    }
}

/// Runs, but not for long.
fn wake() {
    loop {
        thread::sleep(BETWEEN_WAKES);
    }
}

fn sleep() {
    loop {
        thread::park();
    }
}

/// Starts the process and returns when all threads are there.
pub(crate) fn start(count: usize) -> Result<Running> {
    start_with(count, &[])
}

/// The same with threads that all run now and then.
pub(crate) fn start_working(count: usize) -> Result<Running> {
    start_with(count, &["--all-work"])
}

fn start_with(count: usize, options: &[&str]) -> Result<Running> {
    let mut command = Command::new(parent::OURSELVES);
    command
        .args(["__threads", &count.to_string()])
        .args(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut process = Running::start(&mut command)?;
    let mut said = [0; 6];
    let read = match &mut process.child().stdout {
        Some(stdout) => stdout.read_exact(&mut said),
        None => Ok(()),
    };
    read.doing(|| format!("starting {count} threads"))?;
    if &said == b"ready\n" {
        Ok(process)
    } else {
        Err(Failure::new(
            "starting threads",
            "the helper said something else",
        ))
    }
}
