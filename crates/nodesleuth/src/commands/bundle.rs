//! `nodesleuth bundle show`: what is inside a bundle.

use crate::bundle;
use crate::failure::Failure;
use crate::output;
use nodesleuth_model::{Bytes, Evidence};
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
    let bundle = bundle::read(path)?;
    let evidence = &bundle.evidence;
    let mut text = format!(
        "schema {}, written by {}\n",
        evidence.schema,
        if evidence.tool.is_empty() {
            "an unknown tool"
        } else {
            &evidence.tool
        },
    );
    if let Some(source) = &evidence.imported_from {
        text.push_str(&format!("imported from {source}\n"));
    }
    for warning in &bundle.warnings {
        text.push_str(&format!("mind: {warning}\n"));
    }
    text.push_str(&window(evidence));
    text.push_str("\nfiles:\n");
    for (name, size) in &bundle.files {
        text.push_str(&format!("  {name}  {}\n", Bytes(*size)));
    }
    text.push_str("\nevidence:\n");
    for (name, state) in states(evidence)? {
        text.push_str(&format!("  {name:<16} {state}\n"));
    }
    output::print(&text)
}

fn window(evidence: &Evidence) -> String {
    let host = evidence
        .host
        .value()
        .map_or("unknown kernel", |host| host.kernel_release.as_str());
    let target = evidence.target.value();
    let target = target.map_or_else(
        || "no target".to_owned(),
        |target| format!("{} (pid {})", target.comm, target.pid),
    );
    format!(
        "{target} on {host}, window of {:.1} s\n",
        evidence.window.seconds()
    )
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
