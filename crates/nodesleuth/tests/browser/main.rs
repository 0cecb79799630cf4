//! Pictures in a real browser: a headless Chromium, driven through chromedriver. Where these are
//! not installed the tests are skipped, and say so; see `driver.rs`.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

mod driver;
mod html;
mod html_data;
mod page;
mod session;
