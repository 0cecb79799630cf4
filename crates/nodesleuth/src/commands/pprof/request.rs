//! What pprof's options mean together.

use crate::commands::pprof::flags::{Flags, HELP};
use crate::failure::Failure;
use nodesleuth_profile::{Filters, GoRegex, Granularity, ReportKind, ReportOptions, TagFilter};
use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;

/// What was asked for.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) options: ReportOptions,
    pub(crate) sources: Sources,
    /// Whether `drop_frames` of the profile is disregarded.
    pub(crate) all_frames: bool,
    pub(crate) comment: Option<String>,
    pub(crate) output: Option<PathBuf>,
    /// Options that had no effect, one sentence each.
    pub(crate) notes: Vec<String>,
}

/// Where profiles come from.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    pub(crate) files: Vec<OsString>,
    pub(crate) base: Option<OsString>,
    /// Whether samples of the base are marked: percentages are then shares of theirs.
    pub(crate) is_diff: bool,
    pub(crate) normalize: bool,
    pub(crate) build_id: Option<String>,
    /// For how long a server is asked to sample.
    pub(crate) seconds: Option<u64>,
    pub(crate) timeout_seconds: Option<u64>,
    /// Whether functions that a text tells in comments are disregarded, as pprof does.
    pub(crate) no_symbols: bool,
}

const REPORTS: [&str; 8] = [
    "comments", "proto", "raw", "tags", "text", "top", "traces", "tree",
];
const GRANULARITIES: [(&str, Granularity); 5] = [
    ("functions", Granularity::Functions),
    ("filefunctions", Granularity::FileFunctions),
    ("files", Granularity::Files),
    ("lines", Granularity::Lines),
    ("addresses", Granularity::Addresses),
];
/// Switches that choose a value, in the order in which pprof looks at them.
const VALUES: [(&str, &str); 7] = [
    ("total_delay", "delay"),
    ("mean_delay", "delay"),
    ("contentions", "contentions"),
    ("inuse_space", "inuse_space"),
    ("inuse_objects", "inuse_objects"),
    ("alloc_space", "alloc_space"),
    ("alloc_objects", "alloc_objects"),
];

impl Request {
    pub(crate) fn parse(words: &[OsString]) -> Result<Self, Failure> {
        let flags = Flags::read(words)?;
        if flags.files.is_empty() {
            let help = "name a file or an address: nodesleuth pprof -top cpu.pb.gz";
            return Err(Failure::usage("no profile source specified", help));
        }
        symbolize(&flags)?;
        let mut options = ReportOptions::new(kind(&flags)?);
        set_options(&flags, &mut options)?;
        options.filters = filters(&flags)?;
        let mut notes = choose_value(&flags, &mut options);
        notes.extend(repeated(&flags));
        Ok(Self {
            options,
            sources: sources(&flags)?,
            all_frames: flags.is_on("all_frames"),
            comment: flags.value("add_comment").map(str::to_owned),
            output: flags.value("output").map(PathBuf::from),
            notes,
        })
    }
}

fn kind(flags: &Flags) -> Result<ReportKind, Failure> {
    let asked: Vec<_> = REPORTS.iter().filter(|name| flags.is_on(name)).collect();
    let peek = flags.value("peek");
    match (asked.as_slice(), peek) {
        ([], Some(wanted)) => Ok(ReportKind::Peek(regex("peek", wanted)?)),
        ([one], None) => Ok(match **one {
            "comments" => ReportKind::Comments,
            "proto" => ReportKind::Proto,
            "raw" => ReportKind::Raw,
            "tags" => ReportKind::Tags,
            "traces" => ReportKind::Traces,
            "tree" => ReportKind::Tree,
            _ => ReportKind::Text,
        }),
        ([], None) => {
            let help = "say which: -top, -tree, -peek=RE, -traces, -tags, -raw or -proto; there is \
                        no interactive shell here";
            Err(Failure::usage("no report was asked for", help))
        }
        _ => Err(Failure::usage("must set at most one output format", HELP)),
    }
}

fn symbolize(flags: &Flags) -> Result<(), Failure> {
    match flags.value("symbolize") {
        None | Some("none" | "no") => Ok(()),
        Some(other) => {
            let help = "only -symbolize=none is; use `go tool pprof` to symbolise";
            let what = format!("-symbolize={other} is not supported");
            Err(Failure::usage(what, help))
        }
    }
}

