//! Short-lived helpers are seen, named, and charged to who started them.

use crate::programs::{Running, build, cum, profile, sampled, toolchains};
use std::fs;
use std::os::unix::fs::PermissionsExt;

#[test]
#[ignore = "needs root"]
fn helpers_that_live_for_a_moment_have_names_and_a_parent() {
    let Some(go) = toolchains().into_iter().next() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let helper = build(&go, folder.path(), "known_split", &["-ldflags=-s -w"]);
    let parent = folder.path().join("parent");
    let script = format!(
        "#!/bin/sh\necho ready\nwhile :; do {} for 60ms >/dev/null; done\n",
        helper.display()
    );
    fs::write(&parent, script).unwrap();
    fs::set_permissions(&parent, fs::Permissions::from_mode(0o755)).unwrap();
    let running = Running::start(&parent, &[]);
    for engine in ["bpf", "perf-rings"] {
        let options = [
            "--children",
            "--hz",
            "997",
            "--for",
            "4s",
            "-o",
            "json",
            "--engine",
            engine,
        ];
        let profile = profile(&running.pid(), &options).json();
        let all = sampled(&profile);
        let of = |name: &str| cum(&profile, name) / all;
        assert!(of("[process parent]") > 0.99, "{engine}: {profile:#}");
        assert!(of("[process known_split]") > 0.6, "{engine}: {profile:#}");
        assert!(of("main.spin") > 0.3, "{engine}: {profile:#}");
        let accounted = profile["cpu"]["accounted_seconds"].as_f64().unwrap() * 1e9;
        assert!(
            (all / accounted - 1.0).abs() < 0.15,
            "{engine}: {all} of {accounted}"
        );
    }
}
