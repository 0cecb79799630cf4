//! How long a large page takes: what `cargo xtask bench html` runs, and prints from. Nothing is
//! asserted, since machines differ.

use serde_json::{Value, json};

use crate::page::{Page, large};
use crate::session::Session;

/// Each time in a browser of its own, so that nothing is in a cache.
const LOADS: usize = 5;
const ZOOMS: u32 = 15;
/// What is searched for: expressions that match a few, many, and no functions.
const QUERIES: [&str; 3] = ["Method12\\d\\d$", "module1", "no such function"];

/// One line of JSON for each time a page is opened; xtask/src/bench/html.rs reads them.
#[test]
#[ignore = "a measurement: cargo test --release -p nodesleuth --test browser -- --ignored --nocapture"]
fn figures_of_large_pages() {
    for _ in 0..LOADS {
        let Some(empty) = Page::open("empty.html", b"<!DOCTYPE html><title>empty</title>") else {
            return;
        };
        println!("{}", load(0, &empty));
    }
    for samples in [1_000, 10_000, 100_000] {
        let profile = large(samples, 30);
        for _ in 0..LOADS {
            let page = Page::of(&profile).expect("there was a browser before");
            println!("{}", load_and_use(samples, &page));
        }
    }
}

fn load_and_use(samples: u64, page: &Page) -> Value {
    let mut figures = load(samples, page);
    let search = |query: &str| {
        let query = Value::from(query);
        format!("nodesleuth.change({{ query: {query} }}, true)")
    };
    let browser = &page.browser;
    figures["boxes"] = page.eval("nodesleuth.model.profile.tree.size - 1");
    figures["zoom"] = steps(
        browser,
        (1..=ZOOMS).map(|node| format!("nodesleuth.zoomTo({node})")),
    );
    figures["search"] = steps(browser, QUERIES.into_iter().map(search));
    figures
}

fn load(samples: u64, page: &Page) -> Value {
    // All that is still to be done for the page is done before its next frame is shown.
    page.browser.millis_to_frame("");
    let cpu = page.browser.cpu();
    let navigation = "performance.getEntriesByType('navigation')[0].loadEventEnd";
    json!({
        "samples": samples,
        "bytes": std::fs::metadata(page.file()).unwrap().len(),
        "load_ms": page.number(navigation),
        "load_cpu_ms": 1e3 * (cpu - page.cpu_before()),
    })
}

/// For each: milliseconds that the page's scripts run, and until the frame with it is shown.
fn steps(browser: &Session, scripts: impl Iterator<Item = String>) -> Value {
    let one = |script: String| {
        let to_frame = browser.millis_to_frame(&script);
        json!([browser.eval("nodesleuth.renderMillis"), to_frame])
    };
    scripts.map(one).collect()
}
