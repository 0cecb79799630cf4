//! The files that were named, as one profile.

use super::Args;
use crate::failure::Failure;
use crate::output;
use crate::stack_files;
use nodesleuth_profile::{Limits, Merger, Opened, Profile, StackFilter, ValueType};
use std::ffi::OsString;
use std::path::Path;

/// What to draw.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) profile: Profile,
    /// What to call it.
    pub(super) name: String,
    /// How many files it was.
    pub(super) files: usize,
}

impl Input {
    /// Reads and adds up.
    pub(super) fn load(files: &[OsString]) -> Result<Self, Failure> {
        let (first, others) = match files {
            [] => return Err(Failure::usage("no file to read", "name a profile, or `-`")),
            [first, others @ ..] => (first, others),
        };
        let opened = read(first)?;
        let profile = match others {
            [] => opened.profile,
            others => merge(opened, first, others)?,
        };
        Ok(Self {
            profile,
            name: match others.len() {
                0 => shown(first),
                more => format!("{} and {more} more", shown(first)),
            },
            files: files.len(),
        })
    }

    /// Two files to be compared, so named that they can be told apart.
    pub(super) fn load_two(before: &OsString, after: &OsString) -> Result<[Self; 2], Failure> {
        let load = |file| Self::load(std::slice::from_ref(file));
        let (mut one, mut other) = (load(before)?, load(after)?);
        if one.name == other.name {
            one.name = Path::new(before).display().to_string();
            other.name = Path::new(after).display().to_string();
        }
        Ok([one, other])
    }

    /// The value that was asked for, or the profile's default.
    pub(super) fn value_index(&self, wanted: Option<&str>) -> Result<usize, Failure> {
        let profile = &self.profile;
        let found = match wanted {
            Some(wanted) => profile.value_index(wanted),
            None => profile.default_value_index(),
        };
        found.ok_or_else(|| {
            let kinds: Vec<_> = profile.sample_types().map(|t| t.kind).collect();
            let what = match wanted {
                _ if kinds.is_empty() => "there are no samples in it".to_owned(),
                Some(wanted) => format!("no value is called {wanted}"),
                None => "it has no value".to_owned(),
            };
            let help = format!("values of this profile: {}", kinds.join(", "));
            Failure::usage(format!("{}: {what}", self.name), help)
        })
    }

    /// Leaves out the stacks that --focus and --ignore do not want.
    pub(super) fn retain(&mut self, args: &Args) {
        if args.focus.is_some() || args.ignore.is_some() {
            let (focus, ignore) = (args.focus.as_ref(), args.ignore.as_ref());
            let filter = StackFilter::new(&self.profile, focus, ignore);
            self.profile.retain_stacks(|stack| filter.keeps(stack));
        }
    }

    /// Why there is nothing to draw.
    pub(super) fn nothing_left(&self, value: usize, args: &Args) -> Failure {
        let kind = self.value_type(value).kind;
        let filtered = args.focus.is_some() || args.ignore.is_some();
        let what = match (self.profile.stack_count(), filtered) {
            (0, false) => "there are no samples in it".to_owned(),
            (_, true) => format!("no stack with a value for {kind} passes --focus and --ignore"),
            (samples, false) => format!("all {samples} samples have 0 for {kind}"),
        };
        let help =
            "`nodesleuth pprof -raw FILE` shows everything, --sample-index takes another value";
        Failure::usage(format!("{}: {what}", self.name), help)
    }

    pub(super) fn value_type(&self, value: usize) -> ValueType<'_> {
        self.profile.sample_types().nth(value).unwrap_or_default()
    }
}

fn read(file: &OsString) -> Result<Opened, Failure> {
    let opened = stack_files::load(file, &Limits::default())?;
    for note in &opened.notes {
        output::note(&format!("{}: {note}\n", shown(file)));
    }
    Ok(opened)
}

/// One after the other, so that two are never in memory.
fn merge(opened: Opened, first: &OsString, others: &[OsString]) -> Result<Profile, Failure> {
    let mut merger = Merger::new();
    let mut add = |opened: Opened, file| {
        let Opened {
            profile, format, ..
        } = opened;
        stack_files::add(&mut merger, &profile, format, &shown(file))
    };
    add(opened, first)?;
    for file in others {
        add(read(file)?, file)?;
    }
    Ok(merger.finish())
}

/// The name without folders.
fn shown(file: &OsString) -> String {
    let path = Path::new(file);
    match path.file_name() {
        _ if file == "-" => "standard input".to_owned(),
        Some(name) => name.to_string_lossy().into_owned(),
        None => path.display().to_string(),
    }
}
