//! Functions listed one under the other, or joined by arrows.

use super::clean::Lines;
use super::numbers::{go_duration, percent};
use super::sink::Sink;
use nodesleuth_model::evidence::pasted::{PastedStack, StackKind};
use nodesleuth_profile::normalize;

/// Functions at which stacks begin: where one of these stands last, the list is leaf first.
const ROOTS: &[&str] = &[
    "runtime.goexit",
    "runtime.main",
    "runtime.mstart",
    "main.main",
    "main",
    "_start",
    "start_thread",
    "ret_from_fork",
    "ret_from_fork_asm",
    "entry_SYSCALL_64_after_hwframe",
    "entry_SYSCALL_64_fastpath",
    "do_syscall_64",
    "system_call_fastpath",
    "kthread",
    "__libc_start_main",
    "net/http.(*conn).serve",
];
/// Functions at which they end.
const LEAVES: &[&str] = &[
    "syscall.Syscall",
    "syscall.Syscall6",
    "syscall.RawSyscall6",
    "runtime/internal/syscall.Syscall6",
    "internal/runtime/syscall.Syscall6",
    "runtime.futex",
    "runtime.epollwait",
    "runtime.gopark",
    "runtime.usleep",
    "runtime.osyield",
    "native_queued_spin_lock_slowpath",
    "runtime.park_m",
    "sync.runtime_SemacquireMutex",
];

pub(super) fn take(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    if let Some(frames) = arrows(lines.get(at)) {
        push(sink, at, frames, None);
        return 1;
    }
    let mut share = None;
    let names: Vec<&str> = lines
        .from(at)
        .map_while(|line| alone(line, &mut share))
        .collect();
    if names.len() < 2 {
        return 0;
    }
    let mut frames: Vec<String> = names
        .iter()
        .map(|name| normalize(name).into_owned())
        .collect();
    if is_leaf_first(&frames) {
        frames.reverse();
    }
    let taken = frames.len();
    push(sink, at, frames, share);
    taken
}

fn is_leaf_first(frames: &[String]) -> bool {
    let is = |frame: Option<&String>, known: &[&str]| {
        frame.is_some_and(|frame| known.contains(&frame.as_str()))
    };
    is(frames.last(), ROOTS) || is(frames.first(), LEAVES)
}

fn push(sink: &mut Sink<'_>, at: usize, frames: Vec<String>, share: Option<f64>) {
    sink.block("stack", at, format!("{} functions", frames.len()));
    let file = sink.file;
    sink.evidence().pasted.stacks.push(PastedStack {
        file,
        kind: StackKind::Listed,
        count: 1,
        share,
        frames,
        ..PastedStack::default()
    });
}

/// `a -> b -> c` (root first) and `c <- b <- a`, as frames root to leaf.
fn arrows(line: &str) -> Option<Vec<String>> {
    let split = |arrow: &str| -> Option<Vec<String>> {
        let parts: Vec<&str> = line.split(arrow).collect();
        let names = parts.iter().enumerate().map(|(at, part)| {
            // Words before the first and behind the last function are prose.
            let mut words = part.split_whitespace();
            let word = match at {
                0 => words.next_back(),
                _ => words.next(),
            };
            word.map(bare)
                .filter(|word| is_function(word))
                .map(|word| normalize(word).into_owned())
        });
        names
            .collect::<Option<Vec<String>>>()
            .filter(|names| names.len() > 1)
    };
    for arrow in [" -> ", "->", " → ", " => ", " > "] {
        if line.contains(arrow)
            && let Some(names) = split(arrow)
        {
            return Some(names);
        }
    }
    for arrow in [" <- ", "<-", " ← "] {
        if line.contains(arrow)
            && let Some(mut names) = split(arrow)
        {
            names.reverse();
            return Some(names);
        }
    }
    None
}

/// A function that stands alone on its line, perhaps with its time or share beside it.
fn alone<'t>(line: &'t str, share: &mut Option<f64>) -> Option<&'t str> {
    let mut words = line.split_whitespace();
    let mut first = words.next()?;
    let mut rest: Vec<&str> = words.collect();
    if first.starts_with('#') && first.len() <= 4 && !rest.is_empty() {
        first = rest.remove(0);
    }
    if (percent(first).is_some() || go_duration(first).is_some()) && !rest.is_empty() {
        *share = share.or(percent(first));
        first = rest.remove(0);
    }
    let beside = |word: &&str| {
        let word = word.trim_matches(['(', ')', '[', ']', ',']);
        percent(word).is_some()
            || go_duration(word).is_some()
            || matches!(word, "inline" | "cum" | "flat" | "..." | "")
    };
    let name = bare(first);
    (rest.iter().all(beside) && is_function(name)).then_some(name)
}

/// A name without brackets of a call and punctuation.
pub(super) fn bare(word: &str) -> &str {
    let word = word.trim_matches(['`', '"', '\'', ',', ';', ':']);
    let word = word
        .trim_start_matches("...")
        .trim_end_matches(['.', ',', '!', '?']);
    let word = word
        .strip_suffix("()")
        .or_else(|| word.strip_suffix("(...)"))
        .unwrap_or(word);
    // In brackets, if the brackets are not part of it.
    match word.strip_prefix('(') {
        Some(inner) if !inner.starts_with('*') => inner.strip_suffix(')').unwrap_or(inner),
        Some(_) => word,
        None if word.ends_with(')') && !word.contains('(') => &word[..word.len() - 1],
        None => word,
    }
}

