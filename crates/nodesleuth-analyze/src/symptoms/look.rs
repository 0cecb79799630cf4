//! Looking for one symptom in everything that was given.

use super::Seen;
use super::shares::{of_cores, of_share};
use super::texts::Texts;
use crate::catalog::{Condition, Entry, Expression, Symptom, Truth, VersionRange};
use crate::input::Input;
use crate::lookup::Lookup;
use crate::pasted::PastedView;
use nodesleuth_model::evidence::Pasted;
use nodesleuth_model::evidence::pasted::UsageTool;
use regex_lite::Regex;

/// What prose says counts so much of what a tool would have measured.
const TOLD: f64 = 0.8;
/// A log line that holds words that people use to describe something else than the line says.
const IN_PASSING: f64 = 0.5;
/// Functions in a stack without a price: they are there, nobody knows how often.
const WITHOUT_SHARE: f64 = 0.8;
/// A call that is there among others decides nothing.
const AMONG_OTHERS: f64 = 0.3;
/// A process with less than this share of the hottest one's CPU …
const LITTLE_BESIDE: f64 = 0.15;
/// … counts so much.
const OVERSHADOWED: f64 = 0.3;
/// A call that makes so much of all calls is what the log is about.
const MANY_OF_CALLS: f64 = 0.2;
/// Longest text that is shown of what was seen.
const SHOWN: usize = 110;

/// Looks for the symptoms of one entry.
pub(super) struct Looker<'a> {
    entry: &'a Entry,
    input: &'a Input<'a>,
    lookup: &'a Lookup<'a>,
    texts: &'a Texts,
    pasted: &'a Pasted,
    view: PastedView<'a>,
}

impl<'a> Looker<'a> {
    pub(super) fn new(
        entry: &'a Entry,
        input: &'a Input<'_>,
        lookup: &'a Lookup<'_>,
        texts: &'a Texts,
    ) -> Self {
        let pasted = &input.evidence.pasted;
        Self {
            entry,
            input,
            lookup,
            texts,
            pasted,
            view: PastedView::new(pasted),
        }
    }

    /// `None` when it was not seen.
    pub(super) fn look(&self, symptom: &Symptom) -> Option<Seen> {
        let seen = if !symptom.frames.is_empty() {
            self.frames(&symptom.frames)
        } else if let Some(line) = &symptom.log {
            self.log(line)
        } else if let Some(text) = &symptom.said {
            self.said(text)
        } else if let Some(call) = &symptom.call {
            self.call(call)
        } else if let Some(name) = &symptom.process {
            self.process(name)
        } else if let Some(range) = &symptom.version {
            self.version(range)
        } else {
            self.when(symptom.when.as_ref()?)
        };
        seen.filter(|seen| seen.strength > 0.0)
    }

    fn frames(&self, lists: &[Vec<String>]) -> Option<Seen> {
        let profiles = &self.input.profiles;
        let profiles = [profiles.own_first(), profiles.machine()]
            .into_iter()
            .flatten();
        let profiled = profiles.filter_map(|profile| profile.signature_share(lists));
        let profiled = profiled.reduce(f64::max);
        let seen = self.view.frames(lists);
        let share = [
            profiled.filter(|share| *share > 0.0),
            seen.share,
            seen.memory_share,
        ];
        let share = share.into_iter().flatten().reduce(f64::max);
        let names = named(&seen.names, lists);
        if let Some(share) = share {
            let price = self.cores_of(share).filter(|_| seen.share.is_some());
            return Some(Seen {
                strength: of_share(share),
                measured: true,
                cores: price,
                what: format!("{names}: {:.1} % of what was sampled", share * 100.0),
            });
        }
        if seen.stacks > 0 {
            return Some(Seen {
                strength: WITHOUT_SHARE,
                measured: true,
                cores: None,
                what: format!("{names} in {} stacks", seen.stacks),
            });
        }
        seen.mentioned.then(|| Seen {
            strength: TOLD,
            measured: false,
            cores: None,
            what: format!("{names} named"),
        })
    }

    /// What a share of a table's samples is in cores, where the table tells its time.
    fn cores_of(&self, share: f64) -> Option<f64> {
        let tables = self.pasted.stack_tables.iter();
        let cores = tables.filter_map(|table| {
            let (total, length) = table.total_seconds.zip(table.length_seconds)?;
            (length > 0.0).then(|| total / length)
        });
        cores.reduce(f64::max).map(|cores| cores * share)
    }

    fn log(&self, line: &Expression) -> Option<Seen> {
        if let Some(lines) = self.view.lines(line.regex()) {
            return Some(Seen {
                strength: 1.0,
                measured: true,
                cores: None,
                what: format!("{} lines: {}", lines.count, shown(&lines.example)),
            });
        }
        self.prose(line.regex())
    }

    fn said(&self, text: &Expression) -> Option<Seen> {
        let regex = text.regex();
        let command = || self.view.command(regex);
        let printed = || command().or_else(|| self.texts.printed(regex));
        let logged = || {
            let example = self.view.lines(regex)?.example;
            Some(Seen {
                strength: IN_PASSING,
                measured: false,
                cores: None,
                what: format!("in a log line: {}", shown(&example)),
            })
        };
        self.prose(regex)
            .or_else(|| printed().map(|found| measured(1.0, shown(found))))
            .or_else(logged)
    }

