//! Callers and callees, and what changed between two profiles.

use nodesleuth_profile::{
    Draft, GoRegex, HtmlOptions, Profile, ProfileBuilder, ReportKind, ReportOptions, ValueType,
    report,
};

use crate::html::agent;
use crate::page::Page;

/// Callers and callees of a function as `pprof -peek` prints them: (sum, name) lines.
fn peek(profile: &Profile, name: &str) -> Vec<String> {
    let expression = format!("^{}$", regex_lite::escape(name));
    let mut options = ReportOptions::new(ReportKind::Peek(GoRegex::new(&expression).unwrap()));
    options.unit = "nanoseconds".to_owned();
    let printed = report(Draft::of(profile.clone()), &options).unwrap().bytes;
    let text = String::from_utf8(printed).unwrap();
    // `     10ns 25.00% |   name`; the function itself has more columns.
    let line = |line: &str| {
        let (numbers, name) = line.split_once('|')?;
        let numbers: Vec<&str> = numbers.split_whitespace().collect();
        let cost = numbers.first()?.strip_suffix("ns")?.to_owned();
        (numbers.len() == 2).then(|| format!("{cost} {}", name.trim()))
    };
    let mut lines: Vec<String> = text.lines().filter_map(line).collect();
    lines.sort();
    lines
}

#[test]
fn a_sandwich_has_the_sums_of_pprofs_peek() {
    let profile = agent();
    let Some(page) = Page::of(&profile) else {
        return;
    };
    for name in ["x.io/b.read", "x.io/b.Loop", "main.main", "x.io/a.Serve"] {
        let id =
            format!("nodesleuth.model.profile.functions.findIndex((fn) => fn.name === '{name}')");
        page.eval(&format!(
            "nodesleuth.change({{ view: 'sandwich', fn: {id} }})"
        ));
        let sides = page.eval(
            "['callers', 'callees'].flatMap((side) => nodesleuth.model.neighbours(nodesleuth.state)[side])\
             .map((row) => `${row.value} ${nodesleuth.model.profile.functions[row.fn].name}`).sort()",
        );
        let shown: Vec<&str> = sides
            .as_array()
            .unwrap()
            .iter()
            .map(|v| v.as_str().unwrap())
            .collect();
        assert_eq!(shown, peek(&profile, name), "{name}");
    }
}

#[test]
fn a_sandwich_shows_callers_above_and_callees_below() {
    let Some(page) = Page::of(&agent()) else {
        return;
    };
    page.click("x.io/b.Loop");
    page.browser.keys("s");
    let boxes = page.boxes();
    let middle = boxes.iter().find(|b| b.name == "x.io/b.Loop").unwrap();
    assert_eq!(middle.value, 20.0);
    assert!(page.find("main.main").y < middle.y);
    let read = boxes.iter().find(|b| b.name == "x.io/b.read").unwrap();
    assert!(read.y > middle.y);
    let figures = page.text("document.querySelector('#details dl').textContent");
    assert!(figures.contains("total20 ns · 20.0%self0"), "{figures}");
    page.click("main.main");
    assert_eq!(page.selected(), "main.main");
}

fn cpu(stacks: &[(&'static [&'static str], i64)], seconds: i64) -> Profile {
    let mut builder = ProfileBuilder::new(&[ValueType::CPU]);
    builder.time(0, seconds * 1_000_000_000);
    for (stack, value) in stacks {
        let stack: Vec<_> = stack.iter().map(|name| builder.named(name)).collect();
        builder.sample(stack, &[*value], &[]);
    }
    builder.finish()
}

/// The hue of `hsl(26 90% 58.0%)`.
fn hue(colour: &str) -> u32 {
    let number = colour.trim_start_matches("hsl(").split(' ').next().unwrap();
    number.parse().unwrap()
}

const ORANGE: u32 = 26;
const BLUE: u32 = 212;

#[test]
fn a_difference_is_orange_where_it_grew_and_blue_where_it_shrank() {
    let before = cpu(
        &[
            (&["m", "up"], 10),
            (&["m", "down"], 30),
            (&["m", "gone"], 10),
        ],
        10,
    );
    let now = cpu(
        &[
            (&["m", "up"], 40),
            (&["m", "down"], 10),
            (&["m", "new"], 50),
        ],
        10,
    );
    let options = HtmlOptions {
        before: Some(&before),
        ..HtmlOptions::default()
    };
    let Some(page) = Page::with(&now, &options) else {
        return;
    };
    let colour = |name| hue(&page.find(name).colour);
    assert_eq!(
        [colour("up"), colour("new"), colour("down")],
        [ORANGE, ORANGE, BLUE]
    );
    // Twice as much in all: of the same share, `up` grew and `m` did not.
    page.choose("compare", "normalised");
    assert_eq!(
        page.number("nodesleuth.model.values(nodesleuth.state).factor"),
        2.0
    );
    assert_eq!([colour("up"), colour("down")], [ORANGE, BLUE]);
    assert_ne!(colour("m"), ORANGE);
    page.choose("width", "before");
    assert_eq!(page.find("gone").value, 0.0);
    assert!(page.find("gone").width > 0.0);
    page.click("gone");
    let figures = page.text("document.querySelector('#details dl').textContent");
    assert!(figures.contains("gone"), "{figures}");
}

#[test]
fn profiles_of_different_length_are_compared_as_rates() {
    let before = cpu(&[(&["m"], 30)], 30);
    let now = cpu(&[(&["m"], 10)], 10);
    let options = HtmlOptions {
        before: Some(&before),
        ..HtmlOptions::default()
    };
    let Some(page) = Page::with(&now, &options) else {
        return;
    };
    let change = "nodesleuth.model.graph(nodesleuth.state).measure";
    assert!((page.number(&format!("{change}.before[0]")) - 10.0).abs() < 1e-9);
    page.choose("compare", "absolute");
    assert_eq!(page.number(&format!("{change}.before[0]")), 30.0);
}
