//! Threads as gdb, gstack and pstack print them.

use super::clean::Lines;
use super::sink::Sink;
use nodesleuth_model::evidence::pasted::{PastedStack, StackKind};
use nodesleuth_profile::normalize;

pub(super) fn take(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    if !(is_thread(lines.get(at)) || frame(lines.get(at)).is_some()) {
        return 0;
    }
    let mut stacks = Vec::new();
    let mut frames: Vec<String> = Vec::new();
    let mut taken = 0;
    for line in lines.from(at) {
        let next = frame(line);
        let ends = match next {
            Some((number, _)) => number == 0,
            None => true,
        };
        if ends && !frames.is_empty() {
            frames.reverse();
            stacks.push(std::mem::take(&mut frames));
        }
        match next {
            Some((_, name)) => frames.push(normalize(name).into_owned()),
            None if is_thread(line) || line.trim().is_empty() => {}
            None => break,
        }
        taken += 1;
    }
    if !frames.is_empty() {
        frames.reverse();
        stacks.push(frames);
    }
    if stacks.is_empty() {
        return 0;
    }
    sink.block("threads of gdb", at, format!("{} stacks", stacks.len()));
    let file = sink.file;
    let stacks = stacks.into_iter().map(|frames| PastedStack {
        file,
        kind: StackKind::Thread,
        count: 1,
        frames,
        ..PastedStack::default()
    });
    sink.evidence().pasted.stacks.extend(stacks);
    taken
}

fn is_thread(line: &str) -> bool {
    let line = line.trim();
    line.starts_with("Thread ") && (line.contains("LWP") || line.contains("(Thread 0x"))
}

/// `#0  0x00007f in runtime.futex () from libc.so`, `#1  main.f (x=1) at a.go:3`.
fn frame(line: &str) -> Option<(u32, &str)> {
    let (number, rest) = line.trim().strip_prefix('#')?.split_once(' ')?;
    let number = number.parse().ok()?;
    let rest = rest.trim_start();
    let rest = match rest.strip_prefix("0x") {
        Some(rest) => {
            let (_, rest) = rest.split_once(' ')?;
            rest.trim_start().strip_prefix("in ").unwrap_or(rest)
        }
        None => rest,
    };
    let name = rest.split(" (").next()?.split(" at ").next()?.trim();
    let is_name =
        !name.is_empty() && !name.contains(' ') && name.contains(|c: char| c.is_ascii_alphabetic());
    is_name.then_some((number, name))
}

#[cfg(test)]
mod tests {
    use crate::pasted::Ingested;

    #[test]
    fn threads_and_their_frames() {
        let text = "Thread 2 (Thread 0x7f1 (LWP 12)):\n\
                    #0  0x000000 in runtime.futex () at /go/src/runtime/sys.s:5\n\
                    #1  0x000001 in runtime.futexsleep (addr=0x1) at a.go:1\n\
                    Thread 1 (Thread 0x7f0 (LWP 11)):\n\
                    #0  0x000002 in select () from /lib64/libc.so.6\n\nPR #12 fixes it\n";
        let mut ingested = Ingested::default();
        ingested.read("t", text.as_bytes(), None, true);
        let stacks = &ingested.evidence.pasted.stacks;
        assert_eq!(stacks[0].frames, ["runtime.futexsleep", "runtime.futex"]);
        assert_eq!(
            (stacks[1].frames.as_slice(), stacks.len()),
            (&["select".to_owned()][..], 2)
        );
    }
}
