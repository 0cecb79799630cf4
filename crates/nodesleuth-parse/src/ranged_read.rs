//! Reading parts of something large, such as a 100 MB binary, without holding it in memory.

use std::io;

/// Something of known size that can be read at any offset. A file is one (`read_at` of
/// `FileExt`); this crate itself never opens any.
pub trait RangedRead {
    /// Bytes in all.
    fn size(&self) -> u64;

    /// Reads some bytes at `offset` into `buffer` and returns how many; 0 only at the end.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;
}

impl RangedRead for &[u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(offset)
            .ok()
            .and_then(|start| self.get(start..))
            .unwrap_or_default();
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        Ok(length)
    }
}

/// Fills as much of `buffer` as there is; shorter only at the end.
pub(crate) fn fill(file: &dyn RangedRead, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        let Some(at) = offset.checked_add(filled as u64) else {
            break;
        };
        match file.read_at(at, &mut buffer[filled..]) {
            Ok(0) => break,
            Ok(length) => filled = filled.saturating_add(length).min(buffer.len()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::{RangedRead, fill};
    use std::cell::Cell;
    use std::io;

    /// Gives one byte a call and is interrupted every other time.
    struct Hesitant {
        calls: Cell<u32>,
    }

    impl RangedRead for Hesitant {
        fn size(&self) -> u64 {
            4
        }

        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
            self.calls.set(self.calls.get() + 1);
            if self.calls.get() % 2 == 1 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            (&b"abcd"[..]).read_at(offset, &mut buffer[..1])
        }
    }

    #[test]
    fn short_and_interrupted_reads_are_continued() {
        let file = Hesitant {
            calls: Cell::new(0),
        };
        let mut buffer = [0; 8];
        assert_eq!(fill(&file, 1, &mut buffer).unwrap(), 3);
        assert_eq!(&buffer[..3], b"bcd");
    }

    #[test]
    fn nothing_is_read_behind_the_end() {
        let file: &[u8] = b"abcd";
        assert_eq!(fill(&file, 4, &mut [0; 8]).unwrap(), 0);
        assert_eq!(fill(&file, u64::MAX, &mut [0; 8]).unwrap(), 0);
    }
}
