//! What `analyze` costs on a large log of strace and a large log of the kubelet.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::bench::cpu::{self, median};
use crate::failure::{Result, While};
use crate::workspace::Workspace;

const BYTES: usize = 10 << 20;
const REPEATS: usize = 5;
const RUN_LIMIT: Duration = Duration::from_secs(60);

pub(crate) fn measure(_: &Workspace, binary: &Path) -> Result<String> {
    let folder = tempfile::tempdir().doing(|| "a folder for the logs".to_owned())?;
    let mut rows = String::new();
    for (name, line) in [
        ("strace -f -tt -T", strace_line as fn(usize) -> String),
        ("kubelet's log", log_line),
    ] {
        let mut text = String::new();
        let mut at = 0;
        while text.len() < BYTES {
            text.push_str(&line(at));
            at += 1;
        }
        let path = folder.path().join("log.txt");
        fs::write(&path, &text).doing(|| "writing a log".to_owned())?;
        let mut runs = Vec::new();
        for _ in 0..REPEATS {
            let mut command = Command::new(binary);
            runs.push(cpu::of(
                command.arg("analyze").arg(&path).args(["-o", "json"]),
                RUN_LIMIT,
            )?);
        }
        let _ = writeln!(
            rows,
            "| {name} | {at} | **{:.3} s** |",
            median(runs.iter().map(|run| run.total()))
        );
    }
    Ok(format!(
        "## analyze of large logs\n\n\
         Logs of {} MiB in which pids, times, paths and results change; CPU seconds of `nodesleuth analyze FILE -o json`, \
         median of {REPEATS} runs.\n\n\
         | log | lines | CPU |\n|---|---|---|\n{rows}\n\
         Under 1 s is wanted.\n",
        BYTES >> 20
    ))
}

/// Calls as a kubelet makes them.
fn strace_line(at: usize) -> String {
    let pid = 1000 + at % 40;
    let (seconds, micros) = (at / 2_000 % 60, at % 2_000 * 500);
    let head = format!("{pid} 15:54:{seconds:02}.{micros:06} ");
    let call = match at % 5 {
        0 => format!(
            "futex(0xc{at:09x}, FUTEX_WAIT_PRIVATE, 0, {{tv_sec=0, tv_nsec={at}}}) = -1 ETIMEDOUT (Connection timed out) <0.0{:05}>",
            at % 99_999
        ),
        1 => format!(
            "openat(AT_FDCWD, \"/sys/fs/cgroup/memory/kubepods/pod{at:08x}/memory.stat\", O_RDONLY|O_CLOEXEC) = {} <0.000021>",
            at % 900
        ),
        2 => format!(
            "read({}, \"cache 0\\nrss 0\\n\"..., 4096) = 1234 <0.000{:03}>",
            at % 900,
            at % 999
        ),
        3 => format!(
            "newfstatat(AT_FDCWD, \"/var/lib/kubelet/pods/{at:08x}\", 0xc000, 0) = -1 ENOENT (No such file or directory) <0.000009>"
        ),
        _ => format!("close({}) = 0 <0.000007>", at % 900),
    };
    format!("{head}{call}\n")
}

/// Lines as cAdvisor in the kubelet writes them.
fn log_line(at: usize) -> String {
    let (seconds, micros) = (at / 500 % 60, at % 500 * 2_000);
    format!(
        "I1123 16:30:{seconds:02}.{micros:06}   12571 fsHandler.go:131] du and find on following dirs took {}.{:03}s: \
         [/var/lib/docker/overlay/{at:016x} /var/lib/docker/containers/{at:016x}]\n",
        at % 30,
        at % 1000
    )
}
