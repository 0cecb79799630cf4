//! Which samples and frames a report is about.

use regex_lite::Regex;

use crate::report::draft::{Draft, DraftLine, DraftLocation};
use crate::report::options::Filters;

/// Which functions and mappings an expression matches.
struct Matches {
    functions: Vec<bool>,
    mappings: Vec<bool>,
}

impl Matches {
    fn new(draft: &Draft<'_>, regex: &Regex) -> Self {
        let functions = draft.functions.iter();
        let mappings = draft.mappings.iter();
        Self {
            functions: functions
                .map(|f| regex.is_match(f.name) || regex.is_match(f.file))
                .collect(),
            mappings: mappings.map(|m| regex.is_match(m.mapping.file)).collect(),
        }
    }

    fn line(&self, line: &DraftLine) -> bool {
        self.functions[line.function as usize]
    }

    fn mapping(&self, location: &DraftLocation) -> bool {
        location
            .mapping
            .is_some_and(|at| self.mappings[at as usize])
    }

    fn location(&self, location: &DraftLocation) -> bool {
        self.mapping(location) || location.lines.iter().any(|line| self.line(line))
    }
}

impl Draft<'_> {
    /// Applies filters; returns a warning for each that matched nothing.
    pub(crate) fn filter(&mut self, filters: &Filters) -> Vec<String> {
        let mut idle = Vec::new();
        self.filter_by_name(filters, &mut idle);
        if let Some(regex) = &filters.show_from
            && !self.show_from(regex)
        {
            idle.push("ShowFrom");
        }
        let warning = |name: &str| format!("{name} expression matched no samples");
        idle.into_iter().map(warning).collect()
    }

    fn filter_by_name(&mut self, filters: &Filters, idle: &mut Vec<&'static str>) {
        let matches = |regex: &Option<Regex>| regex.as_ref().map(|regex| Matches::new(self, regex));
        let (focus, ignore) = (matches(&filters.focus), matches(&filters.ignore));
        let (hide, show) = (matches(&filters.hide), matches(&filters.show));
        if [&focus, &ignore, &hide, &show].iter().all(|m| m.is_none()) {
            return;
        }
        let mut verdicts = Vec::with_capacity(self.locations.len());
        let mut hidden = Vec::with_capacity(self.locations.len());
        let (mut hides, mut shows) = (false, false);
        for location in &mut self.locations {
            verdicts.push(verdict(location, focus.as_ref(), ignore.as_ref()));
            let mut gone = false;
            if let Some(hide) = hide.as_ref().filter(|hide| hide.location(location)) {
                hides = true;
                let all = hide.mapping(location);
                location.lines.retain(|line| !all && !hide.line(line));
                gone = location.lines.is_empty();
            }
            if let Some(show) = &show {
                let all = show.mapping(location);
                location.lines.retain(|line| all || show.line(line));
                gone |= location.lines.is_empty();
                shows |= !location.lines.is_empty();
            }
            hidden.push(gone);
        }
        let idle_filters = [
            (focus.is_some() && !verdicts.contains(&Some(true)), "Focus"),
            (
                ignore.is_some() && !verdicts.contains(&Some(false)),
                "Ignore",
            ),
            (hide.is_some() && !hides, "Hide"),
            (show.is_some() && !shows, "Show"),
        ];
        idle.extend(
            idle_filters
                .iter()
                .filter(|(is, _)| *is)
                .map(|(_, name)| name),
        );
        self.samples.retain_mut(|sample| {
            let mut found = sample.locations.iter().map(|at| verdicts[*at as usize]);
            let ignored = found.clone().any(|verdict| verdict == Some(false));
            if ignored || !found.any(|verdict| verdict == Some(true)) {
                return false;
            }
            sample.locations.retain(|at| !hidden[*at as usize]);
            !sample.locations.is_empty()
        });
    }

    /// Whether anything matched.
    fn show_from(&mut self, regex: &Regex) -> bool {
        let matches = Matches::new(self, regex);
        let mut found = Vec::with_capacity(self.locations.len());
        for location in &mut self.locations {
            let line = location.lines.iter().rposition(|line| matches.line(line));
            let whole = matches.mapping(location);
            if let Some(line) = line.filter(|_| !whole) {
                location.lines.truncate(line + 1);
            }
            found.push(whole || line.is_some());
        }
        self.samples.retain_mut(|sample| {
            let highest = sample.locations.iter().rposition(|at| found[*at as usize]);
            sample.locations.truncate(highest.map_or(0, |at| at + 1));
            highest.is_some()
        });
        found.contains(&true)
    }
}

/// `false`: its samples are ignored; `true`: they are wanted unless ignored.
fn verdict(
    location: &DraftLocation,
    focus: Option<&Matches>,
    ignore: Option<&Matches>,
) -> Option<bool> {
    if ignore.is_some_and(|ignore| ignore.location(location)) {
        return Some(false);
    }
    focus
        .is_none_or(|focus| focus.location(location))
        .then_some(true)
}
