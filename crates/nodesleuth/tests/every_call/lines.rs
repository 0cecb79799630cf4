//! What may differ between two runs, and where `nodesleuth trace` prints something else on purpose,
//! is made alike.

use regex_lite::Regex;

/// What differs from run to run: addresses, process ids, inodes, ports, times.
const BY_RUN: &[(&str, &str)] = &[
    (r"0x[0-9a-f]{8,}", "ADDRESS"),
    (r"htons\([0-9]{4,5}\)", "htons(PORT)"),
    (r"^time\(NULL\) = .*", "time(NULL) = NOW"),
    (r"(uptime|procs|(free|shared|buffer)ram)=[0-9]+", "$1=NOW"),
    (r"loads=\[[0-9, ]+\]", "loads=NOW"),
    (
        r"(it_value=\{tv_sec=1, tv_nsec=)[0-9]+\}\}\) = 0$",
        "${1}LEFT}}) = 0",
    ),
];

/// What strace prints and we do not: memory behind pointers in memory, the meaning of some results.
/// Descriptors without a path are shown with their kind alone when /proc cannot be asked any more.
const ON_PURPOSE: &[(&str, &str)] = &[
    (r"<(socket|pipe):\[[0-9]+\]>", "<$1>"),
    (r"</memfd:name>\(deleted\)", "</memfd>"),
    (r#"iov_base="[^"]*""#, "iov_base=ADDRESS"),
    (r"msg_iov=\[[^\]]*\]", "msg_iov=ADDRESS"),
    (r"\{msg_namelen=0\}", "ADDRESS"),
    (r" /\* [0-9]+ entries \*/", ""),
    (r", left \{[^}]*\}\)$", ")"),
    (r"^rt_sigreturn\(.*\)", "rt_sigreturn()"),
    (r" \(SUID_DUMP_USER\)$", ""),
];

/// The calls of the program from the first that it makes after its go, without thread, time and
/// duration.
pub(super) fn comparable(text: &str) -> Vec<String> {
    let calls = calls(text);
    let begin = calls.iter().position(|call| call.starts_with("read(0"));
    let mut calls = calls[begin.expect("the program was let go")..].to_vec();
    name_processes(&mut calls);
    let rules: Vec<(Regex, &str)> = BY_RUN
        .iter()
        .chain(ON_PURPOSE)
        .map(|(pattern, alike)| (Regex::new(pattern).unwrap(), *alike))
        .collect();
    let alike = |call: &String| {
        rules.iter().fold(call.clone(), |call, (pattern, alike)| {
            pattern.replace_all(&call, *alike).into_owned()
        })
    };
    calls.iter().map(alike).collect()
}

/// The calls of the first thread; a line that strace broke is put together again.
fn calls(text: &str) -> Vec<String> {
    let line = Regex::new(r"^([0-9]+) +[0-9:]{8}\.[0-9]{6} (.*)$").unwrap();
    let end = Regex::new(r"^(.*?) *(= .*?|= \?)( <[0-9]+\.[0-9]{6}>)?$").unwrap();
    let mut calls: Vec<String> = Vec::new();
    let mut first = None;
    let mut begun = String::new();
    for whole in text.lines() {
        let parts = line.captures(whole).unwrap_or_else(|| panic!("{whole}"));
        let (thread, call) = (parts[1].to_owned(), &parts[2]);
        if *first.get_or_insert_with(|| thread.clone()) != thread
            || call.starts_with("---")
            || call.starts_with("+++")
        {
            continue;
        }
        if let Some(call) = call.strip_suffix(" <unfinished ...>") {
            begun = call.to_owned();
            continue;
        }
        let resumed = call
            .split_once(" resumed>")
            .filter(|_| call.starts_with("<... "));
        let call = match resumed {
            Some((_, rest)) => format!("{begun}{rest}"),
            None => call.to_owned(),
        };
        let parts = end.captures(&call).unwrap_or_else(|| panic!("{whole}"));
        calls.push(format!("{} {}", &parts[1], &parts[2]));
    }
    calls
}

/// Process ids become names, as the calls that return them say.
fn name_processes(calls: &mut [String]) {
    let mut names = Vec::new();
    for (beginning, name) in [
        ("getpid() = ", "PROCESS"),
        ("getppid() = ", "PARENT"),
        ("getpgid(0) = ", "GROUP"),
        ("clone(child_stack=NULL, flags=SIGCHLD) = ", "CHILD"),
    ] {
        let found = calls.iter().find_map(|call| call.strip_prefix(beginning));
        let pid = found.unwrap_or_else(|| panic!("no {beginning}"));
        names.push((Regex::new(&format!(r"\b{pid}\b")).unwrap(), name));
    }
    for call in calls {
        for (pid, name) in &names {
            *call = pid.replace_all(call, *name).into_owned();
        }
    }
}
