//! What makes no sense is refused with a message, never ignored.

use crate::support::{Run, run};
use crate::{data, stacks};

pub(crate) fn refuses(run: &Run, words: &[&str]) {
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.err.starts_with("error: "), "{run:?}");
    for word in words {
        assert!(run.err.contains(word), "{word:?} is not in {run:?}");
    }
    assert!(
        !run.err.contains("panicked") && run.out.is_empty(),
        "{run:?}"
    );
}

fn small(arguments: &[&str]) -> Run {
    let small = data("small.folded");
    run(&[&["flame", &small], arguments].concat())
}

#[test]
fn options_that_mean_nothing_for_an_output_are_named() {
    let folded = ["--format", "folded"];
    for option in [
        "--title=x",
        "--inverted",
        "--colors=hot",
        "--min-width=1",
        "--subtitle=x",
    ] {
        let name = option.split('=').next().unwrap();
        refuses(
            &small(&[&folded[..], &[option]].concat()),
            &[name, "folded text"],
        );
    }
    refuses(
        &small(&["--format", "pprof", "--focus", "x"]),
        &["--focus", "a pprof file"],
    );
    refuses(
        &small(&["--compat", "stackcollapse-go", "--reverse"]),
        &["--reverse", "--compat"],
    );
    let (before, after) = (data("small.folded"), data("after.folded"));
    let compared = ["flame", "--diff", &before, &after];
    refuses(
        &run(&[&compared[..], &["--compat", "stackcollapse-go"]].concat()),
        &["--diff", "--compat"],
    );
    refuses(
        &run(&[&compared[..], &["--format", "pprof"]].concat()),
        &["--diff", "a pprof file"],
    );
    refuses(
        &small(&["--format", "svg", "--compat", "stackcollapse-go"]),
        &["--compat"],
    );
    refuses(&small(&["--version", "go=1.20"]), &["--version", "SVG"]);
    refuses(
        &small(&[&data("after.folded"), "--colors", "diff"]),
        &["--diff BEFORE AFTER"],
    );
}

#[test]
fn a_name_that_does_not_say_what_to_write_is_refused() {
    refuses(&small(&["--out", "x.png"]), &["x.png", ".svg"]);
    refuses(
        &small(&["--out", "/no/such/folder/x.svg"]),
        &["/no/such/folder/x.svg"],
    );
}

#[test]
fn bad_values_of_options_are_explained() {
    for (arguments, word) in [
        (["--focus", "("], "--focus"),
        (["--min-width", "1181"], "pixels"),
        (["--colors", "pink"], "pink"),
        (["--format", "png"], "png"),
    ] {
        let run = small(&arguments);
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(run.err.contains(word), "{run:?}");
    }
    refuses(
        &small(&["--sample-index", "cpu"]),
        &["no value is called cpu", "samples"],
    );
}

#[test]
fn input_that_is_none_is_refused() {
    refuses(&run(&["flame", "/no/such/file"]), &["/no/such/file"]);
    let (_folder, text) = stacks("hello\n");
    refuses(&run(&["flame", &text]), &["x.folded"]);
    let (_folder, zero) = stacks("a;b 0\n");
    refuses(
        &run(&["flame", &zero]),
        &["all 1 samples have 0 for samples"],
    );
    refuses(&run(&["flame", "-", "-"]), &["standard input"]);
    let none = run(&["flame"]);
    assert_eq!(none.code, Some(2), "{none:?}");
}

#[test]
fn only_what_is_alike_is_compared() {
    let profiles = crate::shared("profiles");
    let Some(cpu) = profiles
        .iter()
        .find(|path| path.ends_with("etcd.cpu.pb.gz"))
    else {
        return;
    };
    let compared = run(&[
        "flame",
        "--diff",
        &data("small.folded"),
        cpu.to_str().unwrap(),
    ]);
    refuses(&compared, &["samples in count", "cpu in nanoseconds"]);
}
