//! `nodesleuth fix`: a remedy, planned, asked about, carried out, and measured before and after.

mod json;
mod schedule;
mod settings;
mod text;

use super::target_choice::own_binary;
use crate::args::{self, Format};
use crate::failure::Failure;
use crate::input;
use crate::output;
use crate::progress::Display;
use crate::signals;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use nodesleuth_act::ActError;
use nodesleuth_act::fix::journal::{self, Found};
use nodesleuth_act::fix::{
    Done, Ended, Fix, Limits, Looker, Obstacle, Plan, Prepared, Request, Target, Verdict, verdict,
};
use nodesleuth_analyze::Catalog;
use nodesleuth_analyze::kernel::Release;
use nodesleuth_analyze::remedy::{Expectation, RemedyEntry};
use nodesleuth_collect::{Node, SystemClock};
use nodesleuth_model::{Nanos, Pid};
use schedule::Schedule;
use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::time::Duration;

/// Least share of memory that must be available where the kernel keeps no pressure.
const AVAILABLE_SHARE: f64 = 0.05;

/// Free what makes reading cgroup statistics slow, or say how
///
/// Without --yes nothing is changed: the plan says what it frees on this kernel, what it cannot
/// free, its risk and how long it takes; on a terminal it then asks. Exit code 0: it worked, or there was nothing to
/// repair; 3: it worked in part; 4: it changed nothing; 5: what it changed could not be measured;
/// 2: it was not done.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What to do; cheapest first: reclaim-subtree, drop-slab, drop-page-cache, drop-all
    #[arg(value_name = "PLAN", value_parser = plans())]
    plan: Plan,

    /// Do it, without asking
    #[arg(long)]
    yes: bool,

    /// Also where reads are fast already: to free the memory that dying cgroups hold
    #[arg(long)]
    although_fast: bool,

    /// reclaim-subtree: this cgroup, such as /kubepods/besteffort [default: the lowest below which
    /// dying ones hold most of their memory]
    #[arg(long, value_name = "CGROUP")]
    subtree: Option<String>,

    /// reclaim-subtree: also where processes live in it; their page cache goes too
    #[arg(long)]
    include_live: bool,

    /// remove-empty-cgroups: of this name, or of this path below the mount; * stands for anything
    /// but a slash
    #[arg(long, value_name = "PATTERN", default_value = "run-r*.scope")]
    pattern: String,

    /// remove-empty-cgroups: how long a cgroup has to be empty
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = args::duration)]
    settle: Duration,

    /// Do nothing when tasks waited for memory or storage in more percent of the last 10 s
    #[arg(long, value_name = "PERCENT", default_value_t = 20.0)]
    max_pressure: f64,

    /// Compare the CPU of this process [default: the kubelet or cAdvisor, where one runs]
    #[arg(long, value_name = "PID")]
    pid: Option<u32>,

    /// How long that process is watched before and after
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = args::window)]
    window: Duration,

    /// CPU time that reading possibly slow files may cost, before and after
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = args::duration)]
    read_budget: Duration,

    /// Change nothing: print a systemd timer or a Kubernetes CronJob that does it with the same guards
    #[arg(long, value_enum, value_name = "KIND")]
    schedule: Option<Schedule>,

    /// --schedule: how often, in whole hours
    #[arg(long, value_name = "TIME", default_value = "6h", value_parser = args::duration)]
    every: Duration,

    /// --schedule cronjob: an image that holds nodesleuth
    #[arg(long, value_name = "IMAGE")]
    image: Option<String>,

    /// --schedule cronjob: the node to run on
    #[arg(long, value_name = "NODE")]
    node: Option<String>,

    /// Where it is kept on disk what is about to be done
    #[arg(long, value_name = "DIR", default_value = journal::FOLDER)]
    state_dir: String,

    /// Format of the result
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

fn plans() -> impl TypedValueParser<Value = Plan> {
    PossibleValuesParser::new(Plan::ALL.map(Plan::id))
        .try_map(|id| Plan::of_id(&id).ok_or_else(|| format!("there is no plan {id}")))
}

