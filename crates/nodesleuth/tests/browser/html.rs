//! What a person does with the page: look, zoom, search, compare, follow calls, share a link.

use nodesleuth_profile::{
    Draft, HtmlOptions, Profile, ProfileBuilder, ReportKind, ReportOptions, ValueType, report,
};

use crate::page::{Page, key};

/// A small agent: 100 ns in all.
const STACKS: &[(&[&str], i64)] = &[
    (
        &[
            "main.main",
            "x.io/a.Serve",
            "x.io/a.read",
            "syscall.Syscall",
        ],
        40,
    ),
    (&["main.main", "x.io/a.Serve", "x.io/b.read"], 20),
    (&["main.main", "x.io/b.Loop", "x.io/b.read"], 10),
    (
        &[
            "main.main",
            "x.io/b.Loop",
            "x.io/b.read",
            "x.io/b.Loop",
            "x.io/b.read",
        ],
        10,
    ),
    (
        &[
            "entry_SYSCALL_64_after_hwframe",
            "do_syscall_64",
            "vfs_read",
        ],
        20,
    ),
];

fn agent() -> Profile {
    let stacks = STACKS
        .iter()
        .map(|(stack, value)| (stack.iter().copied(), *value));
    Profile::from_stacks(ValueType::CPU, stacks)
}

#[test]
fn it_loads_quietly_and_asks_for_nothing() {
    let Some(page) = Page::of(&agent()) else {
        return;
    };
    // 3 + 3 user boxes, one of them under another parent, recursion, and the kernel's.
    assert_eq!(page.boxes().len(), 13, "{:#?}", page.boxes());
    assert_eq!(page.find("all").value, 100.0);
    assert_eq!(page.find("main.main").value, 80.0);
    let (kernel, all) = (page.find("vfs_read"), page.find("all"));
    assert!((kernel.width / all.width - 0.2).abs() < 1e-6);
    for view in ["icicle", "sandwich", "top", "flame"] {
        page.eval(&format!("nodesleuth.change({{ view: '{view}' }})"));
    }
    assert_eq!(page.browser.console(), Vec::<String>::new());
    let file = format!("file://{}", page.file().display());
    assert_eq!(page.browser.requests(), [file]);
}

#[test]
fn a_flame_grows_up_and_an_icicle_down() {
    let Some(page) = Page::of(&agent()) else {
        return;
    };
    assert!(page.find("main.main").y < page.find("all").y);
    page.browser.keys("2");
    assert!(page.find("main.main").y > page.find("all").y);
}

#[test]
fn a_click_zooms_and_the_back_button_returns() {
    let Some(page) = Page::of(&agent()) else {
        return;
    };
    let before = page.find("x.io/a.read");
    page.click("x.io/a.Serve");
    assert_eq!(page.selected(), "x.io/a.Serve");
    let zoomed = page.find("x.io/a.Serve");
    assert_eq!(zoomed.width, page.find("all").width);
    // 40 of 60 ns now, 40 of 100 before.
    assert!((page.find("x.io/a.read").width / before.width - 100.0 / 60.0).abs() < 1e-6);
    page.browser.back();
    assert_eq!(page.find("x.io/a.read"), before);
    page.click("x.io/a.read");
    page.browser.keys(key::BACKSPACE);
    assert_eq!(page.zoomed_to(), "x.io/a.Serve");
    page.click("all");
    assert_eq!(page.find("x.io/a.read"), before);
}

#[test]
fn arrows_move_and_enter_zooms() {
    let Some(page) = Page::of(&agent()) else {
        return;
    };
    page.browser.keys(key::UP);
    assert_eq!(page.selected(), "main.main");
    page.browser.keys(key::LEFT);
    assert_eq!(page.selected(), "entry_SYSCALL_64_after_hwframe");
    page.browser.keys(key::RIGHT);
    page.browser.keys(key::UP);
    assert_eq!(page.selected(), "x.io/a.Serve");
    page.browser.keys(key::ENTER);
    assert_eq!(page.find("x.io/a.Serve").width, page.find("all").width);
    page.browser.keys(key::DOWN);
    assert_eq!(page.selected(), "main.main");
    page.browser.keys(key::ESCAPE);
    assert_eq!(page.zoomed_to(), "all");
}

#[test]
fn a_search_is_priced_once_for_each_stack() {
    let Some(page) = Page::of(&agent()) else {
        return;
    };
    page.browser.keys("/");
    page.browser.keys("b\\.(read|loop)");
    // 20 + 10 + 10: the recursion does not count twice.
    assert_eq!(page.found(), "40.0% · 40 ns");
    page.browser.keys(key::ENTER);
    assert_eq!(page.selected(), "x.io/b.read");
    page.browser.keys(key::ESCAPE);
    assert_eq!(page.found(), "");
    page.browser.keys("/");
    page.browser.keys("LOOP");
    assert_eq!(page.found(), "no match", "capitals are meant");
}

