//! What pprof has and this command has not, and what to use instead.

use crate::failure::Failure;

/// Reports that are not made.
const REPORTS: &[&str] = &[
    "callgrind",
    "comments",
    "disasm",
    "dot",
    "eog",
    "evince",
    "gif",
    "gv",
    "http",
    "kcachegrind",
    "list",
    "pdf",
    "png",
    "proto",
    "ps",
    "svg",
    "topproto",
    "web",
    "weblist",
];

/// Why an option is not taken.
pub(crate) fn refused(name: &str) -> Failure {
    if REPORTS.contains(&name) {
        let help = "use -top, -tree, -peek=RE, -traces, -tags or -raw, or `go tool pprof`";
        return Failure::usage(format!("the report -{name} is not supported"), help);
    }
    let help = "`nodesleuth pprof --help` lists the options; for others use `go tool pprof`";
    Failure::usage(format!("the option -{name} is not supported"), help)
}

/// Why several profiles are not taken.
pub(crate) fn several(files: usize) -> Failure {
    let help = "give one profile; `go tool pprof -proto FILE...` merges several into one";
    Failure::usage(
        format!("{files} profiles were given: merging is not supported"),
        help,
    )
}
