//! What `kubectl describe node` tells besides versions.

use super::clean::Lines;
use super::numbers::count;
use super::sink::Sink;
use nodesleuth_model::Observed;
use nodesleuth_model::evidence::pasted::PastedCount;

pub(super) fn take(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    let line = lines.get(at).trim();
    if let Some(rest) = line.strip_prefix("Non-terminated Pods:") {
        let number = rest
            .trim()
            .trim_start_matches('(')
            .split(' ')
            .next()
            .and_then(count);
        if let Some(pods) = number {
            push(sink, "pods", pods);
            sink.one("kubectl");
            return 1;
        }
    }
    if line != "Capacity:" && line != "capacity:" {
        return 0;
    }
    let rows: Vec<&str> = lines
        .from(at + 1)
        .take_while(|line| line.starts_with([' ', '\t']))
        .collect();
    for row in &rows {
        let Some((name, value)) = row.trim().split_once(':') else {
            continue;
        };
        let value = value.trim().trim_matches('"');
        match name {
            "cpu" => {
                if let Ok(cpus) = value.parse() {
                    super::proc_files::host(sink).online_cpus = Observed::Value(cpus);
                }
            }
            "pods" => {
                if let Some(pods) = count(value) {
                    push(sink, "max_pods", pods);
                }
            }
            _ => {}
        }
    }
    sink.one("kubectl");
    rows.len() + 1
}

fn push(sink: &mut Sink<'_>, what: &str, value: f64) {
    let file = sink.file;
    sink.evidence().pasted.counts.push(PastedCount {
        file,
        what: what.to_owned(),
        value,
        unit: String::new(),
        measured: true,
    });
}

#[cfg(test)]
mod tests {
    use crate::pasted::Ingested;

    #[test]
    fn pods_and_cpus() {
        let text = "Capacity:\n  cpu:                8\n  pods:               110\nNon-terminated Pods:         (93 in total)\n";
        let mut ingested = Ingested::default();
        ingested.read("t", text.as_bytes(), None, true);
        assert_eq!(
            ingested.evidence.host.value().unwrap().online_cpus.value(),
            Some(&8)
        );
        let counts: Vec<_> = ingested
            .evidence
            .pasted
            .counts
            .iter()
            .map(|c| (c.what.as_str(), c.value))
            .collect();
        assert_eq!(counts, [("max_pods", 110.0), ("pods", 93.0)]);
    }
}