/// Packages of Go's library whose functions people name.
const GO_PACKAGES: &[&str] = &[
    "runtime", "syscall", "regexp", "os", "bufio", "time", "sync", "io", "strings", "fmt", "sort",
    "net", "tls", "json", "http", "filepath", "strconv", "bytes", "context", "reflect", "proto",
    "grpc", "exec", "unix", "atomic", "math", "errors", "log", "ioutil", "x509", "bigmod",
    "sha256", "gzip", "flate",
];

/// Endings after a dot that make a word a file or a unit.
const ENDINGS: &[&str] = &[
    "go", "json", "yaml", "yml", "io", "com", "org", "sock", "service", "scope", "slice", "mount",
    "log", "txt", "conf", "stat", "events", "sh", "py", "c", "h", "socket", "local", "net", "md",
    "html", "xml", "so", "toml", "max", "high", "current", "timer", "target", "device", "swap",
    "svg", "png", "gz", "tar", "rs",
];

/// Whether a word looks like the name of a function of Go, C or C++.
pub(super) fn is_function(word: &str) -> bool {
    if word.len() < 4
        || word.len() > 300
        || word.starts_with(['/', '-', '<', '[', '@', '$', '.'])
        || word.contains("://")
    {
        return false;
    }
    if !word
        .chars()
        .all(|c| c.is_alphanumeric() || "_./()*-·[]:{},~".contains(c))
    {
        return false;
    }
    if word.contains(".(*")
        || word.contains("::")
            && word.contains(|c: char| c.is_ascii_alphabetic())
            && !word.contains("::1")
    {
        return !word.starts_with(|c: char| c.is_ascii_digit());
    }
    let bare = word.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let is_c = |word: &str| {
        word.contains('_')
            && word.len() >= 6
            && word.bytes().all(|b| {
                b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b.is_ascii_uppercase()
            })
            && word.contains(|c: char| c.is_ascii_lowercase())
            && !word.starts_with(|c: char| c.is_ascii_digit())
    };
    if is_c(
        bare.split(".isra")
            .next()
            .unwrap_or(bare)
            .split(".part")
            .next()
            .unwrap_or(bare),
    ) {
        return true;
    }
    let last = word.rsplit('/').next().unwrap_or(word);
    let Some((package, name)) = last.split_once('.') else {
        return false;
    };
    let identifier = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '(')
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_().*-".contains(&b))
    };
    let end = name.rsplit('.').next().unwrap_or(name);
    if !identifier(package)
        || !identifier(name)
        || ENDINGS.contains(&end)
        || name.contains('-') && !name.ends_with("-fm")
    {
        return false;
    }
    let camel = name.contains(|c: char| c.is_ascii_uppercase())
        && name.contains(|c: char| c.is_ascii_lowercase());
    GO_PACKAGES.contains(&package) || camel
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pasted::Ingested;

    fn stacks(text: &str) -> Vec<Vec<String>> {
        let mut ingested = Ingested::default();
        ingested.read("t", text.as_bytes(), None, true);
        ingested
            .evidence
            .pasted
            .stacks
            .into_iter()
            .map(|stack| stack.frames)
            .collect()
    }

    #[test]
    fn functions_and_what_is_none() {
        for word in [
            "memcg_stat_show",
            "runtime.futex",
            "k8s.io/kubernetes/pkg/kubelet.(*Kubelet).syncLoop",
            "manager.(*m).f",
            "crypto/tls.(*Conn).Handshake",
            "fs.GetStats",
            "native_queued_spin_lock_slowpath",
            "std::sort",
            "shrink_slab.part.49",
        ] {
            assert!(is_function(word), "{word}");
        }
        for word in [
            "memory.stat",
            "fsHandler.go",
            "kubelet.service",
            "docker.io",
            "/var/lib/kubelet",
            "https://a.io/b.C",
            "1.15.0",
            "e.g.",
            "run-r12.scope",
            "kubelet",
            "CPU",
            "10.0.0.1",
            "cpu.max",
        ] {
            assert!(!is_function(word), "{word}");
        }
    }

    #[test]
    fn lists_in_both_directions() {
        let root_first = [
            "time.(*Timer).Reset",
            "runtime.resettimer",
            "runtime.osyield",
        ];
        assert_eq!(
            stacks("time.(*Timer).Reset\nruntime.resettimer\nruntime.osyield\n"),
            [root_first]
        );
        assert_eq!(
            stacks("4.49s  syscall.Syscall6\nunix.recvfrom\nnl.(*NetlinkSocket).Receive\n"),
            [[
                "nl.(*NetlinkSocket).Receive",
                "unix.recvfrom",
                "syscall.Syscall6"
            ]]
        );
    }

    #[test]
    fn arrows_point_from_caller_to_callee_or_back() {
        assert_eq!(
            stacks("cgroup_kn_lock_live <-__cgroup_procs_write\n"),
            [["__cgroup_procs_write", "cgroup_kn_lock_live"]]
        );
        assert_eq!(
            stacks("thread: runtime.futex <- runtime.futexsleep\n"),
            [["runtime.futexsleep", "runtime.futex"]]
        );
        assert!(stacks("systemd -> containerd -> containerd-shim\n").is_empty());
    }
}
