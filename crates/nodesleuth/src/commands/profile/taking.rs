//! Taking stacks until the time is over, the user stops it, or the process ends.

use crate::commands::TOOL;
use crate::commands::watched::Ended;
use crate::commands::watched::process::{has_ended, own_cpu};
use crate::failure::Failure;
use crate::output;
use nodesleuth_collect::stacks::{CpuAccount, CpuScope, NamedStacks, ProfileWords, StackNamer};
use nodesleuth_collect::{Cancel, Clock, Node, Progress, SystemClock, peak_memory};
use nodesleuth_model::evidence::Target;
use nodesleuth_model::{BootNanos, Bytes, Cores, Nanos, printable};
use nodesleuth_trace::stacks::{
    SampleEvent, StackCapture, StackEngine, StackOptions, StackSession, StackTarget, TaskEvent,
    start,
};
use std::time::Duration;

/// Looking at the process costs more than reading a ring.
const LOOK_EVERY: Nanos = Nanos(50_000_000);

/// What is to be taken, and how long.
pub(super) struct Taking<'a> {
    pub(super) options: StackOptions,
    pub(super) length: Duration,
    pub(super) cancel: &'a Cancel,
    pub(super) progress: &'a dyn Progress,
}

/// What was taken, with names.
#[derive(Debug)]
pub(super) struct Capture<N = NamedStacks> {
    pub(super) target: Option<Target>,
    pub(super) options: StackOptions,
    pub(super) engine: StackEngine,
    pub(super) event: SampleEvent,
    /// Better engines and why they do not run.
    pub(super) not_used: Vec<(StackEngine, String)>,
    pub(super) off_cpu_missing: Option<String>,
    /// Why there is nothing of the kernel.
    pub(super) kernel_missing: Option<String>,
    pub(super) named: N,
    /// What went wrong, in numbers; what was taken is in `named`.
    pub(super) counts: StackCapture,
    /// CPU time by the kernel's own account.
    pub(super) used: Option<Nanos>,
    /// CPU that we used during the window, and afterwards for names.
    pub(super) own: [Nanos; 2],
    pub(super) own_memory: Bytes,
    pub(super) ended: Ended,
}

impl<N> Capture<N> {
    pub(super) fn length(&self) -> Nanos {
        Nanos(self.counts.ended_ns.saturating_sub(self.counts.started_ns))
    }

    pub(super) fn cores(&self, time: Nanos) -> Cores {
        Cores(time.seconds() / self.length().seconds().max(1e-9))
    }

    /// Who was profiled.
    pub(super) fn title(&self) -> String {
        let Some(target) = &self.target else {
            return "all processes".to_owned();
        };
        let children = match self.options.children {
            true => " and what it starts",
            false => "",
        };
        format!("{} (pid {}){children}", target.comm, target.pid)
    }
}

/// What goes on while stacks are taken.
struct Window<'n> {
    session: StackSession,
    namer: StackNamer<'n>,
    account: CpuAccount<'n>,
}

impl Taking<'_> {
    /// Takes and names what was wanted.
    pub(super) fn run<N>(
        self,
        target: Option<Target>,
        name: impl FnOnce(&StackNamer<'_>, &StackCapture, &ProfileWords) -> N,
    ) -> Result<Capture<N>, Failure> {
        let node = Node::live();
        let pid = target.as_ref().map(|target| target.pid.0);
        let time_unix_ns = SystemClock.utc_unix_nanos();
        let own_before = own_cpu();
        let mut window = self.open(&node)?;
        let ended = self.until_an_end(&mut window, pid)?;
        let Window {
            session,
            mut namer,
            account,
        } = window;
        let (engine, event) = (session.engine(), session.event());
        let not_used = session.not_used().to_vec();
        let off_cpu_missing = session.off_cpu_missing().map(str::to_owned);
        let kernel_missing = session.kernel_missing().map(str::to_owned);
        if let Some(pid) = pid {
            namer.look_again(pid);
        }
        let mut counts = session.finish()?;
        let own_window = since(own_cpu(), own_before);
        self.progress.stage("naming functions");
        let words = self.words(pid, time_unix_ns, engine, event);
        let named = name(&namer, &counts, &words);
        counts.stacks = Vec::new();
        counts.files = Vec::new();
        Ok(Capture {
            target,
            options: self.options,
            engine,
            event,
            not_used,
            off_cpu_missing,
            kernel_missing,
            named,
            counts,
            used: account.used(),
            own: [own_window, since(since(own_cpu(), own_before), own_window)],
            own_memory: peak_memory(),
            ended,
        })
    }

    fn open<'n>(&self, node: &'n Node) -> Result<Window<'n>, Failure> {
        let scope = match self.options.target {
            StackTarget::All => CpuScope::Node,
            StackTarget::Process(pid) if self.options.children => CpuScope::Family(pid),
            StackTarget::Process(pid) => CpuScope::Process(pid),
        };
        let session = start(&self.options)?;
        let account = CpuAccount::begin(node, scope);
        for (engine, reason) in session.not_used() {
            let reason = printable(reason);
            output::note(&format!("note: engine {engine} cannot run: {reason}\n"));
        }
        let engine = session.engine();
        self.progress
            .stage(&format!("taking stacks with engine {engine}"));
        let mut namer = StackNamer::new(node);
        match self.options.target {
            StackTarget::Process(pid) => namer.know(pid),
            StackTarget::All => namer.know_all(),
        }
        Ok(Window {
            session,
            namer,
            account,
        })
    }

    fn until_an_end(&self, window: &mut Window<'_>, pid: Option<u32>) -> Result<Ended, Failure> {
        let clock = SystemClock;
        let begin = clock.boot();
        let mut looked = BootNanos::default();
        loop {
            let events = window.session.poll()?;
            window.namer.follow(&events);
            for event in &events {
                if let TaskEvent::Started { tgid, .. } = event {
                    window.account.started(*tgid);
                }
            }
            let now = clock.boot();
            let passed = Duration::from_nanos(now.since(begin).0);
            let left = self.length.saturating_sub(passed);
            let ended = match pid {
                _ if self.cancel.requested() => Some(Ended::Stopped),
                _ if left.is_zero() => Some(Ended::InTime),
                Some(pid) if now.since(looked) >= LOOK_EVERY && has_ended(pid) => {
                    Some(Ended::TargetGone)
                }
                _ => None,
            };
            if ended.is_some() || now.since(looked) >= LOOK_EVERY {
                looked = now;
                window.account.look();
                self.progress.window(passed, self.length);
            }
            match ended {
                Some(ended) => return Ok(ended),
                None => clock.wait(left.min(window.session.pause())),
            }
        }
    }

    fn words(
        &self,
        main: Option<u32>,
        time_unix_ns: u64,
        engine: StackEngine,
        event: SampleEvent,
    ) -> ProfileWords {
        let hz = self.options.hz;
        ProfileWords {
            time_unix_ns,
            hz,
            main,
            off_cpu: self.options.off_cpu,
            process_frames: main.is_none() || self.options.children,
            comments: vec![match self.options.files {
                true => format!("{TOOL}, engine {engine}, calls about files"),
                false => format!("{TOOL}, engine {engine}, {event} at {hz} Hz"),
            }],
        }
    }
}

fn since(after: Nanos, before: Nanos) -> Nanos {
    Nanos(after.0.saturating_sub(before.0))
}
