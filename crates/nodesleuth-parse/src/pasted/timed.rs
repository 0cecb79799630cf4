//! Commands that were typed, and how long they took.

use super::clean::Lines;
use super::numbers::clock;
use super::sink::Sink;
use nodesleuth_model::evidence::pasted::TimedCommand;
use nodesleuth_model::evidence::{ReadOutcome, TimedRead, TimedReads};
use nodesleuth_model::{Bytes, Nanos, Observed};

/// Commands that are believed behind a `#`, which also begins comments and headings.
const COMMANDS: &[&str] = &[
    "cat",
    "conntrack",
    "crictl",
    "ctr",
    "dmesg",
    "docker",
    "echo",
    "find",
    "free",
    "grep",
    "ip",
    "ipvsadm",
    "iptables",
    "iptables-save",
    "journalctl",
    "kubectl",
    "ls",
    "lsof",
    "mount",
    "perf",
    "pidstat",
    "ps",
    "slabtop",
    "strace",
    "sudo",
    "sysctl",
    "systemctl",
    "time",
    "top",
    "uname",
    "uptime",
    "vmstat",
    "wc",
    "curl",
    "go",
    "runc",
    "containerd",
];

/// A line on which a command was typed; it is remembered for what follows.
pub(super) fn take_prompt(line: &str, sink: &mut Sink<'_>) -> bool {
    let Some(command) = prompt(line.trim()) else {
        return false;
    };
    sink.command = Some(command.to_owned());
    true
}

fn prompt(line: &str) -> Option<&str> {
    if let Some(command) = line
        .strip_prefix("$ ")
        .or_else(|| line.strip_prefix("sh-4.2# "))
    {
        return Some(command.trim());
    }
    if let Some(command) = line.strip_prefix("# ") {
        let first = command.split_whitespace().next()?;
        let is_one = COMMANDS.contains(&first) && !command.ends_with(['.', ':']);
        return is_one.then_some(command);
    }
    if line.starts_with("time ") && line.contains('/') {
        return Some(line);
    }
    // Whatever the prompt is: a number follows, and what it counts stands here.
    if line.ends_with("wc -l") && line.contains('|') {
        return Some(line);
    }
    // `root@node:~# command`, `[root@node ~]# command`, `core@ip-10 ~ $ command`.
    let at = line.find("# ").into_iter().chain(line.find("$ ")).min()?;
    let head = &line[..at];
    let is_head = head.contains('@') && head.len() <= 80 && !head.contains(['(', '%', '"']);
    is_head.then(|| line[at + 2..].trim())
}

pub(super) fn take(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    let mut timed = TimedCommand::default();
    let taken = bash(lines, at, &mut timed).or_else(|| one_line(lines.get(at), &mut timed));
    let Some(taken) = taken else { return 0 };
    timed.file = sink.file;
    if timed.command.is_none() {
        timed.command = sink.command.clone();
    }
    timed.path = timed.command.as_deref().and_then(path_in);
    let seconds = timed.real_seconds.unwrap_or(0.0);
    let what = timed.command.as_deref().unwrap_or("a command");
    sink.block("time", at, format!("{seconds} s for {what}"));
    add_read(sink, &timed);
    sink.evidence().pasted.timed.push(timed);
    taken
}

/// `real 0m9.012s`, `user …`, `sys …`.
fn bash(lines: &Lines<'_>, at: usize, timed: &mut TimedCommand) -> Option<usize> {
    let value = |line: &str, name: &str| {
        let rest = line
            .trim()
            .strip_prefix(name)?
            .trim_start_matches([':', ' ', '\t']);
        clock(rest.split_whitespace().next()?)
    };
    timed.real_seconds = Some(value(lines.get(at), "real")?);
    let mut taken = 1;
    for line in lines.from(at + 1).take(2) {
        if let Some(seconds) = value(line, "user") {
            timed.user_seconds = Some(seconds);
        } else if let Some(seconds) = value(line, "sys") {
            timed.kernel_seconds = Some(seconds);
        } else {
            break;
        }
        taken += 1;
    }
    Some(taken)
}

