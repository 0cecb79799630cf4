//! `nodesleuth bundle show`: what is inside a bundle.

use crate::bundle::{self, Bundle};
use crate::failure::Failure;
use crate::output;
use crate::redact;
use nodesleuth_model::evidence::WindowEnd;
use nodesleuth_model::{Bytes, Evidence, printable};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List what is inside.
    Show {
        /// The bundle.
        #[arg(value_name = "BUNDLE")]
        bundle: PathBuf,
    },
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let Command::Show { bundle: path } = &args.command;
    output::print(&page(&bundle::read(path)?)?)
}

/// What is inside, as text. Names and reasons in it come from outside.
fn page(bundle: &Bundle) -> Result<String, Failure> {
    let evidence = &bundle.evidence;
    let mut text = format!(
        "schema {}, written by {}\n",
        evidence.schema,
        if evidence.tool.is_empty() {
            "an unknown tool".into()
        } else {
            printable(&evidence.tool)
        },
    );
    if let Some(source) = &evidence.imported_from {
        text.push_str(&format!("imported from {}\n", printable(source)));
    }
    for warning in &bundle.warnings {
        text.push_str(&format!("mind: {}\n", printable(warning)));
    }
    text.push_str(&when_and_what(evidence));
    text.push_str("\nfiles:\n");
    for (name, size) in &bundle.files {
        text.push_str(&format!("  {}  {}\n", printable(name), Bytes(*size)));
    }
    text.push_str(&profiles(evidence));
    text.push_str(&names(bundle)?);
    text.push_str("\nevidence:\n");
    for (name, state) in states(evidence)? {
        text.push_str(&format!("  {name:<16} {}\n", printable(&state)));
    }
    Ok(text)
}

fn when_and_what(evidence: &Evidence) -> String {
    let at = match evidence.clock.utc_unix_nanos {
        0 => "at an unknown time".to_owned(),
        nanos => output::utc(nanos),
    };
    let host = evidence
        .host
        .value()
        .map_or("unknown kernel", |host| host.kernel_release.as_str());
    let target = evidence.target_name();
    let target = target.unwrap_or_else(|| "no target".to_owned());
    let window = &evidence.window;
    let ended = match window.ended {
        WindowEnd::Completed => "completed",
        WindowEnd::Interrupted => "closed early by the user",
        WindowEnd::TargetExited => "closed early: the target ended",
    };
    format!(
        "collected {at}\n{} on {}, window of {:.1} s, {ended}\n",
        printable(&target),
        printable(host),
        window.seconds()
    )
}

/// Profiles with their sources, and those that could not be had.
fn profiles(evidence: &Evidence) -> String {
    let mut text = String::new();
    for (at, record) in evidence.profiles.iter().enumerate() {
        text.push_str(if at == 0 { "\nprofiles:\n" } else { "" });
        let covers = match record.covers_window {
            true => "covers the window",
            false => "not of the window",
        };
        text.push_str(&format!(
            "  {}  from {}, {covers}\n",
            printable(&record.file),
            printable(&record.source),
        ));
        for note in &record.notes {
            text.push_str(&format!("    mind: {}\n", printable(note)));
        }
    }
    for (at, failure) in evidence.profile_failures.iter().enumerate() {
        text.push_str(if at == 0 { "\nno profile from:\n" } else { "" });
        text.push_str(&format!(
            "  {}: {}\n",
            printable(&failure.source),
            printable(&failure.missing.to_string())
        ));
    }
    text
}

/// Names and addresses that are inside, for whoever wants to share it.
fn names(bundle: &Bundle) -> Result<String, Failure> {
    let inside = redact::inside(&bundle.evidence, &bundle.profiles)?;
    let mut text = String::new();
    for (at, (kind, names)) in inside.iter().enumerate() {
        text.push_str(match at {
            0 => "\nnames and addresses inside (--redact of `collect` and `analyze` replaces them):\n",
            _ => "",
        });
        let names: Vec<String> = names
            .keys()
            .map(|name| printable(name).into_owned())
            .collect();
        text.push_str(&format!("  {kind:<12} {}\n", names.join(" ")));
    }
    Ok(text)
}

