//! Pictures in a real browser: a headless Chromium, driven through chromedriver. Where these are
//! not installed the tests are skipped, and say so; see `driver.rs`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails loudly, and is skipped loudly"
)]

mod driver;
mod figures;
mod html;
mod html_compare;
mod html_data;
mod page;
mod process_cpu;
mod session;
mod svg;
