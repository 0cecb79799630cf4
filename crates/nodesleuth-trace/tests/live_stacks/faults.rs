//! Rights that are missing, namespaces, memory that is too small, an end by force. What needs other
//! rights than ours runs as a process of its own: this test program again, asked for one test.

use crate::load::{Load, compiled};
use crate::{on_cpu_ns, options, remarks, schedstat_ns, watch_for, watched};
use aya::programs::loaded_programs;
use nodesleuth_trace::stacks::{StackEngine, StackOptions, StackTarget, start};
use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

/// What the other process is to watch: a process's number, `all`, or a program to start.
const TARGET: &str = "NODESLEUTH_TEST_TARGET";

/// The other process.
#[test]
#[ignore = "started by other tests"]
fn another_process() {
    let Ok(target) = env::var(TARGET) else {
        return;
    };
    let program = Path::new(&target);
    let mut own = program
        .is_absolute()
        .then(|| Load::start(program, &["split", "1"]));
    let target = match (&own, target.parse()) {
        (Some(own), _) => StackTarget::Process(own.pid()),
        (None, Ok(pid)) => StackTarget::Process(pid),
        (None, Err(_)) => StackTarget::All,
    };
    let mut session = match start(&StackOptions {
        hz: 999,
        ..StackOptions::new(target)
    }) {
        Ok(session) => session,
        Err(error) => {
            println!("refused: {error}");
            return;
        }
    };
    println!("watching with {}", session.engine());
    for (engine, reason) in session.not_used() {
        println!("not {engine}: {reason}");
    }
    if let Some(reason) = session.kernel_missing() {
        println!("no kernel: {reason}");
    }
    match (&mut own, target) {
        (Some(own), _) => drop(watched(own, &mut session)),
        (None, StackTarget::Process(pid)) => {
            while !is_zombie(pid) {
                watch_for(&mut session, Duration::from_millis(100));
            }
        }
        (None, StackTarget::All) => drop(watch_for(&mut session, Duration::from_secs(2))),
    }
    let capture = session.finish().unwrap();
    let kernel = capture.stacks.iter().filter(|it| !it.kernel.is_empty());
    println!("ns {}", on_cpu_ns(&capture.stacks));
    println!("kernel ns {}", on_cpu_ns(kernel));
    println!("{:?}", remarks(&capture));
}

/// Whether it has ended, and who started it has not asked yet.
fn is_zombie(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.map_or(true, |stat| stat.contains(") Z"))
}

fn other(words: &[&str], target: &str) -> Child {
    let ourselves = env::current_exe().unwrap();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).arg(ourselves);
    command.args([
        "faults::another_process",
        "--exact",
        "--ignored",
        "--nocapture",
    ]);
    command.env(TARGET, target);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    command.spawn().unwrap()
}

/// What the other process says, where the program runs meanwhile.
fn said(words: &[&str], load: Option<&mut Load>) -> String {
    let target = match &load {
        Some(load) => load.pid().to_string(),
        None => "all".to_owned(),
    };
    let mut child = other(words, &target);
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut text = String::new();
    while !text.contains("watching with") && out.read_line(&mut text).unwrap() > 0 {}
    if let Some(load) = load {
        load.go();
    }
    out.read_to_string(&mut text).unwrap();
    assert!(child.wait().unwrap().success(), "{text}");
    println!("{text}");
    text
}

fn number(text: &str, after: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(after));
    line.unwrap().parse().unwrap()
}

const NO_RIGHTS: [&str; 3] = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"];

fn split(folder: &Path) -> Load {
    Load::start(&compiled(folder), &["split", "1"])
}

#[test]
#[ignore = "needs root"]
fn two_capabilities_suffice() {
    let folder = tempfile::tempdir().unwrap();
    let rights = [
        "setpriv",
        "--bounding-set=-all,+bpf,+perfmon",
        "--inh-caps=-all",
    ];
    let text = said(&rights, Some(&mut split(folder.path())));
    assert!(text.contains("watching with bpf"));
    assert!(number(&text, "ns ") > 900_000_000);
}

#[test]
#[ignore = "needs root"]
fn without_bpf_perf_rings_see_the_kernel_too() {
    let folder = tempfile::tempdir().unwrap();
    let rights = ["setpriv", "--bounding-set=-all,+perfmon", "--inh-caps=-all"];
    let text = said(&rights, Some(&mut split(folder.path())));
    assert!(text.contains("watching with perf-rings"));
    assert!(text.contains("not bpf: ") && text.contains("not permitted"));
    assert!(number(&text, "kernel ns ") > 200_000_000);
}

#[test]
#[ignore = "needs root"]
fn without_rights_an_own_process_is_seen_but_for_the_kernel() {
    let paranoid = fs::read_to_string("/proc/sys/kernel/perf_event_paranoid").unwrap();
    assert_eq!(paranoid.trim(), "2", "this test is about the usual setting");
    let folder = tempfile::tempdir().unwrap();
    let program = compiled(folder.path()).display().to_string();
    let words = [&NO_RIGHTS[1..], &[&program, "split", "1"]].concat();
    let mut load = Load::start(Path::new("setpriv"), &words);
    let text = said(&NO_RIGHTS, Some(&mut load));
    assert!(text.contains("watching with perf-rings"));
    assert!(text.contains("no kernel: ") && text.contains("CAP_PERFMON"));
    assert!(number(&text, "ns ") > 500_000_000);
    assert_eq!(number(&text, "kernel ns "), 0);
}