/// Each piece of evidence: there, not requested, or why it is missing. Read off the JSON form, so
/// that a new piece is listed without a change here.
fn states(evidence: &Evidence) -> Result<Vec<(String, String)>, Failure> {
    let value = serde_json::to_value(evidence).map_err(std::io::Error::from)?;
    let fields = value.as_object().cloned().unwrap_or_default();
    let describe = |value: &serde_json::Value| -> Option<String> {
        if value == "not_requested" {
            return Some("not requested".to_owned());
        }
        let observed = value.as_object()?;
        if let Some(missing) = observed.get("unavailable") {
            let reason = missing.get("reason")?.as_str()?;
            return Some(format!("missing: {reason}"));
        }
        let inner = observed.get("value")?;
        let size = serde_json::to_string(inner).map_or(0, |text| text.len());
        Some(format!("there ({})", Bytes(size as u64)))
    };
    Ok(fields
        .iter()
        .filter_map(|(name, value)| Some((name.clone(), describe(value)?)))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use nodesleuth_model::evidence::{ProfileFailure, ProfileRecord};
    use nodesleuth_model::{BootNanos, Missing, MissingKind, Observed};

    fn bundle() -> Bundle {
        let mut bundle = Bundle::default();
        let evidence = &mut bundle.evidence;
        evidence.clock.utc_unix_nanos = 1_700_000_000_000_000_000;
        evidence.window.closed = BootNanos(4_200_000_000);
        evidence.window.ended = WindowEnd::Interrupted;
        evidence.profiles.push(ProfileRecord {
            file: "profiles/cpu.pb.gz".to_owned(),
            source: "http://localhost:8080/debug/pprof/profile".to_owned(),
            covers_window: true,
            ..ProfileRecord::default()
        });
        evidence.profile_failures.push(ProfileFailure {
            source: "http://localhost:6060".to_owned(),
            missing: Missing::new(MissingKind::Failed, "nobody listens there"),
        });
        bundle
    }

    #[test]
    fn when_and_how_it_was_collected_is_told() {
        let page = page(&bundle()).unwrap();
        for line in [
            "collected 2023-11-14T22:13:20Z\n",
            "no target on unknown kernel, window of 4.2 s, closed early by the user\n",
            "\nprofiles:\n  profiles/cpu.pb.gz  from http://localhost:8080/debug/pprof/profile, \
             covers the window\n",
            "\nno profile from:\n  http://localhost:6060: nobody listens there\n",
        ] {
            assert!(page.contains(line), "{line:?} is not in {page}");
        }
        let unknown = super::page(&Bundle::default()).unwrap();
        assert!(
            unknown.contains("collected at an unknown time\n"),
            "{unknown}"
        );
    }

    #[test]
    fn names_inside_cannot_forge_lines_or_move_the_cursor() {
        let name = "x\nNOTHING WRONG\u{1b}[31m\u{202e}".to_owned();
        let mut bundle = bundle();
        bundle.files.push((name.clone(), 1));
        bundle.warnings.push(name.clone());
        let evidence = &mut bundle.evidence;
        evidence.tool = name.clone();
        evidence.imported_from = Some(name.clone());
        evidence.profiles[0].file = name.clone();
        evidence.profiles[0].source = name.clone();
        evidence.profiles[0].notes.push(name.clone());
        evidence.profile_failures[0].source = name.clone();
        evidence.profile_failures[0].missing.reason = name.clone();
        evidence.slab = Observed::Unavailable(Missing::new(MissingKind::Failed, name));
        let page = page(&bundle).unwrap();
        let shown = "x\u{fffd}NOTHING WRONG\u{fffd}[31m\u{fffd}";
        assert_eq!(page.matches(shown).count(), 10, "{page:?}");
        assert!(!page.contains(['\u{1b}', '\u{202e}']), "{page:?}");
    }
}
