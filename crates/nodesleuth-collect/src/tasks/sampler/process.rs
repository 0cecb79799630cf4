//! One process and its threads: how little must be looked at when nothing happened.

use super::accounts::Accounts;
use super::reads::Reads;
use super::task::{Gone, Task};
use crate::Node;
use crate::tasks::descriptors::{KeptFile, Permit};
use crate::tasks::ids;
use crate::tasks::process_clock::ProcessClock;
use crate::tasks::used::{Counters, Used};
use nix::sys::stat::fstat;
use nodesleuth_model::{Nanos, Pid, Ticks};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

/// Links of `/proc/PID/task` of a process with one thread. The kernel counts two and one for each
/// thread; file systems that do not count folders as links say 1, which is never trusted.
const ONE_THREAD: u64 = 3;

/// One process.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) pid: u32,
    /// Whether anything of it ran since the sample before. If not, its tasks were not looked at.
    pub(super) ran: bool,
    pub(super) tasks: Vec<Task>,
    folder: Option<(File, Permit)>,
    links: u64,
    clock: ProcessClock,
    cpu_time: Option<Nanos>,
    accounts: Accounts,
    whole: Option<Whole>,
}

/// The process as one: its threads, living and ended.
#[derive(Debug, Default)]
struct Whole {
    comm: String,
    start: Ticks,
    before: Counters,
    after: Counters,
    stat: KeptFile,
}

impl Process {
    /// A process that was not known before; `whole`: it is also accounted as one.
    pub(super) fn open(node: &Node, pid: u32, whole: bool, reads: &mut Reads) -> io::Result<Self> {
        let clock = if node.is_live() {
            ProcessClock::of(Pid(pid))
        } else {
            ProcessClock::none()
        };
        let mut process = Self {
            pid,
            ran: false,
            tasks: Vec::new(),
            folder: None,
            links: 0,
            clock,
            cpu_time: clock.read(),
            accounts: Accounts::default(),
            whole: whole.then(Whole::default),
        };
        let folder = File::open(node.path(task_folder(pid)))?;
        process.list(node, folder.as_fd(), reads)?;
        process.accounts.learn(process.cpu_time, &process.tasks);
        if let Some(whole) = &mut process.whole {
            let ended = io::Error::from(io::ErrorKind::NotFound);
            whole
                .open(folder.as_fd(), process.cpu_time, reads)
                .map_err(|Gone| ended)?;
        }
        process.ran = process.tasks.iter().any(|task| task.ran);
        process.folder = reads.descriptors().take().map(|permit| (folder, permit));
        Ok(process)
    }

    /// Looks what ran.
    pub(super) fn update(&mut self, node: &Node, reads: &mut Reads) -> Result<(), Gone> {
        let cpu_time = self.clock.read();
        let stood_still = cpu_time.is_some() && cpu_time == self.cpu_time;
        self.ran = !stood_still;
        if stood_still {
            return Ok(());
        }
        self.cpu_time = cpu_time;
        match self.folder.take() {
            Some((folder, permit)) => {
                let result = self.update_in(node, folder.as_fd(), reads);
                self.folder = Some((folder, permit));
                result
            }
            None => {
                let folder = File::open(node.path(task_folder(self.pid))).map_err(|_| Gone)?;
                self.update_in(node, folder.as_fd(), reads)
            }
        }
    }

    fn update_in(
        &mut self,
        node: &Node,
        folder: BorrowedFd<'_>,
        reads: &mut Reads,
    ) -> Result<(), Gone> {
        let known = self.tasks.len();
        self.look(folder, reads)?;
        let links = links(folder);
        if self.tasks.len() < known || links != self.links || links < ONE_THREAD {
            self.list(node, folder, reads).map_err(|_| Gone)?;
        }
        if let Some(whole) = &mut self.whole {
            whole.update(folder, self.cpu_time, reads)?;
        }
        self.ran = self.tasks.iter().any(|task| task.ran)
            || self
                .whole
                .as_ref()
                .is_some_and(|whole| !whole.used().is_nothing());
        Ok(())
    }

    /// Looks at the recently active threads, and unless that accounts for all, at the others.
    fn look(&mut self, folder: BorrowedFd<'_>, reads: &mut Reads) -> Result<(), Gone> {
        if !Accounts::pay_off(&self.tasks) {
            return self.look_at(|_| true, folder, reads);
        }
        self.look_at(Task::ran_recently, folder, reads)?;
        // Equal to the earlier clock by coincidence is possible to the nanosecond only.
        let balanced = self.accounts.balance(self.cpu_time, &self.tasks)
            || self.accounts.balance(self.clock.read(), &self.tasks);
        if balanced {
            self.tasks
                .iter_mut()
                .filter(|task| !task.ran_recently())
                .for_each(Task::rest);
            return Ok(());
        }
        self.look_at(|task| !task.ran_recently(), folder, reads)?;
        self.accounts.learn(self.cpu_time, &self.tasks);
        Ok(())
    }

