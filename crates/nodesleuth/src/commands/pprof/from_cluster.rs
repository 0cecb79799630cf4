//! Options that are not pprof's: a profile straight from a cluster.

use crate::commands::cluster_profile::{FetchedProfile, ProfileArgs};
use crate::failure::Failure;
use clap::Parser;
use std::ffi::OsString;

/// Each takes a value.
const OPTIONS: &[&str] = &[
    "node",
    "pod",
    "path",
    "window",
    "context",
    "kubeconfig",
    "as",
];

#[derive(Debug, Parser)]
#[command(name = "nodesleuth pprof", no_binary_name = true)]
struct FromCluster {
    #[command(flatten)]
    profile: ProfileArgs,
}

/// pprof's own words, and the profile that the others ask for as one more file.
pub(super) fn take(words: &[OsString]) -> Result<(Vec<OsString>, Option<FetchedProfile>), Failure> {
    let (ours, mut theirs) = divide(words);
    if ours.is_empty() {
        return Ok((theirs, None));
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

#[cfg(test)]
mod tests {
    use super::divide;
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
    }
}
