//! Children are tiny shell scripts here; the real binary is tested in the binary's crate.

use super::*;
use crate::fake_node::{fifo, script};

const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(150);

fn reader(folder: &Path, body: &str) -> SlowReader {
    SlowReader::new(script(folder, "reader", body), &Cancel::default())
}

#[test]
fn a_child_is_called_with_the_command_the_path_and_the_repeats() {
    let folder = tempfile::tempdir().unwrap();
    let reader = reader(
        folder.path(),
        r#"[ "$*" = "__read-file /some/file 3" ] && echo 10 20 30 3 40"#,
    );
    assert_eq!(
        reader.read(Path::new("/some/file"), 3, LONG),
        ReadOutcome::Read {
            bytes: nodesleuth_model::Bytes(10),
            wall: Nanos(20),
            cpu: Nanos(30),
            repeats: 3,
            first_cpu: Some(Nanos(40)),
        }
    );
}

#[test]
fn a_file_that_hangs_is_given_up_at_the_deadline_and_its_child_ended() {
    let folder = tempfile::tempdir().unwrap();
    let hangs = fifo(folder.path(), "memory.stat");
    let reader = reader(folder.path(), r#"exec cat "$2""#);
    let began = Instant::now();
    let outcome = reader.read(&hangs, 1, SHORT);
    assert!(
        matches!(outcome, ReadOutcome::TimedOut { after, stuck: None } if after.0 >= 150_000_000)
    );
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[test]
fn an_interrupt_ends_the_wait() {
    let folder = tempfile::tempdir().unwrap();
    let cancel = Cancel::default();
    cancel
        .flag()
        .store(true, std::sync::atomic::Ordering::Relaxed);
    let reader = SlowReader::new(script(folder.path(), "reader", "exec sleep 60"), &cancel);
    let began = Instant::now();
    let outcome = reader.read(Path::new("/any"), 1, LONG);
    assert!(matches!(outcome, ReadOutcome::Skipped { reason } if reason.contains("interrupted")));
    assert!(began.elapsed() < LONG);
}

#[test]
fn a_child_that_dies_or_cannot_start_is_a_failure_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let dies = reader(folder.path(), "exit 3").read(Path::new("/any"), 1, LONG);
    assert!(matches!(dies, ReadOutcome::Failed { reason } if reason.contains("without an answer")));
    let missing = SlowReader::new(folder.path().join("missing"), &Cancel::default());
    let outcome = missing.read(Path::new("/any"), 1, LONG);
    assert!(matches!(outcome, ReadOutcome::Failed { reason } if reason.contains("cannot start")));
}