#[test]
fn an_invalid_expression_is_said() {
    let Some(page) = Page::of(&agent()) else {
        return;
    };
    page.browser.keys("/");
    page.browser.keys("(");
    assert!(
        page.found().contains("Invalid regular expression"),
        "{}",
        page.found()
    );
    let marked = page.text("document.getElementById('query').getAttribute('aria-invalid')");
    assert_eq!(marked, "true");
    assert_eq!(page.browser.console(), Vec::<String>::new());
}

#[test]
fn every_sample_type_can_be_shown() {
    let types = [
        ValueType::new("alloc", "bytes"),
        ValueType::new("objects", "count"),
    ];
    let mut builder = ProfileBuilder::new(&types);
    let (main, work) = (builder.named("main.main"), builder.named("main.work"));
    builder.sample([main, work], &[4096, 1], &[]);
    builder.sample([main], &[0, 3], &[]);
    let Some(page) = Page::of(&builder.finish()) else {
        return;
    };
    assert_eq!(
        (page.find("all").value, page.find("main.work").value),
        (4.0, 1.0)
    );
    page.choose("type", "0");
    assert_eq!(
        (page.find("all").value, page.find("main.work").value),
        (4096.0, 4096.0)
    );
    let figures = page.text("document.querySelector('#details dl').textContent");
    assert!(figures.contains("4 kB"), "{figures}");
    page.browser.keys("t");
    assert_eq!(page.find("all").value, 4.0);
}

/// Callers and callees of a function as `pprof -peek` prints them: (sum, name) lines.
fn peek(profile: &Profile, name: &str) -> Vec<String> {
    let expression = format!("^{}$", regex_lite::escape(name));
    let mut options = ReportOptions::new(ReportKind::Peek(
        regex_lite::Regex::new(&expression).unwrap(),
    ));
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

#[test]
fn the_address_restores_the_picture() {
    let Some(page) = Page::of(&agent()) else {
        return;
    };
    page.browser.keys("2");
    page.click("x.io/b.Loop");
    page.browser.keys("/");
    page.browser.keys("read");
    let (boxes, found) = (page.boxes(), page.found());
    let hash = page.text("location.hash");
    assert!(
        hash.contains("view=icicle") && hash.contains("query=read"),
        "{hash}"
    );
    page.browser.reload();
    assert_eq!((page.boxes(), page.found()), (boxes.clone(), found));
    page.browser.open(
        page.file(),
        "#view=nonsense&zoom=99999&fn=-1&hide=7,x,99999&type=8",
    );
    page.browser.reload();
    assert_eq!(page.zoomed_to(), "all");
    page.browser.open(page.file(), &hash);
    assert_eq!(page.boxes(), boxes);
    assert_eq!(page.browser.console(), Vec::<String>::new());
}

#[test]
fn kernel_frames_are_told_from_user_frames() {
    let Some(page) = Page::of(&agent()) else {
        return;
    };
    page.choose("colour", "kind");
    let colour = |name| page.find(name).colour;
    assert_eq!(colour("vfs_read"), colour("do_syscall_64"));
    assert_ne!(colour("vfs_read"), colour("main.main"));
    assert_ne!(colour("syscall.Syscall"), colour("main.main"));
    let legend = page.text("document.getElementById('legend').textContent");
    assert!(legend.contains("kernel 20.0%"), "{legend}");
    assert!(legend.contains("enters the kernel 40.0%"), "{legend}");
}

#[test]
fn a_function_can_be_focused_and_hidden() {
    let Some(page) = Page::of(&agent()) else {
        return;
    };
    page.click("x.io/a.Serve");
    page.browser.keys("f");
    assert_eq!(page.find("all").value, 60.0);
    page.browser.keys(key::ESCAPE);
    page.click("x.io/a.Serve");
    page.browser.keys("h");
    assert_eq!(page.find("all").value, 100.0);
    let names: Vec<String> = page.boxes().into_iter().map(|b| b.name).collect();
    assert!(!names.contains(&"x.io/a.Serve".to_owned()), "{names:?}");
    assert_eq!(page.find("x.io/a.read").depth, 2);
}

#[test]
fn the_table_sorts_and_follows_the_search() {
    let Some(page) = Page::of(&agent()) else {
        return;
    };
    page.browser.keys("4");
    let first = "document.querySelector('#top tbody .name').textContent";
    let rows = "document.querySelectorAll('#top tbody tr').length";
    // Flat: 40 each; the smaller name first.
    assert_eq!(page.text(first), "syscall.Syscall");
    page.eval("document.querySelectorAll('#top th button')[1].click()");
    assert_eq!(page.text(first), "main.main");
    page.eval("nodesleuth.change({ query: 'Loop' })");
    assert_eq!(
        (page.number(rows), page.text(first)),
        (1.0, "x.io/b.Loop".to_owned())
    );
    let cell = page.text("document.querySelectorAll('#top tbody .number')[1].textContent");
    assert_eq!(cell, "20 ns  20.0%");
}