fn set_options(flags: &Flags, options: &mut ReportOptions) -> Result<(), Failure> {
    let list = |name| {
        let keys = flags.value(name).unwrap_or_default().split(',');
        keys.filter(|key| !key.is_empty())
            .map(str::to_owned)
            .collect()
    };
    options.sort_cum = one_of(flags, &["cum", "flat"])? == Some("cum");
    let names = GRANULARITIES.map(|(name, _)| name);
    if let Some(chosen) = one_of(flags, &names)? {
        let known = GRANULARITIES.iter().find(|(name, _)| *name == chosen);
        options.granularity = known.map_or(options.granularity, |(_, granularity)| *granularity);
    }
    options.no_inlines = flags.is_on("noinlines");
    options.show_columns = flags.is_on("showcolumns");
    options.relative_percentages = flags.is_on("relative_percentages");
    options.compact_labels = flags.is_on("compact_labels");
    options.drop_negative = flags.is_on("drop_negative");
    options.trim = flags.switch("trim").unwrap_or(options.trim);
    options.mean = flags.is_on("mean") || flags.is_on("mean_delay");
    options.tag_root = list("tagroot");
    options.tag_leaf = list("tagleaf");
    // pprof: -1 is the report's own limit, other negative numbers are none.
    options.node_count = match number(flags, "nodecount")?.unwrap_or(-1i64) {
        -1 => None,
        count => Some(usize::try_from(count).unwrap_or(0)),
    };
    options.node_fraction = number(flags, "nodefraction")?.unwrap_or(options.node_fraction);
    options.edge_fraction = number(flags, "edgefraction")?.unwrap_or(options.edge_fraction);
    options.divide_by = number(flags, "divide_by")?.unwrap_or(options.divide_by);
    if let Some((_, unit)) = flags.set.iter().rfind(|(name, _)| *name == "unit") {
        options.unit.clone_from(unit);
    }
    options.trim_path = flags.value("trim_path").unwrap_or_default().to_owned();
    Ok(())
}

/// Which of some switches is on.
fn one_of<'n>(flags: &Flags, names: &[&'n str]) -> Result<Option<&'n str>, Failure> {
    let on: Vec<_> = names
        .iter()
        .copied()
        .filter(|name| flags.is_on(name))
        .collect();
    match on.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        several => {
            let what = format!("conflicting options set: [{}]", several.join(" "));
            Err(Failure::usage(what, "give one of them"))
        }
    }
}

/// Sets which value is shown; says which switches came too late to count.
fn choose_value(flags: &Flags, options: &mut ReportOptions) -> Vec<String> {
    options.sample_index = flags.value("sample_index").unwrap_or_default().to_owned();
    let mut ignored = Vec::new();
    for (name, value) in VALUES.iter().filter(|(name, _)| flags.is_on(name)) {
        match options.sample_index.is_empty() {
            true => (*value).clone_into(&mut options.sample_index),
            false => ignored.push(format!("Multiple value selections, ignoring -{name}")),
        }
    }
    ignored
}

/// Several profiles to compare with are easily asked for, and easily missed.
fn repeated(flags: &Flags) -> Option<String> {
    let twice = |name: &&str| flags.count(name) > 1;
    let name = ["base", "diff_base"].into_iter().find(twice)?;
    Some(format!(
        "-{name} is there {} times, and as in pprof only the last counts; merge the others first: \
         -proto -output=FILE",
        flags.count(name)
    ))
}

fn filters(flags: &Flags) -> Result<Filters, Failure> {
    let by_name = |name| {
        flags
            .value(name)
            .map(|value| regex(name, value))
            .transpose()
    };
    let by_tag = |name| {
        let filter = flags.value(name).map(TagFilter::new).transpose();
        filter.map_err(|error| Failure::usage(format!("parsing {name} {error}"), GO_SYNTAX))
    };
    Ok(Filters {
        focus: by_name("focus")?,
        ignore: by_name("ignore")?,
        hide: by_name("hide")?,
        show: by_name("show")?,
        show_from: by_name("show_from")?,
        prune_from: by_name("prune_from")?,
        tag_focus: by_tag("tagfocus")?,
        tag_ignore: by_tag("tagignore")?,
        tag_show: by_name("tagshow")?,
        tag_hide: by_name("taghide")?,
    })
}

