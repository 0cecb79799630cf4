//! What a person does with the page: look, zoom, search, choose, share a link.

use std::collections::{BTreeMap, BTreeSet};

use nodesleuth_profile::{HtmlOptions, Profile, ProfileBuilder, ValueType};

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

pub(crate) fn agent() -> Profile {
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

/// Red, green and blue in the middle of a box, as they are on the canvas.
fn pixel(page: &Page, name: &str) -> Vec<i64> {
    let found = page.find(name);
    let area = "document.getElementById('canvas').getBoundingClientRect()";
    let (x, y) = (found.x + found.width / 2.0, found.y + found.height / 2.0);
    let data = page.eval(&format!(
        "[...nodesleuth.chart.canvas.context.getImageData({x} - {area}.left, {y} - {area}.top, 1, 1).data]"
    ));
    data.as_array().unwrap()[..3]
        .iter()
        .map(|v| v.as_i64().unwrap())
        .collect()
}

#[test]
fn boxes_are_painted_in_light_and_in_dark() {
    let Some(page) = Page::of(&agent()) else {
        return;
    };
    page.browser.prefer("light");
    let light = ["all", "vfs_read", "x.io/a.read"].map(|name| pixel(&page, name));
    page.browser.prefer("dark");
    let dark = ["all", "vfs_read", "x.io/a.read"].map(|name| pixel(&page, name));
    let brightness = |colour: &Vec<i64>| colour.iter().sum::<i64>();
    for (light, dark) in light.iter().zip(&dark) {
        assert!(brightness(light) > brightness(dark), "{light:?} {dark:?}");
    }
    // The kernel is orange: more red than blue.
    assert!(light[1][0] > light[1][2] && dark[1][0] > dark[1][2]);
    assert_ne!(light[1], light[2]);
}

#[test]
fn a_tooltip_says_what_is_under_the_pointer() {
    let Some(page) = Page::of(&agent()) else {
        return;
    };
    let found = page.find("vfs_read");
    page.browser.hover(found.x + 5.0, found.y + 5.0);
    let tip = page.text("document.getElementById('tip').innerText");
    let lines: Vec<&str> = tip.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(
        lines,
        [
            "vfs_read",
            "total 20 ns · 20.0%   self 20 ns · 20.0%",
            "kernel"
        ]
    );
    page.browser.hover(5.0, 5.0);
    assert_eq!(page.eval("document.getElementById('tip').hidden"), true);
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
    assert_eq!(page.selected(), "x.io/b.read");
    page.browser.keys("/");
    page.browser.keys("LOOP");
    assert_eq!(page.found(), "no match", "capitals are meant");
}

#[test]
fn an_invalid_expression_is_said_and_found_as_text() {
    let Some(page) = Page::of(&Profile::from_stacks(
        ValueType::CPU,
        [(["x.io/a.(*T).Read"], 30), (["main.main"], 10)],
    )) else {
        return;
    };
    page.browser.keys("/");
    page.browser.keys("(*T)");
    let found = "not a regular expression; as plain text: 75.0% · 30 ns";
    assert_eq!(page.found(), found);
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
fn stacks_can_be_merged_from_the_leaf() {
    let Some(page) = Page::with(
        &agent(),
        &HtmlOptions {
            reversed: true,
            ..HtmlOptions::default()
        },
    ) else {
        return;
    };
    // Leaves stand on "all": 40, 20 + 10 + 10, and the kernel's 20.
    let leaves: Vec<_> = page.boxes().into_iter().filter(|b| b.depth == 1).collect();
    let leaves: Vec<_> = leaves.iter().map(|b| (b.name.as_str(), b.value)).collect();
    assert_eq!(
        leaves,
        [
            ("syscall.Syscall", 40.0),
            ("vfs_read", 20.0),
            ("x.io/b.read", 40.0)
        ]
    );
    let on_read = |page: &Page| -> Vec<_> {
        let boxes = page.boxes().into_iter().filter(|b| b.depth == 2);
        boxes.map(|b| (b.name, b.value)).collect()
    };
    let callers = [("x.io/a.Serve", 20.0), ("x.io/b.Loop", 20.0)];
    let callers = callers.map(|(name, value)| (name.to_owned(), value));
    page.click("x.io/b.read");
    assert_eq!(on_read(&page), callers);
    let figures = page.text("document.querySelector('#details dl').textContent");
    assert!(!figures.contains("self"), "{figures}");

    // Costs of functions are the same however stacks are drawn.
    let sums = "[...nodesleuth.model.functions(nodesleuth.state).flat]";
    let from_leaf = page.eval(sums);
    page.browser.keys("/");
    page.browser.keys("b\\.(read|loop)");
    assert_eq!(page.found(), "40.0% · 40 ns");
    page.browser.keys(key::ESCAPE);
    page.browser.keys("3");
    assert_eq!(page.selected(), "x.io/b.read");
    page.browser.keys("1");

    page.browser.keys("r");
    assert_eq!(page.eval(sums), from_leaf);
    assert_eq!(page.find("main.main").value, 80.0);
    assert!(page.text("location.hash").contains("from=root"));
    page.browser.keys("r");
    assert_eq!(page.zoomed_to(), "all");
    assert_eq!(on_read(&page).len(), 4, "{:#?}", page.boxes());
    page.choose("merged", "root");
    assert_eq!(page.find("main.main").depth, 1);
    assert_eq!(page.browser.console(), Vec::<String>::new());
}

#[test]
fn many_stacks_are_merged_from_the_leaf_as_few_are() {
    let profile = crate::page::large(3_000, 10);
    let options = HtmlOptions {
        reversed: true,
        ..HtmlOptions::default()
    };
    let Some(page) = Page::with(&profile, &options) else {
        return;
    };
    let mut ways = BTreeSet::new();
    let mut leaves: BTreeMap<&str, f64> = BTreeMap::new();
    for stack in profile.stacks() {
        let names: Vec<_> = stack.frames().rev().map(|frame| frame.name()).collect();
        *leaves.entry(names[0]).or_default() += stack.values()[0] as f64;
        ways.extend((1..=names.len()).map(|length| names[..length].to_vec()));
    }
    let size = page.number("nodesleuth.model.graph(nodesleuth.state).tree.size - 1");
    assert_eq!(size, ways.len() as f64);
    let boxes = page.boxes();
    let drawn: Vec<_> = boxes.iter().filter(|b| b.depth == 1).collect();
    let drawn: Vec<_> = drawn.iter().map(|b| (b.name.as_str(), b.value)).collect();
    assert!(leaves.into_iter().eq(drawn));
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