/// What is told, whatever came of it.
struct Told<'a> {
    plan: Plan,
    entry: &'a RemedyEntry,
    expected: Vec<Expectation>,
    prepared: &'a Prepared,
    obstacle: Option<Obstacle>,
}

pub(crate) fn run(args: &Args, verbose: bool) -> Result<ExitCode, Failure> {
    if !(0.0..=100.0).contains(&args.max_pressure) {
        let what = format!("{} is no percentage of pressure", args.max_pressure);
        return Err(Failure::usage(what, "give a number from 0 to 100"));
    }
    if let Some(schedule) = args.schedule {
        output::print(&schedule.of(args)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let node = Node::live();
    let catalog = super::catalog::load(None)?;
    let Some(binary) = own_binary() else {
        return Err(Failure::usage(
            "our own program file cannot be found",
            "run nodesleuth from a mounted filesystem with /proc mounted",
        ));
    };
    tell_earlier(&node, &args.state_dir)?;
    let cancel = signals::cancel();
    let looker = Looker {
        node: &node,
        clock: &SystemClock,
        cancel: &cancel,
        binary,
        read_budget: args.read_budget,
    };
    let fix = args.fix(looker, &catalog);
    let progress = Display::new(verbose);
    let outcome = carry_on(args, &fix, &catalog, &progress);
    progress.finish();
    outcome
}

impl Args {
    fn fix<'a>(&self, looker: Looker<'a>, catalog: &Catalog) -> Fix<'a> {
        Fix {
            looker,
            limits: Limits {
                pressure_percent: self.max_pressure,
                available_share: AVAILABLE_SHARE,
                fast_read: fast_read(catalog),
                although_fast: self.although_fast,
            },
            request: Request {
                plan: self.plan,
                subtree: self.subtree.clone(),
                include_live: self.include_live,
                pattern: self.pattern.clone(),
                settle: self.settle,
            },
            state_folder: self.state_dir.clone(),
        }
    }
}

/// From this read time on a walk is one, also for `diagnose`.
fn fast_read(catalog: &Catalog) -> Nanos {
    Nanos((catalog.thresholds.walk_read_seconds * 1e9) as u64)
}

fn carry_on(
    args: &Args,
    fix: &Fix<'_>,
    catalog: &Catalog,
    progress: &Display,
) -> Result<ExitCode, Failure> {
    let entry = catalog.remedy(args.plan.id()).ok_or_else(|| {
        Failure::usage(
            format!("{} is not in the catalogue", args.plan),
            "report this",
        )
    })?;
    let mut prepared = match fix.prepare() {
        Ok(prepared) => prepared,
        Err(refusal) => {
            let next = refusal
                .offers_next
                .then(|| next_plan(catalog, entry, fix.looker.node))
                .flatten();
            return Err(text::refused(args.plan, &refusal, next));
        }
    };
    progress.finish();
    let planned = prepared.clone();
    let release = planned.release.as_deref();
    let release = release.and_then(|text| Release::parse(text, &catalog.families));
    let told = Told {
        plan: args.plan,
        entry,
        expected: entry.expectations(catalog, release.as_ref(), prepared.version),
        obstacle: fix.obstacle(&prepared),
        prepared: &planned,
    };
    if args.plan == Plan::HousekeepingInterval {
        return settings::tell(&fix.looker, args.output).map(|()| ExitCode::SUCCESS);
    }
    if args.output == Format::Text {
        output::print_lines(&text::plan(&told))?;
    }
    let go = match &told.obstacle {
        _ if prepared.steps.is_empty() => Go::NothingToDo,
        Some(obstacle) if obstacle.is_not_needed() => Go::NothingToDo,
        Some(_) if args.yes => Go::NotNow,
        Some(_) => Go::DryRun,
        None if args.yes => Go::Do,
        None => ask(args)?,
    };
    if go != Go::Do {
        return not_done(args, &told, go);
    }
    let target = target(args, fix.looker.node);
    if let Some(target) = &target {
        fix.watch_before(&mut prepared, target);
    }
    let done = fix.carry_out(&prepared, target.as_ref(), progress)?;
    progress.finish();
    let judged = judge(args.plan, &prepared, &done, fast_read(catalog));
    match args.output {
        Format::Json => output::json(&json::done(&told, &prepared.before, &done, &judged))?,
        Format::Text => {
            output::print_lines(&text::done(&prepared.before, &done, &judged))?;
        }
    }
    Ok(exit_code(&done, judged.0))
}

