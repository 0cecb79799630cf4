//! Pages of Prometheus metrics, and single samples that people quote.

use super::clean::Lines;
use super::sink::{Sink, counted};
use crate::kube::prometheus;
use nodesleuth_model::evidence::pasted::{FileId, Metric};
use std::borrow::Cow;

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
            Some(sample) if sample.name.ends_with("_bucket") => {}
            Some(sample) => kept.push(metric(sink.file, &sample)),
            None if is_head(line) => {}
            None => break,
        }
        taken += 1;
    }
    if left_out > 0 {
        sink.ignore(format!("{left_out} samples above the limit of {MOST}"));
    }
    sink.block("metrics", at, counted(kept.len(), "sample"));
    sink.evidence().pasted.metrics.extend(kept);
    taken
}

/// A sample line among other text: its name has an underscore, as all of Kubernetes' have, and its
/// value is a number.
fn sample(line: &str) -> Option<prometheus::Sample<'_>> {
    prometheus::sample(line.trim())
        .filter(|sample| sample.name.contains('_') && sample.value.is_finite())
        .filter(|sample| !sample.name.starts_with(|c: char| c.is_ascii_digit()))
}

fn metric(file: FileId, sample: &prometheus::Sample<'_>) -> Metric {
    let label = |(name, value): (&str, Cow<'_, str>)| (name.to_owned(), value.into_owned());
    Metric {
        file,
        name: sample.name.to_owned(),
        labels: sample.labels().map(label).collect(),
        value: sample.value,
    }
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
