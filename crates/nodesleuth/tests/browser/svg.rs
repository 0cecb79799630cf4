//! What a person does with the picture: point, zoom, search, go back.

use nodesleuth_profile::{Lanes, Profile, StackRows, SvgOptions, ValueType, svg};

use crate::page::{Page, key};

/// 100 ns in all; a name that must stay text.
fn picture() -> Option<Page> {
    let stacks = [
        (vec!["main.main", "x.io/a.Serve", "x.io/a.read"], 40),
        (
            vec!["main.main", "x.io/a.Serve", "<script>alert(1)</script>"],
            20,
        ),
        (vec!["main.main", "x.io/b.Loop", "x.io/a.read"], 10),
        (vec!["x.io/b.Loop", "x.io/a.read", "x.io/a.read"], 30),
    ];
    let profile = Profile::from_stacks(ValueType::CPU, stacks);
    let mut rows = StackRows::builder(2);
    rows.add(&profile, |stack, lanes| {
        lanes.copy_from_slice(&Lanes::signed(stack.values()[0]))
    });
    let options = SvgOptions {
        title: "An agent",
        unit: "nanoseconds",
        ..SvgOptions::default()
    };
    let mut file = Vec::new();
    svg(&rows.finish(), &options, &mut file).unwrap();
    Page::open("picture.svg", &file)
}

/// The box whose title begins with a name, as an expression.
fn rect(name: &str) -> String {
    format!(
        "Array.from(document.querySelectorAll('.boxes rect')).find(r => r.textContent.startsWith('{name}\\n'))"
    )
}

/// Where a box is on the screen: left, width, and the middle of it.
fn place(page: &Page, name: &str) -> (f64, f64, f64, f64) {
    let side = |side| page.number(&format!("{}.getBoundingClientRect().{side}", rect(name)));
    let (left, width, top, height) = (side("left"), side("width"), side("top"), side("height"));
    (left, width, left + width / 2.0, top + height / 2.0)
}

fn click(page: &Page, name: &str) {
    let (_, _, x, y) = place(page, name);
    page.browser.click(x, y);
}

#[test]
fn a_picture_loads_quietly_and_fills_the_window() {
    let Some(page) = picture() else { return };
    assert_eq!(page.browser.console(), Vec::<String>::new());
    let file = format!("file://{}", page.file().display());
    assert_eq!(page.browser.requests(), [file]);
    let window = page.number("window.innerWidth");
    assert!((place(&page, "all").1 - (window - 20.0)).abs() < 2.0);
    let labels = page.browser.texts(".labels text");
    assert!(
        labels.contains(&"main.main".to_owned())
            && labels.contains(&"<script>alert(1)</script>".to_owned())
    );
}

#[test]
fn a_click_zooms_and_the_path_leads_back() {
    let Some(page) = picture() else { return };
    let (all, before) = (place(&page, "all").1, place(&page, "x.io/a.Serve").1);
    assert!((before / all - 0.6).abs() < 0.01);
    click(&page, "x.io/a.Serve");
    assert!((place(&page, "x.io/a.Serve").1 - all).abs() < 2.0);
    assert_eq!(page.browser.texts(".path"), ["all › main.main › a.Serve"]);
    page.browser.keys(key::ESCAPE);
    assert!((place(&page, "x.io/a.Serve").1 - before).abs() < 2.0);
    assert_eq!(page.browser.texts(".path"), [""]);
}

#[test]
fn what_is_found_is_priced_once() {
    let Some(page) = picture() else { return };
    page.browser.keys("/");
    page.browser.keys("a\\.read$");
    // One upon the other counts once: 40 + 10 + 30 of 100.
    assert_eq!(
        page.browser.texts(".tools span"),
        ["4 boxes, 80.00% of all"]
    );
    assert_eq!(
        page.number("document.querySelectorAll('.found').length"),
        4.0
    );
    click(&page, "main.main");
    let told = page.browser.texts(".tools span");
    assert_eq!(told, ["2 boxes, 50.00% of all, 71.43% of the zoomed"]);
    page.browser.keys("/");
    page.browser.keys("(");
    assert_eq!(
        page.browser.texts(".tools span"),
        ["not a regular expression"]
    );
    page.browser.keys(key::ESCAPE);
    assert_eq!(
        page.number("document.querySelectorAll('.found').length"),
        0.0
    );
}

#[test]
fn pointing_tells_what_a_box_costs() {
    let Some(page) = picture() else { return };
    let (_, _, x, y) = place(&page, "x.io/a.Serve");
    page.browser.hover(x, y);
    let told = page.browser.texts(".details");
    assert_eq!(
        told,
        ["x.io/a.Serve — 60ns, 60.00% of all, 85.71% of parent; itself 0"]
    );
}

#[test]
fn without_scripts_it_is_a_still_picture() {
    let Some(page) = picture() else { return };
    page.browser.run_scripts(false);
    page.browser.reload();
    let labels = page.browser.texts(".labels text");
    assert_eq!(labels.len(), 10, "{labels:?}");
}
