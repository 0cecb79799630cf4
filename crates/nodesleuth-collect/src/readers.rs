//! Who reads cgroup files: the calls of each busy process and known agent are counted for a few
//! seconds, one process after the other.

use crate::collectors::HOST;
use crate::syscalls::SyscallsCollector;
use crate::tasks::{Busy, look_for_busy};
use crate::{Cancel, Clock, CollectError, Collector, Ctx, Node, TracePlan};
use nodesleuth_model::agents;
use nodesleuth_model::evidence::{
    CgroupReader, CgroupReaders, FileUse, ReadOutcome, SyscallTrace, TimedReads, WatchedReader,
};
use nodesleuth_model::{Cores, Evidence, Missing, Nanos};
use std::collections::BTreeMap;
use std::time::Duration;

/// More would take half a minute.
const MOST: usize = 8;
/// A process below it is not worth a look, whatever it reads; a tick in a second.
const LEAST: Cores = Cores(0.01);
/// The look for busy ones takes a fifth of it.
const LOOK: Duration = Duration::from_secs(5);

/// Counts the calls of each busy process and busy known agent, for `length` each or, without it,
/// for three seconds if others do not pay too much. `timed` are reads to price rates with.
///
/// # Errors
/// When the process table cannot be read.
pub fn watch_readers(
    node: &Node,
    clock: &dyn Clock,
    cancel: &Cancel,
    length: Option<Duration>,
    timed: Option<&TimedReads>,
) -> Result<CgroupReaders, CollectError> {
    let busy = candidates(look_for_busy(node, clock, LOOK, cancel)?);
    let mut found = CgroupReaders::default();
    for process in busy {
        if cancel.requested() {
            break;
        }
        let ctx = Ctx {
            target: Some(process.process.pid),
            trace: length.map_or(TracePlan::Polite, TracePlan::For),
            ..Ctx::of_node(node, clock, cancel)
        };
        let mut evidence = Evidence::default();
        HOST.start(&ctx)(&mut evidence);
        SyscallsCollector.start(&ctx)(&mut evidence);
        let trace = evidence.syscalls.require("system calls").cloned();
        add(&mut found, &process, trace, timed);
    }
    found
        .readers
        .sort_by(|a, b| b.cores.0.total_cmp(&a.cores.0));
    Ok(found)
}

/// The busiest, known agents first.
fn candidates(mut busy: Vec<Busy>) -> Vec<Busy> {
    busy.retain(|process| process.cores.0 >= LEAST.0);
    busy.sort_by_key(|process| agents::by_comm(&process.process.comm).is_none());
    busy.truncate(MOST);
    busy
}

fn add(
    found: &mut CgroupReaders,
    process: &Busy,
    trace: Result<SyscallTrace, Missing>,
    timed: Option<&TimedReads>,
) {
    let mut watched = WatchedReader {
        pid: process.process.pid,
        comm: process.process.comm.clone(),
        cores: process.cores,
        ..WatchedReader::default()
    };
    let files = trace.and_then(|trace| {
        watched.length = trace.length;
        watched.tax = trace.tax.real_cores;
        trace.files.require("files").cloned()
    });
    match files {
        Ok(files) => {
            let rows = by_file(&watched, &files, timed);
            watched.cgroup_cores = Cores(rows.iter().map(|row| row.cores.0).sum());
            found.readers.extend(rows);
        }
        Err(missing) => watched.missing = Some(missing),
    }
    found.watched.push(watched);
}

/// One row a file, or kind of file, whatever is called on it.
fn by_file(
    watched: &WatchedReader,
    files: &[FileUse],
    timed: Option<&TimedReads>,
) -> Vec<CgroupReader> {
    let seconds = watched.length.seconds().max(1e-9);
    let mut rows: BTreeMap<&str, CgroupReader> = BTreeMap::new();
    for file in files.iter().filter(|file| file.kind == "cgroup") {
        let row = rows.entry(&file.pattern).or_insert_with(|| CgroupReader {
            pid: watched.pid,
            comm: watched.comm.clone(),
            pattern: file.pattern.clone(),
            ..CgroupReader::default()
        });
        let rate = file.calls as f64 / seconds;
        row.distinct = row.distinct.max(file.distinct);
        row.calls += rate;
        row.cores.0 += file.on_cpu.seconds() / seconds;
        if file.call == "read" {
            row.reads += rate;
            row.timed = timed.and_then(|timed| read_time(timed, file));
            // A file is read until a read returns nothing: two calls at least.
            let predicted = row.timed.map(|timed| timed.seconds() * rate / 2.0);
            row.predicted = predicted.map(Cores);
        }
    }
    rows.into_values().collect()
}

