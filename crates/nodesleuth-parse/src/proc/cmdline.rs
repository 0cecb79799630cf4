//! `/proc/PID/cmdline` (arguments, each ended by NUL) and `/proc/cmdline` (the kernel's own).
//!
//! Command lines carry secrets, so both functions keep only what is allow-listed by name.

use std::collections::BTreeMap;

/// Arguments of agents that hand a kubelet flag on: `--kubelet-arg=v=2` of k3s and rke2.
const NESTED: &str = "kubelet-arg";

/// The allow-listed flags, names without dashes → value. The last of repeated ones counts.
///
/// Understands `-flag=v`, `--flag=v`, `--flag v` and a bare `--flag` ("true"). Go and GNU flags
/// cannot be told from positional arguments without knowing which take a value: a word after a
/// bare flag is taken as its value unless it begins with a dash. What follows `--` is not read.
/// The flags inside k3s's `--kubelet-arg=name=value` count as flags, under their own names.
#[must_use]
pub fn flags(bytes: &[u8], allow: &[&str]) -> BTreeMap<String, String> {
    let arguments: Vec<&[u8]> = bytes
        .strip_suffix(b"\0")
        .unwrap_or(bytes)
        .split(|&byte| byte == 0)
        .skip(1)
        .take_while(|argument| argument != b"--")
        .collect();
    let mut found = BTreeMap::new();
    for (index, argument) in arguments.iter().enumerate() {
        let Some(flag) = undashed(argument) else {
            continue;
        };
        let next = arguments
            .get(index + 1)
            .filter(|next| !next.starts_with(b"-"));
        let (name, value) = match split(flag) {
            (name, Some(value)) => (name, value),
            (name, None) => (name, next.copied().unwrap_or(b"true")),
        };
        let (name, value) = match split(value) {
            (inner, Some(value)) if name == NESTED.as_bytes() => (inner, value),
            _ => (name, value),
        };
        if allow.iter().any(|allowed| allowed.as_bytes() == name) {
            let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
            found.insert(text(name), text(value));
        }
    }
    found
}

/// The allow-listed words of the kernel's command line, as they stand there and in that order.
///
/// An allowed name matches what stands before `=`; a trailing `*` stands for any rest. As in the
/// kernel, `-` and `_` are the same in names, quotes hold a value together, and what follows `--`
/// is for init.
#[must_use]
pub fn kernel_words(text: &str, allow: &[&str]) -> Vec<String> {
    let plain = |name: &str| name.replace('-', "_");
    let allow: Vec<String> = allow.iter().map(|name| plain(name)).collect();
    words(text)
        .take_while(|word| *word != "--")
        .filter(|word| {
            let name = word
                .trim_start_matches('"')
                .split('=')
                .next()
                .unwrap_or_default();
            allow
                .iter()
                .any(|allowed| super::names(allowed, &plain(name)))
        })
        .map(str::to_owned)
        .collect()
}

fn undashed(argument: &[u8]) -> Option<&[u8]> {
    argument
        .strip_prefix(b"--")
        .or_else(|| argument.strip_prefix(b"-"))
        .filter(|flag| !flag.is_empty())
}

