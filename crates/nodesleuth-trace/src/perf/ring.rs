//! One ring: takes it apart into samples and losses.

use super::mapping::Mapping;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

const HEADER: usize = 8;
/// A call chain as deep as kernels usually walk, and more.
const LARGE_RECORD: u64 = 2048;
/// A smaller ring is of no use.
const SMALLEST: usize = 64 << 10;
const LOST: u32 = 2;
const SAMPLE: u32 = 9;

/// A perf event and its ring.
pub(crate) struct Ring {
    event: OwnedFd,
    mapping: Mapping,
    /// What has been read so far.
    tail: u64,
    buffer: Vec<u8>,
}

/// A record as the kernel wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RawRecord<'a> {
    /// `PERF_RECORD_*`.
    pub(crate) kind: u32,
    /// Bits that depend on the kind.
    pub(crate) misc: u16,
    pub(crate) body: &'a [u8],
}

/// What a ring holds, where only samples are of interest.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Sample<'a> {
    /// A sample's body: what its `sample_type` says.
    Body(&'a [u8]),
    /// So many events did not fit.
    Lost(u64),
}

impl Ring {
    /// A ring of so many bytes, or of as many as we may lock: whoever lacks CAP_IPC_LOCK shares
    /// kernel.perf_event_mlock_kb and `ulimit -l` with all programs of the same user.
    pub(crate) fn new(event: OwnedFd, bytes: usize) -> io::Result<Self> {
        let mut bytes = bytes;
        let mapping = loop {
            match Mapping::new(event.as_fd(), bytes) {
                Err(error) if is_refused(&error) && bytes > SMALLEST => bytes /= 2,
                made => break made.map_err(|error| limited(&error))?,
            }
        };
        Ok(Self {
            event,
            mapping,
            tail: 0,
            buffer: Vec::new(),
        })
    }

    pub(crate) fn event(&self) -> BorrowedFd<'_> {
        self.event.as_fd()
    }

    /// Whether there may not have been room for a record. The ring tells of it with the next one for
    /// which there is room.
    pub(crate) fn is_full(&self) -> bool {
        let used = self.mapping.head().saturating_sub(self.tail);
        used + LARGE_RECORD > self.mapping.room() as u64
    }

    /// Hands over the samples that are in the ring now.
    pub(crate) fn drain(&mut self, each: &mut dyn FnMut(Sample<'_>)) {
        self.drain_records(&mut |record| {
            if let Some(sample) = sample(record.kind, record.body) {
                each(sample);
            }
        });
    }

    /// Hands over everything that is in the ring now.
    pub(crate) fn drain_records(&mut self, each: &mut dyn FnMut(RawRecord<'_>)) {
        let head = self.mapping.head();
        while self.tail < head {
            let mut header = [0; HEADER];
            self.mapping.copy(self.tail, &mut header);
            let [k0, k1, k2, k3, m0, m1, s0, s1] = header;
            let size = u16::from_ne_bytes([s0, s1]);
            if usize::from(size) < HEADER {
                // Cannot be; going on would never end.
                self.tail = head;
                break;
            }
            self.buffer.resize(usize::from(size) - HEADER, 0);
            self.mapping
                .copy(self.tail + HEADER as u64, &mut self.buffer);
            each(RawRecord {
                kind: u32::from_ne_bytes([k0, k1, k2, k3]),
                misc: u16::from_ne_bytes([m0, m1]),
                body: &self.buffer,
            });
            self.tail += u64::from(size);
        }
        self.mapping.set_tail(self.tail);
    }
}

fn is_refused(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EPERM | libc::ENOMEM))
}

fn limited(error: &io::Error) -> io::Error {
    let hint = match is_refused(error) {
        true => "; kernel.perf_event_mlock_kb and ulimit -l leave no room for a ring",
        false => "",
    };
    io::Error::other(format!("mapping a ring: {error}{hint}"))
}

fn sample(kind: u32, body: &[u8]) -> Option<Sample<'_>> {
    match kind {
        SAMPLE => Some(Sample::Body(body)),
        // The event's id, then how many.
        LOST => {
            let count = body.get(8..16)?.try_into().ok()?;
            Some(Sample::Lost(u64::from_ne_bytes(count)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_told_from_samples_and_the_rest_is_left_out() {
        let mut body = [0; 16];
        body[8] = 7;
        assert_eq!(sample(LOST, &body), Some(Sample::Lost(7)));
        assert_eq!(sample(LOST, &body[..12]), None);
        assert_eq!(sample(SAMPLE, &body[..2]), Some(Sample::Body(&[0, 0])));
        assert_eq!(sample(3, &body), None);
    }
}
