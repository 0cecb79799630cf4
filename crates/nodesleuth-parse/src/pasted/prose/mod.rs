//! Prose: sentences, and the few tokens in them that mean something by themselves: functions with
//! shares, CPU of processes, counts, versions. All of it is weaker than what a tool printed.

mod counts;
mod functions;
mod processes;
mod share;
mod told_versions;

use super::logs;
use super::sink::Sink;
use nodesleuth_model::evidence::pasted::ProseLine;

/// Sentences that are kept of all files.
const MOST_LINES: usize = 5_000;
const LONGEST_LINE: usize = 600;

/// Lines of prose that belong together.
#[derive(Debug, Default)]
pub(super) struct Paragraph {
    text: String,
    first: usize,
}

/// One line that no format knows.
pub(super) fn take(line: &str, at: usize, sink: &mut Sink<'_>) {
    if is_log(sink.name) {
        logs::take_bare(line, sink);
        return;
    }
    if !sink.wants_prose {
        return;
    }
    let line = line.trim();
    // Where a report stands says nothing of what is in it.
    if line.starts_with("http") && line.contains("://") && !line.contains(' ') {
        return;
    }
    // A wrapped sentence goes on in lower case.
    let goes_on = line.starts_with(|c: char| c.is_lowercase())
        && sink.paragraph.text.len() > 60
        && sink.paragraph.text.len() < LONGEST_LINE
        && !sink.paragraph.text.ends_with(['.', ':', ';', '!', '?']);
    if !goes_on {
        end_paragraph(sink);
        sink.paragraph.first = at;
    }
    if goes_on {
        sink.paragraph.text.push(' ');
    }
    sink.paragraph.text.push_str(line);
    sink.heading = Some(line.to_owned());
}

/// Files whose lines are log lines also without a head.
fn is_log(name: &str) -> bool {
    let file = name.rsplit(['/', '!']).next().unwrap_or(name);
    file.ends_with(".log")
        || ["journal", "dmesg", "messages", "syslog"]
            .iter()
            .any(|begin| file.starts_with(begin))
}

/// What was gathered is a paragraph: its tokens are taken.
pub(super) fn end_paragraph(sink: &mut Sink<'_>) {
    let paragraph = std::mem::take(&mut sink.paragraph);
    let text = paragraph
        .text
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    if text.is_empty() {
        return;
    }
    sink.one("prose");
    for sentence in sentences(&text) {
        if sink.evidence().pasted.prose.len() >= MOST_LINES {
            return;
        }
        tokens(sentence, sink);
        let file = sink.file;
        let text = match sentence.char_indices().nth(LONGEST_LINE) {
            Some((end, _)) => format!("{}…", &sentence[..end]),
            None => sentence.to_owned(),
        };
        sink.evidence().pasted.prose.push(ProseLine { file, text });
    }
}

/// Sentences end with a full stop before a space and a capital.
fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut from = 0;
    let bytes = text.as_bytes();
    for at in 0..bytes.len().saturating_sub(2) {
        let ends = matches!(bytes[at], b'.' | b'!' | b'?')
            && bytes[at + 1] == b' '
            && bytes[at + 2].is_ascii_uppercase();
        if ends && text.is_char_boundary(at + 2) {
            found.push(&text[from..=at]);
            from = at + 2;
        }
    }
    found.push(&text[from..]);
    found
}

fn tokens(sentence: &str, sink: &mut Sink<'_>) {
    let words: Vec<&str> = sentence.split_whitespace().collect();
    functions::take(&words, sink);
    processes::take(&words, sentence, sink);
    counts::take(&words, sink);
    told_versions::take(&words, sink);
}

#[cfg(test)]
mod tests {
    use crate::pasted::testing::prose;

    #[test]
    fn cpu_of_processes_counts_and_versions() {
        let pasted = prose(
            "The kubelet uses 100% CPU on a node with 2,000 services and 110 pods. We see dockerd at 20-30% CPU.\n\
             Kernel 4.15.0-43-generic, Docker 18.09, Ubuntu 18.04. It is fixed in kernel 5.2 they say.\n\
             There are about 1000 exited containers and 164757 iptables rules.\n",
        );
        let processes: Vec<_> = pasted
            .processes
            .iter()
            .map(|p| (p.comm.as_str(), p.cores.unwrap()))
            .collect();
        assert_eq!(processes, [("kubelet", 1.0), ("dockerd", 0.25)]);
        let counts: Vec<_> = pasted
            .counts
            .iter()
            .map(|c| (c.what.as_str(), c.value))
            .collect();
        assert!(
            counts.contains(&("services", 2000.0)) && counts.contains(&("pods", 110.0)),
            "{counts:?}"
        );
        assert!(
            counts.contains(&("exited.containers", 1000.0))
                && counts.contains(&("iptables.rules", 164_757.0)),
            "{counts:?}"
        );
        let versions: Vec<_> = pasted
            .versions
            .iter()
            .map(|v| format!("{} {}", v.component, v.version))
            .collect();
        assert_eq!(
            versions,
            [
                "kernel 4.15.0-43-generic",
                "docker 18.09",
                "os Ubuntu 18.04"
            ]
        );
        assert_eq!(pasted.prose.len(), 5);
    }
}
