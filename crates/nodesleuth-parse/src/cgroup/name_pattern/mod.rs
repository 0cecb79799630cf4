//! Names of cgroup directories with their changing parts as `*`, so that equals can be counted.
//!
//! A name is cut into words (ASCII letters and digits) and what separates them; the `\x2d` escapes
//! of systemd units are separators. What follows the last dot of a unit is its type and stays.
//! The words are looked at from left to right, and the first rule that fits counts:
//!
//! 1. a UUID with `-`, `_` or `\x2d` becomes `*`; a prefix such as `pod` stays;
//! 2. a long hexadecimal word becomes `*`: 12 digits, or 8 with a number among them; a `pod`
//!    before it stays; in transient units also an `r`, and 4 are enough;
//! 3. a word of 16 or more letters and digits, three of each at least, is a random id: `*`;
//! 4. a number becomes `*`; directly behind a dot only from three digits on or behind another `*`,
//!    since it may be a version (`php7.4-fpm.service`);
//! 5. letters and a number become letters and `*` from three digits on; however short it is, at
//!    the end of a name that is no unit (`leak7`), or behind one letter in a transient unit
//!    (`run-u12.service`, `session-c3.scope`);
//! 6. the five random letters that Kubernetes appends to volumes of tokens become `*`.

mod rules;
mod words;

use words::Name;

/// The name with its changing parts as `*`: `run-r3f2a….scope` → `run-r*.scope`.
///
/// Stable names (`kubepods`, `system.slice`, `kubelet.service`) stay as they are. Only the name is
/// looked at, so a stable name that ends in a long number is taken for a changing one.
#[must_use]
pub fn name_pattern(name: &str) -> String {
    let name = Name::cut(name);
    let mut pattern = String::new();
    let mut at = 0;
    let mut after_star = false;
    while let Some(part) = name.parts.get(at) {
        pattern.push_str(part.separator);
        match rules::first_match(&name, at, after_star) {
            Some(star) => {
                pattern.push_str(star.prefix);
                pattern.push('*');
                at += star.words;
                after_star = true;
            }
            None => {
                pattern.push_str(part.word);
                at += 1;
                after_star = false;
            }
        }
    }
    pattern.push_str(name.unit_type);
    pattern
}

#[cfg(test)]
mod tests {
    use super::name_pattern;

    const HEX: &str = "9f0b3a1c5d7e9f0b3a1c5d7e9f0b3a1c5d7e9f0b3a1c5d7e9f0b3a1c5d7e9f0b";

    fn check(cases: &[(&str, &str)]) {
        for (name, pattern) in cases {
            let name = name.replace("HEX", HEX);
            assert_eq!(name_pattern(&name), *pattern, "{name}");
        }
    }

    #[test]
    fn stable_names_stay() {
        for name in [
            "kubepods",
            "besteffort",
            "burstable",
            "system.slice",
            "init.scope",
            "kubelet.service",
            "containerd.service",
            "kubepods-besteffort.slice",
            "kubepods.slice",
            "user.slice",
            "docker",
            "-.mount",
            "-.slice",
            "dev-hugepages.mount",
            "getty@tty1.service",
            "serial-getty@ttyS0.service",
            "system-systemd\\x2dfsck.slice",
            "systemd-udevd.service",
            "php7.4-fpm.service",
            "rke2-server.service",
            "run-rpc_pipefs.mount",
            "unified",
            "effaced",
            "ünïcode",
            "",
        ] {
            assert_eq!(name_pattern(name), name);
        }
    }

    #[test]
    fn pods_of_both_drivers_collapse() {
        check(&[
            ("pod734aa918-0035-4a3f-9ec7-b7c5e2a4d7c1", "pod*"),
            ("pod0f8c3a1c5d7e9f0b3a1c5d7e9f0b3a1c", "pod*"),
            (
                "kubepods-burstable-pod734aa918_0035_4a3f_9ec7_b7c5e2a4d7c1.slice",
                "kubepods-burstable-pod*.slice",
            ),
            (
                "kubepods-pod0f8c3a1c5d7e9f0b3a1c5d7e9f0b3a1c.slice",
                "kubepods-pod*.slice",
            ),
        ]);
    }

