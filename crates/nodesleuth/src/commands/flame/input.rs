//! The files that were named, as one profile.

use super::Args;
use crate::failure::Failure;
use crate::output;
use crate::stack_files::{self, refused};
use nodesleuth_profile::{
    Limits, Merger, Opened, Parts, Profile, StackFilter, StackRowsBuilder, ValueType,
};
use std::ffi::OsString;
use std::path::Path;

/// What to draw: a whole profile, or one whose samples are still to be read.
#[derive(Debug)]
pub(super) struct Input<P = Profile> {
    pub(super) profile: P,
    /// What to call it.
    pub(super) name: String,
    /// How many files it was.
    pub(super) files: usize,
    /// The one that is still to be read, or the first.
    file: OsString,
}

/// What is known of a profile without its samples.
pub(super) trait Stacks {
    /// Sample types and names.
    fn tables(&self) -> &Profile;
    /// How many samples there are.
    fn count(&self) -> usize;
}

impl Stacks for Profile {
    fn tables(&self) -> &Profile {
        self
    }

    fn count(&self) -> usize {
        self.stack_count()
    }
}

impl Stacks for Parts<'_> {
    fn tables(&self) -> &Profile {
        self.tables()
    }

    fn count(&self) -> usize {
        self.stack_count()
    }
}

impl Input {
    /// Reads and adds up.
    pub(super) fn load(files: &[OsString]) -> Result<Self, Failure> {
        Input::open(files)?.whole()
    }

    /// Two files to be compared, so named that they can be told apart.
    pub(super) fn load_two(before: &OsString, after: &OsString) -> Result<[Self; 2], Failure> {
        let [before, after] = Input::open_two(before, after)?;
        Ok([before.whole()?, after.whole()?])
    }

    /// Leaves out the stacks that --focus and --ignore do not want.
    pub(super) fn retain(&mut self, args: &Args) {
        if args.focus.is_some() || args.ignore.is_some() {
            let filter = filter(args, &self.profile);
            self.profile.retain_stacks(|stack| filter.keeps(stack));
        }
    }
}

impl Input<Parts<'static>> {
    /// One file's samples are still to be read; several are read and added up.
    pub(super) fn open(files: &[OsString]) -> Result<Self, Failure> {
        let (first, others) = match files {
            [] => return Err(Failure::usage("no file to read", "name a profile, or `-`")),
            [first, others @ ..] => (first, others),
        };
        let profile = match others {
            [] => open(first)?,
            _ => merge(read(first)?, first, others)?.into(),
        };
        Ok(Self {
            profile,
            name: match others.len() {
                0 => shown(first),
                more => format!("{} and {more} more", shown(first)),
            },
            files: files.len(),
            file: first.clone(),
        })
    }

    /// As [`load_two`](Input::load_two).
    pub(super) fn open_two(before: &OsString, after: &OsString) -> Result<[Self; 2], Failure> {
        let open = |file| Self::open(std::slice::from_ref(file));
        let (mut one, mut other) = (open(before)?, open(after)?);
        if one.name == other.name {
            one.name = Path::new(before).display().to_string();
            other.name = Path::new(after).display().to_string();
        }
        Ok([one, other])
    }

    fn whole(self) -> Result<Input, Failure> {
        let profile = self.profile.whole();
        Ok(Input {
            profile: profile.map_err(|error| refused(&self.file, &error.into()))?,
            name: self.name,
            files: self.files,
            file: self.file,
        })
    }

    /// Reads the samples into rows; `fill` makes lanes of the value of those that --focus and
    /// --ignore want. Gives the sum of all values.
    pub(super) fn add_to(
        &mut self,
        rows: &mut StackRowsBuilder,
        args: &Args,
        value: usize,
        fill: impl Fn(&mut [i64], i64),
    ) -> Result<i64, Failure> {
        let filter = filter(args, self.profile.tables());
        let mut total = 0_i128;
        let read = rows.add_parts(&mut self.profile, |stack, lanes| {
            let value = stack.values()[value];
            total += i128::from(value);
            if filter.keeps(stack) {
                fill(lanes, value);
            }
        });
        read.map_err(|error| refused(&self.file, &error.into()))?;
        Ok(total.clamp(i64::MIN.into(), i64::MAX.into()) as i64)
    }
}

impl<P: Stacks> Input<P> {
    /// The value that was asked for, or the profile's default.
    pub(super) fn value_index(&self, wanted: Option<&str>) -> Result<usize, Failure> {
        let profile = self.profile.tables();
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

    /// Why there is nothing to draw.
    pub(super) fn nothing_left(&self, value: usize, args: &Args) -> Failure {
        let kind = self.value_type(value).kind;
        let filtered = args.focus.is_some() || args.ignore.is_some();
        let what = match (self.profile.count(), filtered) {
            (0, false) => "there are no samples in it".to_owned(),
            (_, true) => format!("no stack with a value for {kind} passes --focus and --ignore"),
            (samples, false) => format!("all {samples} samples have 0 for {kind}"),
        };
        let help =
            "`nodesleuth pprof -raw FILE` shows everything, --sample-index takes another value";
        Failure::usage(format!("{}: {what}", self.name), help)
    }

    pub(super) fn value_type(&self, value: usize) -> ValueType<'_> {
        let mut types = self.profile.tables().sample_types();
        types.nth(value).unwrap_or_default()
    }
}

fn filter(args: &Args, profile: &Profile) -> StackFilter {
    StackFilter::new(profile, args.focus.as_ref(), args.ignore.as_ref())
}

fn open(file: &OsString) -> Result<Parts<'static>, Failure> {
    let Opened { profile, notes, .. } = stack_files::load_in_parts(file, &Limits::default())?;
    for note in notes {
        output::note(&format!("{}: {note}\n", shown(file)));
    }
    Ok(profile)
}

fn read(file: &OsString) -> Result<Profile, Failure> {
    let whole = open(file)?.whole();
    whole.map_err(|error| refused(file, &error.into()))
}

fn merge(profile: Profile, first: &OsString, others: &[OsString]) -> Result<Profile, Failure> {
    let mut merger = Merger::new();
    let mut add = |profile: &Profile, file| {
        merger.add(profile).map_err(|error| {
            let help = "only profiles of the same kind can be added up";
            Failure::usage(format!("{}: {error}", shown(file)), help)
        })
    };
    add(&profile, first)?;
    drop(profile);
    for file in others {
        add(&read(file)?, file)?;
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
