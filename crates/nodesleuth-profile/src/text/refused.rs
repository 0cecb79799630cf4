//! Texts that are known and hold no stacks, or hold them in a form that is not read.

use crate::text::TextError;

const HEAD_LINES: usize = 200;

/// A text that is recognised by one of its first lines.
struct Known {
    is_line: fn(&str) -> bool,
    what: &'static str,
    advice: &'static str,
}

const KNOWN: &[Known] = &[
    Known {
        is_line: |line| line.starts_with("# Overhead ") || line.starts_with("# Children "),
        what: "the text of `perf report`",
        advice: "send that of `perf script`, which has every stack",
    },
    Known {
        is_line: |line| line == "flat  flat%   sum%        cum   cum%",
        what: "the text of `go tool pprof -top`",
        advice: "send that of -raw or -traces, or the profile itself: this has no stacks",
    },
    Known {
        is_line: |line| line.starts_with("flat  flat%   sum%        cum   cum%   calls"),
        what: "the text of `go tool pprof -tree` or -peek",
        advice: "send that of -raw or -traces, or the profile itself: this has no stacks",
    },
    Known {
        is_line: |line| line.starts_with("digraph ") && line.ends_with('{'),
        what: "a graph in the dot format",
        advice: "send the text of `go tool pprof -raw`, or the profile itself",
    },
    Known {
        is_line: |line| line.starts_with("positions: instr line"),
        what: "a callgrind file",
        advice: "send the text of `go tool pprof -raw`, or the profile itself",
    },
    Known {
        is_line: |line| line.starts_with("heap profile:") || line.starts_with("heap_v2/"),
        what: "a heap profile of an unknown allocator (jemalloc, perhaps)",
        advice: "convert it with the allocator's own `jeprof --raw` and `pprof -proto`",
    },
    Known {
        is_line: |line| line.starts_with("@[") && (line.ends_with('[') || line.contains("]: ")),
        what: "the map that bpftrace prints",
        advice: "fold it with stackcollapse-bpftrace.pl and give the folded stacks",
    },
    Known {
        is_line: |line| line.starts_with("# HELP ") || line.starts_with("# TYPE "),
        what: "a page of metrics",
        advice: "it has no stacks; profiles are at /debug/pprof/ of the same port",
    },
    Known {
        is_line: |line| line.starts_with("nr_free_pages "),
        what: "a copy of /proc/vmstat",
        advice: "it has no stacks",
    },
    Known {
        is_line: |line| line.starts_with("inactive_anon ") || line.starts_with("total_rss "),
        what: "a copy of a cgroup's memory.stat",
        advice: "it has no stacks",
    },
    Known {
        is_line: |line| line.starts_with("% time ") && line.contains("usecs/call"),
        what: "the table of `strace -c`",
        advice: "it has no stacks; give it to `nodesleuth analyze`",
    },
];

/// Why a text is not read, if it is known.
pub(crate) fn refuse(text: &str) -> Option<TextError> {
    let known = |line: &str| KNOWN.iter().find(|known| (known.is_line)(line.trim()));
    let Known { what, advice, .. } = text.lines().take(HEAD_LINES).find_map(known)?;
    Some(TextError::NotRead { what, advice })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_texts_are_named_with_what_to_send_instead() {
        let cases = [
            ("#\n# Overhead  Command      Symbol\n", "`perf report`"),
            (
                "Type: cpu\n      flat  flat%   sum%        cum   cum%\n",
                "-top",
            ),
            (
                "  flat  flat%   sum%        cum   cum%   calls calls% + context\n",
                "-tree",
            ),
            ("digraph \"x\" {\n", "dot"),
            ("@[\n    a+1\n]: 5\n", "bpftrace"),
        ];
        for (text, what) in cases {
            let error = refuse(text).unwrap().to_string();
            assert!(
                error.contains(what) && error.contains("not read"),
                "{error}"
            );
        }
        assert_eq!(refuse("a;b 1\n[x];y 2\n"), None);
    }
}
