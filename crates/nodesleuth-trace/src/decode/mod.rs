//! Puts records into words, in strace's manner. Pure: no files, no clock; what a descriptor is, is
//! told by [`Descriptors`].
//!
//! One table says what each call's arguments are (`signatures`), another names flags and values
//! (`sets`); structures have a function each (`structures`). Text from the process watched is
//! escaped, so that what is printed holds no control character. Where strace follows pointers in
//! memory that was captured, their address is printed: buffers of `iovec`s, names and buffers of
//! `msghdr`s, arguments of programs.

mod class;
mod decoder;
mod descriptors;
mod errno;
mod file_table;
mod kind;
mod printer;
mod set;
mod sets;
mod signal;
mod signatures;
mod structures;
mod text;

pub use class::{class, classes};
pub use decoder::Decoder;
pub use descriptors::{Descriptors, NoDescriptors};
pub use errno::error_meaning;
pub use file_table::{FileTable, ReadLink};
pub use signal::signal_name;
pub(crate) use signatures::arguments_shown;

#[cfg(test)]
mod tests;