/// zsh: `cat f  0.00s user 9.01s system 99% cpu 9.034 total`; GNU time:
/// `0.00user 9.01system 0:09.03elapsed 99%CPU`.
fn one_line(line: &str, timed: &mut TimedCommand) -> Option<usize> {
    let words: Vec<&str> = line.split_whitespace().collect();
    if let Some(user) = words.iter().position(|word| *word == "user")
        && words.get(user + 2) == Some(&"system")
    {
        timed.user_seconds = clock(words[user.checked_sub(1)?]);
        timed.kernel_seconds = clock(words[user + 1]);
        let total = words.iter().position(|word| *word == "total")?;
        timed.real_seconds = Some(clock(words[total.checked_sub(1)?])?);
        if user > 1 {
            timed.command = Some(words[..user - 1].join(" "));
        }
        return Some(1);
    }
    let of = |unit: &str| {
        words
            .iter()
            .find_map(|word| clock(word.strip_suffix(unit)?))
    };
    timed.real_seconds = Some(of("elapsed")?);
    timed.user_seconds = of("user");
    timed.kernel_seconds = of("system");
    Some(1)
}

fn path_in(command: &str) -> Option<String> {
    let mut words = command.split_whitespace();
    words
        .find(|word| word.starts_with('/') && word.len() > 1)
        .map(str::to_owned)
}

/// `cat` of one file is a timed read like the ones of a bundle.
fn add_read(sink: &mut Sink<'_>, timed: &TimedCommand) {
    let reads = |command: &str| command.split_whitespace().any(|word| word == "cat");
    let (Some(path), Some(real)) = (&timed.path, timed.real_seconds) else {
        return;
    };
    if !timed.command.as_deref().is_some_and(reads) || path.contains('*') {
        return;
    }
    let nanos = |seconds: f64| Nanos((seconds * 1e9) as u64);
    let cpu = timed
        .kernel_seconds
        .map(|kernel| kernel + timed.user_seconds.unwrap_or(0.0));
    let read = TimedRead {
        path: path.clone(),
        predicted: None,
        outcome: ReadOutcome::Read {
            bytes: Bytes(0),
            wall: nanos(real),
            cpu: nanos(cpu.unwrap_or(real)),
            repeats: 1,
            first_cpu: None,
        },
    };
    match &mut sink.evidence().timed_reads {
        Observed::Value(reads) => reads.reads.push(read),
        missing => {
            *missing = Observed::Value(TimedReads {
                reads: vec![read],
                ..TimedReads::default()
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::pasted::testing::read;

    #[test]
    fn the_command_above_belongs_to_the_times_and_a_cat_is_a_timed_read() {
        let ingested = read(
            "[root@n1 ~]# time cat /sys/fs/cgroup/memory/memory.stat > /dev/null\n\n\
             real\t0m9.012s\nuser\t0m0.001s\nsys\t0m9.010s\n",
        );
        let timed = &ingested.evidence.pasted.timed[0];
        assert_eq!(
            timed.path.as_deref(),
            Some("/sys/fs/cgroup/memory/memory.stat")
        );
        assert_eq!(
            (timed.real_seconds, timed.kernel_seconds),
            (Some(9.012), Some(9.01))
        );
        let reads = ingested.evidence.timed_reads.value().unwrap();
        assert_eq!(reads.reads[0].file_name(), "memory.stat");
    }

    #[test]
    fn zsh_and_gnu_time() {
        let ingested = read(
            "du -s /var  0.10s user 2.50s system 99% cpu 2.634 total\n0.00user 9.01system 0:09.03elapsed 99%CPU\n",
        );
        let timed = &ingested.evidence.pasted.timed;
        assert_eq!(
            (timed[0].command.as_deref(), timed[0].real_seconds),
            (Some("du -s /var"), Some(2.634))
        );
        assert_eq!(timed[1].kernel_seconds, Some(9.01));
    }

    #[test]
    fn headings_are_no_commands() {
        let ingested = read("# What happened\n# cat is slow:\ntext\n");
        assert!(ingested.evidence.pasted.timed.is_empty());
        assert_eq!(ingested.evidence.pasted.prose.len(), 3);
    }
}
