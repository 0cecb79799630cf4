//! The cAdvisor lab as a value: a real cAdvisor with fixed one-second housekeeping over leaked
//! cgroups, optionally with zombies about. Dropping it takes everything away again.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nodesleuth_profile::{Limits, Profile};
use serde_json::Value;

use crate::bounded::{self, Running};
use crate::failure::{Failure, Result, While};
use crate::interrupt;
use crate::lab::zombies::{self, Zombies};
use crate::lab::{RunName, ScratchCgroups, clean, http, package};
use crate::parent;
use crate::workspace::Workspace;

/// On a busy machine it takes minutes to find thousands of cgroups.
const READY_LIMIT: Duration = Duration::from_secs(300);
/// A ten-second window, probes, and analysis, with room.
const DIAGNOSE_LIMIT: Duration = Duration::from_secs(120);

/// How sick the machine is to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// Leaked cgroups per hierarchy.
    pub(crate) cgroups: usize,
    /// Dying memory cgroups.
    pub(crate) zombies: usize,
}

/// Profiles of the same time.
pub(crate) struct Profiled {
    /// What `nodesleuth profile -o json` said.
    pub(crate) said: Value,
    /// Its stacks, folded.
    pub(crate) folded: String,
    pub(crate) ours: Profile,
    /// cAdvisor's own.
    pub(crate) theirs: Profile,
}

/// A running lab. Fields are dropped in this order: first who reads the cgroups, then those.
#[derive(Debug)]
pub(crate) struct CadvisorLab {
    process: Running,
    cgroups: ScratchCgroups,
    zombies: Option<Zombies>,
    port: u16,
    log: PathBuf,
}

