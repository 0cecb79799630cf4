//! `top` by the kernel's task iterator and by /proc: both count the same.

use crate::support::{binary, finish, must, nodesleuth, start};
use serde_json::Value;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

/// Starts `top` and waits for its first sample, after which every task that starts is new to it.
fn top(engine: &str, threads: &[&str], out: &Path) -> Child {
    let arguments = ["top", "-o", "json", "--engine", engine, "0.2"];
    let mut command = nodesleuth(&[&arguments[..], threads].concat());
    // A pipe that nobody reads would stop it.
    let child = command.stdout(File::create(out).unwrap()).spawn().unwrap();
    wait_for(|| fs::metadata(out).unwrap().len() > 0);
    child
}

fn wait_for(happened: impl Fn() -> bool) {
    let looked = (0..3000).any(|_| {
        thread::sleep(Duration::from_millis(20));
        happened()
    });
    assert!(looked, "it never happens");
}

/// Looks that `top` has written down.
fn looks(out: &Path) -> usize {
    let text = fs::read_to_string(out).unwrap();
    let rows = text
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    // The rows of one look stand together.
    let mut times: Vec<String> = rows.map(|row| row["at"].to_string()).collect();
    times.dedup();
    times.len()
}

/// What a process used in all, in seconds and times, by name of the figure.
fn used(out: &str, pid: u32) -> [f64; 5] {
    let mut rows = out
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let row = rows.rfind(|row| row["kind"] == "average" && row["pid"] == pid);
    let row = row.unwrap_or_else(|| panic!("no average of {pid} in {out}"));
    let seconds = row["seconds"].as_f64().unwrap();
    [
        ("cpu_percent", 0.01),
        ("user_percent", 0.01),
        ("system_percent", 0.01),
        ("voluntary_switches_per_second", 1.0),
        ("wait_percent", 0.01),
    ]
    .map(|(name, unit)| row[name].as_f64().unwrap() * unit * seconds)
}

#[test]
#[ignore = "needs root"]
fn the_iterator_and_proc_count_the_same() {
    for threads in [&[][..], &["--threads"]] {
        let folder = tempfile::tempdir().unwrap();
        let tops = ["iter", "proc"].map(|engine| {
            let out = folder.path().join(engine);
            (top(engine, threads, &out), out)
        });
        let mut command = Command::new("sh");
        let script = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; echo done; read line";
        command.args(["-c", script]).stdin(Stdio::piped());
        let mut busy = start(&mut command);
        let mut line = String::new();
        let mut out = BufReader::new(busy.stdout.as_mut().unwrap());
        out.read_line(&mut line).unwrap();
        assert_eq!(line, "done\n");
        // It rests now; both look once more, and once more to have begun that look after it.
        let [ours, proc] = tops.map(|(mut child, out)| {
            let before = looks(&out);
            wait_for(|| looks(&out) >= before + 3);
            must(Command::new("kill").args(["-INT", &child.id().to_string()]));
            child.wait().unwrap();
            used(&fs::read_to_string(out).unwrap(), busy.id())
        });
        for (one, other) in ours.into_iter().zip(proc) {
            // A tick, and what rounding to thousandths loses.
            let fits = (one - other).abs() <= 0.0101 + other / 1000.0;
            assert!(fits, "{threads:?}: {ours:?} {proc:?}");
        }
        assert!(ours[0] > 0.1, "{ours:?}");
        drop(busy.stdin.take());
        busy.wait().unwrap();
    }
}

#[test]
#[ignore = "needs root"]
fn who_may_not_use_the_iterator_reads_proc_and_is_told_why() {
    let mut command = Command::new("setpriv");
    command
        .args(["--bounding-set=-all", "--inh-caps=-all"])
        .args([binary(), "top", "0.2", "1"])
        .stdin(Stdio::null());
    let run = finish(start(&mut command));
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.err.contains("reading /proc"), "{run:?}");
    assert!(run.err.contains("not permitted"), "{run:?}");
}