    fn prose(&self, regex: &Regex) -> Option<Seen> {
        self.texts.told(regex).map(|text| Seen {
            strength: TOLD,
            measured: false,
            cores: None,
            what: format!("told: {}", shown(text)),
        })
    }

    fn call(&self, call: &Expression) -> Option<Seen> {
        let mut best: Option<Seen> = None;
        for table in &self.pasted.calls {
            let total = table.total_calls().unwrap_or(0);
            let share = |calls: u64| calls as f64 / total.max(1) as f64;
            let rows = table.calls.iter().map(|row| {
                let name = row.name.clone();
                (
                    name,
                    share(row.calls.unwrap_or(0)).max(row.share.unwrap_or(0.0)),
                )
            });
            let patterns = table.patterns.iter().map(|pattern| {
                let error = pattern.error.as_deref().unwrap_or_default();
                let text = format!(
                    "{}({}) {error} {}",
                    pattern.call, pattern.arguments, pattern.example
                );
                (text, share(pattern.calls))
            });
            // A log is counted as rows and as patterns: the same calls twice.
            let matching = |(text, _): &(String, f64)| call.regex().is_match(text);
            let rows: Vec<(String, f64)> = rows.filter(matching).collect();
            let patterns: Vec<(String, f64)> = patterns.filter(matching).collect();
            let sum = |of: &[(String, f64)]| of.iter().map(|(_, share)| share).sum::<f64>();
            let of_all = sum(&rows).max(sum(&patterns));
            let Some((example, _)) = rows.into_iter().chain(patterns).next() else {
                continue;
            };
            let strength = if of_all >= MANY_OF_CALLS {
                1.0
            } else {
                AMONG_OTHERS
            };
            if best.as_ref().is_none_or(|best| strength > best.strength) {
                best = Some(measured(
                    strength,
                    format!("system calls: {}", shown(&example)),
                ));
            }
        }
        best.or_else(|| self.prose(call.regex()))
    }

    fn process(&self, name: &Expression) -> Option<Seen> {
        let matching = self.pasted.processes.iter().filter(|usage| {
            let command = usage.command.as_deref().unwrap_or_default();
            name.regex().is_match(&usage.comm) || name.regex().is_match(command)
        });
        let hottest = matching.max_by(|a, b| {
            let cores = |usage: Option<f64>| usage.unwrap_or(0.0);
            cores(a.cores).total_cmp(&cores(b.cores))
        })?;
        let cores = hottest
            .cores
            .map_or_else(String::new, |cores| format!(" at {cores:.2} cores"));
        Some(Seen {
            strength: of_cores(hottest.cores) * self.beside_the_hottest(hottest.cores),
            measured: hottest.tool != UsageTool::Prose,
            cores: hottest.cores,
            what: format!("process {}{cores}", shown(&hottest.comm)),
        })
    }

    /// What burns little beside another process is not what the report is about.
    fn beside_the_hottest(&self, cores: Option<f64>) -> f64 {
        let all = self.pasted.processes.iter();
        let hottest = all.filter_map(|usage| usage.cores).fold(0.0, f64::max);
        match cores {
            Some(cores) if cores < LITTLE_BESIDE * hottest => OVERSHADOWED,
            _ => 1.0,
        }
    }

    fn version(&self, range: &VersionRange) -> Option<Seen> {
        let host = self.input.evidence.host.value();
        let kernel = host.map(|host| host.kernel_release.as_str());
        let told = self.view.version(&range.component);
        let version = match range.component.as_str() {
            "kernel" => told.or(kernel.filter(|release| !release.is_empty())),
            _ => told,
        }?;
        let what = format!("{} {version} is {}", range.component, range.words());
        range.holds(version)?.then(|| measured(1.0, what))
    }

    fn when(&self, condition: &Condition) -> Option<Seen> {
        let facts = self.lookup.for_entry(self.entry, self.input);
        (condition.holds(&facts) == Truth::True).then(|| {
            let mut names = Vec::new();
            condition.visit(&mut |part| names.extend(part.fact.clone()));
            let known = names
                .iter()
                .filter_map(|name| Some(format!("{name} = {}", facts(name)?)));
            measured(1.0, known.collect::<Vec<_>>().join(", "))
        })
    }
}

fn measured(strength: f64, what: String) -> Seen {
    Seen {
        strength,
        measured: true,
        cores: None,
        what,
    }
}

/// The beginning of a text, on one line.
fn shown(text: &str) -> String {
    let mut line: String = text.chars().take(SHOWN).collect();
    if line.len() < text.len() {
        line.push('…');
    }
    line.replace(['\n', '\t'], " ")
}

/// Functions that were seen; where only a profile knows, the shortest of the lists stands for all.
fn named(seen: &[String], lists: &[Vec<String>]) -> String {
    /// The first ones have the largest shares.
    const MOST: usize = 3;
    if !seen.is_empty() {
        let others = seen.len().saturating_sub(MOST);
        let first = seen[..seen.len() - others].join(", ");
        return match others {
            0 => first,
            _ => format!("{first} and {others} more"),
        };
    }
    let list = lists.iter().min_by_key(|list| list.len());
    list.map(|list| list.join(" → ")).unwrap_or_default()
}
