//! Debian packages: downloaded once from this machine's own mirror, checked, and unpacked beside
//! the build results. Nothing is installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::bounded;
use crate::failure::{Failure, Result, While};
use crate::lab::apt_sources;
use crate::workspace::Workspace;

/// One package of Debian's archive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Package {
    /// What the files of it are called here.
    pub(crate) name: &'static str,
    /// Where it is on every mirror.
    pub(crate) pool_path: &'static str,
    /// In hexadecimal digits.
    pub(crate) sha256: &'static str,
    /// A file in it, without which it is not unpacked.
    pub(crate) holds: &'static str,
}

/// Debian 11's.
const CADVISOR: Package = Package {
    name: "cadvisor",
    pool_path: "pool/main/c/cadvisor/cadvisor_0.38.7+ds1-2+b7_amd64.deb",
    sha256: "42d4fa456d31caa972bd2686f993c43ccbc4c784009b6104b538e69af8615e14",
    holds: "usr/bin/cadvisor",
};
/// apt's own downloader: knows its proxies, credentials and methods, and checks the hash.
const APT_HELPER: &str = "/usr/lib/apt/apt-helper";

const DOWNLOAD_LIMIT: Duration = Duration::from_secs(180);
const LOCAL_LIMIT: Duration = Duration::from_secs(60);

/// The cAdvisor program.
pub(crate) fn cadvisor(workspace: &Workspace) -> Result<PathBuf> {
    CADVISOR
        .unpacked(workspace)
        .map(|folder| folder.join(CADVISOR.holds))
}

impl Package {
    /// The folder with its files, fetched and unpacked if it is not there yet.
    pub(crate) fn unpacked(&self, workspace: &Workspace) -> Result<PathBuf> {
        let lab = workspace.lab_dir()?;
        let file = lab.join(format!("{}.deb", self.name));
        RemoteFile {
            pool_path: self.pool_path,
            sha256: self.sha256,
        }
        .fetch(&file)?;
        let folder = lab.join(self.name);
        if !folder.join(self.holds).exists() {
            unpack(&file, &folder)?;
        }
        if folder.join(self.holds).exists() {
            Ok(folder)
        } else {
            let why = format!("no {} in the package", self.holds);
            Err(Failure::new(format!("unpacking {}", self.name), why))
        }
    }
}

/// One file of Debian's archive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RemoteFile<'p> {
    /// Where it is on every mirror.
    pub(crate) pool_path: &'p str,
    /// In hexadecimal digits.
    pub(crate) sha256: &'p str,
}

impl RemoteFile<'_> {
    /// Downloads it if it is not there yet.
    pub(crate) fn fetch(&self, file: &Path) -> Result<()> {
        if self.is(file)? {
            return Ok(());
        }
        self.download(file)
    }

    fn is(&self, file: &Path) -> Result<bool> {
        Ok(file.exists() && sha256_of(file)? == self.sha256)
    }

    /// Tries the mirrors in turn.
    fn download(&self, file: &Path) -> Result<()> {
        let mirrors = apt_sources::debian_mirrors(Path::new(apt_sources::APT_DIR));
        let mut refused = Vec::new();
        for mirror in &mirrors {
            let url = format!("{mirror}/{}", self.pool_path);
            match self.download_from(&url, file) {
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
        let what = format!("getting Debian's {}", self.pool_path);
        Err(Failure::new(what, why).remedy(format!(
            "if it has left the mirror, get a file with SHA-256 {} from an archive of Debian \
             packages (its path there: {}) and put it at {}",
            self.sha256,
            self.pool_path,
            file.display()
        )))
    }

    fn download_from(&self, url: &str, file: &Path) -> Result<()> {
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
            .arg(file)
            .arg(format!("SHA256:{}", self.sha256));
        bounded::output(&mut command, DOWNLOAD_LIMIT)?.success(url)?;
        if self.is(file)? {
            return Ok(());
        }
        fs::remove_file(file).doing(|| format!("removing {}", file.display()))?;
        Err(Failure::new(
            url,
            "the file there has another SHA-256; removed",
        ))
    }
}

/// In hexadecimal digits.
pub(crate) fn sha256_of(file: &Path) -> Result<String> {
    let mut command = Command::new("sha256sum");
    command.arg("--").arg(file);
    let printed = bounded::output(&mut command, LOCAL_LIMIT)?.success("sha256sum")?;
    let hash = printed.split_whitespace().next();
    hash.map(str::to_owned)
        .ok_or_else(|| Failure::new("sha256sum", "printed nothing"))
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
