//! DESIGN's arrows: which of our crates may use which, and which alone may use async and TLS.
//! Dev-dependencies are free.

use std::collections::{BTreeMap, BTreeSet};

use crate::policy::metadata::{Kind, Metadata, Node, Package, Resolve};

/// A crate of ours and those of our crates it may use.
struct Layer {
    name: &'static str,
    may_use: &'static [&'static str],
}

const LAYERS: &[Layer] = &[
    Layer {
        name: "nodesleuth-model",
        may_use: &[],
    },
    Layer {
        name: "nodesleuth-profile",
        may_use: &[],
    },
    Layer {
        name: "nodesleuth-trace",
        may_use: &[],
    },
    Layer {
        name: "nodesleuth-parse",
        may_use: &["nodesleuth-model", "nodesleuth-profile"],
    },
    Layer {
        name: "nodesleuth-collect",
        may_use: &[
            "nodesleuth-model",
            "nodesleuth-parse",
            "nodesleuth-profile",
            "nodesleuth-trace",
        ],
    },
    Layer {
        name: "nodesleuth-analyze",
        may_use: &["nodesleuth-model", "nodesleuth-profile"],
    },
    Layer {
        name: "nodesleuth-report",
        may_use: &["nodesleuth-model", "nodesleuth-profile"],
    },
    Layer {
        name: "nodesleuth-act",
        may_use: &["nodesleuth-collect", "nodesleuth-model", "nodesleuth-parse"],
    },
    Layer {
        name: "nodesleuth-cluster",
        may_use: &[
            "nodesleuth-collect",
            "nodesleuth-model",
            "nodesleuth-parse",
            "nodesleuth-profile",
        ],
    },
    Layer {
        name: TEST_CLUSTER,
        may_use: &[],
    },
    Layer {
        name: "nodesleuth",
        may_use: &[
            "nodesleuth-act",
            "nodesleuth-analyze",
            "nodesleuth-cluster",
            "nodesleuth-collect",
            "nodesleuth-model",
            "nodesleuth-parse",
            "nodesleuth-profile",
            "nodesleuth-report",
            "nodesleuth-trace",
        ],
    },
    Layer {
        name: "xtask",
        may_use: &["nodesleuth-model", "nodesleuth-parse", "nodesleuth-profile"],
    },
];

/// The one crate that may use these, directly or through others.
const CLUSTER: &str = "nodesleuth-cluster";
/// What tests stand against instead of a cluster; no program is built from it.
const TEST_CLUSTER: &str = "nodesleuth-fake-cluster";
const CLUSTER_ONLY: &[&str] = &["kube", "rustls", "tokio"];

pub(crate) fn violations(metadata: &Metadata) -> Vec<String> {
    let ours: BTreeSet<&str> = metadata
        .members()
        .map(|member| member.name.as_str())
        .collect();
    let mut violations: Vec<_> = metadata
        .members()
        .flat_map(|member| arrow_violations(member, &ours))
        .collect();
    if let Some(resolve) = &metadata.resolve {
        violations.extend(cluster_violations(metadata, resolve));
    }
    violations
}

fn arrow_violations(member: &Package, ours: &BTreeSet<&str>) -> Vec<String> {
    let name = &member.name;
    let Some(layer) = LAYERS.iter().find(|layer| layer.name == name) else {
        return vec![format!(
            "layers: {name} is not in the table of xtask's layers.rs"
        )];
    };
    member
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind != Kind::Dev)
        .map(|dependency| dependency.name.as_str())
        .filter(|used| ours.contains(used) && !layer.may_use.contains(used))
        .map(|used| format!("layers: {name} may not use {used}"))
        .collect()
}

fn cluster_violations(metadata: &Metadata, resolve: &Resolve) -> Vec<String> {
    let nodes: BTreeMap<_, _> = resolve
        .nodes
        .iter()
        .map(|node| (node.id.as_str(), node))
        .collect();
    let mut violations = Vec::new();
    let others = metadata
        .members()
        .filter(|member| ![CLUSTER, TEST_CLUSTER].contains(&member.name.as_str()));
    for member in others {
        for id in reached(metadata, &nodes, &member.id) {
            let name = metadata.package(id).map_or(id, |package| &package.name);
            if CLUSTER_ONLY.contains(&name) {
                violations.push(format!(
                    "layers: {} gets {name}, which only {CLUSTER} may use",
                    member.name
                ));
            }
        }
    }
    violations
}

