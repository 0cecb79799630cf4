//! The SVG of `nodesleuth flame` in a browser: what its script does to the picture.

use nodesleuth_profile::{Lanes, Profile, StackRows, SvgOptions, ValueType, svg};

use crate::page::{Page, key};

const FIELD: &str = "document.querySelector('input').value";
const FOUND: &str = "document.querySelector('.tools span').textContent";
const VIEW: &str = "document.querySelector('svg.boxes').getAttribute('viewBox')";
const ZOOMED: &str = "document.querySelector('.path').textContent";

fn picture() -> Option<Page> {
    let stacks = [
        (vec!["main.main", "x.io/a.Serve", "x.io/a.read"], 50),
        (vec!["main.main", "x.io/b.read", "x.io/b.read"], 25),
        (vec!["main.main", "<script>window.hacked = 1</script>"], 25),
    ];
    let profile = Profile::from_stacks(ValueType::CPU, stacks);
    let mut rows = StackRows::builder(2);
    rows.add(&profile, |stack, lanes| {
        lanes.copy_from_slice(&Lanes::signed(stack.values()[0]));
    });
    let mut text = Vec::new();
    svg(&rows.finish(), &SvgOptions::default(), &mut text).unwrap();
    Page::open("flame.svg", &text)
}

/// Clicks in the middle of the box whose tooltip begins with a name.
fn click(page: &Page, name: &str) {
    let area = page.eval(&format!(
        "(() => {{ const box = [...document.querySelectorAll('svg.boxes rect')]\
         .find((rect) => rect.textContent.startsWith('{name}\\n')).getBoundingClientRect(); \
         return [box.x + box.width / 2, box.y + box.height / 2]; }})()"
    ));
    page.browser
        .click(area[0].as_f64().unwrap(), area[1].as_f64().unwrap());
}

#[test]
fn a_search_prices_what_it_finds_and_escape_ends_it() {
    let Some(page) = picture() else {
        return;
    };
    page.browser.keys("/");
    page.browser.keys("read");
    assert_eq!(page.text(FIELD), "read");
    // 50 + 25: the recursion is paid once.
    assert_eq!(page.text(FOUND), "3 boxes, 75.00% of all");
    page.browser.keys(key::ESCAPE);
    assert_eq!(page.text(FOUND), "");
    page.browser.keys("/");
    page.browser.keys("(");
    assert_eq!(page.text(FOUND), "not a regular expression");
}

#[test]
fn a_click_zooms_and_escape_shows_all() {
    let Some(page) = picture() else {
        return;
    };
    let all = page.text(VIEW);
    click(&page, "x.io/a.Serve");
    assert_ne!(page.text(VIEW), all);
    assert!(
        page.text(ZOOMED).ends_with("a.Serve"),
        "{}",
        page.text(ZOOMED)
    );
    page.browser.keys(key::ESCAPE);
    assert_eq!(page.text(VIEW), all);
}

#[test]
fn it_is_quiet_asks_for_nothing_and_shows_names_as_text() {
    let Some(page) = picture() else {
        return;
    };
    click(&page, "<script>window.hacked = 1</script>");
    assert_eq!(page.text("typeof window.hacked"), "undefined");
    assert_eq!(
        page.number("document.querySelectorAll('script').length"),
        1.0
    );
    assert_eq!(page.browser.console(), Vec::<String>::new());
    let file = format!("file://{}", page.file().display());
    assert_eq!(page.browser.requests(), [file]);
}
