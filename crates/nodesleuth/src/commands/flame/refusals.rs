//! Options that do not go together: refused, never ignored.

use super::output_kind::OutputKind;
use super::{Args, ColorChoice};
use crate::failure::Failure;

/// Checks that each option that was given means something.
pub(super) fn check(args: &Args, kind: OutputKind) -> Result<(), Failure> {
    for (is_given, option, allowed) in rules(args, kind) {
        if is_given && !allowed {
            let what = format!("{option} does not go with {kind}");
            let help = match kind {
                OutputKind::Html => "leave it away (the page itself may have it), or write .svg",
                _ => "leave it away, or choose another --format",
            };
            return Err(Failure::usage(what, help));
        }
    }
    if args.compat.is_some() {
        compat(args)?;
    }
    if args.colors == Some(ColorChoice::Diff) && args.diff.is_empty() && args.files.len() > 1 {
        let help = "to compare two files: --diff BEFORE AFTER";
        return Err(Failure::usage(
            "several files are added up, not compared",
            help,
        ));
    }
    let inputs = args.files.iter().chain(&args.diff);
    if inputs.filter(|name| *name == "-").count() > 1 {
        let help = "name files for the others";
        return Err(Failure::usage("standard input can be read only once", help));
    }
    Ok(())
}

/// Given, what it is called, whether the kind of output knows it.
fn rules(args: &Args, kind: OutputKind) -> [(bool, &'static str, bool); 12] {
    let picture = kind.is_picture();
    let svg = kind == OutputKind::Svg;
    let folded = kind == OutputKind::Folded;
    let stacks = picture || folded;
    [
        (!args.diff.is_empty(), "--diff", stacks),
        (args.inverted, "--inverted", picture),
        (args.min_width.is_some(), "--min-width", svg),
        (args.title.is_some(), "--title", picture),
        (args.subtitle.is_some(), "--subtitle", picture),
        (args.colors.is_some(), "--colors", picture),
        (args.reverse, "--reverse", stacks),
        (args.sample_index.is_some(), "--sample-index", stacks),
        (args.focus.is_some(), "--focus", stacks),
        (args.ignore.is_some(), "--ignore", stacks),
        (args.compat.is_some(), "--compat", folded),
        (
            !args.version.is_empty(),
            "--version",
            kind == OutputKind::Html,
        ),
    ]
}

/// The script knows no options.
fn compat(args: &Args) -> Result<(), Failure> {
    let others = [
        (!args.diff.is_empty(), "--diff"),
        (args.reverse, "--reverse"),
        (args.sample_index.is_some(), "--sample-index"),
        (args.focus.is_some(), "--focus"),
        (args.ignore.is_some(), "--ignore"),
    ];
    match others.iter().find(|(is_given, _)| *is_given) {
        Some((_, option)) => Err(Failure::usage(
            format!("{option} does not go with --compat: the script has no such option"),
            "leave one of the two away",
        )),
        None => Ok(()),
    }
}