/// What one read of this very file takes, if it was timed.
fn read_time(timed: &TimedReads, file: &FileUse) -> Option<Nanos> {
    let same = timed
        .reads
        .iter()
        .find(|read| read.path == file.example && file.distinct == 1)?;
    match same.outcome {
        ReadOutcome::Read { wall, .. } => Some(wall),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nodesleuth_model::evidence::{ProcessStat, TimedRead, TraceTax};
    use nodesleuth_model::{Bytes, MissingKind, Observed, Pid};

    fn busy(pid: u32, comm: &str, cores: f64) -> Busy {
        Busy {
            process: ProcessStat {
                pid: Pid(pid),
                comm: comm.to_owned(),
                ..ProcessStat::default()
            },
            cores: Cores(cores),
        }
    }

    #[test]
    fn idle_processes_are_left_alone_and_agents_come_first() {
        let chosen = candidates(vec![
            busy(1, "rustc", 0.9),
            busy(2, "kubelet", 0.3),
            busy(3, "sleep", 0.001),
        ]);
        let pids: Vec<u32> = chosen.iter().map(|one| one.process.pid.0).collect();
        assert_eq!(pids, [2, 1]);
    }

    #[test]
    fn a_reader_is_priced_by_what_was_measured_and_by_the_timed_read() {
        let path = "/sys/fs/cgroup/memory/memory.stat";
        let file = |path: &str, kind: &str| FileUse {
            call: "read".to_owned(),
            kind: kind.to_owned(),
            pattern: path.to_owned(),
            example: path.to_owned(),
            distinct: 1,
            calls: 6,
            on_cpu: Nanos(1_500_000_000),
            ..FileUse::default()
        };
        let opened = FileUse {
            call: "openat".to_owned(),
            calls: 3,
            on_cpu: Nanos(300_000_000),
            ..file(path, "cgroup")
        };
        let trace = SyscallTrace {
            length: Nanos(3_000_000_000),
            tax: TraceTax {
                real_cores: Cores(0.02),
                ..TraceTax::default()
            },
            files: Observed::Value(vec![
                file(path, "cgroup"),
                opened,
                file("/etc/passwd", "file"),
            ]),
            ..SyscallTrace::default()
        };
        let timed = TimedReads {
            reads: vec![TimedRead {
                path: path.to_owned(),
                predicted: None,
                outcome: ReadOutcome::Read {
                    bytes: Bytes(900),
                    wall: Nanos(500_000_000),
                    cpu: Nanos(500_000_000),
                    repeats: 1,
                    first_cpu: None,
                },
            }],
            ..TimedReads::default()
        };
        let mut found = CgroupReaders::default();
        add(
            &mut found,
            &busy(2, "kubelet", 0.5),
            Ok(trace),
            Some(&timed),
        );
        let [reader] = found.readers.as_slice() else {
            panic!("{found:?}");
        };
        assert_eq!((reader.reads, reader.calls), (2.0, 3.0));
        assert_eq!(reader.cores, Cores(0.6));
        assert_eq!(reader.timed, Some(Nanos(500_000_000)));
        assert_eq!(reader.predicted, Some(Cores(0.5)));
        assert_eq!(found.watched[0].tax, Cores(0.02));
        assert_eq!(found.watched[0].cgroup_cores, Cores(0.6));
    }

    #[test]
    fn a_process_that_could_not_be_watched_says_why() {
        let mut found = CgroupReaders::default();
        let missing = Missing::new(MissingKind::Permission, "refused");
        add(
            &mut found,
            &busy(2, "kubelet", 0.5),
            Err(missing.clone()),
            None,
        );
        assert_eq!(found.watched[0].missing, Some(missing));
        assert!(found.readers.is_empty());
    }
}
