//! Stacks that bpftrace and bcc's `profile` print, brought to folded stacks.

use super::clean::Lines;
use super::profiles::take_stacks;
use super::sink::Sink;

/// Functions by which the kernel is entered: what is nearer to the leaf is the kernel's.
const ENTRIES: &[&str] = &[
    "entry_SYSCALL_64",
    "do_syscall_64",
    "ret_from_fork",
    "el0t_64_sync",
    "asm_sysvec",
    "system_call",
    "entry_INT80",
    "x86_64_start_kernel",
    "secondary_startup_64",
];

/// Frames of one stack.
const DEEPEST: usize = 512;

pub(super) fn take(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    let mut folded = String::new();
    let mut taken = 0;
    loop {
        let here = at + taken;
        if let Some((row, used)) = bpftrace(lines, here).or_else(|| bcc(lines, here)) {
            folded.push_str(&row);
            folded.push('\n');
            taken += used;
        } else if taken > 0 && lines.get(here).trim().is_empty() && here < lines.len() {
            taken += 1;
        } else {
            break;
        }
    }
    if !folded.is_empty() {
        take_stacks(&folded, at, sink);
    }
    taken
}

/// `@[`, frames, `, kubelet]: 12`.
fn bpftrace(lines: &Lines<'_>, at: usize) -> Option<(String, usize)> {
    let begin = lines.get(at).trim();
    if !(begin.starts_with('@') && begin.ends_with('[')) {
        return None;
    }
    let mut frames = Vec::new();
    let mut comm = None;
    for (index, line) in lines.from(at + 1).take(DEEPEST).enumerate() {
        let line = line.trim();
        if let Some((inside, count)) = line.rsplit_once("]: ") {
            let inside = inside.trim_start_matches(',').trim();
            if !inside.is_empty() {
                comm = Some(inside.split(',').next().unwrap_or(inside).trim());
            }
            let count: u64 = count.trim().parse().ok()?;
            return row(&frames, comm, count).map(|row| (row, index + 2));
        }
        match line.strip_suffix(',').unwrap_or(line) {
            "" => {}
            frame => frames.push(without_offset(frame)),
        }
    }
    None
}

/// Indented frames, `-                kubelet (123)`, and the count below.
fn bcc(lines: &Lines<'_>, at: usize) -> Option<(String, usize)> {
    let indented = |line: &str| line.starts_with("    ") && !line.trim().contains(' ');
    let deep = lines.from(at).take(DEEPEST);
    let depth = deep
        .take_while(|line| indented(line) && !line.trim().is_empty())
        .count();
    let owner = lines.get(at + depth).trim();
    let owner = owner.strip_prefix("- ")?.trim();
    let (comm, pid) = owner.rsplit_once(" (")?;
    pid.strip_suffix(')')?.parse::<u32>().ok()?;
    let count: u64 = lines.get(at + depth + 1).trim().parse().ok()?;
    let frames: Vec<&str> = lines
        .from(at)
        .take(depth)
        .map(str::trim)
        .map(without_offset)
        .collect();
    row(&frames, Some(comm), count).map(|row| (row, depth + 2))
}

fn without_offset(frame: &str) -> &str {
    let frame = frame.split_whitespace().next().unwrap_or(frame);
    let (name, offset) = frame.rsplit_once('+').unwrap_or((frame, ""));
    let is_offset =
        !offset.is_empty() && offset.bytes().all(|b| b.is_ascii_hexdigit() || b == b'x');
    if is_offset { name } else { frame }
}

/// Frames stand leaf first; those from the leaf to the kernel's entry are marked as the kernel's.
fn row(frames: &[&str], comm: Option<&str>, count: u64) -> Option<String> {
    if frames.is_empty() && comm.is_none() {
        return None;
    }
    let is_entry = |frame: &&str| ENTRIES.iter().any(|entry| frame.starts_with(entry));
    let in_kernel = frames.iter().rposition(is_entry).map_or(0, |at| at + 1);
    let mut names: Vec<String> = comm
        .map(|comm| comm.replace([';', ' '], "_"))
        .into_iter()
        .collect();
    for (at, frame) in frames.iter().enumerate().rev() {
        let mark = if at < in_kernel { "_[k]" } else { "" };
        names.push(format!("{}{mark}", frame.replace(';', ":")));
    }
    Some(format!("{} {count}", names.join(";")))
}

#[cfg(test)]
mod tests {
    use crate::pasted::Ingested;
    use nodesleuth_profile::{Limits, open};

    fn names(text: &str) -> Vec<Vec<String>> {
        let mut ingested = Ingested::default();
        ingested.read("t", text.as_bytes(), None, true);
        let opened = open(ingested.profiles[0].1.as_slice(), &Limits::default()).unwrap();
        let stacks = opened.profile.stacks();
        stacks
            .map(|stack| {
                stack
                    .frames()
                    .map(|frame| nodesleuth_profile::normalize(frame.name()).into_owned())
                    .collect()
            })
            .collect()
    }

    #[test]
    fn maps_of_bpftrace() {
        let stacks = names(
            "Attaching 1 probe...\n\n@[\n    memcg_stat_show+5\n    do_syscall_64+91\n    main.read+3\n, kubelet]: 7\n@[\n    main.f+1\n]: 2\n",
        );
        assert_eq!(
            stacks[0],
            ["kubelet", "main.read", "do_syscall_64", "memcg_stat_show"]
        );
        assert_eq!(stacks.len(), 2);
    }

    #[test]
    fn stacks_of_bcc() {
        let stacks = names(
            "    vfs_read\n    do_syscall_64\n    [unknown]\n    -                kubelet (123)\n        5\n",
        );
        assert_eq!(
            stacks,
            [["kubelet", "[unknown]", "do_syscall_64", "vfs_read"]]
        );
    }
}
