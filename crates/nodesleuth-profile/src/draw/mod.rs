//! Drawing sorted rows as a flame graph that any browser shows.

mod colors;
mod hover;
mod label;
mod layout;
mod legend;
mod module_path;
mod numbers;
mod page;
mod palette;
mod svg;
mod xml;

pub use colors::Colors;
pub(crate) use module_path::module;
pub use numbers::{unit_seconds, value_text};
pub use svg::{Drawn, Lanes, SvgOptions, svg};
