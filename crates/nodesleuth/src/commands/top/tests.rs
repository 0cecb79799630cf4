//! `top` on a made-up node: a clock that writes files when it is waited on.

use super::*;
use nodesleuth_model::BootNanos;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// A clock that moves when it is waited on, and then lets something happen.
struct FakeClock<'a> {
    now: AtomicU64,
    happens: Box<dyn Fn(u64) + Sync + 'a>,
}

impl<'a> FakeClock<'a> {
    /// `happens` is told the seconds since the beginning.
    fn new(happens: impl Fn(u64) + Sync + 'a) -> Self {
        Self {
            now: AtomicU64::new(100_000_000_000),
            happens: Box::new(happens),
        }
    }
}

impl Clock for FakeClock<'_> {
    fn boot(&self) -> BootNanos {
        BootNanos(self.now.load(Ordering::Relaxed))
    }

    fn utc_unix_nanos(&self) -> u64 {
        1_700_000_000_000_000_000
    }

    fn wait(&self, time: Duration) {
        let step = u64::try_from(time.as_nanos()).unwrap();
        let now = self.now.fetch_add(step, Ordering::Relaxed) + step;
        (self.happens)(now / 1_000_000_000 - 100);
    }
}

/// Writes the files of a thread that has run for so many seconds, half of them in the kernel.
fn thread(root: &Path, pid: u32, tid: u32, seconds: u64) {
    let mut folders = vec![root.join(format!("proc/{pid}/task/{tid}"))];
    folders.extend((pid == tid).then(|| root.join(format!("proc/{pid}"))));
    for folder in folders {
        fs::create_dir_all(&folder).unwrap();
        let ticks = seconds * 50;
        let stat = format!(
            "{tid} (kube\u{1b}let) S 1 1 1 0 -1 0 0 0 0 0 {ticks} {ticks} 0 0 20 0 1 0 1000 4096 25\n"
        );
        fs::write(folder.join("stat"), stat).unwrap();
        let status = format!(
            "Name:\tkubelet\nTgid:\t{pid}\nvoluntary_ctxt_switches:\t{}\n\
             nonvoluntary_ctxt_switches:\t0\n",
            seconds * 8
        );
        fs::write(folder.join("status"), status).unwrap();
        let schedstat = format!("{seconds}000000000 {seconds}00000000 {}\n", seconds * 8);
        fs::write(folder.join("schedstat"), schedstat).unwrap();
    }
}

fn args(typed: &[&str]) -> Args {
    #[derive(clap::Parser)]
    struct Cli {
        #[command(flatten)]
        args: Args,
    }
    let typed = ["top"].iter().chain(typed);
    <Cli as clap::Parser>::try_parse_from(typed).unwrap().args
}

fn run_on(
    root: &Path,
    typed: &[&str],
    cancel: &Cancel,
    happens: impl Fn(u64) + Sync,
) -> Result<String, Failure> {
    let (node, clock) = (Node::at(root), FakeClock::new(happens));
    let watch = Watch {
        args: &args(typed),
        node: &node,
        clock: &clock,
        cancel,
    };
    let mut out = Vec::new();
    watch.run(&mut out)?;
    Ok(String::from_utf8(out).unwrap())
}

#[test]
fn one_sample_is_shown_when_nothing_is_asked_for() {
    let root = tempfile::tempdir().unwrap();
    thread(root.path(), 7, 7, 4);
    thread(root.path(), 9, 9, 4);
    let shown = run_on(root.path(), &[], &Cancel::default(), |second| {
        thread(root.path(), 7, 7, 4 + second);
    });
    let expected = "
2023-11-14T22:13:20Z, interval 1.00 s, 1 of 2 processes ran
     PID    %user  %system    %wait     %CPU   cswch/s nvcswch/s  COMMAND
       7    50.00    50.00    10.00   100.00       8.0       0.0  kube�let
";
    assert_eq!(shown.unwrap(), expected);
}