/// What a crate gets without going through the cluster crate.
fn reached<'m>(
    metadata: &'m Metadata,
    nodes: &BTreeMap<&'m str, &'m Node>,
    from: &'m str,
) -> BTreeSet<&'m str> {
    let is_cluster = |id: &str| {
        metadata
            .package(id)
            .is_some_and(|found| found.name == CLUSTER)
    };
    let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(id) = next.pop() {
        if is_cluster(id) || !seen.insert(id) {
            continue;
        }
        let edges = nodes
            .get(id)
            .map(|node| node.deps.iter())
            .unwrap_or_default();
        next.extend(
            edges
                .filter(|edge| edge.dep_kinds.iter().any(|dep| dep.kind != Kind::Dev))
                .map(|edge| edge.pkg.as_str()),
        );
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Members with their dependencies as (name, kind); everything else is outside.
    fn metadata(members: &[(&str, &[(&str, &str)])], outside: &[(&str, &[&str])]) -> Metadata {
        let package = |name: &str, dependencies: serde_json::Value| {
            serde_json::json!({
                "id": name, "name": name, "version": "1.0.0",
                "manifest_path": "/w/Cargo.toml", "dependencies": dependencies,
            })
        };
        let kind = |kind: &str| (kind != "normal").then(|| kind.to_owned());
        let mut packages = Vec::new();
        let mut nodes = Vec::new();
        for (name, uses) in members {
            let lines: Vec<_> = uses
                .iter()
                .map(|(used, k)| serde_json::json!({"name": used, "kind": kind(k)}))
                .collect();
            let edges: Vec<_> = uses
                .iter()
                .map(|(used, k)| serde_json::json!({"pkg": used, "dep_kinds": [{"kind": kind(k)}]}))
                .collect();
            packages.push(package(name, lines.into()));
            nodes.push(serde_json::json!({"id": name, "deps": edges}));
        }
        for (name, uses) in outside {
            let edges: Vec<_> = uses
                .iter()
                .map(|used| serde_json::json!({"pkg": used, "dep_kinds": [{"kind": null}]}))
                .collect();
            packages.push(package(name, serde_json::json!([])));
            nodes.push(serde_json::json!({"id": name, "deps": edges}));
        }
        let names: Vec<_> = members.iter().map(|(name, _)| name).collect();
        serde_json::from_value(serde_json::json!({
            "packages": packages, "workspace_members": names,
            "target_directory": "/w/target", "resolve": {"nodes": nodes},
        }))
        .unwrap()
    }

    #[test]
    fn an_arrow_that_design_does_not_draw_is_named() {
        let metadata = metadata(
            &[
                ("nodesleuth-model", &[]),
                ("nodesleuth-collect", &[("nodesleuth-model", "normal")]),
                ("nodesleuth-analyze", &[("nodesleuth-collect", "normal")]),
            ],
            &[],
        );
        assert_eq!(
            violations(&metadata),
            ["layers: nodesleuth-analyze may not use nodesleuth-collect"]
        );
    }

    #[test]
    fn tests_may_use_anything_build_scripts_may_not() {
        let metadata = metadata(
            &[
                ("nodesleuth-profile", &[]),
                ("nodesleuth-model", &[("nodesleuth-profile", "dev")]),
                ("nodesleuth-trace", &[("nodesleuth-profile", "build")]),
            ],
            &[],
        );
        assert_eq!(
            violations(&metadata),
            ["layers: nodesleuth-trace may not use nodesleuth-profile"]
        );
    }

    #[test]
    fn a_crate_that_is_not_in_the_table_is_named() {
        let found = violations(&metadata(&[("nodesleuth-extra", &[])], &[]));
        assert!(found[0].contains("nodesleuth-extra is not in the table"));
    }

    #[test]
    fn async_is_for_the_cluster_crate_even_through_others() {
        let outside: &[(&str, &[&str])] = &[("hyper", &["tokio"]), ("tokio", &[])];
        let fine = metadata(
            &[
                ("nodesleuth-cluster", &[("hyper", "normal")]),
                ("nodesleuth", &[("nodesleuth-cluster", "normal")]),
            ],
            outside,
        );
        assert!(violations(&fine).is_empty());
        let wrong = metadata(&[("nodesleuth-collect", &[("hyper", "normal")])], outside);
        assert_eq!(
            violations(&wrong),
            ["layers: nodesleuth-collect gets tokio, which only nodesleuth-cluster may use"]
        );
    }
}
