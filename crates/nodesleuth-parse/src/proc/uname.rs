//! The output of `uname -a`, as people paste it: `Linux host 4.15.15 #1 SMP … x86_64 GNU/Linux`.

use crate::Malformed;
use crate::malformed::quoted;

const WHAT: &str = "uname -a";

/// What it says of the kernel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uname {
    /// `uname -r`.
    pub release: String,
    /// `uname -v`, from `#` on.
    pub version: String,
    /// `uname -m`.
    pub machine: String,
}

/// Reads the first line that begins with `Linux`.
///
/// Behind the version stand the machine, on some distributions repeated as processor and hardware
/// platform, and the operating system's name, which busybox may leave out.
///
/// # Errors
/// When there is no such line; `/proc/version` looks similar and is refused.
pub fn parse(text: &str) -> Result<Uname, Malformed> {
    text.lines()
        .map(str::trim)
        .find(|line| line.starts_with("Linux "))
        .and_then(kernel)
        .ok_or_else(|| {
            let reason = format!("expected `Linux HOST RELEASE #…`, found {}", quoted(text));
            Malformed::whole(WHAT, reason)
        })
}

fn kernel(line: &str) -> Option<Uname> {
    let mut words: Vec<&str> = line.split_whitespace().skip(2).collect();
    if words.last().is_some_and(|last| last.ends_with("Linux")) {
        words.pop();
    }
    let machine = words.pop()?;
    while words.last() == Some(&machine) {
        words.pop();
    }
    let (release, version) = words.split_first()?;
    if !version.first()?.starts_with('#') {
        return None;
    }
    Some(Uname {
        release: (*release).to_owned(),
        version: version.join(" "),
        machine: machine.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::{Uname, parse};

    fn uname(release: &str, version: &str, machine: &str) -> Uname {
        Uname {
            release: release.to_owned(),
            version: version.to_owned(),
            machine: machine.to_owned(),
        }
    }

    #[test]
    fn lines_of_several_distributions_are_read() {
        for (line, expected) in [
            (
                "Linux (none) 4.15.15-oldk #1 SMP Mon Nov 23 15:54:26 UTC 2026 x86_64 GNU/Linux",
                uname(
                    "4.15.15-oldk",
                    "#1 SMP Mon Nov 23 15:54:26 UTC 2026",
                    "x86_64",
                ),
            ),
            (
                "Linux n1 3.10.0-1160.el7.x86_64 #1 SMP Mon Oct 19 16:18:59 UTC 2020 x86_64 x86_64 x86_64 GNU/Linux",
                uname(
                    "3.10.0-1160.el7.x86_64",
                    "#1 SMP Mon Oct 19 16:18:59 UTC 2020",
                    "x86_64",
                ),
            ),
            (
                "Linux n2 4.19.0-21-amd64 #1 SMP Debian 4.19.249-2 (2022-06-30) x86_64 GNU/Linux",
                uname(
                    "4.19.0-21-amd64",
                    "#1 SMP Debian 4.19.249-2 (2022-06-30)",
                    "x86_64",
                ),
            ),
            (
                "Linux vm 6.18.44-fc-v669 #1 SMP PREEMPT_DYNAMIC @0 x86_64 GNU/Linux",
                uname("6.18.44-fc-v669", "#1 SMP PREEMPT_DYNAMIC @0", "x86_64"),
            ),
            (
                "Linux box 5.4.0 #46-Ubuntu SMP aarch64 Linux",
                uname("5.4.0", "#46-Ubuntu SMP", "aarch64"),
            ),
            ("Linux box 5.4.0 #1 armv7l", uname("5.4.0", "#1", "armv7l")),
        ] {
            assert_eq!(parse(line), Ok(expected), "{line}");
        }
    }

    #[test]
    fn a_prompt_before_the_line_does_not_matter() {
        let text = "$ uname -a\nLinux h 5.4.0 #1 SMP x86_64 GNU/Linux\n";
        assert_eq!(parse(text).unwrap().release, "5.4.0");
    }

    #[test]
    fn the_similar_proc_version_and_rubbish_are_refused() {
        for text in [
            "Linux version 6.18.44 (builder@sandboxing) (gcc (GCC) 15.3.0) #1 SMP @0",
            "Linux h 5.4.0",
            "Linux h 5.4.0 #1",
            "Linux",
            "Darwin h 23.0 #1 arm64",
            "",
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }
}
