//! Inputs of other tools: each is drawn and folded, and nothing is lost on the way.

use crate::shared;
use crate::support::run;

/// Sum of the weights of folded text.
fn total(folded: &str) -> i64 {
    let weight = |line: &str| line.rsplit_once(' ').unwrap().1.parse::<i64>().unwrap();
    folded.lines().map(weight).sum()
}

#[test]
fn folded_text_of_every_encoding_is_drawn() {
    let totals = [
        ("simple", 14),
        ("alternating", 182),
        ("recursion", 10),
        ("tall", 1),
    ];
    for path in shared("folded") {
        let name = path.to_str().unwrap();
        let folded = run(&["flame", name, "--format", "folded"]);
        assert_eq!(folded.code, Some(0), "{name}: {folded:?}");
        for (_, expected) in totals.iter().filter(|(part, _)| name.contains(part)) {
            assert_eq!(total(&folded.out), *expected, "{name}");
        }
        let picture = run(&["flame", name]);
        assert!(picture.out.contains("<title>all\n"), "{name}: {picture:?}");
    }
}

#[test]
fn every_profile_is_drawn_or_has_no_samples() {
    for path in shared("profiles") {
        let name = path.to_str().unwrap();
        let picture = run(&["flame", name]);
        let is_empty = run(&["pprof", "-top", name]).out.contains("of 0 total");
        match picture.code {
            Some(0) => assert!(picture.out.contains("<title>all\n"), "{name}"),
            code => {
                assert!(code == Some(2) && is_empty, "{name}: {picture:?}");
                assert!(picture.err.contains("samples"), "{name}: {picture:?}");
            }
        }
    }
}
