//! The memory that a perf event's ring shares with the kernel.

use crate::mapped::{Access, Mapped, page_size};
use std::io;
use std::os::fd::BorrowedFd;
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};

/// Where the kernel keeps its positions in the first page (`struct perf_event_mmap_page`).
const HEAD: usize = 1024;
const TAIL: usize = 1032;

/// A mapped ring: a page of positions, then the data, a power of two of pages.
pub(super) struct Mapping {
    mapped: Mapped,
    page: usize,
    data: usize,
}

impl Mapping {
    /// Maps a ring with room for at least so many bytes.
    pub(super) fn new(event: BorrowedFd<'_>, bytes: usize) -> io::Result<Self> {
        let page = page_size();
        let data = bytes.max(page).div_ceil(page).next_power_of_two() * page;
        let mapped = Mapped::new(event, 0, page + data, Access::Write)?;
        Ok(Self { mapped, page, data })
    }

    /// Room for data.
    pub(super) fn room(&self) -> usize {
        self.data
    }

    /// Where the kernel will write next; everything before it is written.
    pub(super) fn head(&self) -> u64 {
        self.position(HEAD).load(Ordering::Acquire)
    }

    /// Tells the kernel that everything before `tail` has been read.
    pub(super) fn set_tail(&self, tail: u64) {
        self.position(TAIL).store(tail, Ordering::Release);
    }

    fn position(&self, offset: usize) -> &AtomicU64 {
        let address = self.mapped.at(offset, size_of::<u64>()).cast::<AtomicU64>();
        // SAFETY: within the first page, which is mapped as long as `self` lives. The page is
        // aligned and so are the offsets; the kernel uses the words as single 64-bit variables, as
        // an atomic does.
        unsafe { address.as_ref() }
    }

    /// Copies what was written at this position, across the ring's end if need be. To be called
    /// only for bytes between the tail and the head, which the kernel leaves alone.
    pub(super) fn copy(&self, position: u64, to: &mut [u8]) {
        let length = to.len().min(self.data);
        let start = (position % self.data as u64) as usize;
        let (first, second) = to[..length].split_at_mut(length.min(self.data - start));
        self.copy_straight(start, first);
        self.copy_straight(0, second);
    }

    fn copy_straight(&self, start: usize, to: &mut [u8]) {
        let from = self.mapped.at(self.page + start, to.len());
        // SAFETY: `from` is good for this length, `to` is ours alone, and they cannot overlap as
        // `to` is no part of the mapping.
        unsafe { ptr::copy_nonoverlapping(from.as_ptr(), to.as_mut_ptr(), to.len()) };
    }
}
