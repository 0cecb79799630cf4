//! The page.

use super::Args;
use super::input::Input;
use super::words::{self, Side};
use crate::failure::Failure;
use nodesleuth_profile::{HtmlError, HtmlOptions, SourceLinks};
use std::io;
use std::slice;

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let links = links(&args.source_version)?;
    let (before, after) = match args.diff.as_slice() {
        [before, after] => (
            Some(Input::load(slice::from_ref(before))?),
            Input::load(slice::from_ref(after))?,
        ),
        _ => (None, Input::load(&args.files)?),
    };
    let value = after.value_index(args.sample_index.as_deref())?;
    let title = match &before {
        Some(before) => {
            let value_before = before.value_index(args.sample_index.as_deref())?;
            words::check_same_values(&[Side::of(before, value_before), Side::of(&after, value)])?;
            format!("{} → {}", before.name, after.name)
        }
        None => after.name.clone(),
    };
    let options = HtmlOptions {
        title: args.title.as_deref().unwrap_or(&title),
        subtitle: args.subtitle.as_deref().unwrap_or_default(),
        before: before.as_ref().map(|before| &before.profile),
        value_index: Some(value),
        links,
        ..HtmlOptions::default()
    };
    super::write(args.out.as_deref(), |out| {
        nodesleuth_profile::html(&after.profile, &options, out).map_err(|error| match error {
            HtmlError::Io(error) => error,
            other => io::Error::other(other),
        })
    })
}

fn links(versions: &[String]) -> Result<SourceLinks, Failure> {
    let mut links = SourceLinks::default();
    for version in versions {
        links.set_version(version).map_err(|error| {
            let help = "write it as --source-version k8s.io/kubernetes=v1.20.4";
            Failure::usage(error.to_string(), help)
        })?;
    }
    Ok(links)
}
