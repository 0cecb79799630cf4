//! Debian's source package of Kubernetes 1.20.2. Only the upstream archive in it is used: Debian's
//! patches change kubectl alone, which comes from the binary package.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::bounded;
use crate::failure::{Failure, Result, While};
use crate::lab::cluster::down;
use crate::lab::cluster::places::Places;
use crate::lab::package::RemoteFile;

/// Debian 12's description of the package; the archive's hash is in it.
const DESCRIPTION: RemoteFile = RemoteFile {
    pool_path: "pool/main/k/kubernetes/kubernetes_1.20.5+really1.20.2-1.1+deb12u1.dsc",
    sha256: "19fa1da5aefcef673894ac9511986bd98a14410cf8eea0b626613c30df435257",
};
const UNPACK_LIMIT: Duration = Duration::from_secs(120);

/// Unpacks the sources to `folder`, if they are not there yet.
pub(crate) fn unpack(places: &Places, folder: &Path) -> Result<()> {
    if folder.exists() {
        return Ok(());
    }
    let description = places.cached("kubernetes.dsc");
    DESCRIPTION.fetch(&description)?;
    let text =
        fs::read_to_string(&description).doing(|| format!("reading {}", description.display()))?;
    let listed = upstream_archive(&text)
        .ok_or_else(|| Failure::new("reading kubernetes.dsc", "it lists no .orig.tar.gz"))?;
    let archive = places.cached("kubernetes.orig.tar.gz");
    let pool_path = format!("pool/main/k/kubernetes/{}", listed.name);
    RemoteFile {
        pool_path: &pool_path,
        sha256: listed.sha256,
    }
    .fetch(&archive)?;
    untar(&archive, folder)
}

#[derive(Debug, PartialEq, Eq)]
struct Listed<'t> {
    sha256: &'t str,
    name: &'t str,
}

/// From the lines ` SHA-256 BYTES NAME` after `Checksums-Sha256:` (deb-src-control(5)).
fn upstream_archive(description: &str) -> Option<Listed<'_>> {
    let lines = description.lines();
    lines
        .skip_while(|line| line.trim_end() != "Checksums-Sha256:")
        .skip(1)
        .take_while(|line| line.starts_with(' '))
        .find_map(|line| {
            let mut words = line.split_whitespace();
            let (sha256, name) = (words.next()?, words.nth(1)?);
            name.ends_with(".orig.tar.gz")
                .then_some(Listed { sha256, name })
        })
}

fn untar(archive: &Path, folder: &Path) -> Result<()> {
    let partial = folder.with_extension("partial");
    down::remove_tree(&partial)?;
    fs::create_dir_all(&partial).doing(|| format!("making {}", partial.display()))?;
    let mut command = Command::new("tar");
    command
        .args(["--extract", "--gzip", "--strip-components=1", "--file"])
        .arg(archive)
        .arg("--directory")
        .arg(&partial);
    bounded::output(&mut command, UNPACK_LIMIT)?.success("tar")?;
    fs::rename(&partial, folder).doing(|| format!("moving {}", partial.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_archive_and_its_hash_are_found_among_other_checksums() {
        let text = "Format: 3.0 (quilt)\nChecksums-Sha1:\n 06d5 34428927 k_1.orig.tar.gz\n\
                    Checksums-Sha256:\n 9b6e 21300 k_1-1.debian.tar.xz\n b83c 34428927 k_1.orig.tar.gz\n\
                    Files:\n 5e9c 34428927 k_1.orig.tar.gz\n";
        let expected = Listed {
            sha256: "b83c",
            name: "k_1.orig.tar.gz",
        };
        assert_eq!(upstream_archive(text), Some(expected));
        assert_eq!(
            upstream_archive("Checksums-Sha1:\n 06d5 1 k_1.orig.tar.gz\n"),
            None
        );
    }
}