#[test]
fn averages_follow_the_samples_that_were_asked_for() {
    let root = tempfile::tempdir().unwrap();
    thread(root.path(), 7, 7, 4);
    thread(root.path(), 7, 8, 4);
    let typed = ["--threads", "2", "3"];
    let shown = run_on(root.path(), &typed, &Cancel::default(), |second| {
        thread(root.path(), 7, 8, 4 + second.min(3));
    });
    let shown = shown.unwrap();
    let (samples, average) = shown
        .split_once("\nAverage over 6.00 s, 1 threads ran\n")
        .unwrap();
    assert_eq!(samples.matches("interval 2.00 s, ").count(), 3);
    assert!(
        average.contains("       7        8    25.00    25.00"),
        "{average}"
    );
}

#[test]
fn json_is_one_object_a_line_and_unknown_is_null() {
    let root = tempfile::tempdir().unwrap();
    thread(root.path(), 7, 7, 4);
    fs::remove_file(root.path().join("proc/7/task/7/schedstat")).unwrap();
    fs::remove_file(root.path().join("proc/7/schedstat")).unwrap();
    let typed = ["--threads", "--pid", "7", "-o", "json", "1", "1"];
    let shown = run_on(root.path(), &typed, &Cancel::default(), |second| {
        thread(root.path(), 7, 7, 4 + second);
        fs::remove_file(root.path().join("proc/7/task/7/schedstat")).unwrap();
    });
    let shown = shown.unwrap();
    let lines: Vec<serde_json::Value> = shown
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let kinds: Vec<&str> = lines
        .iter()
        .map(|line| line["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["sample", "average"]);
    let sample = &lines[0];
    assert_eq!((&sample["pid"], &sample["tid"]), (&7.into(), &7.into()));
    assert_eq!(
        (&sample["user_percent"], &sample["cpu_percent"]),
        (&50.0.into(), &100.0.into())
    );
    assert!(sample["wait_percent"].is_null());
    assert_eq!(sample["at"], "2023-11-14T22:13:20.000Z");
}

#[test]
fn an_interrupt_closes_the_interval_and_averages_follow() {
    let root = tempfile::tempdir().unwrap();
    thread(root.path(), 7, 7, 4);
    let cancel = Cancel::default();
    let shown = run_on(root.path(), &["10"], &cancel, |second| {
        thread(root.path(), 7, 7, 4 + second);
        cancel.flag().store(second == 2, Ordering::Relaxed);
    });
    let shown = shown.unwrap();
    assert!(
        shown.contains("interval 2.00 s, 1 of 1 processes ran"),
        "{shown}"
    );
    assert!(shown.contains("Average over 2.00 s"), "{shown}");
}

#[test]
fn a_process_that_ends_is_told_and_what_was_measured_stays() {
    let root = tempfile::tempdir().unwrap();
    thread(root.path(), 7, 7, 4);
    let shown = run_on(
        root.path(),
        &["--pid", "7", "1"],
        &Cancel::default(),
        |second| {
            let folder = root.path().join("proc/7");
            match second {
                0 | 1 => thread(root.path(), 7, 7, 4 + second),
                _ if folder.exists() => fs::remove_dir_all(folder).unwrap(),
                _ => {}
            }
        },
    );
    let shown = shown.unwrap();
    assert!(shown.contains("Average over 1.00 s"), "{shown}");
    assert!(
        shown.ends_with("\nprocess 7 has ended, 1.00 s were measured\n"),
        "{shown}"
    );
}

#[test]
fn a_wrong_pid_is_named_and_a_thread_told_apart() {
    let root = tempfile::tempdir().unwrap();
    thread(root.path(), 7, 8, 4);
    fs::create_dir_all(root.path().join("proc/8")).unwrap();
    fs::write(
        root.path().join("proc/8/status"),
        "Name:\tkubelet\nTgid:\t7\n",
    )
    .unwrap();
    let error = |pid| {
        let typed = ["--pid", pid];
        let failure = run_on(root.path(), &typed, &Cancel::default(), |_| ()).unwrap_err();
        let help = miette::Diagnostic::help(&failure).unwrap().to_string();
        (failure.to_string(), help)
    };
    let (nobody, help) = error("99");
    assert_eq!(nobody, "there is no process 99");
    assert!(help.contains("without --pid"), "{help}");
    let (thread, help) = error("8");
    assert_eq!(thread, "8 is a thread of process 7");
    assert_eq!(help, "use --pid 7 --threads");
}