/// Whether it is done.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Go {
    Do,
    DryRun,
    /// A guard says no.
    NotNow,
    /// There is nothing to repair.
    NothingToDo,
}

fn not_done(args: &Args, told: &Told<'_>, go: Go) -> Result<ExitCode, Failure> {
    if args.output == Format::Json {
        output::json(&json::not_done(told))?;
    }
    match (go, &told.obstacle) {
        (Go::NotNow, Some(obstacle)) => Err(Failure::usage(
            format!("not done: {obstacle}"),
            "try again later; --max-pressure draws the line elsewhere",
        )),
        _ => {
            if args.output == Format::Text {
                output::print_lines(&text::not_done(told, go == Go::NothingToDo))?;
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// The next dearer plan that frees something on this kernel.
fn next_plan<'a>(
    catalog: &'a Catalog,
    entry: &RemedyEntry,
    node: &Node,
) -> Option<&'a RemedyEntry> {
    let text = node.text("/proc/sys/kernel/osrelease").ok()?;
    let release = Release::parse(text.trim(), &catalog.families)?;
    let mut later = catalog
        .remedies
        .iter()
        .filter(|other| other.order > entry.order);
    later.find(|other| other.helps(catalog, &release, None, None))
}

/// On a terminal a typed "yes" does it.
fn ask(args: &Args) -> Result<Go, Failure> {
    let terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    if !terminal || args.output == Format::Json {
        return Ok(Go::DryRun);
    }
    output::print("Type yes to do it: ")?;
    Ok(if input::says_yes()? {
        Go::Do
    } else {
        Go::DryRun
    })
}

/// The process whose CPU is compared: the one named, or the first agent that does housekeeping.
fn target(args: &Args, node: &Node) -> Option<Target> {
    let found = match args.pid {
        Some(pid) => Some(Pid(pid)),
        None => settings::agents(node).first().map(|agent| agent.pid),
    };
    found.map(|pid| Target {
        pid,
        comm: settings::comm(node, pid),
        window: args.window,
    })
}

type Judged = (Verdict, String);

fn judge(plan: Plan, prepared: &Prepared, done: &Done, fast_read: Nanos) -> Judged {
    let planned = prepared.empty.as_ref().map(|empty| empty.folders.len());
    let removed = planned.map(|planned| {
        let is_there = |folder: &&String| Node::live().path(folder).exists();
        let empty = prepared.empty.iter().flat_map(|empty| &empty.folders);
        (planned, planned - empty.filter(is_there).count())
    });
    verdict(plan, &prepared.before, &done.after, removed, fast_read)
}

fn exit_code(done: &Done, verdict: Verdict) -> ExitCode {
    if done.ended != Ended::Completely {
        return ExitCode::from(2);
    }
    ExitCode::from(match verdict {
        Verdict::Worked => 0,
        Verdict::Partly => 3,
        Verdict::Nothing => 4,
        Verdict::NotKnown => 5,
    })
}

/// A fix that was interrupted is told, once it is known to be over.
fn tell_earlier(node: &Node, state_dir: &str) -> Result<(), Failure> {
    match journal::look(node, state_dir) {
        Ok(Found::Interrupted(record)) => output::note(&text::earlier(&record)),
        Ok(Found::Unreadable(why)) => output::note(&format!(
            "note: {state_dir} holds a record of a fix that cannot be read ({why}); \
             `nodesleuth clean` removes it\n"
        )),
        Ok(Found::AtWork(record)) => {
            return Err(Failure::usage(
                format!("another fix ({}) is at work on this node", record.plan),
                "wait for its end",
            ));
        }
        // Nobody but root may look there; a dry run goes on without.
        Ok(Found::Nothing) | Err(ActError::Read { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
