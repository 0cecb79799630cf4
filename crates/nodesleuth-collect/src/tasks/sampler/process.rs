//! One process and its threads: how little must be looked at when nothing happened.

use super::accounts::Accounts;
use super::folder::{ONE_THREAD, TaskFolder, links};
use super::reads::Reads;
use super::task::{Gone, Task};
use super::whole::Whole;
use crate::Node;
use crate::tasks::ids;
use crate::tasks::process_clock::ProcessClock;
use crate::tasks::used::Used;
use nodesleuth_model::{Nanos, Pid, Ticks};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

/// One process.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) pid: u32,
    /// Whether anything of it ran since the sample before. If not, its tasks were not looked at.
    pub(super) ran: bool,
    pub(super) tasks: Vec<Task>,
    folder: TaskFolder,
    links: u64,
    clock: ProcessClock,
    cpu_time: Option<Nanos>,
    accounts: Accounts,
    whole: Option<Whole>,
}

impl Process {
    /// A process that was not known before; `whole`: it is also accounted as one.
    pub(super) fn open(node: &Node, pid: u32, whole: bool, reads: &mut Reads) -> io::Result<Self> {
        let clock = if node.is_live() {
            ProcessClock::of(Pid(pid))
        } else {
            ProcessClock::none()
        };
        let cpu_time = clock.read();
        let (folder, file) = TaskFolder::open(node, pid, reads.descriptors())?;
        let ended = |Gone| io::Error::from(io::ErrorKind::NotFound);
        let whole = match whole {
            true => Some(Whole::open(file.as_fd(), cpu_time, reads).map_err(ended)?),
            false => None,
        };
        let accounts = Accounts::default();
        let (tasks, links) = (Vec::new(), links(&file));
        let mut process = Self {
            pid,
            ran: false,
            tasks,
            folder,
            links,
            clock,
            cpu_time,
            accounts,
            whole,
        };
        process.list(node, &file, reads)?;
        process.accounts.learn(cpu_time, &process.tasks);
        process.ran = process.something_ran();
        Ok(process)
    }

    /// Looks what ran.
    pub(super) fn update(&mut self, node: &Node, reads: &mut Reads) -> Result<(), Gone> {
        let cpu_time = self.clock.read();
        self.ran = cpu_time.is_none() || cpu_time != self.cpu_time;
        if !self.ran {
            return Ok(());
        }
        self.cpu_time = cpu_time;
        let file = self.folder.file(node).map_err(|_| Gone)?;
        let known = self.tasks.len();
        let saw_all = self.look(file.as_fd(), reads)?;
        let before = self.links;
        self.links = links(&file);
        if self.tasks.len() < known || self.links != before || self.links < ONE_THREAD {
            self.list(node, &file, reads).map_err(|_| Gone)?;
            // What a thread that was not listed yet has used must not count as an ended one's.
            self.accounts = Accounts::default();
        } else if saw_all {
            self.accounts.learn(cpu_time, &self.tasks);
        }
        if let Some(whole) = &mut self.whole {
            whole.update(file.as_fd(), cpu_time, reads)?;
        }
        self.ran = self.something_ran();
        Ok(())
    }

    fn something_ran(&self) -> bool {
        let whole = self
            .whole
            .as_ref()
            .is_some_and(|whole| !whole.used().is_nothing());
        whole || self.tasks.iter().any(|task| task.ran)
    }

    /// Looks at the recently active threads, and unless that accounts for all, at the others.
    /// Returns whether it looked at all.
    fn look(&mut self, folder: BorrowedFd<'_>, reads: &mut Reads) -> Result<bool, Gone> {
        if !Accounts::pay_off(&self.tasks) {
            self.look_at(|_| true, folder, reads)?;
            return Ok(true);
        }
        self.look_at(Task::ran_recently, folder, reads)?;
        // That the earlier reading of the clock fits by chance would take a coincidence of
        // nanoseconds; often it spares the second one.
        let balanced = self.accounts.balance(self.cpu_time, &self.tasks)
            || self.accounts.balance(self.clock.read(), &self.tasks);
        if balanced {
            let others = self.tasks.iter_mut().filter(|task| !task.ran_recently());
            others.for_each(Task::rest);
            return Ok(false);
        }
        self.look_at(|task| !task.ran_recently(), folder, reads)?;
        Ok(true)
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

    fn list(&mut self, node: &Node, file: &File, reads: &mut Reads) -> io::Result<()> {
        let tids = self.folder.list(node, self.links)?;
        let open = |tid| Task::open(file.as_fd(), tid, reads);
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
        node: &Node,
        chosen: impl Fn(&Task) -> bool,
        left: &mut usize,
        reads: &mut Reads,
    ) {
        let mut tasks = self
            .tasks
            .iter_mut()
            .filter(|task| chosen(task))
            .take(*left)
            .peekable();
        if tasks.peek().is_none() {
            return;
        }
        let Ok(file) = self.folder.file(node) else {
            return;
        };
        for task in tasks {
            *left -= 1;
            task.baseline_switches(file.as_fd(), reads);
        }
    }

    /// Name, start and use of the process as one, when it is accounted so.
    pub(super) fn whole(&self) -> Option<(&str, Ticks, Used)> {
        let whole = self.whole.as_ref()?;
        let sum = |of: fn(&Used) -> Option<u64>| {
            let ran = self.tasks.iter().filter(|task| task.ran);
            ran.map(|task| of(&task.used())).sum::<Option<u64>>()
        };
        let used = Used {
            run_wait: sum(|used| used.run_wait.map(|wait| wait.0)).map(Nanos),
            voluntary: sum(|used| used.voluntary),
            involuntary: sum(|used| used.involuntary),
            ..whole.used()
        };
        Some((&whole.comm, whole.start, used))
    }
}
