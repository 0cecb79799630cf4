//! From addresses to functions, files and lines. What is not certain stays `[module+0x…]`.

mod binary;
mod frame;

pub use binary::{Binary, BinaryError};
pub use frame::{Frame, FrameKind};
