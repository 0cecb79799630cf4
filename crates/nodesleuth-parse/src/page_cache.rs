//! A bounded cache of a file's pages, since looking up names reads a few bytes here and there.

use crate::ranged_read::{RangedRead, fill};
use std::cell::RefCell;
use std::fmt;
use std::io;

const PAGE: usize = 8 << 10;
/// With the page size, the most memory one file takes: 8 MiB.
const SLOTS: usize = 1024;
/// What is read at once is not worth keeping from this size on.
const LARGE: usize = 4 * PAGE;

/// One page; it has only one slot where it can be.
struct Page {
    number: u64,
    /// Bytes in the file; fewer than a page at the end.
    length: usize,
    bytes: Box<[u8; PAGE]>,
}

/// A file whose pages are kept once read.
pub(crate) struct PageCache<'f> {
    file: Box<dyn RangedRead + 'f>,
    slots: RefCell<Vec<Option<Page>>>,
}

impl fmt::Debug for PageCache<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PageCache of {} bytes", self.file.size())
    }
}

impl<'f> PageCache<'f> {
    pub(crate) fn new(file: Box<dyn RangedRead + 'f>) -> Self {
        Self {
            file,
            slots: RefCell::new(Vec::new()),
        }
    }

    fn page(&self, number: u64) -> io::Result<Page> {
        let mut bytes = Box::new([0; PAGE]);
        let offset = number.saturating_mul(PAGE as u64);
        let length = fill(&*self.file, offset, &mut bytes[..])?;
        Ok(Page {
            number,
            length,
            bytes,
        })
    }
}

impl RangedRead for PageCache<'_> {
    fn size(&self) -> u64 {
        self.file.size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.len() >= LARGE {
            return self.file.read_at(offset, buffer);
        }
        let number = offset / PAGE as u64;
        let mut slots = self.slots.borrow_mut();
        if slots.is_empty() {
            slots.resize_with(SLOTS, || None);
        }
        let slot = &mut slots[(number % SLOTS as u64) as usize];
        let page = match slot.take_if(|page| page.number == number) {
            Some(page) => page,
            None => self.page(number)?,
        };
        let rest = page.bytes[..page.length]
            .get((offset % PAGE as u64) as usize..)
            .unwrap_or_default();
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        *slot = Some(page);
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::{LARGE, PAGE, PageCache, SLOTS};
    use crate::ranged_read::{RangedRead, fill};
    use std::cell::Cell;
    use std::io;
    use std::rc::Rc;

    /// Counts what is read of it.
    struct Counting {
        bytes: Vec<u8>,
        reads: Rc<Cell<usize>>,
    }

    impl RangedRead for Counting {
        fn size(&self) -> u64 {
            self.bytes.len() as u64
        }

        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
            self.reads.set(self.reads.get() + 1);
            (&self.bytes[..]).read_at(offset, buffer)
        }
    }

    fn numbered(pages: usize) -> (PageCache<'static>, Rc<Cell<usize>>) {
        let reads = Rc::new(Cell::new(0));
        let bytes = (0..pages * PAGE + 10).map(|at| (at / 7) as u8).collect();
        let file = Counting {
            bytes,
            reads: Rc::clone(&reads),
        };
        (PageCache::new(Box::new(file)), reads)
    }

    #[test]
    fn bytes_across_pages_and_at_the_end_are_those_of_the_file() {
        let (cache, _) = numbered(2);
        for (offset, length) in [(0, 5), (PAGE - 3, 9), (2 * PAGE - 1, 40), (PAGE, LARGE)] {
            let mut buffer = vec![0; length];
            let filled = fill(&cache, offset as u64, &mut buffer).unwrap();
            assert_eq!(filled, length.min(2 * PAGE + 10 - offset));
            for (at, byte) in buffer[..filled].iter().enumerate() {
                assert_eq!(*byte, ((offset + at) / 7) as u8);
            }
        }
    }

    #[test]
    fn a_page_is_read_once_until_another_takes_its_slot() {
        let (cache, reads) = numbered(SLOTS + 1);
        let mut byte = [0];
        for offset in [0, 1, 2] {
            cache.read_at(offset, &mut byte).unwrap();
        }
        let once = reads.get();
        cache.read_at((SLOTS * PAGE) as u64, &mut byte).unwrap();
        cache.read_at(0, &mut byte).unwrap();
        assert_eq!((once, reads.get()), (1, 3));
    }
}
