//! HTML pages in a headless Chromium: how long a large one loads, zooms and searches. The browser
//! is driven by an ignored test of the binary's (crates/nodesleuth/tests/browser/figures.rs), which
//! prints a line of JSON for each time it opens a page.

use std::path::Path;
use std::time::Duration;

use crate::bench::cpu::median;
use crate::bounded;
use crate::failure::{Failure, Result, While};
use crate::test::browser;
use crate::workspace::Workspace;

/// A release build of the tests may be needed first.
const LIMIT: Duration = Duration::from_secs(30 * 60);
const PROGRAM_LIMIT: Duration = Duration::from_secs(30);
const MEBIBYTE: f64 = 1024.0 * 1024.0;

/// One time a page was opened.
#[derive(Debug, Clone, serde::Deserialize)]
struct Opened {
    /// 0 is an empty page.
    samples: u64,
    bytes: f64,
    load_ms: f64,
    load_cpu_ms: f64,
    #[serde(default)]
    boxes: f64,
    #[serde(default)]
    zoom: Vec<Step>,
    #[serde(default)]
    search: Vec<Step>,
}

/// Milliseconds that the page's scripts ran, and until the frame with what they drew was shown.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
struct Step(f64, f64);

pub(crate) fn measure(workspace: &Workspace, _: &Path) -> Result<String> {
    if let Err(why) = browser::install_if_missing()? {
        return Err(Failure::new("bench html", why));
    }
    let mut tests = browser::tests(workspace, &["--release", "--", "--ignored", "--nocapture"]);
    tests.args(["--exact", "figures::figures_of_large_pages"]);
    let said = bounded::output(&mut tests, LIMIT)?.success("measuring pages")?;
    let opened = parse(&said)?;
    let mut version = std::process::Command::new("chromium");
    let version = bounded::output(version.arg("--version"), PROGRAM_LIMIT)?.success("chromium")?;
    // Debian's says what it was built on and runs on too.
    let words: Vec<&str> = version.split_whitespace().take(2).collect();
    Ok(describe(&opened, &words.join(" ")))
}

fn parse(said: &str) -> Result<Vec<Opened>> {
    let lines = said.lines().filter(|line| line.starts_with('{'));
    let opened: Vec<Opened> = lines
        .map(|line| serde_json::from_str(line).doing(|| format!("reading {line}")))
        .collect::<Result<_>>()?;
    if opened.iter().all(|page| page.zoom.is_empty()) {
        return Err(Failure::new(
            "measuring pages",
            "the test printed no figure",
        ));
    }
    Ok(opened)
}

fn describe(opened: &[Opened], browser: &str) -> String {
    let mut sizes: Vec<u64> = opened.iter().map(|page| page.samples).collect();
    sizes.dedup();
    let mut text = format!(
        "## HTML pages\n\nPages of synthetic profiles, stacks of 30 frames and nearly all distinct, \
         in a headless {browser} without a GPU, each time in a new browser with a window of \
         1400 × 900. Load: from the start of the navigation to the end of the load event, after \
         which the picture is there, and CPU of all processes of the browser, which is still \
         starting meanwhile: an empty page shows how much that is. Zoom and search: milliseconds \
         until all is drawn on the canvas, and until the frame with it is shown. Medians; the most in \
         brackets. At 100,000 samples a load under 2 s and a zoom under 50 ms are wanted.\n\n\
         | samples | boxes | page | load | load, CPU | zoom drawn | zoom shown | search drawn | \
         search shown |\n|---|---|---|---|---|---|---|---|---|\n"
    );
    for size in sizes {
        let pages: Vec<&Opened> = opened.iter().filter(|p| p.samples == size).collect();
        text.push_str(&row(&pages));
    }
    text
}

fn row(pages: &[&Opened]) -> String {
    let figure = |read: fn(&Opened) -> f64| median(pages.iter().map(|page| read(page)));
    let all = |read: fn(&Opened) -> &[Step], which: fn(&Step) -> f64| {
        let times: Vec<f64> = pages.iter().flat_map(|p| read(p)).map(which).collect();
        let most = times.iter().copied().max_by(f64::total_cmp);
        most.map_or_else(String::new, |most| {
            format!("{:.1} ms ({most:.0})", median(times))
        })
    };
    let (first, load) = (pages[0], figure(|page| page.load_ms));
    let most = pages.iter().map(|page| page.load_ms).fold(load, f64::max);
    let (samples, boxes) = match first.samples {
        0 => ("an empty page".to_owned(), String::new()),
        samples => (samples.to_string(), first.boxes.to_string()),
    };
    format!(
        "| {samples} | {boxes} | {:.2} MiB | {load:.0} ms ({most:.0}) | {:.0} ms | {} | {} | {} | {} |\n",
        first.bytes / MEBIBYTE,
        figure(|page| page.load_cpu_ms),
        all(|page| &page.zoom, |step| step.0),
        all(|page| &page.zoom, |step| step.1),
        all(|page| &page.search, |step| step.0),
        all(|page| &page.search, |step| step.1),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_among_what_a_test_prints() {
        let said = "\nrunning 1 test\n\
            {\"samples\":0,\"bytes\":35,\"load_ms\":20.5,\"load_cpu_ms\":900}\n\
            {\"samples\":1000,\"bytes\":1048576,\"boxes\":20300,\"load_ms\":80,\"load_cpu_ms\":1000,\
             \"zoom\":[[3.5,9],[30,50],[2,4]],\"search\":[[1,2]]}\ntest … ok\n";
        let text = describe(&parse(said).unwrap(), "Chromium 1");
        let rows: Vec<&str> = text.lines().rev().take(2).collect();
        assert_eq!(
            rows,
            [
                "| 1000 | 20300 | 1.00 MiB | 80 ms (80) | 1000 ms | 3.5 ms (30) | 9.0 ms (50) | 1.0 ms (1) | 2.0 ms (2) |",
                "| an empty page |  | 0.00 MiB | 20 ms (20) | 900 ms |  |  |  |  |",
            ]
        );
        assert!(parse("test … ok").is_err());
    }
}
