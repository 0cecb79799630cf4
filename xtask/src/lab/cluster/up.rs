//! Starts the cluster: claim, network, keys, programs in their order, until the node is ready.

use std::fs;
use std::time::Instant;

use crate::failure::{Failure, Result, While};
use crate::interrupt;
use crate::lab::cluster::build::{self, Image};
use crate::lab::cluster::claim::Claim;
use crate::lab::cluster::places::Places;
use crate::lab::cluster::running::Cluster;
use crate::lab::cluster::{cgroups, daemons, down, enter, network, pki, sysctls};

/// Users that a token stands for; what each may do the scenarios say. TOKEN,USER,UID,GROUP
const TOKENS: &str = "token-of-admin,admin,0,system:masters\n\
                      token-of-nobody,nobody,1\n\
                      token-of-reader,reader,2\n";
const SERVICE_ACCOUNT_LIMIT: std::time::Duration = std::time::Duration::from_secs(60);

/// The cluster, which stays when we end. One that is up already is fine.
pub(crate) fn run(places: &Places) -> Result<Cluster> {
    if let Some(claim) = Claim::read()? {
        if let Ok(cluster) = Cluster::find(places) {
            return Ok(cluster);
        }
        if claim.state != places.state() {
            let why = format!(
                "there is one of another checkout, in {}",
                claim.state.display()
            );
            return Err(Failure::new("starting a cluster", why)
                .remedy("cargo xtask lab cluster down, here or there"));
        }
        down::run()?;
    }
    build::prepare(places)?;
    let mut claim = claim(places)?;
    let began = Instant::now();
    let started = start(places);
    match started {
        Ok(cluster) => {
            claim.complete()?;
            eprintln!(
                "lab: the node is ready after {:.0} s",
                began.elapsed().as_secs_f64()
            );
            Ok(cluster)
        }
        Err(failure) => {
            if let Err(left) = down::in_process_of_its_own() {
                eprintln!("lab: {left}");
            }
            Err(failure)
        }
    }
}

/// Takes the machine, if nothing of a node is on it.
fn claim(places: &Places) -> Result<Claim> {
    let own_root = enter::hides(&places.state());
    if let Some(folder) = own_root {
        let why = format!("the checkout is below {folder}, which nodes have their own of");
        return Err(Failure::new("starting a cluster", why).remedy("move the checkout"));
    }
    let existing = cgroups::existing()?;
    if let Some(folder) = existing.first() {
        let why = format!(
            "{} exists: this machine is a node already",
            folder.display()
        );
        return Err(Failure::new("starting a cluster", why));
    }
    if network::exists() {
        let why = format!("{} exists and nobody claims it", network::NAMESPACE);
        return Err(Failure::new("starting a cluster", why).remedy("ip netns delete it"));
    }
    Claim::take(&places.state())
}

fn start(places: &Places) -> Result<Cluster> {
    sysctls::raise()?;
    network::make()?;
    write_state(places)?;
    let cluster = Cluster::at(places);
    // Slow to be ready and needed by nobody before the images are.
    let mut etcd = daemons::etcd(places).start(places)?;
    let containerd = cluster.start(&daemons::containerd(places), |started| {
        cluster.ctr(started.pid(), &["version"]).is_ok()
    })?;
    for name in build::IMAGES {
        let archive = Image::archive(places, name).display().to_string();
        cluster.ctr(containerd.pid(), &["images", "import", &archive])?;
    }
    etcd.check()?;
    cluster.start(&daemons::apiserver(places), |_| {
        cluster.kubectl(&["get", "--raw", "/readyz"]).is_ok()
    })?;
    let others = [
        daemons::controller_manager(places),
        daemons::scheduler(places),
    ];
    let mut others: Vec<_> = others
        .iter()
        .map(|daemon| daemon.start(places))
        .collect::<Result<_>>()?;
    cluster.start_kubelet()?;
    let has_account = || {
        others.iter_mut().try_for_each(daemons::Started::check)?;
        Ok(cluster
            .kubectl(&["get", "serviceaccount", "default"])
            .is_ok())
    };
    if interrupt::wait_until(SERVICE_ACCOUNT_LIMIT, has_account)? {
        Ok(cluster)
    } else {
        Err(Failure::new(
            "starting a cluster",
            "no service account for pods in time",
        ))
    }
}

fn write_state(places: &Places) -> Result<()> {
    let state = places.state();
    let files = |folder: &str| state.join(folder);
    down::remove_tree(&places.logs())?;
    for folder in [state.clone(), places.logs(), files("cni")] {
        fs::create_dir_all(&folder).doing(|| format!("making {}", folder.display()))?;
    }
    pki::make(&files("pki"))?;
    let tokens = files("tokens.csv");
    fs::write(&tokens, TOKENS).doing(|| format!("writing {}", tokens.display()))?;
    places.render("cni.conflist", &files("cni/lab.conflist"))?;
    places.render("containerd.toml", &files("containerd.toml"))?;
    places.write_kubelet_config(None)
}
