//! Which file a descriptor is.

use crate::Record;

/// Tells what the descriptors of a process are.
pub trait Descriptors {
    /// The path of a descriptor; `None` when that is not known.
    fn path(&mut self, process: u32, descriptor: i32) -> Option<&str>;

    /// The folder that relative paths begin at.
    fn current_folder(&mut self, process: u32) -> Option<&str>;

    /// Takes note of a call that may have made, closed or changed a descriptor, before it is
    /// printed. What it closed keeps its name until the next call.
    fn note(&mut self, record: &Record<'_>);
}

/// Nothing is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoDescriptors;

impl Descriptors for NoDescriptors {
    fn path(&mut self, _: u32, _: i32) -> Option<&str> {
        None
    }

    fn current_folder(&mut self, _: u32) -> Option<&str> {
        None
    }

    fn note(&mut self, _: &Record<'_>) {}
}
