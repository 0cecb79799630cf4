//! From the files and addresses of a command line to one profile, as pprof combines them.

use crate::commands::pprof::address::Address;
use crate::commands::pprof::request::Sources;
use crate::failure::Failure;
use crate::output;
use crate::stack_files;
use nodesleuth_collect::{fetch_profile, shown_address};
use nodesleuth_profile::{Format, Limits, MergeError, Merger, Opened, Profile, open};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Marks samples of bases.
const BASE_LABEL: &str = "pprof::base";

/// All sources as one profile, the base subtracted.
pub(crate) fn load(sources: &Sources) -> Result<Profile, Failure> {
    let binary = Binary::among(sources);
    let files = &sources.files[binary.words..];
    let Sum {
        mut profile,
        tells_period,
    } = merged(files, "source", sources, &binary)?;
    let Some(base) = &sources.base else {
        return Ok(profile);
    };
    let base = merged(std::slice::from_ref(base), "base", sources, &binary)?;
    let mut merger = Merger::new();
    if !tells_period || !base.tells_period {
        merger.allow_untold_period();
    }
    let mut base = base.profile;
    if sources.is_diff {
        base.set_label(BASE_LABEL, "true");
    }
    if sources.normalize {
        profile
            .normalize_to(&base)
            .map_err(|error| different(&error))?;
    }
    merger.add(&profile).map_err(|error| different(&error))?;
    drop(profile);
    merger
        .add_scaled(&base, -1.0)
        .map_err(|error| different(&error))?;
    Ok(merger.finish())
}

/// What pprof takes for the program when several words follow the options: it is not read here,
/// but its name is shown.
#[derive(Debug, Default)]
struct Binary {
    file: Option<String>,
    build_id: Option<String>,
    /// How many words are not profiles.
    words: usize,
}

impl Binary {
    fn among(sources: &Sources) -> Self {
        let given = Self {
            build_id: sources.build_id.clone(),
            ..Self::default()
        };
        let [first, _, ..] = sources.files.as_slice() else {
            return given;
        };
        let word = first.to_string_lossy().into_owned();
        if is_program(first) {
            return Self {
                file: Some(word),
                words: 1,
                ..given
            };
        }
        // What is a file is rather a profile, although pprof would not look.
        let is_hex = word.bytes().all(|b| b.is_ascii_hexdigit()) && !Path::new(first).exists();
        match is_hex && given.build_id.is_none() {
            true => Self {
                build_id: Some(word),
                words: 1,
                ..given
            },
            false => given,
        }
    }

    fn name(&self, profile: &mut Profile) {
        if self.file.is_some() || self.build_id.is_some() {
            profile.name_binary(self.file.as_deref(), self.build_id.as_deref());
        }
    }
}

fn is_program(path: &OsStr) -> bool {
    let mut magic = [0; 4];
    let is_file = std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
    is_file
        && File::open(path)
            .and_then(|mut file| file.read_exact(&mut magic))
            .is_ok_and(|()| magic == *b"\x7fELF")
}

/// Some profiles added up.
struct Sum {
    profile: Profile,
    /// See [`Format::tells_period`]; false if one of them does not.
    tells_period: bool,
}

/// The sum of some profiles, one in memory at a time. Like pprof, those that cannot be read are
/// reported and left out, as long as there is one.
fn merged(
    names: &[OsString],
    what: &str,
    sources: &Sources,
    binary: &Binary,
) -> Result<Sum, Failure> {
    if let [one] = names {
        let (mut profile, format) = read(one, sources)?;
        binary.name(&mut profile);
        return Ok(Sum {
            profile,
            tells_period: format.tells_period(),
        });
    }
    let mut merger = Merger::new();
    let mut tells_period = true;
    let mut count = 0;
    for name in names {
        let (mut profile, format) = match read(name, sources) {
            Ok(read) => read,
            Err(failure) => {
                output::complain(&failure);
                continue;
            }
        };
        binary.name(&mut profile);
        let shown = shown_address(&name.to_string_lossy());
        stack_files::add(&mut merger, &profile, format, &shown)?;
        tells_period &= format.tells_period();
        count += 1;
    }
    if count == 0 {
        let help = "see the messages above";
        return Err(Failure::usage(
            format!("failed to fetch any {what} profiles"),
            help,
        ));
    }
    if count < names.len() {
        let all = names.len();
        output::note(&format!("Fetched {count} {what} profiles out of {all}\n"));
    }
    Ok(Sum {
        profile: merger.finish(),
        tells_period,
    })
}

fn different(error: &MergeError) -> Failure {
    let help = "compare only profiles of the same kind";
    Failure::usage(error.to_string(), help)
}

fn read(name: &OsStr, sources: &Sources) -> Result<(Profile, Format), Failure> {
    let limits = Limits::default();
    let opened = match Address::of(name, sources)? {
        None => stack_files::load(name, &limits)?,
        Some(address) => fetched(&address, &limits)?,
    };
    let Opened {
        profile,
        format,
        notes,
    } = match sources.no_symbols {
        true => opened.without_commented_symbols(),
        false => opened,
    };
    if profile.sample_types().len() == 0 {
        let name = shown_address(&name.to_string_lossy());
        let what = format!("{name}: profiles have empty common sample type list");
        return Err(Failure::usage(
            what,
            "it has no sample types, so that nothing was measured",
        ));
    }
    for note in notes {
        output::note(&format!(
            "{}: {note}\n",
            shown_address(&name.to_string_lossy())
        ));
    }
    Ok((profile, format))
}

fn fetched(address: &Address, limits: &Limits) -> Result<Opened, Failure> {
    let shown = shown_address(&address.url);
    output::note(&format!("Fetching profile over HTTP from {shown}\n"));
    if let Some(seconds) = address.asked_seconds {
        output::note(&format!("Please wait... ({seconds}s)\n"));
    }
    let failed = |reason: &str, help: &str| Failure::usage(format!("{shown}: {reason}"), help);
    let bytes = fetch_profile(&address.url, address.give_up_after).map_err(|missing| {
        let needs = missing.need.map(|needs| format!("this needs {needs}"));
        failed(
            &missing.reason,
            needs
                .as_deref()
                .unwrap_or("check the address, and see what the server says: curl -i ADDRESS"),
        )
    })?;
    let opened = open(bytes, limits).map_err(|error| {
        failed(
            &error.to_string(),
            "this address serves no profile: /debug/pprof/profile does",
        )
    })?;
    output::note("No copy is saved; -proto -output=FILE keeps one\n");
    Ok(opened)
}
