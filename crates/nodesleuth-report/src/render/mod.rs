//! Formats, one file each.

mod json;
mod text;

pub use json::json;
pub use text::{Style, text};
