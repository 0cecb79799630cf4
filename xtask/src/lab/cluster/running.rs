//! A cluster that is up: its programs' ids, commands in its network, its kubelet stopped and started.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::bounded;
use crate::failure::{Failure, Result};
use crate::interrupt;
use crate::lab::cluster::cgroups;
use crate::lab::cluster::claim::Claim;
use crate::lab::cluster::daemons::{self, Daemon, Started};
use crate::lab::cluster::enter::{self, View};
use crate::lab::cluster::pki::{self, NODE};
use crate::lab::cluster::places::Places;

const KUBECTL_LIMIT: Duration = Duration::from_secs(60);
const PODS_LIMIT: Duration = Duration::from_secs(240);
const READY_LIMIT: Duration = Duration::from_secs(180);

#[derive(Debug, Clone)]
pub(crate) struct Cluster {
    places: Places,
}

impl Cluster {
    /// One whose programs run, complete or not.
    pub(crate) fn at(places: &Places) -> Self {
        Self {
            places: places.clone(),
        }
    }

    /// The one that `up` has made.
    pub(crate) fn find(places: &Places) -> Result<Self> {
        let missing = |why: &str| {
            Failure::new("using the lab's cluster", why).remedy("cargo xtask lab cluster up")
        };
        let claim = Claim::read()?.ok_or_else(|| missing("it is not up"))?;
        if claim.state != places.state() {
            let why = format!("another checkout's is up, in {}", claim.state.display());
            return Err(missing(&why));
        }
        let cluster = Self::at(places);
        if !claim.is_up || !cluster.all_run() {
            return Err(missing("it is not whole"));
        }
        Ok(cluster)
    }

    pub(crate) fn places(&self) -> &Places {
        &self.places
    }

    /// Whether every program of the cluster runs.
    pub(crate) fn all_run(&self) -> bool {
        let runs = |name: &&'static str| cgroups::members(name).is_ok_and(|pids| !pids.is_empty());
        daemons::NAMES.iter().all(runs)
    }

    /// For somebody who may do everything.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        pki::kubeconfig(&self.places.state().join("pki"), "admin")
    }

    /// A command in the cluster's network that finds the cluster.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = enter::command(View::Machine, program);
        let path = std::env::var("PATH").unwrap_or_default();
        command
            .env("KUBECONFIG", self.kubeconfig())
            .env("PATH", format!("{}:{path}", self.places.search_path()));
        command
    }

    /// What kubectl printed.
    pub(crate) fn kubectl(&self, words: &[&str]) -> Result<String> {
        let words = [&["--request-timeout=30s"], words].concat();
        self.kubectl_within(KUBECTL_LIMIT, &words)
    }

    /// The same for what waits for pods.
    pub(crate) fn patient_kubectl(&self, words: &[&str]) -> Result<String> {
        self.kubectl_within(PODS_LIMIT, words)
    }

    fn kubectl_within(&self, limit: Duration, words: &[&str]) -> Result<String> {
        let mut command = self.command("kubectl");
        bounded::output(command.args(words), limit)?
            .success(&format!("kubectl {}", words.join(" ")))
    }

    /// What containerd's own client printed.
    pub(crate) fn ctr(&self, containerd: u32, words: &[&str]) -> Result<String> {
        let mut command = enter::command(View::NodeOf(containerd), "ctr");
        command
            .args(["--address", daemons::CONTAINERD, "--namespace", "k8s.io"])
            .args(words)
            .env("PATH", self.places.search_path());
        bounded::output(&mut command, KUBECTL_LIMIT)?.success(&format!("ctr {}", words.join(" ")))
    }

    /// Starts a program and waits until it does what it is for.
    pub(crate) fn start(
        &self,
        daemon: &Daemon,
        ready: impl Fn(&Started) -> bool,
    ) -> Result<Started> {
        let mut started = daemon.start(&self.places)?;
        let is_ready = interrupt::wait_until(READY_LIMIT, || {
            started.check()?;
            Ok(ready(&started))
        })?;
        if is_ready {
            Ok(started)
        } else {
            let why = format!("not ready after {} s", READY_LIMIT.as_secs());
            Err(started.failed(&why))
        }
    }

    /// Starts the kubelet and waits until its node is ready.
    pub(crate) fn start_kubelet(&self) -> Result<()> {
        self.start_kubelet_with(None)
    }

    fn start_kubelet_with(&self, flag: Option<&str>) -> Result<()> {
        let containerd = self.pid("containerd")?;
        let kubelet = daemons::kubelet(&self.places, containerd, flag);
        self.start(&kubelet, |_| self.node_is_ready()).map(drop)
    }

    /// Ends the kubelet; its pods stay.
    pub(crate) fn stop_kubelet(&self) -> Result<()> {
        let of_kubelet = |folder: &std::path::Path| folder.ends_with("kubelet.service");
        cgroups::end_processes(of_kubelet)
    }

    /// Starts the kubelet again, with one more line in its configuration.
    pub(crate) fn restart_kubelet(&self, line: Option<&str>) -> Result<()> {
        self.stop_kubelet()?;
        self.places.write_kubelet_config(line)?;
        self.start_kubelet()
    }

    /// Starts the kubelet again, with one more flag.
    pub(crate) fn restart_kubelet_with(&self, flag: Option<&str>) -> Result<()> {
        self.stop_kubelet()?;
        self.start_kubelet_with(flag)
    }

    pub(crate) fn wait_until_ready(&self) -> Result<()> {
        if interrupt::wait_until(READY_LIMIT, || Ok(self.node_is_ready()))? {
            Ok(())
        } else {
            Err(Failure::new("waiting for the node", "not ready in time"))
        }
    }

    /// The main process of one of the programs: the first that was started.
    pub(crate) fn pid(&self, name: &str) -> Result<u32> {
        let members = cgroups::members(name)?;
        let is_program = |pid: &&u32| {
            let executable = std::fs::read_link(format!("/proc/{pid}/exe"));
            executable.is_ok_and(|path| path.file_name() == Some(OsStr::new(name)))
        };
        let pid = members.iter().find(is_program).copied();
        pid.ok_or_else(|| Failure::new(format!("looking for {name}"), "it does not run"))
    }

    /// Whether the kubelet answers through the API server, and the API server counts on its node.
    pub(crate) fn node_is_ready(&self) -> bool {
        let healthy = format!("/api/v1/nodes/{NODE}/proxy/healthz");
        let condition = "jsonpath={.status.conditions[?(@.type==\"Ready\")].status}";
        let is_ready = self.kubectl(&["get", "node", NODE, "--output", condition]);
        is_ready.is_ok_and(|status| status == "True")
            && self.kubectl(&["get", "--raw", &healthy]).is_ok()
    }
}
