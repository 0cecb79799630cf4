//! Programs from this machine's own Debian, unpacked and not installed, so that none of their
//! services starts. apt checks what it downloads against Debian's signed lists.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::bounded;
use crate::failure::{Failure, Result, While};
use crate::lab::cluster::down;
use crate::lab::cluster::places::Places;

const PACKAGES: [&str; 6] = [
    "busybox-static",
    "containerd",
    "containernetworking-plugins",
    "etcd-server",
    "kubernetes-client",
    "runc",
];
const DOWNLOAD_LIMIT: Duration = Duration::from_secs(300);
const UNPACK_LIMIT: Duration = Duration::from_secs(60);

/// Unpacks all of them into one tree, if they are not there yet.
pub(crate) fn unpack(places: &Places) -> Result<()> {
    let tree = places.debian();
    if tree.exists() {
        return Ok(());
    }
    let packages = download(&places.cached("packages"))?;
    // Renamed when whole, so that half a tree never looks like one.
    let partial = tree.with_extension("partial");
    down::remove_tree(&partial)?;
    for package in packages {
        let mut command = Command::new("dpkg-deb");
        command.arg("-x").arg(package).arg(&partial);
        bounded::output(&mut command, UNPACK_LIMIT)?.success("dpkg-deb -x")?;
    }
    fs::rename(&partial, &tree).doing(|| format!("moving {}", partial.display()))
}

fn download(folder: &Path) -> Result<Vec<PathBuf>> {
    down::remove_tree(folder)?;
    fs::create_dir(folder).doing(|| format!("making {}", folder.display()))?;
    eprintln!("lab: getting {} of Debian", PACKAGES.join(", "));
    let mut command = Command::new("apt-get");
    command
        .args(["-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=2"])
        .arg("download")
        .args(PACKAGES)
        .current_dir(folder);
    bounded::output(&mut command, DOWNLOAD_LIMIT)
        .and_then(|printed| printed.success("apt-get download"))
        .map_err(|failure| failure.remedy("on Debian 12: apt-get update, then again"))?;
    let entries = fs::read_dir(folder).doing(|| format!("listing {}", folder.display()))?;
    let packages: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    if packages.len() == PACKAGES.len() {
        Ok(packages)
    } else {
        let why = format!("{} packages for {} names", packages.len(), PACKAGES.len());
        Err(Failure::new("apt-get download", why))
    }
}
