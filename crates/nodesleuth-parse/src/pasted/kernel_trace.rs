//! Call traces that the kernel printed (soft lockup, hung task, OOM), and `/proc/PID/stack`.

use super::clean::Lines;
use super::log_line::LogLine;
use super::sink::Sink;
use nodesleuth_model::evidence::pasted::{PastedStack, StackKind};
use nodesleuth_profile::normalize;

/// Lines above a trace in which its headline is looked for.
const LOOK_BACK: usize = 40;

pub(super) fn take(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    let first = message(lines.get(at));
    let begins = first.eq_ignore_ascii_case("call trace:") || first.starts_with("Call Trace");
    if !(begins || (frame(first).is_some() && frame(message(lines.get(at + 1))).is_some())) {
        return 0;
    }
    let mut frames = Vec::new();
    let mut taken = usize::from(begins);
    for line in lines.from(at + taken) {
        let message = message(line);
        match frame(message) {
            Some(Some(name)) => frames.push(normalize(name).into_owned()),
            Some(None) => {}
            None if is_mark(message) => {}
            None => break,
        }
        taken += 1;
    }
    let above = Above::of(lines, at);
    if let Some(leaf) = above.leaf.filter(|leaf| frames.first() != Some(leaf)) {
        frames.insert(0, leaf);
    }
    if frames.is_empty() {
        return 0;
    }
    frames.reverse();
    sink.block("kernel stack", at, format!("{} functions", frames.len()));
    let stack = PastedStack {
        file: sink.file,
        kind: StackKind::Kernel,
        comm: above.comm,
        state: above.state,
        headline: above.headline,
        count: 1,
        frames,
        ..PastedStack::default()
    };
    sink.evidence().pasted.stacks.push(stack);
    taken
}

/// The line without time stamp and the like.
fn message(line: &str) -> &str {
    let line = line.trim();
    LogLine::parse(line)
        .map_or(line, |line| line.message)
        .trim()
}

/// `mem_cgroup_iter+0x1b1/0x2c0`, `[<ffffffff81>] name+0x1/0x2`, `[<0>] name+0x1/0x2`; inside
/// `None` for what may only have been left on the stack (`? name+…`).
fn frame(line: &str) -> Option<Option<&str>> {
    let rest = match line.strip_prefix("[<") {
        Some(rest) => rest.split_once(">]")?.1.trim_start(),
        None => line,
    };
    let (guess, rest) = match rest.strip_prefix("? ") {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let word = rest.split_whitespace().next()?;
    let (name, offset) = word.split_once("+0x")?;
    let is_offset = offset.contains('/')
        && offset
            .bytes()
            .all(|b| b.is_ascii_hexdigit() || b == b'/' || b == b'x');
    (is_offset && !name.is_empty()).then_some((!guess).then_some(name))
}

fn is_mark(line: &str) -> bool {
    line.starts_with('<') && line.ends_with('>')
        || line.starts_with("RIP:")
        || line.starts_with("Code:")
}

/// What the lines above a trace tell of it.
#[derive(Default)]
struct Above {
    headline: Option<String>,
    comm: Option<String>,
    state: Option<String>,
    leaf: Option<String>,
}

impl Above {
    fn of(lines: &Lines<'_>, at: usize) -> Self {
        const HEADLINES: &[&str] = &[
            "soft lockup",
            "blocked for more than",
            "hard LOCKUP",
            "rcu_sched",
            "invoked oom-killer",
            "page allocation failure",
            "hung_task",
            "self-detected stall",
        ];
        let mut above = Self::default();
        for back in 1..=LOOK_BACK.min(at) {
            let line = message(lines.get(at - back));
            if line.contains("Call Trace") {
                break;
            }
            if let Some(rest) = line.strip_prefix("RIP: ") {
                let word = rest.rsplit(':').next().unwrap_or(rest);
                let name = word.trim().split('+').next().unwrap_or("");
                above.leaf = (!name.is_empty() && word.contains("+0x"))
                    .then(|| normalize(name).into_owned());
            }
            if let Some(rest) = line.split("Comm: ").nth(1) {
                above.comm = rest.split_whitespace().next().map(str::to_owned);
            }
            if HEADLINES.iter().any(|headline| line.contains(headline)) {
                above.comm = above.comm.or_else(|| task(line));
                above.state = line.contains("blocked for more").then(|| "D".to_owned());
                above.headline = Some(line.to_owned());
                break;
            }
        }
        above
    }
}

/// `stuck for 22s! [kubelet:1234]`, `INFO: task kubelet:1234 blocked`.
fn task(line: &str) -> Option<String> {
    let rest = line.rsplit_once("! [").map(|(_, rest)| rest);
    let rest = rest.or_else(|| line.split_once("task ").map(|(_, rest)| rest))?;
    let (name, _) = rest.split_once(':')?;
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use crate::pasted::Ingested;
    use nodesleuth_model::evidence::pasted::PastedStack;

    fn read(text: &str) -> Vec<PastedStack> {
        let mut ingested = Ingested::default();
        ingested.read("dmesg.txt", text.as_bytes(), None, true);
        ingested.evidence.pasted.stacks
    }

    #[test]
    fn a_soft_lockup_has_its_task_its_leaf_and_its_headline() {
        let stacks = read(
            "[ 1234.5] watchdog: BUG: soft lockup - CPU#3 stuck for 22s! [kubelet:1234]\n\
             [ 1234.5] RIP: 0010:native_queued_spin_lock_slowpath+0x1b/0x200\n\
             [ 1234.5] Call Trace:\n\
             [ 1234.5]  <TASK>\n\
             [ 1234.5]  _raw_spin_lock+0x20/0x30\n\
             [ 1234.5]  ? vfs_read+0x1/0x2\n\
             [ 1234.5]  d_walk.constprop.0+0x7f/0x100\n\
             [ 1234.5]  entry_SYSCALL_64_after_hwframe+0x44/0xa9\n\
             [ 1235.0] something else\n",
        );
        let stack = &stacks[0];
        assert_eq!(
            stack.frames,
            [
                "entry_SYSCALL_64_after_hwframe",
                "d_walk",
                "_raw_spin_lock",
                "native_queued_spin_lock_slowpath"
            ]
        );
        assert_eq!(stack.comm.as_deref(), Some("kubelet"));
        assert!(stack.headline.as_deref().unwrap().contains("soft lockup"));
    }

    #[test]
    fn proc_pid_stack() {
        let stacks = read("[<0>] fanotify_handle_event+0x1/0x2\n[<0>] do_sys_open+0x1/0x2\n");
        assert_eq!(stacks[0].frames, ["do_sys_open", "fanotify_handle_event"]);
    }
}
