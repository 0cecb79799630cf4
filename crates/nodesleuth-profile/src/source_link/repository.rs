//! Which repository on GitHub holds a module, and where in it.

use std::fmt::Write;

use crate::source_link::GO;
use crate::source_link::place::Place;
use crate::source_link::version::Release;

/// Import paths and the owner on GitHub, where the repository's name is the next part.
const OWNERS: &[(&str, &str)] = &[
    ("k8s.io/", "kubernetes"),
    ("sigs.k8s.io/", "kubernetes-sigs"),
    ("golang.org/x/", "golang"),
    ("go.uber.org/", "uber-go"),
];

/// Import paths with a repository of another name.
const REPOSITORIES: &[(&str, &str)] = &[
    ("google.golang.org/grpc", "grpc/grpc-go"),
    ("google.golang.org/protobuf", "protocolbuffers/protobuf-go"),
    ("google.golang.org/genproto", "googleapis/go-genproto"),
    ("go.etcd.io/bbolt", "etcd-io/bbolt"),
    ("go.etcd.io/etcd", "etcd-io/etcd"),
    ("go.opencensus.io", "census-instrumentation/opencensus-go"),
    (
        "go.opentelemetry.io/otel",
        "open-telemetry/opentelemetry-go",
    ),
    ("gopkg.in/yaml.v2", "go-yaml/yaml"),
    ("gopkg.in/yaml.v3", "go-yaml/yaml"),
];

/// Modules with a major version in their path that have no folder of that name.
const MAJOR_WITHOUT_FOLDER: &[&str] = &[
    "github.com/cespare/xxhash/v2",
    "github.com/containerd/containerd/v2",
    "github.com/containerd/cgroups/v3",
    "github.com/coreos/go-systemd/v22",
    "github.com/emicklei/go-restful/v3",
    "github.com/godbus/dbus/v5",
    "k8s.io/klog/v2",
    "sigs.k8s.io/structured-merge-diff/v3",
    "sigs.k8s.io/structured-merge-diff/v4",
    "sigs.k8s.io/structured-merge-diff/v6",
];

/// Modules that live in the repository of Kubernetes, below `staging`; `vendor` only links there.
const STAGING: &[&str] = &[
    "api",
    "apiextensions-apiserver",
    "apimachinery",
    "apiserver",
    "cli-runtime",
    "client-go",
    "cloud-provider",
    "cluster-bootstrap",
    "code-generator",
    "component-base",
    "component-helpers",
    "controller-manager",
    "cri-api",
    "cri-client",
    "cri-streaming",
    "csi-translation-lib",
    "dynamic-resource-allocation",
    "endpointslice",
    "externaljwt",
    "kms",
    "kube-aggregator",
    "kube-controller-manager",
    "kube-proxy",
    "kube-scheduler",
    "kubectl",
    "kubelet",
    "legacy-cloud-providers",
    "metrics",
    "mount-utils",
    "node-api",
    "pod-security-admission",
    "sample-apiserver",
    "sample-cli-plugin",
    "sample-controller",
];

/// Modules of `vendor/k8s.io` that are copies of other repositories.
const COPIED: &[&str] = &[
    "gengo",
    "heapster",
    "klog",
    "kube-openapi",
    "repo-infra",
    "system-validators",
    "utils",
];

/// The page of a file.
pub(super) fn page(place: &Place) -> Option<String> {
    if place.module == GO {
        return Some(address(
            "golang/go",
            &place.release,
            "",
            &format!("src/{}", place.file),
        ));
    }
    let (repository, folder) = find(&place.module)?;
    let file = match place.file.strip_prefix("vendor/k8s.io/") {
        Some(rest) if place.module == "k8s.io/kubernetes" => vendored_by_kubernetes(rest)?,
        _ => place.file.clone(),
    };
    let file = if folder.is_empty() {
        file
    } else {
        format!("{folder}/{file}")
    };
    Some(address(&repository, &place.release, &folder, &file))
}

fn vendored_by_kubernetes(rest: &str) -> Option<String> {
    let name = rest.split('/').next()?;
    if STAGING.contains(&name) {
        return Some(format!("staging/src/k8s.io/{rest}"));
    }
    COPIED
        .contains(&name)
        .then(|| format!("vendor/k8s.io/{rest}"))
}

/// Repository and the module's folder in it.
fn find(module: &str) -> Option<(String, String)> {
    let module = match major(module) {
        Some(path) if MAJOR_WITHOUT_FOLDER.contains(&module) => path,
        Some(_) => return None,
        None => module,
    };
    let (repository, rest) = split(module)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let part = |part: &str| !part.is_empty() && part != ".." && part.chars().all(plain);
    let (owner, name) = repository.split_once('/')?;
    (part(owner) && part(name)).then(|| (repository, rest.to_owned()))
}

/// `owner/name` and what follows it in the module's path.
fn split(module: &str) -> Option<(String, &str)> {
    for (path, repository) in REPOSITORIES {
        let rest = module.strip_prefix(path);
        if let Some(rest) = rest.filter(|rest| rest.is_empty() || rest.starts_with('/')) {
            return Some(((*repository).to_owned(), rest.trim_start_matches('/')));
        }
    }
    for (path, owner) in OWNERS {
        if let Some(rest) = module.strip_prefix(path) {
            let (name, folder) = rest.split_once('/').unwrap_or((rest, ""));
            return Some((format!("{owner}/{name}"), folder));
        }
    }
    let mut parts = module.strip_prefix("github.com/")?.splitn(3, '/');
    let (owner, name) = (parts.next()?, parts.next()?);
    Some((format!("{owner}/{name}"), parts.next().unwrap_or("")))
}

/// The path before `/v2`, `/v3` and so on.
fn major(module: &str) -> Option<&str> {
    let (path, last) = module.rsplit_once('/')?;
    let number = last.strip_prefix('v')?;
    let is_major = number.bytes().all(|byte| byte.is_ascii_digit()) && !number.is_empty();
    is_major.then_some(path)
}

fn address(repository: &str, release: &Release, folder: &str, file: &str) -> String {
    let mut url = format!("https://github.com/{repository}/blob/");
    match release {
        // Tags of modules in folders begin with the folder.
        Release::Tag(tag) if !folder.is_empty() => encode(&format!("{folder}/{tag}"), &mut url),
        Release::Tag(name) | Release::Commit(name) => encode(name, &mut url),
    }
    url.push('/');
    encode(file, &mut url);
    url
}

/// Percent-encodes all but what a path may hold as it is.
fn encode(path: &str, url: &mut String) {
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            url.push(char::from(byte));
        } else {
            let _ = write!(url, "%{byte:02X}");
        }
    }
}
