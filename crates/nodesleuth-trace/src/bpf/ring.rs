//! A BPF ring buffer as its reader sees it. A library's reader would tell the kernel after each
//! record how far it is: each time the processes watched, which look there before they write, have
//! to fetch that anew from our CPU.

use crate::mapped::{Access, Mapped, page_size};
use std::io;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

/// A record's length and bits, then where it is.
const HEADER: usize = 8;
/// Bits of the length: it is still being written; it is to be left out.
const BUSY: u32 = 1 << 31;
const DISCARDED: u32 = 1 << 30;
/// The kernel is told how far we are when so much of the ring has been read, and at the end.
const TOLD_PARTS: usize = 8;

/// The reading end.
pub(super) struct RingBuffer {
    /// A page with our position.
    ours: Mapped,
    /// A page with the kernel's position, then the data twice, so that no record is in two pieces.
    kernels: Mapped,
    page: usize,
    size: usize,
    /// Up to where we have read.
    position: usize,
}

impl RingBuffer {
    /// The ring of a map with room for `size` bytes.
    pub(super) fn new(map: BorrowedFd<'_>, size: usize) -> io::Result<Self> {
        if !size.is_power_of_two() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let page = page_size();
        let mut ring = Self {
            ours: Mapped::new(map, 0, page, Access::Write)?,
            kernels: Mapped::new(map, page, page + 2 * size, Access::Read)?,
            page,
            size,
            position: 0,
        };
        ring.position = word(&ring.ours).load(Ordering::Acquire);
        Ok(ring)
    }

    /// Hands over the records that are there now. What comes in meanwhile waits: a process that
    /// makes records faster than we take them would keep us here for ever.
    pub(super) fn drain(&mut self, each: &mut dyn FnMut(&[u8])) {
        let end = word(&self.kernels).load(Ordering::Acquire);
        let mut told = self.position;
        while self.position != end {
            let at = self.page + self.position % self.size;
            let length = self.length(at);
            if length & BUSY != 0 {
                break;
            }
            let bytes = (length & !DISCARDED) as usize;
            if length & DISCARDED == 0 {
                each(self.data(at + HEADER, bytes));
            }
            self.position = self
                .position
                .wrapping_add((HEADER + bytes).next_multiple_of(8));
            if self.position.wrapping_sub(told) >= self.size / TOLD_PARTS {
                told = self.position;
                self.tell();
            }
        }
        self.tell();
    }

    /// From here on the kernel may write where we have read.
    fn tell(&self) {
        word(&self.ours).store(self.position, Ordering::Release);
    }

    fn length(&self, at: usize) -> u32 {
        let address = self.kernels.at(at, HEADER).cast::<AtomicU32>();
        // SAFETY: within the mapping, which lives; records begin at multiples of eight bytes. The
        // kernel sets the length with one store, the last one when the record is complete.
        unsafe { address.as_ref() }.load(Ordering::Acquire)
    }

    fn data(&self, at: usize, length: usize) -> &[u8] {
        let address = self.kernels.at(at, length);
        // SAFETY: within the mapping, which lives; the kernel writes there again only after it has
        // been told that we have read it, which `tell` does, after the last use of what is returned.
        unsafe { std::slice::from_raw_parts(address.as_ptr(), length) }
    }
}

/// The position at the beginning of a mapping.
fn word(mapped: &Mapped) -> &AtomicUsize {
    let address = mapped.at(0, size_of::<usize>()).cast::<AtomicUsize>();
    // SAFETY: the first word of a page that is mapped as long as `mapped` lives; the kernel uses it
    // as a single variable, as an atomic does.
    unsafe { address.as_ref() }
}
