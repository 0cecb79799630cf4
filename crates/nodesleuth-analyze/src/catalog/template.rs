//! Sentences with facts in them: `{cgroup.memory.dying} dying cgroups`.

use nodesleuth_model::units::grouped;
use nodesleuth_model::{FactValue, Nanos};
use serde::Deserialize;

/// Styles of numbers.
pub(super) const NUMBER_STYLES: &[&str] = &["time", "percent", "count", "size", "cores"];
/// The style that quotes any value for a shell.
pub(super) const SHELL: &str = "shell";

/// A sentence with facts in braces. `{name:time}` prints seconds as a time, `{name:percent}` a
/// share as percent, `{name:count}` with thousands separated, `{name:size}` bytes as a size,
/// `{name:cores}` cores. `{name:shell}` quotes the value for a POSIX shell; names come from
/// outside, so commands take nothing but that and plain numbers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Template(String);

impl Template {
    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The sentence, or `None` when one of its facts is unknown.
    #[must_use]
    pub fn fill(&self, lookup: &dyn Fn(&str) -> Option<FactValue>) -> Option<String> {
        let mut out = String::new();
        for piece in pieces(&self.0) {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Fact { name, style } => out.push_str(&show(&lookup(name)?, style)),
            }
        }
        Some(out)
    }

    /// The sentence without any evidence: what stands for each fact is told by its name.
    #[must_use]
    pub fn outline(&self) -> String {
        let stand_in = |name: &str| {
            let last = name.rsplit('.').next().unwrap_or(name);
            match last {
                "path" => "FILE",
                "pid" => "PID",
                "comm" => "the target",
                _ if name == "target.name" => "the target",
                "release" => "RELEASE",
                _ if last.contains("pattern") || name.contains("pattern.top") => "NAME",
                _ => "N",
            }
        };
        let words = pieces(&self.0).into_iter().map(|piece| match piece {
            Piece::Text(text) => text,
            Piece::Fact { name, .. } => stand_in(name),
        });
        words.collect()
    }

    /// The sentence with unknown facts as `?`.
    #[must_use]
    pub fn fill_or_question_mark(&self, lookup: &dyn Fn(&str) -> Option<FactValue>) -> String {
        let known = |name: &str| lookup(name).or(Some(FactValue::Text("?".to_owned())));
        self.fill(&known).unwrap_or_default()
    }

    /// Names of the facts in it, each with its style.
    pub(super) fn facts(&self) -> impl Iterator<Item = (&str, &str)> {
        pieces(&self.0).into_iter().filter_map(|piece| match piece {
            Piece::Fact { name, style } => Some((name, style)),
            Piece::Text(_) => None,
        })
    }

    /// The first fact that stands inside quotes of the shell command that this is.
    pub(super) fn quoted_fact(&self) -> Option<&str> {
        let mut quote = None;
        for piece in pieces(&self.0) {
            match piece {
                Piece::Text(text) => quote = quote_at_end(text, quote),
                Piece::Fact { name, .. } if quote.is_some() => return Some(name),
                Piece::Fact { .. } => {}
            }
        }
        None
    }
}

enum Piece<'a> {
    Text(&'a str),
    Fact { name: &'a str, style: &'a str },
}

/// Only `{word.word}` is a fact; other braces (shell, awk) stay as they are.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut start = 0;
    while let Some(open) = rest[start..].find('{').map(|at| at + start) {
        let Some(close) = rest[open..].find('}').map(|at| at + open) else {
            break;
        };
        let inside = &rest[open + 1..close];
        let (name, style) = inside.split_once(':').unwrap_or((inside, ""));
        if is_fact_name(name) {
            pieces.push(Piece::Text(&rest[..open]));
            pieces.push(Piece::Fact { name, style });
            rest = &rest[close + 1..];
            start = 0;
        } else {
            start = open + 1;
        }
    }
    pieces.push(Piece::Text(rest));
    pieces
}

fn is_fact_name(name: &str) -> bool {
    name.contains('.')
        && name.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte)
        })
}

/// Which quote of a POSIX shell is open after `text`.
fn quote_at_end(text: &str, before: Option<char>) -> Option<char> {
    let mut open = before;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (open, c) {
            (None | Some('"'), '\\') => drop(chars.next()),
            (None, '\'' | '"') => open = Some(c),
            (Some(quote), c) if c == quote => open = None,
            _ => {}
        }
    }
    open
}

fn show(value: &FactValue, style: &str) -> String {
    match (value, style) {
        (value, SHELL) => format!("'{}'", value.to_string().replace('\'', r"'\''")),
        (FactValue::Number(seconds), "time") => Nanos::from_seconds(*seconds).to_string(),
        (FactValue::Number(share), "percent") => format!("{:.0}%", share * 100.0),
        (FactValue::Number(count), "count") => grouped(count.round().max(0.0) as u64),
        (FactValue::Number(bytes), "size") => nodesleuth_model::Bytes(*bytes as u64).to_string(),
        (FactValue::Number(cores), "cores") => {
            format!("{} cores", nodesleuth_model::Cores(*cores))
        }
        (value, _) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(name: &str) -> Option<FactValue> {
        match name {
            "cgroup.memory.dying" => Some(FactValue::Number(20_000.0)),
            "cgroup.read" => Some(FactValue::Number(3.3984)),
            "cgroup.path" => Some(FactValue::Text("/a b/'; rm -rf $HOME".to_owned())),
            _ => None,
        }
    }

    fn fill(text: &str) -> Option<String> {
        Template(text.to_owned()).fill(&lookup)
    }

    #[test]
    fn facts_are_filled_in_their_style() {
        let text = "{cgroup.memory.dying:count} dying, {cgroup.read:time} a read";
        assert_eq!(fill(text).unwrap(), "20,000 dying, 3.4 s a read");
    }

    #[test]
    fn a_sentence_with_an_unknown_fact_is_not_said() {
        assert_eq!(fill("{no.such} things"), None);
    }

    #[test]
    fn without_evidence_a_word_stands_for_each_fact() {
        let template = Template("time cat {cgroup.slowest_read.path}, {cgroup.read:time}".into());
        assert_eq!(template.outline(), "time cat FILE, N");
    }

    #[test]
    fn a_name_in_a_command_is_one_word_of_the_shell() {
        assert_eq!(
            fill("cat {cgroup.path:shell} > /dev/null").unwrap(),
            r"cat '/a b/'\''; rm -rf $HOME' > /dev/null"
        );
    }

    #[test]
    fn a_stand_in_has_no_style() {
        let template = Template("cat {cgroup.path:shell}, {cgroup.read:time}".into());
        assert_eq!(template.outline(), "cat FILE, N");
    }

    #[test]
    fn quotes_around_a_fact_are_seen() {
        for (text, quoted) in [
            ("cat {a.b:shell}", false),
            ("awk '{print}' {a.b:shell} 'x'", false),
            (r"echo \' {a.b:shell}", false),
            ("find -name '{a.b:shell}'", true),
            (r#"echo "it's \" {a.b:shell}""#, true),
        ] {
            let template = Template(text.to_owned());
            assert_eq!(template.quoted_fact().is_some(), quoted, "{text}");
        }
    }

    #[test]
    fn braces_of_a_shell_command_stay() {
        assert_eq!(
            fill("awk '{print $3}' x{a,b}").unwrap(),
            "awk '{print $3}' x{a,b}"
        );
    }
}
