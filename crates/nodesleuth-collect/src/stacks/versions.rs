//! Versions of Go and of modules that binaries say they were built from.

use nodesleuth_model::evidence::GoBuild;
use std::collections::BTreeMap;

/// `MODULE=VERSION` for each module of which all binaries have the same version.
pub(super) fn agreed<'b>(builds: impl Iterator<Item = &'b GoBuild>) -> Vec<String> {
    let mut known: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    for build in builds {
        let modules = build.main.iter().chain(&build.deps);
        let versions = modules.map(|module| (module.path.as_str(), module.version.as_str()));
        let go = ("go", build.go_version.as_str());
        for (module, version) in versions.chain([go]) {
            known
                .entry(module)
                .and_modify(|known| *known = known.filter(|known| *known == version))
                .or_insert(Some(version));
        }
    }
    let agreed = known.into_iter().filter_map(|(module, version)| {
        let version = version.filter(|version| !version.is_empty())?;
        Some(format!("{module}={version}"))
    });
    agreed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use nodesleuth_model::evidence::GoModule;

    fn build(go: &str, version: &str) -> GoBuild {
        GoBuild {
            go_version: go.to_owned(),
            deps: vec![GoModule {
                path: "a.io/b".to_owned(),
                version: version.to_owned(),
            }],
            ..GoBuild::default()
        }
    }

    #[test]
    fn versions_that_contradict_each_other_are_none() {
        let (one, other) = (build("go1.19.8", "v1.0.0"), build("go1.19.8", "v1.1.0"));
        assert_eq!(agreed([&one].into_iter()), ["a.io/b=v1.0.0", "go=go1.19.8"]);
        assert_eq!(agreed([&one, &other, &one].into_iter()), ["go=go1.19.8"]);
    }
}
