//! What has changed since an earlier profile, function by function.

use super::taking::Capture;
use crate::failure::Failure;
use crate::output;
use crate::stack_files;
use nodesleuth_profile::{Limits, Profile, ValueType, top};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;

/// The profile to compare with.
#[derive(Debug)]
pub(super) struct Before {
    pub(super) profile: Profile,
    pub(super) name: String,
    /// Its CPU time.
    value: usize,
}

/// What a function costs, in cores, or where a length is not known as part of the whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub(super) struct Cost {
    pub(super) flat: f64,
    pub(super) cum: f64,
}

/// A function before and after.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub(super) struct Change {
    pub(super) name: String,
    pub(super) before: Cost,
    pub(super) after: Cost,
}

/// All changes, those of the functions' own cost that are largest first.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub(super) struct Changes {
    /// Costs are cores; else parts of the whole.
    pub(super) in_cores: bool,
    pub(super) total: [f64; 2],
    pub(super) functions: Vec<Change>,
}

impl Before {
    /// Reads it, before anything is taken.
    pub(super) fn load(file: &OsStr) -> Result<Self, Failure> {
        let opened = stack_files::load(file, &Limits::default())?;
        let name = Path::new(file).file_name().unwrap_or(file);
        let name = name.to_string_lossy().into_owned();
        for note in opened.notes {
            output::note(&format!("{name}: {note}\n"));
        }
        let is_cpu = |value: ValueType<'_>| value == ValueType::CPU;
        let Some(value) = opened.profile.sample_types().position(is_cpu) else {
            let help =
                "compare with a CPU profile: one that `nodesleuth profile` or Go has written";
            let what = format!("{name} holds no CPU time in nanoseconds");
            return Err(Failure::usage(what, help));
        };
        Ok(Self {
            profile: opened.profile,
            name,
            value,
        })
    }

    /// What has changed since.
    pub(super) fn changes(&self, capture: &Capture) -> Changes {
        let after = &capture.named.profile;
        let value = after.sample_types().position(|t| t == ValueType::CPU);
        changes((&self.profile, self.value), (after, value.unwrap_or(0)))
    }
}

fn changes(before: (&Profile, usize), after: (&Profile, usize)) -> Changes {
    let lengths = [before.0.duration_nanos(), after.0.duration_nanos()];
    let in_cores = lengths.iter().all(|length| *length > 0);
    let wholes = match in_cores {
        true => lengths,
        false => [before.0.total(before.1), after.0.total(after.1)],
    };
    let scale = wholes.map(|whole| 1.0 / (whole as f64).max(1.0));
    let mut functions: BTreeMap<&str, [Cost; 2]> = BTreeMap::new();
    for (side, (profile, value)) in [before, after].into_iter().enumerate() {
        for row in top(profile, value) {
            functions.entry(row.name).or_default()[side] = Cost {
                flat: row.flat as f64 * scale[side],
                cum: row.cum as f64 * scale[side],
            };
        }
    }
    let mut functions: Vec<Change> = functions
        .into_iter()
        .map(|(name, [before, after])| Change {
            name: name.to_owned(),
            before,
            after,
        })
        .collect();
    let size = |change: &Change| {
        let by = |cost: fn(&Cost) -> f64| (cost(&change.after) - cost(&change.before)).abs();
        (by(|cost| cost.flat), by(|cost| cost.cum))
    };
    functions.sort_by(|one, other| {
        let (one, other) = (size(one), size(other));
        other.0.total_cmp(&one.0).then(other.1.total_cmp(&one.1))
    });
    Changes {
        in_cores,
        total: [before, after]
            .map(|(profile, value)| profile.total(value) as f64)
            .into_iter()
            .zip(scale)
            .map(|(total, scale)| total * scale)
            .collect::<Vec<_>>()
            .try_into()
            .unwrap_or_default(),
        functions,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nodesleuth_profile::ProfileBuilder;

    fn profile(seconds: i64, costs: &[(&str, i64)]) -> Profile {
        let mut builder = ProfileBuilder::new(&[ValueType::CPU]);
        builder.time(0, seconds * 1_000_000_000);
        let main = builder.named("main");
        for (name, seconds) in costs {
            let leaf = builder.named(name);
            builder.sample([main, leaf], &[seconds * 1_000_000_000], &[]);
        }
        builder.finish()
    }

    #[test]
    fn windows_of_different_lengths_are_compared_in_cores() {
        let before = profile(10, &[("read", 5), ("write", 1)]);
        let after = profile(20, &[("read", 30), ("write", 2)]);
        let changes = changes((&before, 0), (&after, 0));
        assert!(changes.in_cores);
        assert_eq!(changes.total, [0.6, 1.6]);
        let first = &changes.functions[0];
        assert_eq!(first.name, "read");
        assert_eq!((first.before.flat, first.after.flat), (0.5, 1.5));
        let write = changes
            .functions
            .iter()
            .find(|change| change.name == "write");
        assert_eq!(write.unwrap().before, write.unwrap().after);
    }

    #[test]
    fn without_a_length_parts_of_the_whole_are_compared() {
        let before = profile(0, &[("read", 1), ("write", 1)]);
        let after = profile(20, &[("read", 30), ("write", 10)]);
        let changes = changes((&before, 0), (&after, 0));
        assert!(!changes.in_cores);
        let read = changes
            .functions
            .iter()
            .find(|change| change.name == "read");
        assert_eq!(read.unwrap().after.flat, 0.75);
    }
}
