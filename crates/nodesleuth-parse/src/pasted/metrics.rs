//! Pages of Prometheus metrics, and single samples that people quote.

use super::clean::Lines;
use super::sink::Sink;
use nodesleuth_model::evidence::pasted::Metric;
use std::collections::BTreeMap;

/// Samples of one file that are kept; buckets of histograms are not.
const MOST: usize = 20_000;

pub(super) fn take(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    let first = lines.get(at);
    let is_head = |line: &str| line.starts_with("# HELP ") || line.starts_with("# TYPE ");
    let begins = is_head(first) || (first.contains('{') && sample(first).is_some());
    if !begins {
        return 0;
    }
    let mut taken = 0;
    let mut kept = Vec::new();
    let mut left_out = 0_usize;
    for line in lines.from(at) {
        match sample(line) {
            Some(_) if kept.len() >= MOST => left_out += 1,
            Some((name, ..)) if name.ends_with("_bucket") => {}
            Some((name, labels, value)) => kept.push(Metric {
                file: sink.file,
                name: name.to_owned(),
                labels,
                value,
            }),
            None if is_head(line) => {}
            None => break,
        }
        taken += 1;
    }
    if left_out > 0 {
        sink.ignore(format!("{left_out} samples above the limit of {MOST}"));
    }
    sink.block("metrics", at, format!("{} samples", kept.len()));
    sink.evidence().pasted.metrics.extend(kept);
    taken
}

type Sample<'t> = (&'t str, BTreeMap<String, String>, f64);

/// `name{label="value",…} 12.5 [time]` or `name 12.5`.
fn sample(line: &str) -> Option<Sample<'_>> {
    let line = line.trim();
    let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'))?;
    let (name, rest) = line.split_at(end);
    if name.is_empty() || !name.contains('_') || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(inner) => labels(inner)?,
        None => (BTreeMap::new(), rest),
    };
    if !rest.starts_with([' ', '\t']) {
        return None;
    }
    let mut words = rest.split_whitespace();
    let value: f64 = words.next()?.parse().ok()?;
    let is_end =
        words.next().is_none_or(|time| time.parse::<i64>().is_ok()) && words.next().is_none();
    (is_end && value.is_finite()).then_some((name, labels, value))
}

/// Labels up to the closing bracket, and what stands behind it.
fn labels(mut rest: &str) -> Option<(BTreeMap<String, String>, &str)> {
    let mut labels = BTreeMap::new();
    loop {
        rest = rest.trim_start_matches([',', ' ']);
        if let Some(behind) = rest.strip_prefix('}') {
            return Some((labels, behind));
        }
        let (name, value) = rest.split_once("=\"")?;
        let end = end_of_value(value)?;
        labels.insert(name.trim().to_owned(), value[..end].replace("\\\"", "\""));
        rest = &value[end + 1..];
    }
}

/// Where the quote stands that ends a value.
fn end_of_value(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' if !escaped => return Some(at),
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::pasted::Ingested;

    #[test]
    fn pages_and_quoted_samples() {
        let text = "# HELP a_total x\n# TYPE a_total counter\na_total 3\nb_bucket{le=\"1\"} 5\n\n\
                    apiserver_registered_watchers{kind=\"Config\\\"Map\",group=\"\"} 12506\n\nand foo_bar is 3\n";
        let mut ingested = Ingested::default();
        ingested.read("t", text.as_bytes(), None, true);
        let metrics = &ingested.evidence.pasted.metrics;
        assert_eq!(metrics.len(), 2);
        assert_eq!(
            (metrics[1].value, metrics[1].labels["kind"].as_str()),
            (12506.0, "Config\"Map")
        );
    }
}
