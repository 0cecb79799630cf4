//! Debian 11's cAdvisor: downloaded once from this machine's own mirror, checked, and unpacked
//! beside the build results. Nothing is installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::bounded;
use crate::failure::{Failure, Result, While};
use crate::lab::apt_sources;
use crate::workspace::Workspace;

const POOL_PATH: &str = "pool/main/c/cadvisor/cadvisor_0.38.7+ds1-2+b7_amd64.deb";
const SHA256: &str = "42d4fa456d31caa972bd2686f993c43ccbc4c784009b6104b538e69af8615e14";
/// apt's own downloader: knows its proxies, credentials and methods, and checks the hash.
const APT_HELPER: &str = "/usr/lib/apt/apt-helper";

const DOWNLOAD_LIMIT: Duration = Duration::from_secs(180);
const LOCAL_LIMIT: Duration = Duration::from_secs(60);

/// The cAdvisor program, fetched and unpacked if it is not there yet.
pub(crate) fn cadvisor(workspace: &Workspace) -> Result<PathBuf> {
    let lab = workspace.lab_dir()?;
    let package = lab.join("cadvisor.deb");
    if !has_checksum(&package)? {
        download(&package)?;
    }
    let unpacked = lab.join("cadvisor");
    let program = unpacked.join("usr/bin/cadvisor");
    if !program.exists() {
        unpack(&package, &unpacked)?;
    }
    if program.exists() {
        Ok(program)
    } else {
        Err(Failure::new(
            "unpacking cadvisor",
            "no usr/bin/cadvisor in the package",
        ))
    }
}

fn has_checksum(package: &Path) -> Result<bool> {
    if !package.exists() {
        return Ok(false);
    }
    let mut command = Command::new("sha256sum");
    command.arg("--").arg(package);
    let printed = bounded::output(&mut command, LOCAL_LIMIT)?.success("sha256sum")?;
    Ok(printed.split_whitespace().next() == Some(SHA256))
}

/// Tries the mirrors in turn.
fn download(package: &Path) -> Result<()> {
    let mirrors = apt_sources::debian_mirrors(Path::new(apt_sources::APT_DIR));
    let mut refused = Vec::new();
    for mirror in &mirrors {
        let url = format!("{mirror}/{POOL_PATH}");
        match download_from(&url, package) {
            Ok(()) => return Ok(()),
            Err(failure) => refused.push(format!("\n  {failure}")),
        }
    }
    let why = if refused.is_empty() {
        format!(
            "apt's sources in {} name no Debian mirror",
            apt_sources::APT_DIR
        )
    } else {
        refused.concat()
    };
    Err(
        Failure::new("getting Debian 11's cadvisor package", why).remedy(format!(
            "if Debian 11 has left the mirror, get a file with SHA-256 {SHA256} from \
         an archive of Debian packages (its path there: {POOL_PATH}) and put it at {}",
            package.display()
        )),
    )
}

fn download_from(url: &str, package: &Path) -> Result<()> {
    eprintln!("lab: getting {url}");
    let mut command = Command::new(APT_HELPER);
    command
        .args([
            "-o",
            "Acquire::Retries=2",
            "-o",
            "Acquire::http::Timeout=30",
        ])
        .args(["-o", "APT::Sandbox::User=root", "download-file", url])
        .arg(package)
        .arg(format!("SHA256:{SHA256}"));
    bounded::output(&mut command, DOWNLOAD_LIMIT)?.success(url)?;
    if has_checksum(package)? {
        return Ok(());
    }
    fs::remove_file(package).doing(|| format!("removing {}", package.display()))?;
    Err(Failure::new(
        url,
        "the file there has another SHA-256; removed",
    ))
}

/// Unpacks to a folder beside, then renames, so that half a package never looks like a whole one.
fn unpack(package: &Path, to: &Path) -> Result<()> {
    let partial = to.with_extension(format!("partial-{}", std::process::id()));
    let mut command = Command::new("dpkg-deb");
    command.arg("-x").arg(package).arg(&partial);
    bounded::output(&mut command, LOCAL_LIMIT)?.success("dpkg-deb -x")?;
    if to.exists() {
        fs::remove_dir_all(to).doing(|| format!("removing {}", to.display()))?;
    }
    fs::rename(&partial, to).doing(|| format!("moving {}", partial.display()))
}