fn sources(flags: &Flags) -> Result<Sources, Failure> {
    let word = |name| flags.value(name).map(OsString::from);
    let (base, diff) = (word("base"), word("diff_base"));
    if base.is_some() && diff.is_some() {
        let what = "-base and -diff_base flags cannot both be specified";
        let help = "-base subtracts profiles of the same run, -diff_base compares two runs";
        return Err(Failure::usage(what, help));
    }
    let is_diff = diff.is_some();
    let base = diff.or(base);
    let normalize = flags.is_on("normalize");
    if normalize && base.is_none() {
        let help = "give -base=FILE or -diff_base=FILE";
        return Err(Failure::usage(
            "must have base profile to normalize by",
            help,
        ));
    }
    let seconds = |name| {
        let seconds: Option<i64> = number(flags, name)?;
        Ok::<_, Failure>(
            seconds
                .and_then(|s| u64::try_from(s).ok())
                .filter(|s| *s > 0),
        )
    };
    Ok(Sources {
        files: flags.files.clone(),
        base,
        is_diff,
        normalize,
        build_id: flags.value("buildid").map(str::to_owned),
        seconds: seconds("seconds")?,
        timeout_seconds: seconds("timeout")?,
        // Anything but `none` was refused before.
        no_symbols: flags.value("symbolize").is_some(),
    })
}

const GO_SYNTAX: &str = "write it as Go's regexp package does; \\p{…} is not known here";

fn regex(name: &str, value: &str) -> Result<GoRegex, Failure> {
    GoRegex::new(value)
        .map_err(|error| Failure::usage(format!("parsing {name} regexp: {error}"), GO_SYNTAX))
}

fn number<T: FromStr<Err: std::fmt::Display>>(
    flags: &Flags,
    name: &str,
) -> Result<Option<T>, Failure> {
    let Some((_, value)) = flags.set.iter().rfind(|(known, _)| *known == name) else {
        return Ok(None);
    };
    let parsed = value.parse().map_err(|error| {
        Failure::usage(
            format!("invalid value {value:?} for flag -{name}: {error}"),
            HELP,
        )
    });
    parsed.map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &str) -> Result<Request, String> {
        let words: Vec<_> = words.split(' ').map(OsString::from).collect();
        Request::parse(&words).map_err(|failure| failure.to_string())
    }

    #[test]
    fn options_that_are_off_leave_the_default() {
        let request = parse("-top -cum=false -lines=false -trim=false -nodecount=-1 x").unwrap();
        assert!(!request.options.sort_cum && !request.options.trim);
        assert_eq!(request.options.granularity, Granularity::Functions);
        assert_eq!(request.options.node_count, None);
    }

    #[test]
    fn only_the_last_base_counts_and_this_is_said() {
        let request = parse("-top -base=a -base=b x").unwrap();
        assert_eq!(request.sources.base, Some("b".into()));
        assert!(request.notes[0].starts_with("-base is there 2 times"));
        assert_eq!(parse("-top -base=a x").unwrap().notes, [""; 0]);
    }

    #[test]
    fn a_value_is_chosen_once() {
        let request = parse("-top -mean_delay -alloc_space x").unwrap();
        assert_eq!(request.options.sample_index, "delay");
        assert!(request.options.mean);
        assert_eq!(
            request.notes,
            ["Multiple value selections, ignoring -alloc_space"]
        );
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        let cases = [
            ("-top -raw x", "at most one"),
            ("-top -peek=a x", "at most one"),
            ("-cum x", "no report"),
            ("-top", "no profile source"),
            (
                "-top -files -lines x",
                "conflicting options set: [files lines]",
            ),
            ("-top -base=a -diff_base=b x", "cannot both"),
            ("-top -normalize x", "must have base"),
            ("-top -symbolize=local x", "-symbolize=local"),
            (
                "-top -focus=( x",
                "parsing focus regexp: error parsing regexp",
            ),
            ("-top -tagfocus=k=( x", "parsing tagfocus"),
            ("-top -nodecount=a x", "for flag -nodecount"),
        ];
        for (words, expected) in cases {
            let error = parse(words).unwrap_err();
            assert!(error.contains(expected), "{words}: {error}");
        }
    }
}
