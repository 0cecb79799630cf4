//! Symptoms: what outputs of other tools, logs and tickets show when an entry is the cause.

use super::Condition;
use regex_lite::Regex;
use serde::Deserialize;
use std::sync::OnceLock;

/// One symptom; exactly one of `frames`, `log`, `said`, `call`, `process`, `version` and `when`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Symptom {
    /// Ordered frame patterns, root to leaf, any one of the lists is enough; their share of CPU
    /// counts where it is told.
    #[serde(default)]
    pub frames: Vec<Vec<String>>,
    /// Log lines; a line that prose quotes counts less.
    #[serde(default)]
    pub log: Option<Expression>,
    /// Any text: prose, log lines, command lines.
    #[serde(default)]
    pub said: Option<Expression>,
    /// System calls: the name, or name and arguments as a log has them.
    #[serde(default)]
    pub call: Option<Expression>,
    /// A process that is hot: its name or command line.
    #[serde(default)]
    pub process: Option<Expression>,
    /// A version in a range.
    #[serde(default)]
    pub version: Option<VersionRange>,
    /// A condition over facts.
    #[serde(default)]
    pub when: Option<Condition>,
    /// What it counts when it is seen fully; a deciding one about 4, a hint 1.
    pub points: f64,
    /// Told apart by this from what looks alike: without one that was seen nothing is above "low".
    #[serde(default)]
    pub decides: bool,
}

/// A regular expression over text, upper and lower case alike. It is checked when it is read, and kept
/// as text until it is needed: a run that reads no text from outside needs none of hundreds.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Expression {
    text: String,
    compiled: OnceLock<Regex>,
}

impl TryFrom<String> for Expression {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let regex = compile(&text)
            .map_err(|error| format!("{text:?} is no regular expression: {error}"))?;
        if regex.is_match("") {
            return Err(format!("{text:?} would match every text"));
        }
        Ok(Self {
            text,
            compiled: OnceLock::new(),
        })
    }
}

fn compile(text: &str) -> Result<Regex, regex_lite::Error> {
    Regex::new(&format!("(?i){text}"))
}

impl Expression {
    /// As it is written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// For matching.
    #[must_use]
    pub fn regex(&self) -> &Regex {
        let checked = || compile(&self.text).expect("it was compiled when it was read");
        self.compiled.get_or_init(checked)
    }
}

/// Versions of a component, compared number by number.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VersionRange {
    /// `kernel`, `kubelet`, `go`, `runc`, `systemd` …
    pub component: String,
    /// The first that has it; all from the beginning without.
    #[serde(default)]
    pub from: Option<String>,
    /// The first that does not have it any more; all newer ones have it without.
    #[serde(default)]
    pub before: Option<String>,
}

impl VersionRange {
    /// Whether a version is in it; `None` when it does not begin with a number.
    #[must_use]
    pub fn holds(&self, version: &str) -> Option<bool> {
        let version = numbers(version)?;
        let bound = |text: &Option<String>| text.as_deref().and_then(numbers);
        let from = bound(&self.from).is_none_or(|from| version >= from);
        let before = bound(&self.before).is_none_or(|before| version < before);
        Some(from && before)
    }

    /// In words, such as "kernel 5.13 to before 6.2".
    #[must_use]
    pub fn words(&self) -> String {
        match (&self.from, &self.before) {
            (Some(from), Some(before)) => format!("{} {from} to before {before}", self.component),
            (Some(from), None) => format!("{} from {from} on", self.component),
            (None, Some(before)) => format!("{} before {before}", self.component),
            (None, None) => format!("any {}", self.component),
        }
    }
}

/// The dotted numbers at the beginning, a `go` or `v` before them left out.
fn numbers(version: &str) -> Option<Vec<u64>> {
    let start = version.find(|letter: char| letter.is_ascii_digit())?;
    let digits = &version[start..];
    let end = digits.find(|letter: char| !letter.is_ascii_digit() && letter != '.');
    let dotted = &digits[..end.unwrap_or(digits.len())];
    dotted
        .trim_end_matches('.')
        .split('.')
        .map(|number| number.parse().ok())
        .collect()
}

