//! From addresses to functions, files and lines. What is not certain stays `[module+0x…]`.
//!
//! Nothing here opens a file. For each address of a stack: [`AddressSpace::find`] says which mapping
//! it is in, the caller opens that file (by `/proc/PID/map_files`, or the path below
//! `/proc/PID/root`) as a [`Binary`] and keeps it by [`FileId`](crate::proc::maps::FileId), and
//! [`user_frames`] names the address. Kernel addresses need [`kernel_frame`] only.
//!
//! Addresses are those of instructions. All but the innermost address of a stack are return
//! addresses: take one off each, or a call that ends its function is named after the next one.

mod address_space;
mod binary;
mod frame;
mod name;

pub use address_space::AddressSpace;
pub use binary::{Binary, BinaryError};
pub use frame::{Frame, FrameKind};
pub use name::{kernel_frame, user_frames};
