//! Where the cluster's processes live: a network namespace, cgroups and, for containerd and the
//! kubelet, a view of the file system in which /run, /var/lib, /var/log and /opt are theirs alone,
//! so that nothing they write and mount there outlives them. A small step enters all that and then
//! becomes the program.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::setsid;

use crate::failure::{Failure, Result, While};
use crate::lab::cluster::{cgroups, network};
use crate::parent;

/// Folders of a node's own.
const OWN_FOLDERS: [&str; 4] = ["/run", "/var/lib", "/var/log", "/opt"];

/// Which file system a process sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    /// This machine's.
    Machine,
    /// A new node's.
    NewNode,
    /// That of the node on which this process runs.
    NodeOf(u32),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Live on after whoever started it, in this cgroup.
    #[arg(long)]
    service: Option<String>,
    #[arg(long, conflicts_with = "node_of")]
    new_node: bool,
    #[arg(long, value_name = "PID")]
    node_of: Option<u32>,
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

/// The folder, if any, whose place a node's own takes, so that the node does not see `path`.
pub(crate) fn hides(path: &Path) -> Option<&'static str> {
    OWN_FOLDERS
        .into_iter()
        .find(|folder| path.starts_with(folder))
}

/// A command that runs `program` in the cluster's network.
pub(crate) fn command(view: View, program: impl AsRef<OsStr>) -> Command {
    entering(None, view, program.as_ref())
}

/// The same for a program that lives on after us as a service of this name.
pub(crate) fn service(name: &str, view: View, program: impl AsRef<OsStr>) -> Command {
    entering(Some(name), view, program.as_ref())
}

fn entering(service: Option<&str>, view: View, program: &OsStr) -> Command {
    let mut command = Command::new(parent::OURSELVES);
    command.arg("__in-cluster");
    if let Some(name) = service {
        command.args(["--service", name]);
    }
    match view {
        View::Machine => {}
        View::NewNode => {
            command.arg("--new-node");
        }
        View::NodeOf(pid) => {
            command.args(["--node-of", &pid.to_string()]);
        }
    }
    command.arg("--").arg(program);
    command
}

pub(crate) fn exec(args: &Args) -> Result<ExitCode> {
    // Opened first: a node's own /run hides it.
    let network = open(network::NAMESPACE)?;
    if let Some(name) = &args.service {
        setsid().doing(|| "setsid".to_owned())?;
        cgroups::join(name)?;
        raise_file_limit()?;
    }
    if let Some(pid) = args.node_of {
        let mounts = open(&format!("/proc/{pid}/ns/mnt"))?;
        setns(mounts, CloneFlags::CLONE_NEWNS).doing(|| format!("entering the node of {pid}"))?;
    }
    if args.new_node {
        make_node()?;
    }
    setns(network, CloneFlags::CLONE_NEWNET)
        .doing(|| format!("entering {}", network::NAMESPACE))?;
    let (program, arguments) = (&args.command[0], &args.command[1..]);
    let error = Command::new(program).args(arguments).exec();
    Err(Failure::new(program.to_string_lossy(), error))
}

fn open(path: &str) -> Result<File> {
    File::open(path).doing(|| format!("opening {path}"))
}

/// The kubelet watches many files, and pods inherit the limit.
fn raise_file_limit() -> Result<()> {
    let raise = getrlimit(Resource::RLIMIT_NOFILE)
        .and_then(|(_, hard)| setrlimit(Resource::RLIMIT_NOFILE, hard, hard));
    raise.doing(|| "raising the limit of open files".to_owned())
}

/// Mounts made here stay here; those between containerd, the kubelet and pods spread as on a node.
fn make_node() -> Result<()> {
    unshare(CloneFlags::CLONE_NEWNS).doing(|| "making a mount namespace".to_owned())?;
    for how in [MsFlags::MS_SLAVE, MsFlags::MS_SHARED] {
        mount(NOTHING, "/", NOTHING, how | MsFlags::MS_REC, NOTHING)
            .doing(|| "changing how mounts spread".to_owned())?;
    }
    for folder in OWN_FOLDERS {
        fs::create_dir_all(folder).doing(|| format!("making {folder}"))?;
        // cAdvisor tells file systems apart by their source.
        let source = format!("lab{}", folder.replace('/', "-"));
        let mode = Some("mode=755");
        mount(
            Some(source.as_str()),
            folder,
            Some("tmpfs"),
            MsFlags::empty(),
            mode,
        )
        .doing(|| format!("mounting a folder of its own on {folder}"))?;
    }
    fs::create_dir("/run/netns").doing(|| "making /run/netns".to_owned())
}

const NOTHING: Option<&str> = None;
