//! What pprof has and this command has not, and what to use instead.

use crate::commands::pprof::flags::HELP;
use crate::failure::Failure;

/// Options of pprof that are not taken, and what does the same.
const REFUSED: &[(&[&str], &str)] = &[
    (
        &[
            "dot", "gif", "pdf", "png", "ps", "svg", "eog", "evince", "gv",
        ],
        "use `nodesleuth flame FILE --out x.svg` for a picture, or -tree for who calls whom",
    ),
    (
        &["http", "no_browser", "web"],
        "use `nodesleuth flame FILE --out x.html`: a page for the browser that needs no server",
    ),
    (
        &["callgrind", "kcachegrind"],
        "use -tree for who calls whom, or `nodesleuth flame FILE --out x.html`",
    ),
    (
        &["topproto"],
        "use -top for a text, or -proto for the whole profile as a file",
    ),
    (
        &["list", "weblist", "disasm", "source_path"],
        "no source code and no binary is read here: use -peek=REGEX with -lines",
    ),
    (
        &["tools"],
        "nothing is symbolised: give profiles that name their functions, as Go writes them",
    ),
    (
        &["tls_cert", "tls_key", "tls_ca"],
        "https is not spoken: go through `kubectl proxy`, or fetch the profile with curl",
    ),
];

/// Why an option of pprof is not taken; `None` if pprof has none of this name.
pub(crate) fn refused(name: &str) -> Option<Failure> {
    let (_, help) = REFUSED.iter().find(|(names, _)| names.contains(&name))?;
    Some(Failure::usage(format!("-{name} is not supported"), *help))
}

/// pprof has no such option either.
pub(crate) fn unknown(name: &str) -> Failure {
    Failure::usage(format!("flag provided but not defined: -{name}"), HELP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_says_what_to_use() {
        for name in [
            "dot",
            "svg",
            "web",
            "http",
            "callgrind",
            "topproto",
            "list",
            "weblist",
        ] {
            let failure = refused(name).unwrap();
            let help = miette::Diagnostic::help(&failure).unwrap().to_string();
            assert!(help.contains("use "), "{name}: {help}");
        }
        assert!(refused("top").is_none());
    }
}