impl CadvisorLab {
    /// Returns when cAdvisor answers.
    pub(crate) fn start(workspace: &Workspace, size: Size) -> Result<Self> {
        clean::remove_orphans(workspace)?;
        let program = package::cadvisor(workspace)?;
        let began = Instant::now();
        let zombies = make_zombies(workspace, size.zombies)?;
        let cgroups = ScratchCgroups::make(&RunName::ours("leak")?, size.cgroups)?;
        eprintln!(
            "lab: {} cgroups in each of {} hierarchies, {} zombies, made in {:.1} s",
            size.cgroups,
            cgroups.parents().len(),
            size.zombies,
            began.elapsed().as_secs_f64()
        );
        let port = http::free_port()?;
        let log = workspace.lab_dir()?.join("cadvisor.log");
        let mut lab = Self {
            process: start_process(&program, port, &log)?,
            cgroups,
            zombies,
            port,
            log,
        };
        lab.wait_until_ready()?;
        Ok(lab)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Where a CPU profile of it is to be had.
    pub(crate) fn pprof_url(&self) -> String {
        format!("http://127.0.0.1:{}/debug/pprof/profile", self.port)
    }

    /// Dying memory cgroups of the machine right now, the lab's own and others.
    pub(crate) fn dying_on_machine(&self) -> Result<u64> {
        zombies::dying_on_machine()
    }

    /// What the released binary says about this cAdvisor. The evidence it saw is kept for a look
    /// at what went wrong.
    pub(crate) fn diagnose(&self, workspace: &Workspace, binary: &Path) -> Result<Value> {
        let evidence = new_file(workspace, "diagnosed.tar.gz")?;
        let mut command = Command::new(binary);
        command
            .args(["diagnose", "--pid", &self.pid().to_string()])
            .args([
                "--pprof",
                &self.pprof_url(),
                "--window",
                "10s",
                "-o",
                "json",
            ])
            .arg("--save")
            .arg(&evidence);
        json_of(&mut command)
    }

    /// What the released binary says about the files that this cAdvisor reads.
    pub(crate) fn calls_on_files(&self, binary: &Path) -> Result<Value> {
        let mut command = Command::new(binary);
        command.args(["syscalls", "--files", "--for", "5s", "-o", "json"]);
        command.args(["--pid", &self.pid().to_string()]);
        json_of(&mut command)
    }

    /// What the released binary says about who reads cgroup files, this cAdvisor among others.
    pub(crate) fn cgroup_readers(&self, binary: &Path) -> Result<Value> {
        let mut command = Command::new(binary);
        command.args(["cgroups", "--readers", "5s", "-o", "json"]);
        json_of(&mut command)
    }

    /// What the released binary says about which function reads which file.
    pub(crate) fn readers(&self, binary: &Path) -> Result<Value> {
        let mut command = Command::new(binary);
        command.args(["profile", "--files", "--for", "5s", "-o", "json"]);
        command.args(["--pid", &self.pid().to_string()]);
        json_of(&mut command)
    }

    /// What the released binary says about where this cAdvisor spends its CPU, and what its own pprof
    /// says of the same time.
    pub(crate) fn profile(&self, workspace: &Workspace, binary: &Path) -> Result<Profiled> {
        let theirs = new_file(workspace, "theirs.pb.gz")?;
        let mut fetch = Command::new(binary);
        fetch
            .args(["pprof", "-proto", "-seconds=10"])
            .arg(format!("-output={}", theirs.display()))
            .arg(self.pprof_url())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let fetching = Running::start(&mut fetch)?;
        let ours = new_file(workspace, "profiled.pb.gz")?;
        let mut command = Command::new(binary);
        command
            .args(["profile", "--pid", &self.pid().to_string()])
            .args(["--for", "10s", "--hz", "999", "-o", "json", "--out"])
            .arg(&ours);
        let said = json_of(&mut command)?;
        fetching.wait(DIAGNOSE_LIMIT)?;
        let mut flame = Command::new(binary);
        flame.arg("flame").arg(&ours).args(["--format", "folded"]);
        let folded = bounded::output(&mut flame, DIAGNOSE_LIMIT)?.success("nodesleuth flame")?;
        Ok(Profiled {
            said,
            folded,
            ours: profile_in(&ours)?,
            theirs: profile_in(&theirs)?,
        })
    }

    /// What a command in the lab gets to know.
    pub(crate) fn environment(&self) -> [(&'static str, String); 2] {
        [
            ("NODESLEUTH_LAB_PID", self.pid().to_string()),
            ("NODESLEUTH_LAB_PPROF", self.pprof_url()),
        ]
    }

    /// Takes the lab away and says what would not go.
    pub(crate) fn stop(self) -> Result<()> {
        let began = Instant::now();
        drop(self.process);
        let cgroups = self.cgroups.remove();
        let zombies = self.zombies.map_or(Ok(()), Zombies::remove);
        eprintln!("lab: taken away in {:.1} s", began.elapsed().as_secs_f64());
        cgroups.and(zombies)
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let began = Instant::now();
        let (process, port) = (&mut self.process, self.port);
        let ready = interrupt::wait_until(READY_LIMIT, || match process.ended()? {
            Some(status) => Err(Failure::new("cadvisor ended while starting", status)),
            None => Ok(http::answers(port, "/healthz") && http::answers(port, "/debug/pprof/")),
        });
        match ready {
            Ok(true) => {
                let seconds = began.elapsed().as_secs_f64();
                eprintln!("lab: cadvisor answers on port {port} after {seconds:.1} s");
                Ok(())
            }
            Ok(false) => Err(self.not_ready("no answer in time")),
            Err(failure) => Err(self.not_ready(&failure.to_string())),
        }
    }

    fn not_ready(&self, why: &str) -> Failure {
        let said = fs::read_to_string(&self.log).unwrap_or_default();
        let said = bounded::last_lines(&said, 8);
        Failure::new("starting cadvisor", format!("{why}\n{said}"))
            .remedy(format!("its whole log is {}", self.log.display()))
    }
}

/// Where something can be written that is kept for a look; an older one is removed.
fn new_file(workspace: &Workspace, name: &str) -> Result<PathBuf> {
    let path = workspace.lab_dir()?.join(name);
    if path.exists() {
        fs::remove_file(&path).doing(|| format!("removing {}", path.display()))?;
    }
    Ok(path)
}

fn profile_in(path: &Path) -> Result<Profile> {
    let bytes = fs::read(path).doing(|| format!("reading {}", path.display()))?;
    let opened = nodesleuth_profile::open(&bytes, &Limits::default());
    opened
        .map(|opened| opened.profile)
        .doing(|| format!("reading {}", path.display()))
}

fn json_of(command: &mut Command) -> Result<Value> {
    let spelled = bounded::spelled(command);
    let printed = bounded::output(command, DIAGNOSE_LIMIT)?.success(&spelled)?;
    serde_json::from_str(&printed).doing(|| format!("reading what {spelled} printed"))
}

fn make_zombies(workspace: &Workspace, count: usize) -> Result<Option<Zombies>> {
    if count == 0 {
        return Ok(None);
    }
    let zombies = Zombies::make(&RunName::ours("zombies")?, count, &workspace.lab_dir()?)?;
    eprintln!("lab: {} more dying memory cgroups", zombies.counted()?);
    Ok(Some(zombies))
}

fn start_process(program: &Path, port: u16, log: &Path) -> Result<Running> {
    let log = File::create(log).doing(|| format!("making {}", log.display()))?;
    let mut command = parent::dying_with_us(program);
    command
        .args(["-listen_ip", "127.0.0.1", "-port", &port.to_string()])
        .args(["-profiling", "-logtostderr"])
        .args([
            "-housekeeping_interval=1s",
            "-allow_dynamic_housekeeping=false",
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log);
    Running::start(&mut command)
}
