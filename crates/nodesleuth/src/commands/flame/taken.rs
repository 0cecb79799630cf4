//! A profile that was just taken, written as one that was read from a file.

use super::compared::Compared;
use super::input::Input;
use super::{Args, OutputKind, folded_one, folded_two, html, svg, write};
use crate::failure::Failure;
use nodesleuth_profile::{Parts, Profile, SourceLinks};
use std::path::Path;

/// What to write.
#[derive(Debug)]
pub(crate) struct Taken<'p> {
    /// The stacks.
    pub(crate) profile: &'p Profile,
    /// What to call them.
    pub(crate) name: &'p str,
    /// What to compare them with, and what to call that; a pprof file has only what was taken.
    pub(crate) before: Option<(&'p Profile, &'p str)>,
    /// To the source of what ran.
    pub(crate) links: &'p SourceLinks,
}

impl Taken<'_> {
    /// Writes it as the kind of file that its name says.
    pub(crate) fn write(&self, out: &Path) -> Result<(), Failure> {
        let args = Args {
            out: Some(out.to_owned()),
            ..Args::default()
        };
        let kind = OutputKind::of_path(out, "")?;
        if kind == OutputKind::Pprof {
            return write(Some(out), |out| {
                nodesleuth_profile::write(self.profile, out)
            });
        }
        let after = input(self.profile, self.name);
        let before = self.before.map(|(profile, name)| input(profile, name));
        match (kind, before) {
            (OutputKind::Html, before) => html::draw(&args, before, after, self.links.clone()),
            (OutputKind::Svg, None) => svg::single(&args, in_parts(after)),
            (_, None) => folded_one(&args, &after),
            (kind, Some(before)) => {
                let compared = Compared::of(&args, [before, after].map(in_parts))?;
                match kind {
                    OutputKind::Svg => svg::difference(&args, &compared),
                    _ => folded_two(&args, &compared),
                }
            }
        }
    }
}

fn input(profile: &Profile, name: &str) -> Input {
    Input {
        profile: profile.clone(),
        name: name.to_owned(),
        files: 1,
        file: name.into(),
    }
}

fn in_parts(input: Input) -> Input<Parts<'static>> {
    Input {
        profile: input.profile.into(),
        name: input.name,
        files: input.files,
        file: input.file,
    }
}
