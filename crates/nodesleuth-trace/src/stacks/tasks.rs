//! Which processes belong to a capture, and which image of each is running: worked out from perf
//! records in the order of time, by the same rules as in `bpf/stacks.bpf.c`.

use super::records::{PerfRecord, Timed};
use super::{StackOptions, StackTarget, TaskEvent};
use std::collections::HashMap;

/// What is known of processes.
#[derive(Debug)]
pub(super) struct Tasks {
    everybody: bool,
    follow: bool,
    images: HashMap<u32, Process>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Process {
    image: u32,
    followed: bool,
}

impl Tasks {
    pub(super) fn new(options: &StackOptions) -> Self {
        let mut images = HashMap::new();
        if let StackTarget::Process(tgid) = options.target {
            let followed = true;
            images.insert(tgid, Process { image: 0, followed });
        }
        Self {
            everybody: options.target == StackTarget::All,
            follow: options.children,
            images,
        }
    }

    /// The image that a process runs, if the capture is about it.
    pub(super) fn image(&self, tgid: u32) -> Option<u32> {
        match self.images.get(&tgid) {
            Some(process) => (process.followed || self.everybody).then_some(process.image),
            // 0 is nobody, or somebody in another PID namespace.
            None => (self.everybody && tgid != 0).then_some(0),
        }
    }

    /// What a record tells, if it is about somebody of interest.
    pub(super) fn take(&mut self, told: &Timed<'_>) -> Option<TaskEvent> {
        let time_ns = told.time_ns;
        match &told.record {
            PerfRecord::Forked { tgid, parent } => self.forked(time_ns, *tgid, *parent),
            PerfRecord::Named {
                tgid,
                by_exec: true,
                comm,
                ..
            } => self.replaced(time_ns, *tgid, comm),
            PerfRecord::Mapped {
                tgid,
                addresses,
                offset,
                file,
                path,
            } => Some(TaskEvent::Mapped {
                time_ns,
                tgid: *tgid,
                exec: self.image(*tgid)?,
                addresses: addresses.clone(),
                offset: *offset,
                file: file.clone(),
                path: path.to_vec(),
            }),
            PerfRecord::Ended { tgid, tid } if tgid == tid => {
                self.image(*tgid)?;
                let tgid = *tgid;
                Some(TaskEvent::Exited { time_ns, tgid })
            }
            PerfRecord::Ended { .. }
            | PerfRecord::Named { .. }
            | PerfRecord::Sample { .. }
            | PerfRecord::Lost(_) => None,
        }
    }

    fn forked(&mut self, time_ns: u64, tgid: u32, parent: u32) -> Option<TaskEvent> {
        let of_ours = self.images.get(&parent).is_some_and(|it| it.followed);
        let followed = of_ours && self.follow;
        if let Some(known) = self.images.get_mut(&tgid) {
            known.image += 1;
            known.followed = followed;
        } else if followed || self.everybody {
            self.images.insert(tgid, Process { image: 0, followed });
        }
        let exec = self.image(tgid)?;
        Some(TaskEvent::Started {
            time_ns,
            tgid,
            exec,
            parent,
        })
    }

    fn replaced(&mut self, time_ns: u64, tgid: u32, comm: &[u8]) -> Option<TaskEvent> {
        self.image(tgid)?;
        let process = self.images.entry(tgid).or_default();
        process.image += 1;
        Some(TaskEvent::Exec {
            time_ns,
            tgid,
            exec: process.image,
            comm: String::from_utf8_lossy(comm).into_owned(),
        })
    }
}