    #[test]
    fn containers_of_every_runtime_collapse() {
        check(&[
            ("HEX", "*"),
            ("docker-HEX.scope", "docker-*.scope"),
            ("crio-HEX.scope", "crio-*.scope"),
            ("crio-conmon-HEX.scope", "crio-conmon-*.scope"),
            ("cri-containerd-HEX.scope", "cri-containerd-*.scope"),
            ("libpod-conmon-HEX.scope", "libpod-conmon-*.scope"),
            (
                "kubepods-besteffort.slice:cri-containerd:HEX",
                "kubepods-besteffort.slice:cri-containerd:*",
            ),
            (
                "machine-qemu\\x2d7\\x2dvm.scope",
                "machine-qemu\\x2d*\\x2dvm.scope",
            ),
            ("k2h4ls0wq81m3x5zt7vn9pbcd", "*"),
            ("f546d20c1b04a24216d7f473f13441cb", "*"),
            (
                "734aa918-0035-4a3f-9ec7-b7c5e2a4d7c1.redis.scope",
                "*.redis.scope",
            ),
        ]);
    }

    #[test]
    fn transient_units_and_sessions_collapse() {
        check(&[
            (
                "run-r3f2a81f0c5d84a8bb2f1f1d6c7e8a9b0.scope",
                "run-r*.scope",
            ),
            ("run-rABCDEF0123456789.scope", "run-r*.scope"),
            ("run-r12af.scope", "run-r*.scope"),
            ("run-u123.service", "run-u*.service"),
            ("run-p8412-i9000.scope", "run-p*-i*.scope"),
            ("run-12345.scope", "run-*.scope"),
            ("session-12.scope", "session-*.scope"),
            ("session-c3.scope", "session-c*.scope"),
            ("user-1000.slice", "user-*.slice"),
            ("user@1000.service", "user@*.service"),
            (
                "snap.foo.abc-734aa918-0035-4a3f-9ec7-b7c5e2a4d7c1.scope",
                "snap.foo.abc-*.scope",
            ),
            (
                "dbus-:1.42-org.example.Foo@0.service",
                "dbus-:*.*-org.example.Foo@*.service",
            ),
        ]);
    }

    #[test]
    fn mount_units_collapse_with_their_escapes() {
        check(&[
            (
                "var-lib-kubelet-pods-734aa918\\x2d0035\\x2d4a3f\\x2d9ec7\\x2db7c5e2a4d7c1\
                 -volumes-kubernetes.io\\x7eprojected-kube\\x2dapi\\x2daccess\\x2dbxkzp.mount",
                "var-lib-kubelet-pods-*\
                 -volumes-kubernetes.io\\x7eprojected-kube\\x2dapi\\x2daccess\\x2d*.mount",
            ),
            (
                "var-lib-docker-overlay2-HEX-merged.mount",
                "var-lib-docker-overlay2-*-merged.mount",
            ),
            (
                "run-containerd-io.containerd.runtime.v2.task-k8s.io-HEX-rootfs.mount",
                "run-containerd-io.containerd.runtime.v2.task-k8s.io-*-rootfs.mount",
            ),
            (
                "run-docker-netns-0a1b2c3d4e5f.mount",
                "run-docker-netns-*.mount",
            ),
            ("run-user-1000.mount", "run-user-*.mount"),
        ]);
    }

    #[test]
    fn numbered_names_collapse() {
        check(&[
            ("leak-123", "leak-*"),
            ("leak7", "leak*"),
            ("4711", "*"),
            ("job_12", "job_*"),
            ("worker1234.service", "worker*.service"),
            ("leak.123", "leak.*"),
        ]);
    }

    #[test]
    fn a_cut_escape_or_uuid_is_left_alone() {
        for name in [
            "a\\x",
            "a\\x2",
            "a\\xzz",
            "pod734aa918-0035-4a3f-9ec7",
            "-",
            "\\x2d",
        ] {
            let pattern = name_pattern(name);
            assert!(!pattern.is_empty(), "{name}");
        }
        assert_eq!(name_pattern("a\\xzz"), "a\\xzz");
    }
}
