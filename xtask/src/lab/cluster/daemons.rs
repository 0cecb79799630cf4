//! The programs of the cluster and how each is called.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Stdio};

use crate::bounded;
use crate::failure::{Failure, Result, While};
use crate::lab::cluster::cgroups;
use crate::lab::cluster::enter::{self, View};
use crate::lab::cluster::network::ADDRESS;
use crate::lab::cluster::pki::{self, NODE};
use crate::lab::cluster::places::Places;

/// All of them, in the order in which they start.
pub(crate) const NAMES: [&str; 6] = [
    "etcd",
    "containerd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
];
const SERVICE_ADDRESSES: &str = "10.96.0.0/16";
/// containerd's own choice, within the node.
pub(crate) const CONTAINERD: &str = "/run/containerd/containerd.sock";

/// One of them, not started yet.
#[derive(Debug)]
pub(crate) struct Daemon {
    name: &'static str,
    program: PathBuf,
    view: View,
    arguments: Vec<String>,
}

/// One that was started.
#[derive(Debug)]
pub(crate) struct Started {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Daemon {
    /// Starts it as a service of its own; its output goes to a log in the state.
    pub(crate) fn start(&self, places: &Places) -> Result<Started> {
        cgroups::make(self.name)?;
        let log = log_of(places, self.name);
        let output = File::options().create(true).append(true).open(&log);
        let output = output.doing(|| format!("making {}", log.display()))?;
        let errors = output
            .try_clone()
            .doing(|| "cloning a file handle".to_owned())?;
        let mut command = enter::service(self.name, self.view, &self.program);
        command
            .args(&self.arguments)
            .env("PATH", places.search_path())
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors);
        let child = command
            .spawn()
            .doing(|| format!("starting {}", self.name))?;
        Ok(Started {
            name: self.name,
            child,
            log,
        })
    }
}

impl Started {
    /// Of the program itself: it takes the place of the step that started it.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// An error with the end of its log if it has ended.
    pub(crate) fn check(&mut self) -> Result<()> {
        let ended = self
            .child
            .try_wait()
            .doing(|| format!("waiting for {}", self.name))?;
        match ended {
            None => Ok(()),
            Some(status) => Err(self.failed(&status.to_string())),
        }
    }

    pub(crate) fn failed(&self, why: &str) -> Failure {
        let said = std::fs::read_to_string(&self.log).unwrap_or_default();
        let said = bounded::last_lines(&said, 8);
        Failure::new(format!("starting {}", self.name), format!("{why}\n{said}"))
            .remedy(format!("its whole log is {}", self.log.display()))
    }
}

/// Where a daemon writes; stays for a look after the cluster is down, until the next one.
fn log_of(places: &Places, name: &str) -> PathBuf {
    places.logs().join(format!("{name}.log"))
}

pub(crate) fn etcd(places: &Places) -> Daemon {
    let (clients, peers) = ("http://127.0.0.1:2379", "http://127.0.0.1:2380");
    Daemon {
        name: "etcd",
        program: places.debian().join("usr/bin/etcd"),
        view: View::Machine,
        arguments: vec![
            "--name=lab".to_owned(),
            flag("data-dir", places.state().join("etcd").display()),
            flag("listen-client-urls", clients),
            flag("advertise-client-urls", clients),
            flag("listen-peer-urls", peers),
            flag("initial-advertise-peer-urls", peers),
            format!("--initial-cluster=lab={peers}"),
            // Nothing in it needs to survive.
            "--unsafe-no-fsync".to_owned(),
        ],
    }
}

pub(crate) fn containerd(places: &Places) -> Daemon {
    Daemon {
        name: "containerd",
        program: places.debian().join("usr/bin/containerd"),
        view: View::NewNode,
        arguments: vec![flag(
            "config",
            places.state().join("containerd.toml").display(),
        )],
    }
}

pub(crate) fn apiserver(places: &Places) -> Daemon {
    let key = |name| key_file(places, name);
    Daemon {
        name: "kube-apiserver",
        program: places.built("kube-apiserver"),
        view: View::Machine,
        arguments: vec![
            flag("etcd-servers", "http://127.0.0.1:2379"),
            flag("bind-address", ADDRESS),
            flag("advertise-address", ADDRESS),
            flag("service-cluster-ip-range", SERVICE_ADDRESSES),
            flag("authorization-mode", "Node,RBAC"),
            flag("enable-admission-plugins", "NodeRestriction"),
            flag("allow-privileged", true),
            flag("client-ca-file", key("ca.crt")),
            flag("tls-cert-file", key("apiserver.crt")),
            flag("tls-private-key-file", key("apiserver.key")),
            flag("kubelet-client-certificate", key("kubelet-client.crt")),
            flag("kubelet-client-key", key("kubelet-client.key")),
            flag("kubelet-preferred-address-types", "InternalIP"),
            flag("service-account-issuer", "https://kubernetes.default.svc"),
            flag("service-account-key-file", key("tokens.pub")),
            flag("service-account-signing-key-file", key("tokens.key")),
            // The scenarios' people; the file is part of the state.
            flag(
                "token-auth-file",
                places.state().join("tokens.csv").display(),
            ),
        ],
    }
}

pub(crate) fn controller_manager(places: &Places) -> Daemon {
    let key = |name| key_file(places, name);
    Daemon {
        name: "kube-controller-manager",
        program: places.built("kube-controller-manager"),
        view: View::Machine,
        arguments: vec![
            flag("kubeconfig", key("controller-manager.kubeconfig")),
            flag("service-account-private-key-file", key("tokens.key")),
            flag("root-ca-file", key("ca.crt")),
            flag("use-service-account-credentials", true),
            flag("leader-elect", false),
            flag("bind-address", "127.0.0.1"),
            flag("port", 0),
        ],
    }
}

pub(crate) fn scheduler(places: &Places) -> Daemon {
    let key = |name| key_file(places, name);
    Daemon {
        name: "kube-scheduler",
        program: places.built("kube-scheduler"),
        view: View::Machine,
        arguments: vec![
            flag("kubeconfig", key("scheduler.kubeconfig")),
            flag("leader-elect", false),
            flag("bind-address", "127.0.0.1"),
            flag("port", 0),
        ],
    }
}

/// On the node on which this containerd runs, with one more flag.
pub(crate) fn kubelet(places: &Places, containerd: u32, more: Option<&str>) -> Daemon {
    let mut daemon = plain_kubelet(places, containerd);
    daemon.arguments.extend(more.map(str::to_owned));
    daemon
}

fn plain_kubelet(places: &Places, containerd: u32) -> Daemon {
    Daemon {
        name: "kubelet",
        program: places.built("kubelet"),
        view: View::NodeOf(containerd),
        arguments: vec![
            flag("config", places.state().join("kubelet.yaml").display()),
            flag(
                "kubeconfig",
                pki::kubeconfig(&places.state().join("pki"), "kubelet").display(),
            ),
            flag("hostname-override", NODE),
            flag("node-ip", ADDRESS),
            flag("container-runtime", "remote"),
            format!("--container-runtime-endpoint=unix://{CONTAINERD}"),
        ],
    }
}

fn key_file(places: &Places, name: &str) -> String {
    places.state().join("pki").join(name).display().to_string()
}

fn flag(name: &str, value: impl std::fmt::Display) -> String {
    format!("--{name}={value}")
}
