//! The records of perf rings as bytes: `PERF_RECORD_*` of `linux/perf_event.h`. Written for the
//! attributes that we open events with: times are in every record, and of what can follow a
//! record's own fields only thread and time are there.

use super::MappedFile;
use std::ops::Range;

const MMAP: u32 = 1;
const LOST: u32 = 2;
const COMM: u32 = 3;
const EXIT: u32 = 4;
const FORK: u32 = 7;
const SAMPLE: u32 = 9;
const MMAP2: u32 = 10;

/// Bits of a record's `misc`.
const COMM_IS_EXEC: u16 = 1 << 13;
const MMAP_HAS_BUILD_ID: u16 = 1 << 14;

/// What follows the fields of a record that is no sample: process, thread, time.
const TRAILER: usize = 16;
const LONGEST_BUILD_ID: usize = 20;

/// One record and its time.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Timed<'a> {
    pub(super) time_ns: u64,
    pub(super) record: PerfRecord<'a>,
}

/// What we understand of a ring.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PerfRecord<'a> {
    Sample {
        tgid: u32,
        tid: u32,
        /// What follows thread and time.
        rest: &'a [u8],
    },
    Mapped {
        tgid: u32,
        addresses: Range<u64>,
        offset: u64,
        file: MappedFile,
        path: &'a [u8],
    },
    Named {
        tgid: u32,
        tid: u32,
        /// By becoming another program. Never said before Linux 3.16.
        by_exec: bool,
        comm: &'a [u8],
    },
    Forked {
        tgid: u32,
        parent: u32,
    },
    Ended {
        tgid: u32,
        tid: u32,
    },
    /// So many records did not fit.
    Lost(u64),
}

/// `None` for kinds of no interest and for what cannot be.
pub(super) fn parse(kind: u32, misc: u16, body: &[u8]) -> Option<Timed<'_>> {
    if kind == SAMPLE {
        return sample(body);
    }
    let (fields, trailer) = body.split_at_checked(body.len().checked_sub(TRAILER)?)?;
    let mut fields = Fields(fields);
    let record = match kind {
        MMAP | MMAP2 => mapped(&mut fields, kind, misc)?,
        COMM => PerfRecord::Named {
            tgid: fields.u32()?,
            tid: fields.u32()?,
            by_exec: misc & COMM_IS_EXEC != 0,
            comm: fields.text(),
        },
        FORK | EXIT => task(&mut fields, kind)?,
        LOST => {
            let _event = fields.u64()?;
            PerfRecord::Lost(fields.u64()?)
        }
        _ => return None,
    };
    let time_ns = Fields(trailer.get(8..)?).u64()?;
    Some(Timed { time_ns, record })
}

fn sample(body: &[u8]) -> Option<Timed<'_>> {
    let mut fields = Fields(body);
    let (tgid, tid, time_ns) = (fields.u32()?, fields.u32()?, fields.u64()?);
    let rest = fields.0;
    Some(Timed {
        time_ns,
        record: PerfRecord::Sample { tgid, tid, rest },
    })
}

fn mapped<'a>(fields: &mut Fields<'a>, kind: u32, misc: u16) -> Option<PerfRecord<'a>> {
    let (tgid, _tid) = (fields.u32()?, fields.u32()?);
    let (start, length, offset) = (fields.u64()?, fields.u64()?, fields.u64()?);
    let file = match kind {
        MMAP => MappedFile::Path,
        _ => {
            let identity = Fields(fields.take(24)?);
            let _protection_and_flags = fields.u64()?;
            file(identity, misc)?
        }
    };
    Some(PerfRecord::Mapped {
        tgid,
        addresses: start..start.checked_add(length)?,
        offset,
        file,
        path: fields.text(),
    })
}

fn file(mut identity: Fields<'_>, misc: u16) -> Option<MappedFile> {
    if misc & MMAP_HAS_BUILD_ID == 0 {
        return Some(MappedFile::Inode {
            major: identity.u32()?,
            minor: identity.u32()?,
            inode: identity.u64()?,
            generation: identity.u64()?,
        });
    }
    let length = usize::from(*identity.0.first()?).min(LONGEST_BUILD_ID);
    let id = identity.0.get(4..)?.get(..length)?;
    Some(MappedFile::BuildId(id.to_vec()))
}

fn task<'a>(fields: &mut Fields<'_>, kind: u32) -> Option<PerfRecord<'a>> {
    let (tgid, parent) = (fields.u32()?, fields.u32()?);
    let (tid, _parent_thread) = (fields.u32()?, fields.u32()?);
    match kind {
        EXIT => Some(PerfRecord::Ended { tgid, tid }),
        // A thread of a process is no process.
        _ => (tgid == tid).then_some(PerfRecord::Forked { tgid, parent }),
    }
}

/// Fields one after another.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_ne_bytes(*taken))
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_ne_bytes(*taken))
    }

    /// All that is left, up to a NUL.
    fn text(&self) -> &'a [u8] {
        let end = self.0.iter().position(|byte| *byte == 0);
        &self.0[..end.unwrap_or(self.0.len())]
    }
}
