//! Diagnosis → text, markdown or JSON. Sections say what, renderers say how; neither knows a cause by name.

mod document;
mod fleet;
mod render;
mod sections;

pub use document::{Block, Document, Item, Row, Tone};
pub use fleet::fleet_document;
pub use render::{Style, json, markdown, text};
pub use sections::document;
