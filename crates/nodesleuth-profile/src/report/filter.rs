//! Which samples and frames a report is about: filters on names of functions, source files and
//! mapped files. Filters on labels are in `tag_filter`.

use crate::go_regex::GoRegex;
use crate::report::draft::{Draft, Kept};
use crate::report::options::Filters;
use crate::rows::FrameRow;
use crate::strings::dense;

/// Which functions and mappings an expression matches.
#[derive(Debug)]
struct Matches {
    functions: Vec<bool>,
    mappings: Vec<bool>,
}

impl Matches {
    fn new(draft: &Draft, regex: &GoRegex) -> Self {
        let is = |id| regex.is_match(draft.text(id));
        let functions = draft.profile.functions.iter();
        let mappings = draft.profile.mappings.iter();
        Self {
            functions: functions.map(|f| is(f.name) || is(f.file)).collect(),
            mappings: mappings.map(|m| is(m.file)).collect(),
        }
    }

    fn line(&self, line: &FrameRow) -> bool {
        line.function.is_some_and(|at| self.functions[at as usize])
    }

    fn mapping(&self, draft: &Draft, at: u32) -> bool {
        let mapping = draft.profile.locations[at as usize].mapping;
        mapping.is_some_and(|at| self.mappings[at as usize])
    }

    fn location(&self, draft: &Draft, at: u32) -> bool {
        self.mapping(draft, at) || draft.lines(at).iter().any(|line| self.line(line))
    }
}

/// The filters by name that were asked for.
#[derive(Debug)]
struct ByName {
    focus: Option<Matches>,
    ignore: Option<Matches>,
    hide: Option<Matches>,
    show: Option<Matches>,
}

impl ByName {
    fn of(draft: &Draft, filters: &Filters) -> Option<Self> {
        let matches = |regex: &Option<GoRegex>| Some(Matches::new(draft, regex.as_ref()?));
        let by_name = Self {
            focus: matches(&filters.focus),
            ignore: matches(&filters.ignore),
            hide: matches(&filters.hide),
            show: matches(&filters.show),
        };
        let any = [
            &filters.focus,
            &filters.ignore,
            &filters.hide,
            &filters.show,
        ];
        any.iter().any(|regex| regex.is_some()).then_some(by_name)
    }

    /// `false`: samples with this location are ignored; `true`: they are wanted unless ignored.
    fn verdict(&self, draft: &Draft, at: u32) -> Option<bool> {
        let ignore = self.ignore.as_ref();
        if ignore.is_some_and(|ignore| ignore.location(draft, at)) {
            return Some(false);
        }
        let focus = self.focus.as_ref();
        focus
            .is_none_or(|focus| focus.location(draft, at))
            .then_some(true)
    }

    fn hides(&self, draft: &Draft, at: u32) -> bool {
        self.hide
            .as_ref()
            .is_some_and(|hide| hide.location(draft, at))
    }

    /// Which lines of a location are left by `hide` and `show`.
    fn kept(&self, draft: &Draft, at: u32) -> Vec<bool> {
        let hide = |line: &FrameRow| {
            let hide = self.hide.as_ref();
            hide.is_some_and(|hide| hide.mapping(draft, at) || hide.line(line))
        };
        let show = |line: &FrameRow| {
            let show = self.show.as_ref();
            show.is_none_or(|show| show.mapping(draft, at) || show.line(line))
        };
        let lines = draft.lines(at).iter();
        lines.map(|line| !hide(line) && show(line)).collect()
    }
}

impl Draft {
    /// Applies filters; returns a warning for each that matched nothing.
    pub fn filter(&mut self, filters: &Filters) -> Vec<String> {
        let mut idle = Vec::new();
        if let Some(by_name) = ByName::of(self, filters) {
            self.filter_by_name(&by_name, &mut idle);
        }
        if let Some(regex) = &filters.show_from
            && !self.show_from(regex)
        {
            idle.push("ShowFrom");
        }
        self.filter_by_tag(filters, &mut idle);
        if let Some(regex) = &filters.prune_from {
            self.prune_from(regex);
        }
        let warning = |name: &str| format!("{name} expression matched no samples");
        idle.into_iter().map(warning).collect()
    }

    fn filter_by_name(&mut self, by_name: &ByName, idle: &mut Vec<&'static str>) {
        let locations = 0..dense(self.profile.locations.len());
        let verdicts: Vec<_> = locations
            .clone()
            .map(|at| by_name.verdict(self, at))
            .collect();
        let hides = locations.clone().any(|at| by_name.hides(self, at));
        let kept: Vec<_> = locations.map(|at| by_name.kept(self, at)).collect();
        let some = |at: usize| kept[at].contains(&true);
        let gone = |at: usize| match &by_name.show {
            Some(_) => !some(at),
            // What has no lines is only hidden if it is matched itself.
            None => !some(at) && by_name.hides(self, dense(at)),
        };
        let hidden: Vec<_> = (0..kept.len()).map(gone).collect();
        let idle_filters = [
            (&by_name.focus, verdicts.contains(&Some(true)), "Focus"),
            (&by_name.ignore, verdicts.contains(&Some(false)), "Ignore"),
            (&by_name.hide, hides, "Hide"),
            (&by_name.show, (0..kept.len()).any(some), "Show"),
        ];
        let unused = idle_filters
            .iter()
            .filter(|(filter, used, _)| filter.is_some() && !used);
        idle.extend(unused.map(|(_, _, name)| name));
        if by_name.hide.is_some() || by_name.show.is_some() {
            self.keep_lines(|_, at| Kept::Where(kept[at as usize].clone()));
        }
        self.keep_samples(|sample, stack| {
            let mut found = sample.locations.iter().map(|at| verdicts[*at as usize]);
            let ignored = found.clone().any(|verdict| verdict == Some(false));
            let wanted = found.any(|verdict| verdict == Some(true));
            stack.extend(sample.locations.iter().filter(|at| !hidden[**at as usize]));
            wanted && !ignored && !stack.is_empty()
        });
    }

    /// Whether anything matched.
    fn show_from(&mut self, regex: &GoRegex) -> bool {
        let matches = Matches::new(self, regex);
        let first = |draft: &Draft, at: u32| {
            let mut lines = draft.lines(at).iter();
            lines.position(|line| matches.line(line))
        };
        let locations = 0..dense(self.profile.locations.len());
        let found: Vec<_> = locations
            .map(|at| matches.mapping(self, at) || first(self, at).is_some())
            .collect();
        self.keep_lines(|draft, at| match first(draft, at) {
            Some(line) if !matches.mapping(draft, at) => Kept::From(line),
            _ => Kept::All,
        });
        self.keep_samples(|sample, stack| {
            let highest = sample.locations.iter().position(|at| found[*at as usize]);
            stack.extend_from_slice(&sample.locations[highest.unwrap_or_default()..]);
            highest.is_some()
        });
        found.contains(&true)
    }
}