impl Symptom {
    /// Exactly one kind, and points that count.
    pub(super) fn check_form(&self) -> Result<(), String> {
        let kinds = [
            ("frames", !self.frames.is_empty()),
            ("log", self.log.is_some()),
            ("said", self.said.is_some()),
            ("call", self.call.is_some()),
            ("process", self.process.is_some()),
            ("version", self.version.is_some()),
            ("when", self.when.is_some()),
        ];
        let given: Vec<&str> = kinds
            .iter()
            .filter_map(|(name, given)| given.then_some(*name))
            .collect();
        if given.len() != 1 {
            let names: Vec<&str> = kinds.iter().map(|(name, _)| *name).collect();
            return Err(format!(
                "a symptom has {}: give exactly one of {}",
                match given.as_slice() {
                    [] => "nothing to look for".to_owned(),
                    given => given.join(" and "),
                },
                names.join(", ")
            ));
        }
        if !(self.points > 0.0 && self.points <= 10.0) {
            return Err(format!(
                "a symptom counts {} points: give more than 0 and at most 10",
                self.points
            ));
        }
        match &self.version {
            Some(range) if range.from.is_none() && range.before.is_none() => Err(format!(
                "the versions of {:?} have neither from nor before",
                range.component
            )),
            Some(range) => [&range.from, &range.before]
                .into_iter()
                .flatten()
                .find(|version| numbers(version).is_none())
                .map_or(Ok(()), |version| Err(format!("{version:?} is no version"))),
            None => Ok(()),
        }
    }

    /// What it looks for, in words.
    #[must_use]
    pub fn words(&self) -> String {
        let quoted = |what: &str, text: &Option<Expression>| {
            text.as_ref()
                .map(|text| format!("{what} “{}”", text.text()))
        };
        let frames = || {
            let lists = self.frames.iter().map(|list| list.join(" → "));
            (!self.frames.is_empty())
                .then(|| format!("functions {}", lists.collect::<Vec<_>>().join(" or ")))
        };
        frames()
            .or_else(|| quoted("log line", &self.log))
            .or_else(|| quoted("text", &self.said))
            .or_else(|| quoted("system call", &self.call))
            .or_else(|| quoted("hot process", &self.process))
            .or_else(|| self.version.as_ref().map(VersionRange::words))
            .unwrap_or_else(|| "facts".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(from: Option<&str>, before: Option<&str>) -> VersionRange {
        VersionRange {
            component: "kernel".to_owned(),
            from: from.map(str::to_owned),
            before: before.map(str::to_owned),
        }
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        let old = range(None, Some("5.2"));
        assert_eq!(old.holds("4.15.0-43-generic"), Some(true));
        assert_eq!(old.holds("5.10.0"), Some(false));
        assert_eq!(
            range(Some("1.16"), Some("1.17.9")).holds("go1.17.8"),
            Some(true)
        );
        assert_eq!(
            range(Some("1.16"), Some("1.17.9")).holds("go1.17.9"),
            Some(false)
        );
        assert_eq!(old.holds("unknown"), None);
    }

    #[test]
    fn an_expression_that_matches_everything_is_refused() {
        assert!(Expression::try_from("a*".to_owned()).is_err());
        assert!(Expression::try_from("(".to_owned()).is_err());
        let found = Expression::try_from("PLEG is not".to_owned()).unwrap();
        assert!(found.regex().is_match("pleg is not healthy"));
    }

    #[test]
    fn a_symptom_is_of_one_kind() {
        let parse = |text: &str| toml::from_str::<Symptom>(text).unwrap().check_form();
        assert!(parse("log = \"x\"\npoints = 1").is_ok());
        assert!(
            parse("points = 1")
                .unwrap_err()
                .contains("nothing to look for")
        );
        assert!(
            parse("log = \"x\"\nsaid = \"y\"\npoints = 1")
                .unwrap_err()
                .contains("log and said")
        );
        assert!(
            parse("log = \"x\"\npoints = 11")
                .unwrap_err()
                .contains("at most 10")
        );
        assert!(parse("points = 1\nversion = { component = \"kernel\" }").is_err());
    }
}