#[test]
#[ignore = "needs root"]
fn without_rights_the_node_is_refused_with_every_reason() {
    let text = said(&NO_RIGHTS, None);
    assert!(text.contains("refused: no engine can take stacks here: bpf: "));
    assert!(text.contains("; perf-rings: ") && text.contains("CAP_PERFMON"));
}

#[test]
#[ignore = "needs root"]
fn in_a_pid_namespace_ids_are_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let program = compiled(folder.path()).display().to_string();
    let words = ["unshare", "--pid", "--fork", "--mount-proc"];
    let output = other(&words, &program).wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    println!("{text}");
    assert!(text.contains("watching with bpf"));
    assert!(number(&text, "ns ") > 900_000_000);
}

#[test]
#[ignore = "needs root"]
fn nobody_a_thread_and_an_absurd_frequency_are_refused() {
    let nobody = start(&StackOptions::new(StackTarget::Process(u32::MAX))).unwrap_err();
    assert_eq!(nobody.to_string(), "there is no process 4294967295");
    let (tell, told) = std::sync::mpsc::channel::<()>();
    let thread = thread::spawn(move || told.recv().is_err());
    let of_ours = fs::read_dir("/proc/self/task").unwrap();
    let tid = of_ours.filter_map(|it| it.unwrap().file_name().to_str()?.parse().ok());
    let tid = tid.max().unwrap();
    let refused = start(&StackOptions::new(StackTarget::Process(tid))).unwrap_err();
    let refused = refused.to_string();
    assert!(refused.contains("is a thread of process"), "{refused}");
    drop(tell);
    assert!(thread.join().unwrap());
    let often = StackOptions {
        hz: 1_000_000,
        ..StackOptions::new(StackTarget::All)
    };
    let often = start(&often).unwrap_err().to_string();
    assert!(often.contains("1 to 10000"), "{often}");
}

fn cpus() -> u64 {
    let text = fs::read_to_string("/proc/stat").unwrap();
    let is_one = |line: &&str| line.starts_with("cpu") && !line.starts_with("cpu ");
    text.lines().filter(is_one).count() as u64
}

/// Every sample is in a stack, or in one of the other counts.
#[test]
#[ignore = "needs root"]
fn what_finds_no_room_is_counted_as_lost() {
    let folder = tempfile::tempdir().unwrap();
    let program = compiled(folder.path());
    for engine in StackEngine::ALL {
        let mut load = Load::start(&program, &["split", "60"]);
        load.go();
        let asked = StackOptions {
            memory_bytes: 1,
            ..options(&load, engine)
        };
        let session = start(&asked).unwrap();
        let before = schedstat_ns(load.pid());
        thread::sleep(Duration::from_secs(2));
        let accounted = schedstat_ns(load.pid()) - before;
        let capture = session.finish().unwrap();
        let in_stacks: u64 = capture.stacks.iter().map(|it| it.samples).sum();
        let expected = accounted * u64::from(asked.hz) / 1_000_000_000;
        println!(
            "{engine}: {in_stacks} and {} lost of {expected}: {:?}",
            capture.lost,
            remarks(&capture)
        );
        assert!(capture.lost > 0, "{engine}");
        // What perf's rings lose is also of CPUs that others use or nobody. Timers that come late are
        // told by the time between two samples, which a ring without room does not hold.
        let of_all_cpus = (capture.ended_ns - capture.started_ns) * cpus() * u64::from(asked.hz);
        let counted = match engine {
            StackEngine::Bpf => expected * 97 / 100..=expected * 103 / 100,
            StackEngine::PerfRings => expected * 3 / 4..=of_all_cpus / 1_000_000_000 * 11 / 10,
        };
        assert!(
            counted.contains(&(in_stacks + capture.lost)),
            "{engine}: {counted:?}"
        );
    }
}

#[test]
#[ignore = "needs root"]
fn an_end_by_force_leaves_nothing_in_the_kernel() {
    let folder = tempfile::tempdir().unwrap();
    let load = split(folder.path());
    let mut child = other(&["env"], &load.pid().to_string());
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut text = String::new();
    while !text.contains("watching with bpf") {
        assert!(out.read_line(&mut text).unwrap() > 0, "{text}");
    }
    let mut programs = Vec::new();
    for entry in fs::read_dir(format!("/proc/{}/fdinfo", child.id())).unwrap() {
        let info = fs::read_to_string(entry.unwrap().path()).unwrap();
        let id = info.lines().find_map(|line| line.strip_prefix("prog_id:"));
        programs.extend(id.map(|id| id.trim().to_owned()));
    }
    println!("programs {programs:?}");
    // Those that tracepoints run; that of the timers shows nowhere.
    assert!(programs.len() >= 3);
    assert!(programs.iter().all(|id| is_in_kernel(id)));
    child.kill().unwrap();
    child.wait().unwrap();
    // The kernel takes them away when it next has time.
    for _ in 0..100 {
        if !programs.iter().any(|id| is_in_kernel(id)) {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("some of {programs:?} are still there");
}

fn is_in_kernel(program: &str) -> bool {
    let ids = loaded_programs().filter_map(|it| Some(it.ok()?.id().to_string()));
    ids.into_iter().any(|id| id == program)
}
