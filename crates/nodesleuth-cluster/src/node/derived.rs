//! The host and the target, as far as the API server and the kubelet tell of them.

use nodesleuth_model::evidence::{ChosenBy, GoBuild, GoModule, Host, OsRelease, Target};
use nodesleuth_model::{Evidence, Missing, MissingKind, Observed, Pid};

/// Fills both from what was asked.
pub(super) fn fill(evidence: &mut Evidence) {
    evidence.host = match &evidence.node_object {
        Observed::Value(object) => Observed::Value(Host {
            kernel_release: object.kernel_release.clone(),
            machine: machine(&object.architecture).to_owned(),
            os: Observed::Value(OsRelease {
                pretty_name: object.os_image.clone(),
                ..OsRelease::default()
            }),
            online_cpus: match object.cpus {
                Some(cpus) => Observed::Value(cpus as u32),
                None => Observed::NotRequested,
            },
            ..Host::default()
        }),
        other => Observed::Unavailable(other.missing().cloned().unwrap_or_default()),
    };
    evidence.target = Observed::Value(Target {
        pid: Pid(0),
        comm: "kubelet".to_owned(),
        chosen: ChosenBy::Node,
        go: go_build(evidence),
        ..Target::default()
    });
}

/// As `uname -m` says it.
fn machine(architecture: &str) -> &str {
    match architecture {
        "amd64" => "x86_64",
        "arm64" => "aarch64",
        other => other,
    }
}

/// Toolchain and version; modules are only in the binary.
fn go_build(evidence: &Evidence) -> Observed<GoBuild> {
    let metrics = evidence.kubelet_metrics.value();
    let metrics = metrics.map(|window| &window.after.value);
    let Some(go_version) = metrics.and_then(|metrics| metrics.go_version.clone()) else {
        let reason = "the kubelet's metrics do not say it";
        return Observed::Unavailable(Missing::new(MissingKind::Absent, reason));
    };
    let object = evidence.node_object.value();
    let version = metrics
        .and_then(|metrics| metrics.version.clone())
        .or_else(|| object.map(|object| object.kubelet_version.clone()));
    Observed::Value(GoBuild {
        go_version,
        path: "k8s.io/kubernetes/cmd/kubelet".to_owned(),
        main: version.map(|version| GoModule {
            path: "k8s.io/kubernetes".to_owned(),
            version,
        }),
        ..GoBuild::default()
    })
}
