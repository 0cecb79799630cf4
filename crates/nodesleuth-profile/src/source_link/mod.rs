//! Where the exact source of a frame can be read: a page for a source file, or none.
//!
//! A link is only made when the version is known: it is in the file's path (`…@v0.44.1/…`), or the
//! user has named it. A path in which the version is missing or ambiguous has no link; nothing is
//! guessed. What is known of repositories is in `repository.rs`, of paths in `place.rs`.

mod place;
mod repository;
mod version;

use crate::source_link::place::Place;
use crate::source_link::version::Release;
use std::collections::BTreeMap;

pub(crate) use place::is_standard;
pub use version::VersionError;

/// The module name under which Go itself, with its standard library, is known.
pub const GO: &str = "go";

/// Makes links to source files, given the versions a user knows.
///
/// ```
/// use nodesleuth_profile::SourceLinks;
///
/// let mut links = SourceLinks::default();
/// let file = "/go/pkg/mod/github.com/google/cadvisor@v0.44.1/manager/container.go";
/// assert_eq!(
///     links.page(file).as_deref(),
///     Some("https://github.com/google/cadvisor/blob/v0.44.1/manager/container.go")
/// );
/// let file = "/usr/local/go/src/os/file.go";
/// assert_eq!(links.page(file), None);
/// links.set_version("go=1.15.8")?;
/// assert_eq!(
///     links.line(file, 318).as_deref(),
///     Some("https://github.com/golang/go/blob/go1.15.8/src/os/file.go#L318")
/// );
/// # Ok::<(), nodesleuth_profile::VersionError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct SourceLinks {
    versions: BTreeMap<String, Release>,
}

impl SourceLinks {
    /// Takes a version as a user writes it: `k8s.io/kubernetes=v1.20.4`, `go=1.15.8`. A later one
    /// for the same module replaces the earlier.
    ///
    /// # Errors
    /// If it is not `MODULE=VERSION`, or the version is none that has a page of its own.
    pub fn set_version(&mut self, text: &str) -> Result<(), VersionError> {
        let (module, release) = version::parse(text)?;
        self.versions.insert(module, release);
        Ok(())
    }

    /// The page of a source file, from its path as a compiler recorded it.
    pub fn page(&self, file: &str) -> Option<String> {
        let path = file.replace('\\', "/");
        let place = Place::of(&path, &self.versions)?;
        repository::page(&place)
    }

