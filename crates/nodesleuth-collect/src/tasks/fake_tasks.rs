//! Files of made-up tasks for the tests beside.

use crate::fake_node::FakeNode;

/// A `stat` line with this id, name, user and kernel ticks; one thread, started at tick 1000.
pub(super) fn stat(id: u32, comm: &str, utime: u64, stime: u64) -> String {
    started(id, comm, utime, stime, 1000)
}

/// The same, started at this tick.
pub(super) fn started(id: u32, comm: &str, utime: u64, stime: u64, start: u64) -> String {
    format!(
        "{id} ({comm}) S 1 {id} {id} 0 -1 0 0 0 0 0 {utime} {stime} 0 0 20 0 1 0 {start} 4096 25\n"
    )
}

/// Counters of one fake thread.
#[derive(Clone, Copy)]
pub(super) struct Thread<'a> {
    pub(super) pid: u32,
    pub(super) tid: u32,
    pub(super) comm: &'a str,
    pub(super) utime: u64,
    pub(super) stime: u64,
    pub(super) start: u64,
    /// On a CPU and waiting, in milliseconds, and timeslices; none: no `schedstat`.
    pub(super) schedstat: Option<(u64, u64, u64)>,
    /// Voluntary and involuntary switches.
    pub(super) switches: (u64, u64),
}

impl Default for Thread<'_> {
    fn default() -> Self {
        Self {
            pid: 7,
            tid: 7,
            comm: "kubelet",
            utime: 100,
            stime: 50,
            start: 1000,
            schedstat: Some((1500, 100, 20)),
            switches: (10, 5),
        }
    }
}

impl Thread<'_> {
    /// Writes its files; of a first thread also those of the process.
    pub(super) fn write(&self, fake: &FakeNode) {
        let Self {
            pid,
            tid,
            comm,
            utime,
            stime,
            start,
            ..
        } = *self;
        let mut folders = vec![format!("/proc/{pid}/task/{tid}")];
        folders.extend((pid == tid).then(|| format!("/proc/{pid}")));
        for folder in folders {
            fake.write(
                &format!("{folder}/stat"),
                &started(tid, comm, utime, stime, start),
            );
            let (voluntary, involuntary) = self.switches;
            let status = format!(
                "Name:\t{comm}\nTgid:\t{pid}\nPid:\t{tid}\nvoluntary_ctxt_switches:\t{voluntary}\n\
                 nonvoluntary_ctxt_switches:\t{involuntary}\n"
            );
            fake.write(&format!("{folder}/status"), &status);
            if let Some((on_cpu, run_wait, timeslices)) = self.schedstat {
                let line = format!("{on_cpu}000000 {run_wait}000000 {timeslices}\n");
                fake.write(&format!("{folder}/schedstat"), &line);
            }
        }
    }
}
