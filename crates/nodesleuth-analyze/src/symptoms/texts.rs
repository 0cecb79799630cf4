//! All text that symptoms are looked for in, gathered once for all entries.

use nodesleuth_model::evidence::Pasted;
use nodesleuth_model::evidence::pasted::ProcessUsage;
use regex_lite::Regex;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Most texts of a kind: what matters stands near the beginning, and each is matched some hundred
/// times.
const MOST: usize = 2_000;
/// A process below this is not spoken of.
const LEAST_CORES: f64 = 0.1;
/// Bytes of a text that are looked at.
const LONGEST: usize = 600;

/// Texts to look into.
pub(super) struct Texts {
    /// Sentences of prose; keys such as `nat_rules` also with spaces.
    told: Vec<String>,
    /// What tools print beside numbers: names of metrics, of processes, of what was counted, and
    /// headlines of stacks.
    printed: Vec<String>,
}

impl Texts {
    pub(super) fn of(pasted: &Pasted) -> Self {
        let prose = pasted.prose.iter().take(MOST);
        let told = prose.flat_map(|line| {
            let text = without_what_is_off(beginning(&line.text));
            let spaced = text.contains('_').then(|| text.replace('_', " "));
            std::iter::once(text.into_owned()).chain(spaced)
        });
        let metrics = pasted.metrics.iter().filter(|metric| metric.value != 0.0);
        let metrics = metrics.map(|metric| metric.name.clone());
        // What prose counts stands in prose.
        let counts = pasted.counts.iter().filter(|count| count.measured);
        let counts = counts.map(|count| format!("{} {} {}", count.value, count.what, count.unit));
        // A process that does nothing is on every list.
        let hot = |usage: &&ProcessUsage| usage.cores.is_none_or(|cores| cores >= LEAST_CORES);
        let hot = pasted.processes.iter().filter(hot);
        let names = hot.map(|usage| usage.comm.clone());
        let headlines = pasted
            .stacks
            .iter()
            .filter_map(|stack| stack.headline.clone());
        let printed = metrics.chain(counts).chain(names).chain(headlines);
        let printed: BTreeSet<String> = printed.map(|text| beginning(&text).to_owned()).collect();
        Self {
            told: told.collect(),
            printed: printed.into_iter().take(MOST).collect(),
        }
    }

    /// The first sentence of prose that matches.
    pub(super) fn told(&self, regex: &Regex) -> Option<&str> {
        first(&self.told, regex)
    }

    /// The first printed text that matches.
    pub(super) fn printed(&self, regex: &Regex) -> Option<&str> {
        first(&self.printed, regex)
    }
}

/// Without the names of metrics in `--disable_metrics=tcp,udp`: they say what is not collected.
fn without_what_is_off(text: &str) -> Cow<'_, str> {
    const OFF: &str = "disable_metrics=";
    let Some(at) = text.find(OFF) else {
        return Cow::Borrowed(text);
    };
    let (before, list) = text.split_at(at + OFF.len());
    let end = list.find(char::is_whitespace).unwrap_or(list.len());
    Cow::Owned(format!("{before}{}", &list[end..]))
}

fn first<'t>(texts: &'t [String], regex: &Regex) -> Option<&'t str> {
    let mut texts = texts.iter().map(String::as_str);
    texts.find(|text| regex.is_match(text))
}

fn beginning(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use nodesleuth_model::evidence::pasted::ProseLine;

    #[test]
    fn metrics_that_are_off_are_not_spoken_of() {
        let text = "run --disable_metrics=percpu,tcp,udp --docker_only=true";
        assert_eq!(
            without_what_is_off(text),
            "run --disable_metrics= --docker_only=true"
        );
        assert_eq!(without_what_is_off("no option"), "no option");
    }

    #[test]
    fn keys_are_read_as_words_too() {
        let mut pasted = Pasted::default();
        pasted.prose.push(ProseLine {
            text: "nat_rules: 164757".to_owned(),
            ..ProseLine::default()
        });
        let texts = Texts::of(&pasted);
        let regex = Regex::new("nat rules").unwrap();
        assert_eq!(texts.told(&regex), Some("nat rules: 164757"));
        assert_eq!(texts.printed(&regex), None);
    }
}
