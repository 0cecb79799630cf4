//! The Kubernetes programs, built with Debian's Go from Debian's sources in GOPATH mode, which is
//! what the vendored sources are made for. It takes ten minutes on two quiet cores, once.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::bounded;
use crate::failure::{Failure, Result, While};
use crate::lab::cluster::build::sources;
use crate::lab::cluster::places::Places;

const PROGRAMS: [&str; 4] = [
    "kubelet",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
];
/// An import path of the sources.
const KUBERNETES: &str = "k8s.io/kubernetes";
const BUILD_LIMIT: Duration = Duration::from_secs(60 * 60);
const GENERATE_LIMIT: Duration = Duration::from_secs(10 * 60);
/// Without clouds and without Docker, neither of which the lab has: half the time to build.
const TAGS: &str = "providerless,dockerless";
/// Asks for generated descriptions of the types in a Go package.
const MARK: &str = "+k8s:openapi-gen=";

/// Builds what is missing.
pub(crate) fn build(places: &Places) -> Result<()> {
    if PROGRAMS.iter().all(|name| places.built(name).exists()) {
        return Ok(());
    }
    let began = Instant::now();
    let go = Go::of(places);
    sources::unpack(places, &go.sources)?;
    eprintln!(
        "lab: building {}: ten minutes and more",
        PROGRAMS.join(", ")
    );
    go.generate(places)?;
    let packages = PROGRAMS.map(|name| format!("./cmd/{name}"));
    let mut command = go.command(&places.cached("bin"), &packages);
    bounded::output(&mut command, BUILD_LIMIT)?.success("go build")?;
    // Nothing is built a second time, and the cache is several times what the programs are.
    go.remove_cache()?;
    eprintln!("lab: built in {} s", began.elapsed().as_secs());
    Ok(())
}

#[derive(Debug)]
struct Go {
    workspace: PathBuf,
    sources: PathBuf,
    cache: PathBuf,
}

impl Go {
    fn of(places: &Places) -> Self {
        let workspace = places.cached("gopath");
        Self {
            sources: workspace.join("src").join(KUBERNETES),
            cache: places.cached("go-cache"),
            workspace,
        }
    }

    fn command(&self, to: &Path, packages: &[String]) -> Command {
        let mut command = Command::new("nice");
        command
            .args(["go", "build", "-tags", TAGS])
            .args(["-ldflags", &version_flags(), "-o"])
            .arg(to)
            .args(packages)
            .current_dir(&self.sources)
            .env("GOPATH", &self.workspace)
            .env("GOCACHE", &self.cache)
            .envs([("GO111MODULE", "off"), ("CGO_ENABLED", "0")]);
        command
    }

    /// The API server's descriptions of its types are not in the archive.
    fn generate(&self, places: &Places) -> Result<()> {
        let package = format!("{KUBERNETES}/pkg/generated/openapi");
        let into = "zz_generated.openapi";
        let file = self.sources.join("pkg/generated/openapi");
        if file.join(format!("{into}.go")).exists() {
            return Ok(());
        }
        let generator = places.built("openapi-gen");
        let source = ["./vendor/k8s.io/kube-openapi/cmd/openapi-gen".to_owned()];
        let mut command = self.command(&generator, &source);
        bounded::output(&mut command, BUILD_LIMIT)?
            .success("go build openapi-gen")
            .map_err(|failure| failure.remedy("apt-get install golang-go (Debian 12's, 1.19)"))?;
        let mut command = Command::new(&generator);
        command
            .args(["--logtostderr", "-O", into, "-r", "/dev/null"])
            .args(["-i", &self.described_packages()?, "-p", &package])
            .args(["-h", "vendor/k8s.io/code-generator/hack/boilerplate.go.txt"])
            .arg("-o")
            .arg(self.workspace.join("src"))
            .current_dir(&self.sources)
            .env("GOPATH", &self.workspace)
            .envs([("GO111MODULE", "off")]);
        bounded::output(&mut command, GENERATE_LIMIT)?.success("openapi-gen")?;
        Ok(())
    }

    /// The import paths of all packages with the mark, separated by commas.
    fn described_packages(&self) -> Result<String> {
        let mut command = Command::new("grep");
        command
            .args(["--recursive", "--files-with-matches", "--include=*.go"])
            .args(["--fixed-strings", "--", MARK])
            .args(["pkg", "cmd", "staging/src/k8s.io"])
            .current_dir(&self.sources);
        let files = bounded::output(&mut command, GENERATE_LIMIT)?.success("grep")?;
        let packages = described_packages(&files);
        if packages.is_empty() {
            return Err(Failure::new("looking for types to describe", "none found"));
        }
        Ok(packages.into_iter().collect::<Vec<_>>().join(","))
    }

    fn remove_cache(&self) -> Result<()> {
        fs::remove_dir_all(&self.cache).doing(|| format!("removing {}", self.cache.display()))
    }
}

/// Without these flags the programs say they are v0.0.0. Packages are named as they are compiled:
/// through the vendor folder.
fn version_flags() -> String {
    let packages = ["component-base/version", "client-go/pkg/version"];
    let values = [
        ("gitVersion", "v1.20.2"),
        ("gitMajor", "1"),
        ("gitMinor", "20"),
        ("gitTreeState", "clean"),
    ];
    let flags = packages.iter().flat_map(|package| {
        values
            .map(|(name, value)| format!("-X {KUBERNETES}/vendor/k8s.io/{package}.{name}={value}"))
    });
    // Without debugging information, as released programs are.
    ["-w".to_owned()]
        .into_iter()
        .chain(flags)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Import paths of the files' folders; what is under staging is imported through the vendor
/// folder, and what no API server serves is left out.
fn described_packages(files: &str) -> BTreeSet<String> {
    let not_served = ["/code-generator/", "/sample-apiserver/", "/kube-openapi/"];
    let is_written = |file: &&str| {
        !file.ends_with("_test.go")
            && !file.contains("zz_generated")
            && !not_served.iter().any(|part| file.contains(part))
    };
    let import_path = |file: &str| {
        let (folder, _) = file.rsplit_once('/')?;
        let folder = match folder.strip_prefix("staging/src/") {
            Some(staged) => format!("vendor/{staged}"),
            None => folder.to_owned(),
        };
        Some(format!("{KUBERNETES}/{folder}"))
    };
    files
        .lines()
        .filter(is_written)
        .filter_map(import_path)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_named_once_each_as_they_are_imported() {
        let files = "pkg/a/types.go\npkg/a/more.go\nstaging/src/k8s.io/api/core/v1/doc.go\n\
                     pkg/b/zz_generated.x.go\npkg/c/x_test.go\nstaging/src/k8s.io/sample-apiserver/x/doc.go\n";
        let found: Vec<_> = described_packages(files).into_iter().collect();
        assert_eq!(
            found,
            [
                "k8s.io/kubernetes/pkg/a",
                "k8s.io/kubernetes/vendor/k8s.io/api/core/v1"
            ]
        );
    }

    #[test]
    fn versions_are_set_where_the_programs_look_for_them() {
        let flags = version_flags();
        let expected =
            "-X k8s.io/kubernetes/vendor/k8s.io/component-base/version.gitVersion=v1.20.2";
        assert!(flags.contains(expected), "{flags}");
    }
}