    /// The page of a source file at a line; at its top if the line is not known (0 or less).
    pub fn line(&self, file: &str, line: i64) -> Option<String> {
        let page = self.page(file)?;
        Some(match line {
            1.. => format!("{page}#L{line}"),
            _ => page,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(versions: &[&str], file: &str) -> Option<String> {
        let mut links = SourceLinks::default();
        for version in versions {
            links.set_version(version).unwrap();
        }
        links.page(file)
    }

    /// Versions given, path, what follows `https://github.com/`.
    const LINKED: &[(&[&str], &str, &str)] = &[
        (
            &[],
            "/go/pkg/mod/github.com/google/cadvisor@v0.44.1/manager/container.go",
            "google/cadvisor/blob/v0.44.1/manager/container.go",
        ),
        (
            &[],
            "github.com/opencontainers/runc@v1.1.4/libcontainer/cgroups/fs/memory.go",
            "opencontainers/runc/blob/v1.1.4/libcontainer/cgroups/fs/memory.go",
        ),
        (
            &[],
            "/Users/me/pkg/mod/github.com/segmentio/parquet-go@v0.0.0-20221115180144-bcdc4570dd49/buffer.go",
            "segmentio/parquet-go/blob/bcdc4570dd49/buffer.go",
        ),
        (
            &[],
            "/go/pkg/mod/github.com/!azure/go-autorest/autorest@v0.11.1/client.go",
            "Azure/go-autorest/blob/autorest/v0.11.1/autorest/client.go",
        ),
        (
            &[],
            "/go/pkg/mod/github.com/docker/docker@v20.10.7+incompatible/client/client.go",
            "docker/docker/blob/v20.10.7/client/client.go",
        ),
        (
            &[],
            "/go/pkg/mod/k8s.io/client-go@v0.20.4/rest/request.go",
            "kubernetes/client-go/blob/v0.20.4/rest/request.go",
        ),
        (
            &[],
            "/go/pkg/mod/k8s.io/klog/v2@v2.80.1/klog.go",
            "kubernetes/klog/blob/v2.80.1/klog.go",
        ),
        (
            &[],
            "/go/pkg/mod/google.golang.org/grpc@v1.51.0/internal/transport/controlbuf.go",
            "grpc/grpc-go/blob/v1.51.0/internal/transport/controlbuf.go",
        ),
        (
            &[],
            "/go/pkg/mod/golang.org/x/net@v0.5.0/http2/frame.go",
            "golang/net/blob/v0.5.0/http2/frame.go",
        ),
        (
            &[],
            "/opt/homebrew/Cellar/go/1.19.1/libexec/src/runtime/select.go",
            "golang/go/blob/go1.19.1/src/runtime/select.go",
        ),
        (
            &[],
            "/root/sdk/go1.21.3/src/net/http/server.go",
            "golang/go/blob/go1.21.3/src/net/http/server.go",
        ),
        (
            &[],
            "/go/pkg/mod/golang.org/toolchain@v0.0.1-go1.22.4.linux-amd64/src/os/file.go",
            "golang/go/blob/go1.22.4/src/os/file.go",
        ),
        (
            &["go=go1.15"],
            "/usr/local/go/src/runtime/proc.go",
            "golang/go/blob/go1.15/src/runtime/proc.go",
        ),
        (
            &["go=1.19.8"],
            "/usr/lib/go-1.19/src/runtime/internal/syscall/syscall_linux.go",
            "golang/go/blob/go1.19.8/src/runtime/internal/syscall/syscall_linux.go",
        ),
        (
            &["go=1.21.0"],
            "runtime/proc.go",
            "golang/go/blob/go1.21.0/src/runtime/proc.go",
        ),
        (
            &["k8s.io/kubernetes=v1.20.4"],
            "/workspace/src/k8s.io/kubernetes/_output/dockerized/go/src/k8s.io/kubernetes/pkg/kubelet/kubelet.go",
            "kubernetes/kubernetes/blob/v1.20.4/pkg/kubelet/kubelet.go",
        ),
        (
            &["k8s.io/kubernetes=v1.20.4"],
            "/go/src/k8s.io/kubernetes/vendor/github.com/google/cadvisor/manager/container.go",
            "kubernetes/kubernetes/blob/v1.20.4/vendor/github.com/google/cadvisor/manager/container.go",
        ),
        (
            &["k8s.io/kubernetes=v1.20.4"],
            "/go/src/k8s.io/kubernetes/vendor/k8s.io/client-go/rest/request.go",
            "kubernetes/kubernetes/blob/v1.20.4/staging/src/k8s.io/client-go/rest/request.go",
        ),
        (
            &["github.com/google/cadvisor=v0.38.7"],
            "/build/cadvisor-0.38.7/obj-x86_64-linux-gnu/src/github.com/google/cadvisor/manager/container.go",
            "google/cadvisor/blob/v0.38.7/manager/container.go",
        ),
        (
            &["github.com/google/cadvisor=v0.37.5"],
            "/go/src/k8s.io/kubernetes/vendor/github.com/google/cadvisor/manager/container.go",
            "google/cadvisor/blob/v0.37.5/manager/container.go",
        ),
        (
            &[],
            r"C:\Users\me\go\pkg\mod\github.com\google\cadvisor@v0.44.1\manager\container.go",
            "google/cadvisor/blob/v0.44.1/manager/container.go",
        ),
        (
            &[],
            "/go/pkg/mod/github.com/a/b@v1.0.0/odd name/#1?.go",
            "a/b/blob/v1.0.0/odd%20name/%231%3F.go",
        ),
    ];

    #[test]
    fn a_known_version_gives_the_exact_page() {
        for (versions, file, expected) in LINKED {
            let expected = format!("https://github.com/{expected}");
            assert_eq!(page(versions, file), Some(expected), "{file}");
        }
    }

    #[test]
    fn nothing_is_guessed() {
        let all = [
            "k8s.io/kubernetes=v1.20.4",
            "github.com/google/cadvisor=v0.38.7",
        ];
        for file in [
            "",
            "/",
            "main.go",
            "/home/me/main.go",
            // The patch release is not known.
            "/usr/lib/go-1.19/src/runtime/proc.go",
            "/usr/local/go/src/runtime/proc.go",
            "runtime/proc.go",
            // The version is not known.
            "/build/x/src/github.com/opencontainers/runc/libcontainer/cgroups/fs/memory.go",
            // Nobody knows what is vendored there.
            "/go/src/github.com/google/cadvisor/vendor/github.com/x/y/z.go",
            // With or without a directory v5: not known for this module.
            "/go/pkg/mod/github.com/x/y/v5@v5.0.0/z.go",
            // Not on GitHub, as far as is known.
            "/go/pkg/mod/example.com/x@v1.0.0/z.go",
            // Neither a release nor a commit.
            "/go/pkg/mod/github.com/x/y@master/z.go",
            "/go/pkg/mod/github.com/x/y@v1/z.go",
            // Generated while building.
            "/go/pkg/mod/github.com/x/y@v1.0.0/_cgo_gotypes.go",
            // Out of the repository.
            "/go/pkg/mod/github.com/x/y@v1.0.0/../../../evil.go",
            "/go/pkg/mod/github.com/x@v1.0.0/z.go",
            "/go/pkg/mod/github.com/../x@v1.0.0/z.go",
            "/go/src/k8s.io/kubernetes/vendor/k8s.io/no-such-module/x.go",
            "/go/src/xk8s.io/kubernetes/pkg/x.go",
        ] {
            assert_eq!(page(&all, file), None, "{file}");
        }
    }

    #[test]
    fn versions_without_a_page_are_refused() {
        for text in [
            "",
            "go",
            "go=",
            "=v1.0.0",
            "go=1",
            "go=1.21",
            "go=1.x",
            "go=tip",
            "k8s.io/kubernetes=1.20.4",
            "k8s.io/kubernetes=v1.20",
            "k8s.io/kubernetes=v1.20.4-gke.100",
            "k8s.io/kubernetes=v1.20.4/../x",
            "k8s.io/kubernetes=v1.20.4 ",
            "git hub.com/x/y=v1.0.0",
        ] {
            let error = SourceLinks::default().set_version(text).unwrap_err();
            assert!(error.to_string().contains(&format!("{text:?}")), "{error}");
        }
    }

    #[test]
    fn a_line_is_only_named_when_it_is_known() {
        let links = SourceLinks::default();
        let file = "/go/pkg/mod/github.com/x/y@v1.0.0/z.go";
        let top = links.line(file, 0).unwrap();
        assert_eq!(links.line(file, 7).unwrap(), format!("{top}#L7"));
        assert_eq!(links.line(file, -7).unwrap(), top);
    }
}