fn split(flag: &[u8]) -> (&[u8], Option<&[u8]>) {
    match flag.iter().position(|&byte| byte == b'=') {
        Some(at) => (&flag[..at], Some(&flag[at + 1..])),
        None => (flag, None),
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |character: char| {
        quoted ^= character == '"';
        !quoted && character.is_whitespace()
    })
    .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{flags, kernel_words};

    fn found(arguments: &[&str], allow: &[&str]) -> Vec<(String, String)> {
        let mut bytes = arguments.join("\0").into_bytes();
        bytes.push(0);
        flags(&bytes, allow).into_iter().collect()
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn every_spelling_of_a_flag_is_understood() {
        let allow = ["v", "housekeeping-interval", "cgroup-driver", "docker-only"];
        let arguments = [
            "/usr/bin/kubelet",
            "-v=2",
            "--housekeeping-interval=30s",
            "--cgroup-driver",
            "systemd",
            "--docker-only",
        ];
        let expected = [
            pair("cgroup-driver", "systemd"),
            pair("docker-only", "true"),
            pair("housekeeping-interval", "30s"),
            pair("v", "2"),
        ];
        assert_eq!(found(&arguments, &allow), expected);
    }

    #[test]
    fn nothing_that_is_not_allowed_is_kept() {
        let arguments = [
            "kubelet",
            "--token=secret",
            "--token",
            "secret",
            "secret",
            "-t",
            "secret",
        ];
        assert_eq!(found(&arguments, &["v"]), []);
    }

    #[test]
    fn a_bare_flag_before_another_flag_is_true() {
        let arguments = ["x", "--v", "--token", "secret"];
        assert_eq!(found(&arguments, &["v"]), [pair("v", "true")]);
    }

    #[test]
    fn empty_values_repeats_and_values_with_equals_signs_are_kept() {
        let arguments = ["x", "--a=", "--b=1", "--b=2", "--gates=X=true,Y=false"];
        let expected = [
            pair("a", ""),
            pair("b", "2"),
            pair("gates", "X=true,Y=false"),
        ];
        assert_eq!(found(&arguments, &["a", "b", "gates"]), expected);
    }

    #[test]
    fn flags_that_k3s_hands_on_are_flags() {
        let arguments = [
            "/usr/local/bin/k3s server",
            "--kubelet-arg=housekeeping-interval=60s",
            "--kubelet-arg",
            "v=4",
            "--kubelet-arg=token=secret",
        ];
        let expected = [pair("housekeeping-interval", "60s"), pair("v", "4")];
        assert_eq!(found(&arguments, &["housekeeping-interval", "v"]), expected);
    }

    #[test]
    fn what_follows_two_dashes_and_the_program_itself_are_not_flags() {
        assert_eq!(found(&["--v=1", "--", "--v=2"], &["v"]), []);
        assert_eq!(found(&[], &["v"]), []);
        assert!(flags(b"", &["v", ""]).is_empty());
        assert!(flags(b"\0\0\0", &["v", ""]).is_empty());
        assert!(flags(b"x\0--\xff=1\0", &["v"]).is_empty());
    }

    #[test]
    fn a_cut_command_line_keeps_what_there_is() {
        assert_eq!(flags(b"kubelet\0--v=4\0--hous", &["v"])["v"], "4");
    }

    /// Linux 6.18, shortened.
    const KERNEL: &str = "mitigations=auto,no_guest_host console=ttyS0 quiet psi=1 \
        cgroup_disable=hugetlb systemd.unified_cgroup_hierarchy=0 \
        dyndbg=\"file a.c +p\" transparent-hugepage=never -- --token secret psi=0\n";

    #[test]
    fn only_allowed_kernel_words_are_kept_as_they_stand() {
        let allow = [
            "psi",
            "mitigations",
            "cgroup*",
            "systemd.*",
            "transparent_hugepage",
        ];
        let expected = [
            "mitigations=auto,no_guest_host",
            "psi=1",
            "cgroup_disable=hugetlb",
            "systemd.unified_cgroup_hierarchy=0",
            "transparent-hugepage=never",
        ];
        assert_eq!(kernel_words(KERNEL, &allow), expected);
        assert_eq!(kernel_words("", &allow), Vec::<String>::new());
    }

    #[test]
    fn quotes_hold_a_kernel_word_together() {
        assert_eq!(
            kernel_words(KERNEL, &["dyndbg"]),
            ["dyndbg=\"file a.c +p\""]
        );
        assert_eq!(kernel_words("\"psi=1 2\" quiet", &["psi"]), ["\"psi=1 2\""]);
        assert_eq!(kernel_words("psi=\"1 2", &["psi"]), ["psi=\"1 2"]);
    }
}
