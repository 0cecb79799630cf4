//! Options as Go's flag package reads them: `-name`, `-name=value`, `-name value`, one dash or
//! two, all before the first file.

use crate::commands::pprof::refusals::{refused, several};
use crate::failure::Failure;
use nodesleuth_profile::{Granularity, ReportKind, ReportOptions};
use regex_lite::Regex;
use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;

const HELP: &str = "`nodesleuth pprof --help` lists the options";

/// What was asked for.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) options: ReportOptions,
    /// Whether `drop_frames` of the profile is disregarded.
    pub(crate) all_frames: bool,
    /// Whether functions that a text tells in comments are disregarded, as pprof does.
    pub(crate) no_symbols: bool,
    pub(crate) output: Option<PathBuf>,
    pub(crate) file: OsString,
}

/// What is known so far.
struct Reading {
    options: ReportOptions,
    kind: Option<ReportKind>,
    all_frames: bool,
    no_symbols: bool,
    output: Option<PathBuf>,
}

impl Request {
    pub(crate) fn parse(words: &[OsString]) -> Result<Self, Failure> {
        let mut reading = Reading {
            options: ReportOptions::new(ReportKind::Text),
            kind: None,
            all_frames: false,
            no_symbols: false,
            output: None,
        };
        let mut words = words.iter();
        let mut files = Vec::new();
        while let Some(word) = words.next() {
            let text = word.to_string_lossy();
            let Some(option) = text.strip_prefix('-').filter(|rest| !rest.is_empty()) else {
                files.push(word);
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
            if !reading.switch(name, value.as_deref())? {
                let next = || words.next().map(|word| word.to_string_lossy().into_owned());
                let known = Reading::takes_value(name);
                let value = value.or_else(|| known.then(next).flatten());
                reading.set(name, value)?;
            }
        }
        files.extend(words);
        let late = files
            .iter()
            .find(|file| file.to_string_lossy().starts_with('-'));
        if let Some(late) = late {
            let what = format!("option {} comes after the file", late.to_string_lossy());
            return Err(Failure::usage(what, "write all options before the file"));
        }
        reading.finish(&files)
    }
}

impl Reading {
    fn finish(mut self, files: &[&OsString]) -> Result<Request, Failure> {
        let file = match files {
            [] => return Err(Failure::usage("no profile was given", HELP)),
            [file] => (*file).clone(),
            files => return Err(several(files.len())),
        };
        if file.to_string_lossy().contains("://") {
            let help = "fetch it first: curl -so cpu.pb.gz URL";
            return Err(Failure::usage("profiles are not fetched from URLs", help));
        }
        let help = "say which: -top, -tree, -peek=RE, -traces, -tags or -raw";
        self.options.kind = self
            .kind
            .ok_or_else(|| Failure::usage("no report was asked for", help))?;
        Ok(Request {
            options: self.options,
            all_frames: self.all_frames,
            no_symbols: self.no_symbols,
            output: self.output,
            file,
        })
    }

    /// Sets an option that is on or off; `false` if it is not such an option.
    fn switch(&mut self, name: &str, value: Option<&str>) -> Result<bool, Failure> {
        let report = match name {
            "raw" => Some(ReportKind::Raw),
            "top" | "text" => Some(ReportKind::Text),
            "traces" => Some(ReportKind::Traces),
            "tree" => Some(ReportKind::Tree),
            "tags" => Some(ReportKind::Tags),
            _ => None,
        };
        let granularity = match name {
            "functions" => Some(Granularity::Functions),
            "filefunctions" => Some(Granularity::FileFunctions),
            "files" => Some(Granularity::Files),
            "lines" => Some(Granularity::Lines),
            "addresses" => Some(Granularity::Addresses),
            _ => None,
        };
        let sample = match name {
            "inuse_space" | "inuse_objects" | "alloc_space" | "alloc_objects" => Some(name),
            _ => None,
        };
        let others = [
            "cum",
            "flat",
            "noinlines",
            "relative_percentages",
            "compact_labels",
            "trim",
            "mean",
            "all_frames",
            "call_tree",
        ];
        let is_switch =
            report.is_some() || granularity.is_some() || sample.is_some() || others.contains(&name);
        if !is_switch {
            return Ok(false);
        }
        let on = on(name, value)?;
        let options = &mut self.options;
        match name {
            "cum" if on => options.sort_cum = true,
            "flat" if on => options.sort_cum = false,
            "noinlines" => options.no_inlines = on,
            "relative_percentages" => options.relative_percentages = on,
            "compact_labels" => options.compact_labels = on,
            "trim" => options.trim = on,
            "mean" => options.mean = on,
            "all_frames" => self.all_frames = on,
            // Only pictures honour -call_tree; pprof's text reports take it and are the same.
            _ => {}
        }
        if on {
            options.granularity = granularity.unwrap_or(options.granularity);
            if let Some(sample) = sample {
                sample.clone_into(&mut options.sample_index);
            }
            if let Some(report) = report {
                self.report(report)?;
            }
        }
        Ok(true)
    }

