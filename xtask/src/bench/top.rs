//! `nodesleuth top --threads` against `pidstat -t` on the same machine with 2,000 threads more.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::unistd::geteuid;

use crate::bench::cpu::{self, Cpu, median};
use crate::bench::threads;
use crate::bounded::{self, Running};
use crate::failure::{Failure, Result, While};
use crate::workspace::Workspace;

const THREADS: usize = 2000;
const REPEATS: usize = 5;
const LOOKS: &str = "10";
const RUN_LIMIT: Duration = Duration::from_secs(60);
const INSTALL_LIMIT: Duration = Duration::from_secs(300);

pub(crate) fn measure(_: &Workspace, binary: &Path) -> Result<String> {
    have_pidstat()?;
    let process = threads::start(THREADS)?;
    let mut pairs = Vec::new();
    for _ in 0..REPEATS {
        let ours = cpu::of(
            Command::new(binary).args(["top", "--threads", "1", "5"]),
            RUN_LIMIT,
        )?;
        let theirs = cpu::of(Command::new("pidstat").args(["-t", "1", "5"]), RUN_LIMIT)?;
        pairs.push((ours, theirs));
    }
    drop(process);
    let idle = looks(binary, threads::start(THREADS)?)?;
    let working = looks(binary, threads::start_working(THREADS)?)?;
    Ok(format!(
        "{}{}",
        describe(&pairs),
        describe_looks(&idle, &working)
    ))
}

/// CPU of the first look with all that goes before it, and of each later one, in nanoseconds.
#[derive(serde::Deserialize)]
struct Looks {
    start_ns: f64,
    look_ns: Vec<f64>,
}

/// By the kernel's iterator and by /proc, in turns.
fn looks(binary: &Path, process: Running) -> Result<[Looks; 2]> {
    let mut both = [Vec::new(), Vec::new()];
    for _ in 0..REPEATS {
        for (engine, runs) in ["iter", "proc"].iter().zip(&mut both) {
            let mut command = Command::new(binary);
            command.args(["__look-at-tasks", engine, LOOKS]);
            let said = bounded::output(&mut command, RUN_LIMIT)?.success("looking at tasks")?;
            let looks: Looks =
                serde_json::from_str(&said).doing(|| "reading what looks took".to_owned())?;
            runs.push(looks);
        }
    }
    drop(process);
    Ok(both.map(|runs| Looks {
        start_ns: median(runs.iter().map(|run| run.start_ns)),
        look_ns: vec![median(runs.into_iter().flat_map(|run| run.look_ns))],
    }))
}

fn describe_looks(idle: &[Looks; 2], working: &[Looks; 2]) -> String {
    let ms = |ns: f64| format!("{:.2} ms", ns / 1e6);
    let row = |what: &str, [iterator, proc]: &[Looks; 2]| {
        let look = |looks: &Looks| median(looks.look_ns.iter().copied());
        format!(
            "| {what} | {} | {} | **{:.1}** | {} | {} |\n",
            ms(look(iterator)),
            ms(look(proc)),
            look(proc) / look(iterator),
            ms(iterator.start_ns),
            ms(proc.start_ns)
        )
    };
    format!(
        "\nCPU of one look at all threads of the machine, by the kernel's task iterator and by \
         /proc ({LOOKS} looks in each of {REPEATS} runs in turns; wanted where all run: at least \
         10 times less), and of the first look with what prepares it:\n\n\
         | {THREADS} threads | iterator | /proc | times less | first, iterator | first, /proc |\n\
         |---|---|---|---|---|---|\n{}{}",
        row("4 of them run", idle),
        row("all run", working)
    )
}

fn describe(pairs: &[(Cpu, Cpu)]) -> String {
    let middle = |figure: fn(&(Cpu, Cpu)) -> f64| median(pairs.iter().map(figure));
    format!(
        "## top against pidstat\n\n\
         One process with {THREADS} threads (4 of them work a little) beside what else runs; both \
         programs look at every thread of the machine, five times, a second apart. CPU seconds of \
         a run, {REPEATS} runs each in turns.\n\n\
         | command | user | kernel | CPU |\n|---|---|---|---|\n\
         | `nodesleuth top --threads 1 5` | {:.3} s | {:.3} s | {:.3} s |\n\
         | `pidstat -t 1 5` | {:.3} s | {:.3} s | {:.3} s |\n\n\
         **pidstat uses {:.1} times the CPU** (median of the pairs; at least 10 is wanted).\n",
        middle(|(ours, _)| ours.user),
        middle(|(ours, _)| ours.kernel),
        middle(|(ours, _)| ours.total()),
        middle(|(_, theirs)| theirs.user),
        middle(|(_, theirs)| theirs.kernel),
        middle(|(_, theirs)| theirs.total()),
        middle(|(ours, theirs)| theirs.total() / ours.total()),
    )
}

/// Installs Debian's sysstat if pidstat is not there.
fn have_pidstat() -> Result<()> {
    let mut version = Command::new("pidstat");
    version
        .arg("-V")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if bounded::run(&mut version, RUN_LIMIT).is_ok() {
        return Ok(());
    }
    if !geteuid().is_root() {
        return Err(Failure::new("pidstat", "not installed").remedy("apt-get install sysstat"));
    }
    let mut install = Command::new("apt-get");
    install
        .args(["install", "-y", "--no-install-recommends", "sysstat"])
        .env("DEBIAN_FRONTEND", "noninteractive");
    bounded::succeed(&mut install, INSTALL_LIMIT)
}