    fn look_at(
        &mut self,
        chosen: impl Fn(&Task) -> bool,
        folder: BorrowedFd<'_>,
        reads: &mut Reads,
    ) -> Result<(), Gone> {
        let mut leader_is_gone = false;
        self.tasks.retain_mut(|task| {
            let there = !chosen(task) || task.update(folder, reads).is_ok();
            leader_is_gone |= !there && task.tid == self.pid;
            there
        });
        // The first thread stays until the process ends, even after it has exited.
        if leader_is_gone { Err(Gone) } else { Ok(()) }
    }

    fn list(&mut self, node: &Node, folder: BorrowedFd<'_>, reads: &mut Reads) -> io::Result<()> {
        self.links = links(folder);
        let mut tids = vec![self.pid];
        if self.links != ONE_THREAD {
            ids::list(&node.path(task_folder(self.pid)), &mut tids)?;
        }
        let open = |tid| Task::open(folder, tid, reads);
        ids::reconcile(&mut self.tasks, &tids, |task| task.tid, open);
        if self.tasks.is_empty() {
            Err(io::ErrorKind::NotFound.into())
        } else {
            Ok(())
        }
    }

    /// What the switches of chosen threads are counted from, while there are any `left` to choose.
    pub(super) fn baseline_switches(
        &mut self,
        chosen: impl Fn(&Task) -> bool,
        left: &mut usize,
        reads: &mut Reads,
    ) {
        let Some((folder, _)) = &self.folder else {
            return;
        };
        for task in self.tasks.iter_mut().filter(|task| chosen(task)) {
            let Some(fewer) = left.checked_sub(1) else {
                return;
            };
            *left = fewer;
            task.baseline_switches(folder.as_fd(), reads);
        }
    }

    /// Name, start and use of the process as one, when it is accounted so.
    pub(super) fn whole(&self) -> Option<(&str, Ticks, Used)> {
        let whole = self.whole.as_ref()?;
        let mut used = whole.used();
        let sum = |of: fn(&Used) -> Option<u64>| {
            let ran = self.tasks.iter().filter(|task| task.ran);
            ran.map(|task| of(&task.used())).sum::<Option<u64>>()
        };
        used.run_wait = sum(|used| used.run_wait.map(|wait| wait.0)).map(Nanos);
        used.voluntary = sum(|used| used.voluntary);
        used.involuntary = sum(|used| used.involuntary);
        Some((&whole.comm, whole.start, used))
    }
}

impl Whole {
    fn open(
        &mut self,
        folder: BorrowedFd<'_>,
        cpu_time: Option<Nanos>,
        reads: &mut Reads,
    ) -> Result<(), Gone> {
        self.read(folder, cpu_time, reads)?;
        let young = reads.is_new(self.start);
        self.before = if young { Counters::ZERO } else { self.after };
        Ok(())
    }

    fn update(
        &mut self,
        folder: BorrowedFd<'_>,
        cpu_time: Option<Nanos>,
        reads: &mut Reads,
    ) -> Result<(), Gone> {
        self.before = self.after;
        let started = self.start;
        self.read(folder, cpu_time, reads)?;
        if self.start == started {
            Ok(())
        } else {
            Err(Gone)
        }
    }

    fn read(
        &mut self,
        folder: BorrowedFd<'_>,
        cpu_time: Option<Nanos>,
        reads: &mut Reads,
    ) -> Result<(), Gone> {
        let times = reads
            .process_stat(folder, &mut self.stat, &mut self.comm)
            .map_err(|_| Gone)?;
        self.after.utime = times.map(|times| times.utime);
        self.after.stime = times.map(|times| times.stime);
        self.after.on_cpu = cpu_time;
        self.start = times.map_or(self.start, |times| times.start);
        Ok(())
    }

    fn used(&self) -> Used {
        self.after.since(&self.before)
    }
}

fn task_folder(pid: u32) -> String {
    format!("/proc/{pid}/task")
}

fn links(folder: BorrowedFd<'_>) -> u64 {
    fstat(folder).map_or(0, |stat| stat.st_nlink)
}
