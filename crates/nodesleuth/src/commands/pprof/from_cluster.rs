//! Options that are not pprof's: a profile straight from a cluster.

use crate::commands::cluster_profile::{FetchedProfile, ProfileArgs};
use crate::failure::Failure;
use clap::Parser;
use std::ffi::OsString;

/// Takes a value only behind `=`.
const KUBECTL: &str = "kubectl";
/// Each takes a value.
const OPTIONS: &[&str] = &[
    "node",
    "pod",
    "namespace",
    "path",
    "window",
    "context",
    "kubeconfig",
    "as",
];

const CPU_PROFILE: &str = "/debug/pprof/profile";

#[derive(Debug, Parser)]
#[command(name = "nodesleuth pprof", no_binary_name = true)]
struct FromCluster {
    #[command(flatten)]
    profile: ProfileArgs,
}

/// pprof's own words, and the profile that the others ask for as one more file.
pub(super) fn take(words: &[OsString]) -> Result<(Vec<OsString>, Option<FetchedProfile>), Failure> {
    let (mut ours, theirs) = divide(words);
    if ours.is_empty() {
        return Ok((theirs, None));
    }
    let (seconds, mut theirs) = without_seconds(theirs);
    if let Some(seconds) = seconds {
        ours.extend(window(&seconds, &ours)?);
    }
    let asked = FromCluster::try_parse_from(&ours).map_err(|error| {
        let text = error.to_string();
        let line = text.lines().next().unwrap_or_default();
        Failure::usage(
            line.trim_start_matches("error: "),
            "`nodesleuth flame --help` describes --node, --pod, --path and --window",
        )
    })?;
    let fetched = asked.profile.fetch()?;
    theirs.extend(fetched.as_ref().map(|fetched| fetched.path().into()));
    Ok((theirs, fetched))
}

/// Ours, written with two dashes, and pprof's.
fn divide(words: &[OsString]) -> (Vec<OsString>, Vec<OsString>) {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let text = word.to_string_lossy();
        let option = text.trim_start_matches('-');
        let is_option = text.starts_with('-') && text.len() > option.len();
        let (name, value) = match option.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (option, None),
        };
        if is_option && name == KUBECTL {
            let mut ours_too = OsString::from("--");
            ours_too.push(option);
            ours.push(ours_too);
            continue;
        }
        if !is_option || !OPTIONS.contains(&name) {
            theirs.push(word.clone());
            continue;
        }
        ours.push(format!("--{name}").into());
        match value {
            Some(value) => ours.push(value.into()),
            None => ours.extend(words.next().cloned()),
        }
    }
    (ours, theirs)
}

/// pprof's own word for the length of a profile that is fetched, and its other words.
fn without_seconds(words: Vec<OsString>) -> (Option<String>, Vec<OsString>) {
    let mut seconds = None;
    let mut others = Vec::new();
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let text = word.to_string_lossy().into_owned();
        let option = text.trim_start_matches('-');
        match option.strip_prefix("seconds") {
            Some("") if text.starts_with('-') => {
                let value = words.next().unwrap_or_default();
                seconds = Some(value.to_string_lossy().into_owned());
            }
            Some(value) if text.starts_with('-') && value.starts_with('=') => {
                seconds = Some(value.trim_start_matches('=').to_owned());
            }
            _ => others.push(word),
        }
    }
    (seconds, others)
}

/// `-seconds` in our words: of a CPU profile it is the window.
fn window(seconds: &str, ours: &[OsString]) -> Result<[OsString; 2], Failure> {
    let Some(seconds) = seconds.parse::<u64>().ok().filter(|seconds| *seconds > 0) else {
        return Err(Failure::usage(
            format!("-seconds={seconds} is not a number of seconds"),
            "give a whole number, such as -seconds=30",
        ));
    };
    let value = |name: &str| {
        let at = ours.iter().position(|word| word == name)?;
        ours.get(at + 1)
    };
    if value("--window").is_some() {
        return Err(Failure::usage(
            "-seconds and --window both say how long the profile is",
            "leave one of them away",
        ));
    }
    if value("--path").is_some_and(|path| path != CPU_PROFILE) {
        return Err(Failure::usage(
            "-seconds is for CPU profiles; this page is served at once",
            "leave -seconds away",
        ));
    }
    Ok(["--window".into(), format!("{seconds}s").into()])
}

#[cfg(test)]
mod tests {
    use super::{divide, window, without_seconds};
    use std::ffi::OsString;

    fn divided(line: &str) -> (String, String) {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let (ours, theirs) = divide(&words);
        let line = |words: Vec<OsString>| words.join(" ".as_ref()).into_string().unwrap();
        (line(ours), line(theirs))
    }

    #[test]
    fn our_options_are_told_from_pprofs() {
        let (ours, theirs) = divided("-top --node n1 -nodecount=5 -path=/debug/pprof/heap x.pb");
        assert_eq!(ours, "--node n1 --path /debug/pprof/heap");
        assert_eq!(theirs, "-top -nodecount=5 x.pb");
        let (ours, theirs) = divided("-top -kubectl --node n1 --kubectl=/opt/kubectl x.pb");
        assert_eq!(ours, "--kubectl --node n1 --kubectl=/opt/kubectl");
        assert_eq!(theirs, "-top x.pb");
    }

    #[test]
    fn pprofs_seconds_are_our_window() {
        let words = |line: &str| line.split(' ').map(OsString::from).collect::<Vec<_>>();
        for line in ["-top -seconds=30", "-top --seconds 30", "-seconds 30 -top"] {
            let (seconds, others) = without_seconds(words(line));
            assert_eq!(seconds.as_deref(), Some("30"), "{line}");
            assert_eq!(others, ["-top"]);
        }
        let (seconds, others) = without_seconds(words("-top seconds=3 -seconds_x=3"));
        assert!(seconds.is_none() && others.len() == 3);
        assert_eq!(
            window("30", &words("--node n")).unwrap(),
            ["--window", "30s"]
        );
        for (seconds, ours) in [
            ("0", "--node n"),
            ("x", "--node n"),
            ("3", "--node n --window 5s"),
            ("3", "--node n --path /debug/pprof/heap"),
        ] {
            assert!(window(seconds, &words(ours)).is_err(), "{seconds} {ours}");
        }
    }
}
