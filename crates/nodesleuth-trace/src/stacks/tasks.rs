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
                // So that whoever gets its id is told from it.
                self.images.entry(tgid).or_default();
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

#[cfg(test)]
mod tests {
    use super::*;

    fn tasks(target: StackTarget, children: bool) -> Tasks {
        Tasks::new(&StackOptions {
            children,
            ..StackOptions::new(target)
        })
    }

    fn take(tasks: &mut Tasks, record: PerfRecord<'_>) -> Option<TaskEvent> {
        let time_ns = 5;
        tasks.take(&Timed { time_ns, record })
    }

    fn forked(tgid: u32, parent: u32) -> PerfRecord<'static> {
        PerfRecord::Forked { tgid, parent }
    }

    fn replaced(tgid: u32) -> PerfRecord<'static> {
        PerfRecord::Named {
            tgid,
            tid: tgid,
            by_exec: true,
            comm: b"runc",
        }
    }

    #[test]
    fn only_descendants_of_the_target_are_followed() {
        let mut tasks = tasks(StackTarget::Process(10), true);
        assert_eq!(take(&mut tasks, forked(30, 20)), None);
        assert!(take(&mut tasks, forked(11, 10)).is_some());
        assert!(take(&mut tasks, forked(12, 11)).is_some());
        let images = [10, 11, 12, 20, 30, 0].map(|tgid| tasks.image(tgid));
        assert_eq!(images, [Some(0), Some(0), Some(0), None, None, None]);
    }

    #[test]
    fn without_children_nobody_is_followed() {
        let mut tasks = tasks(StackTarget::Process(10), false);
        assert_eq!(take(&mut tasks, forked(11, 10)), None);
        assert_eq!(tasks.image(11), None);
    }

    #[test]
    fn each_exec_is_a_new_image_and_a_new_name_is_not() {
        let mut tasks = tasks(StackTarget::Process(10), false);
        let event = take(&mut tasks, replaced(10)).unwrap();
        let (tgid, exec, comm) = (10, 1, "runc".to_owned());
        let time_ns = 5;
        let expected = TaskEvent::Exec {
            time_ns,
            tgid,
            exec,
            comm,
        };
        assert_eq!(event, expected);
        let named = PerfRecord::Named {
            tgid: 10,
            tid: 10,
            by_exec: false,
            comm: b"x",
        };
        assert_eq!(take(&mut tasks, named), None);
        assert_eq!(tasks.image(10), Some(1));
        assert_eq!(take(&mut tasks, replaced(99)), None);
    }

    #[test]
    fn an_id_that_is_given_to_another_process_is_another_image() {
        let mut everybody = tasks(StackTarget::All, false);
        take(&mut everybody, forked(11, 10));
        take(&mut everybody, replaced(11));
        take(&mut everybody, forked(11, 50));
        assert_eq!(everybody.image(11), Some(2));
        // Also that of one that was there before.
        take(&mut everybody, PerfRecord::Ended { tgid: 9, tid: 9 });
        take(&mut everybody, forked(9, 50));
        assert_eq!(everybody.image(9), Some(1));
        assert_eq!(everybody.image(0), None);
        // Whoever has the target's id now is not the target.
        let mut one = tasks(StackTarget::Process(10), true);
        assert_eq!(take(&mut one, forked(10, 50)), None);
        assert_eq!(one.image(10), None);
    }

    #[test]
    fn only_the_first_thread_s_end_is_told() {
        let mut tasks = tasks(StackTarget::Process(10), false);
        let ended = |tid| PerfRecord::Ended { tgid: 10, tid };
        assert_eq!(take(&mut tasks, ended(11)), None);
        let (time_ns, tgid) = (5, 10);
        let exited = TaskEvent::Exited { time_ns, tgid };
        assert_eq!(take(&mut tasks, ended(10)), Some(exited));
    }
}
