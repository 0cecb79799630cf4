//! Options as Go's flag package reads them: `-name`, `-name=value`, `-name value`, one dash or
//! two, all before the first file. What they mean is left to `request`.

use crate::commands::pprof::refusals::{refused, unknown};
use crate::failure::Failure;
use std::ffi::OsString;

/// Where all options are listed.
pub(crate) const HELP: &str = "`nodesleuth pprof --help` lists the options";

/// What may be written after an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Nothing, `=true` or `=false`.
    Switch,
    /// Any text.
    Value,
}

use Kind::{Switch, Value};

/// All options of pprof that are taken.
const FLAGS: &[(&str, Kind)] = &[
    ("add_comment", Value),
    ("addresses", Switch),
    ("all_frames", Switch),
    ("alloc_objects", Switch),
    ("alloc_space", Switch),
    ("base", Value),
    ("buildid", Value),
    ("call_tree", Switch),
    ("comments", Switch),
    ("compact_labels", Switch),
    ("contentions", Switch),
    ("cum", Switch),
    ("diff_base", Value),
    ("divide_by", Value),
    ("drop_negative", Switch),
    ("edgefraction", Value),
    ("filefunctions", Switch),
    ("files", Switch),
    ("flat", Switch),
    ("focus", Value),
    ("functions", Switch),
    ("hide", Value),
    ("ignore", Value),
    // For assembly, which is not shown: it changes nothing.
    ("intel_syntax", Switch),
    ("inuse_objects", Switch),
    ("inuse_space", Switch),
    ("lines", Switch),
    ("mean", Switch),
    ("mean_delay", Switch),
    ("nodecount", Value),
    ("nodefraction", Value),
    ("noinlines", Switch),
    ("normalize", Switch),
    ("output", Value),
    ("peek", Value),
    ("proto", Switch),
    ("prune_from", Value),
    ("raw", Switch),
    ("relative_percentages", Switch),
    ("sample_index", Value),
    ("seconds", Value),
    ("show", Value),
    ("show_from", Value),
    ("showcolumns", Switch),
    ("symbolize", Value),
    ("tagfocus", Value),
    ("taghide", Value),
    ("tagignore", Value),
    ("tagleaf", Value),
    ("tagroot", Value),
    ("tags", Switch),
    ("tagshow", Value),
    ("text", Switch),
    ("timeout", Value),
    ("top", Switch),
    ("total_delay", Switch),
    ("traces", Switch),
    ("tree", Switch),
    ("trim", Switch),
    ("trim_path", Value),
    ("unit", Value),
];

/// A command line with its options told from its files.
#[derive(Debug, Default)]
pub(crate) struct Flags {
    /// Names and values as written; switches are `true` or `false`.
    pub(crate) set: Vec<(&'static str, String)>,
    pub(crate) files: Vec<OsString>,
}

impl Flags {
    pub(crate) fn read(words: &[OsString]) -> Result<Self, Failure> {
        let mut flags = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let text = word.to_string_lossy();
            let Some(option) = text.strip_prefix('-').filter(|rest| !rest.is_empty()) else {
                flags.files.push(word.clone());
                break;
            };
            if option == "-" {
                break;
            }
            let option = option.strip_prefix('-').unwrap_or(option);
            let (name, value) = match option.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (option, None),
            };
            let known = FLAGS.iter().find(|(known, _)| *known == name);
            let (name, kind) =
                *known.ok_or_else(|| refused(name).unwrap_or_else(|| unknown(name)))?;
            let next = || words.next().map(|word| word.to_string_lossy().into_owned());
            let value = match (kind, value) {
                (Switch, value) => on(name, value.as_deref())?.to_string(),
                (Value, value) => value.or_else(next).ok_or_else(|| {
                    Failure::usage(format!("flag needs an argument: -{name}"), HELP)
                })?,
            };
            flags.set.push((name, value));
        }
        flags.files.extend(words.cloned());
        flags.check_order()?;
        Ok(flags)
    }

    /// The last value of an option; empty counts as not given.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        let last = self.set.iter().rfind(|(known, _)| *known == name)?;
        Some(last.1.as_str()).filter(|value| !value.is_empty())
    }

    /// How often an option was given.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.set.iter().filter(|(known, _)| *known == name).count()
    }

    /// Whether a switch is on; `None` if it was not given.
    pub(crate) fn switch(&self, name: &str) -> Option<bool> {
        self.value(name).map(|value| value == "true")
    }

    pub(crate) fn is_on(&self, name: &str) -> bool {
        self.switch(name) == Some(true)
    }

    /// Go takes an option after the first file for a file, which pprof then reports as unreadable
    /// and goes on without. A report that lacks what was asked for is worse than none.
    fn check_order(&self) -> Result<(), Failure> {
        let is_late = |file: &&OsString| {
            file.to_string_lossy().starts_with('-') && !std::path::Path::new(file).exists()
        };
        match self.files.iter().find(is_late) {
            None => Ok(()),
            Some(late) => {
                let what = format!("option {} comes after the file", late.to_string_lossy());
                let help = "write all options before the file, as pprof wants them";
                Err(Failure::usage(what, help))
            }
        }
    }
}

fn on(name: &str, value: Option<&str>) -> Result<bool, Failure> {
    match value {
        None | Some("1" | "t" | "T" | "true" | "TRUE" | "True") => Ok(true),
        Some("0" | "f" | "F" | "false" | "FALSE" | "False") => Ok(false),
        Some(other) => Err(Failure::usage(
            format!("invalid boolean value {other:?} for -{name}"),
            HELP,
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &str) -> Result<Flags, String> {
        let words: Vec<_> = words.split(' ').map(OsString::from).collect();
        Flags::read(&words).map_err(|failure| failure.to_string())
    }

    #[test]
    fn values_follow_an_equals_sign_or_a_space() {
        let flags = read("-top -nodecount 7 --unit=ms -cum=T -flat=0 -output= x y").unwrap();
        assert_eq!(flags.value("nodecount"), Some("7"));
        assert_eq!(flags.value("unit"), Some("ms"));
        assert_eq!(
            (flags.switch("cum"), flags.switch("flat")),
            (Some(true), Some(false))
        );
        assert_eq!((flags.value("output"), flags.switch("trim")), (None, None));
        assert_eq!(flags.files, ["x", "y"]);
    }

    #[test]
    fn the_last_of_several_values_counts() {
        let flags = read("-focus=a -base=1 -focus=b -base= -base 2 -- -x").unwrap_err();
        assert!(flags.contains("option -x comes after"), "{flags}");
        let flags = read("-focus=a -base=1 -focus=b -base= -base 2 -- x").unwrap();
        assert_eq!(flags.value("focus"), Some("b"));
        assert_eq!((flags.value("base"), flags.count("base")), (Some("2"), 3));
    }

    #[test]
    fn what_go_refuses_is_refused() {
        let cases = [
            ("-nosuch x", "not defined: -nosuch"),
            ("-top -unit", "needs an argument: -unit"),
            ("-top=maybe x", "invalid boolean value"),
            ("-top x -cum", "after the file"),
            ("-dot x", "-dot"),
        ];
        for (words, expected) in cases {
            let error = read(words).unwrap_err();
            assert!(error.contains(expected), "{words}: {error}");
        }
    }
}
