//! The lab's own Go programs: `lab/cluster/programs/NAME.go`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use crate::bounded;
use crate::failure::{Result, While};
use crate::lab::cluster::places::Places;

const BUILD_LIMIT: Duration = Duration::from_secs(300);

/// Builds it if its source is newer.
pub(crate) fn program(places: &Places, name: &str) -> Result<PathBuf> {
    let source = places.config(&format!("programs/{name}.go"));
    let program = places.built(name);
    if program.exists() && changed(&program)? >= changed(&source)? {
        return Ok(program);
    }
    let mut command = Command::new("nice");
    command
        .args(["go", "build", "-trimpath", "-ldflags", "-s -w", "-o"])
        .arg(&program)
        .arg(&source)
        .env("GOCACHE", places.cached("go-cache-programs"))
        .envs([("GO111MODULE", "off"), ("CGO_ENABLED", "0")]);
    bounded::output(&mut command, BUILD_LIMIT)?
        .success(&format!("go build {}", source.display()))
        .map_err(|failure| failure.remedy("apt-get install golang-go"))?;
    Ok(program)
}

fn changed(file: &Path) -> Result<SystemTime> {
    let metadata = fs::metadata(file).and_then(|metadata| metadata.modified());
    metadata.doing(|| format!("looking at {}", file.display()))
}