    fn takes_value(name: &str) -> bool {
        const NAMES: [&str; 15] = [
            "peek",
            "focus",
            "ignore",
            "hide",
            "show",
            "show_from",
            "sample_index",
            "unit",
            "divide_by",
            "nodecount",
            "nodefraction",
            "edgefraction",
            "trim_path",
            "symbolize",
            "output",
        ];
        NAMES.contains(&name)
    }

    fn set(&mut self, name: &str, value: Option<String>) -> Result<(), Failure> {
        if !Self::takes_value(name) {
            return Err(refused(name));
        }
        let value = value.ok_or_else(|| Failure::usage(format!("-{name} needs a value"), HELP))?;
        let options = &mut self.options;
        match name {
            "peek" => {
                let wanted = regex(name, &value)?;
                return self.report(ReportKind::Peek(wanted));
            }
            "focus" => options.filters.focus = filter(name, &value)?,
            "ignore" => options.filters.ignore = filter(name, &value)?,
            "hide" => options.filters.hide = filter(name, &value)?,
            "show" => options.filters.show = filter(name, &value)?,
            "show_from" => options.filters.show_from = filter(name, &value)?,
            "sample_index" => options.sample_index = value,
            "unit" => options.unit = value,
            "divide_by" => options.divide_by = number(name, &value)?,
            "nodecount" => {
                let count: i64 = number(name, &value)?;
                // pprof: -1 is the report's own limit, other negative numbers are none.
                options.node_count = match count {
                    -1 => None,
                    count => Some(usize::try_from(count).unwrap_or(0)),
                };
            }
            "nodefraction" => options.node_fraction = number(name, &value)?,
            "edgefraction" => options.edge_fraction = number(name, &value)?,
            "trim_path" => options.trim_path = value,
            "output" => {
                self.output = Some(PathBuf::from(value)).filter(|p| !p.as_os_str().is_empty())
            }
            _ if matches!(value.as_str(), "none" | "no") => self.no_symbols = true,
            _ => {
                let help = "only -symbolize=none is; use `go tool pprof` to symbolise";
                return Err(Failure::usage(
                    format!("-symbolize={value} is not supported"),
                    help,
                ));
            }
        }
        Ok(())
    }

    fn report(&mut self, kind: ReportKind) -> Result<(), Failure> {
        if self.kind.replace(kind).is_some() {
            return Err(Failure::usage("must set at most one output format", HELP));
        }
        Ok(())
    }
}

fn on(name: &str, value: Option<&str>) -> Result<bool, Failure> {
    match value {
        None | Some("1" | "t" | "T" | "true" | "TRUE" | "True") => Ok(true),
        Some("0" | "f" | "F" | "false" | "FALSE" | "False") => Ok(false),
        Some(other) => Err(Failure::usage(
            format!("-{name}={other} is neither true nor false"),
            HELP,
        )),
    }
}

fn filter(name: &str, value: &str) -> Result<Option<Regex>, Failure> {
    match value {
        "" => Ok(None),
        value => regex(name, value).map(Some),
    }
}

fn regex(name: &str, value: &str) -> Result<Regex, Failure> {
    Regex::new(value).map_err(|error| {
        let help = "write it as Go's regexp package does";
        Failure::usage(format!("-{name}={value}: {error}"), help)
    })
}

fn number<T: FromStr<Err: std::fmt::Display>>(name: &str, value: &str) -> Result<T, Failure> {
    value
        .parse()
        .map_err(|error| Failure::usage(format!("-{name}={value}: {error}"), HELP))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &str) -> Result<Request, String> {
        let words: Vec<_> = words.split(' ').map(OsString::from).collect();
        Request::parse(&words).map_err(|failure| failure.to_string())
    }

    #[test]
    fn values_follow_an_equals_sign_or_a_space() {
        let request = parse("-top -nodecount 7 --unit=ms -cum=true -output= x").unwrap();
        assert_eq!(request.options.node_count, Some(7));
        assert_eq!(request.options.unit, "ms");
        assert!(request.options.sort_cum && request.output.is_none());
    }

    #[test]
    fn what_is_not_done_is_refused() {
        let cases = [
            ("-dot x", "report -dot"),
            ("-top -tagfocus=a x", "option -tagfocus"),
            ("-top x y", "2 profiles"),
            ("-top x -cum", "after the file"),
            ("-top -raw x", "at most one"),
            ("-top -symbolize=local x", "-symbolize=local"),
            ("-top http://x/debug", "URL"),
            ("-cum x", "no report"),
            ("-top -focus=( x", "-focus=("),
        ];
        for (words, expected) in cases {
            let error = parse(words).unwrap_err();
            assert!(error.contains(expected), "{words}: {error}");
        }
    }
}
