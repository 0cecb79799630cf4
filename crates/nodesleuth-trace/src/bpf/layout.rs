//! The structs of `bpf/records.h` as bytes and words.

use crate::captures::{self, Extent, Slot};
use crate::decode;
use crate::files::FileFrom;
use crate::{Arch, Captured, End, Record, Split, Total};

/// `struct record` with its whole payload.
pub(super) const RECORD: usize = 1216;
const HEADER: usize = 56;
const ARGUMENTS: usize = 6;
/// Where its lengths, flags and the number of its arguments are.
const LENGTHS: usize = 48;
const FLAGS: usize = 42;
const ARGUMENTS_KEPT: usize = 43;
/// Words of `struct statistics` and `struct counters`.
pub(super) const STATISTICS: usize = 48;
pub(super) const COUNTERS: usize = 10;
/// Entries of the tables by system call; the last one is a spare, the one before it takes what has
/// a larger number.
pub(super) const SYSCALLS: u16 = 512;
const INTEREST: usize = 36;
const CONFIG: usize = 48;

const WANT_SUMMARY: u32 = 1;
const WANT_STREAM: u32 = 2;
const BY_THREAD: u32 = 4;
const ERRORS_ONLY: u32 = 8;
const WITH_CHILDREN: u32 = 16;
const IN_NAMESPACE: u32 = 32;
const WANT_FILES: u32 = 64;
const TELL_32_BIT: u32 = 128;
const BY_PROCESS: u32 = 256;
const X86_REGISTERS: u32 = 512;

const ACTIVE: u8 = 1;
const SWITCHED: u8 = 2;
const UNRETURNED: u8 = 4;

const UNREADABLE: u16 = 0xffff;

pub(super) type RecordBytes = [u8; RECORD];
pub(super) type InterestBytes = [u8; INTEREST];
pub(super) type ConfigBytes = [u8; CONFIG];

/// Where a program finds the arguments and the number of a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Registers {
    /// Offset in the kernel's `struct pt_regs` of the words that it reads.
    pub(super) offset: u32,
    /// Offset of the number.
    pub(super) number_offset: u32,
    /// Whether the words are x86-64's, which hold the arguments in an order of their own.
    pub(super) x86: bool,
}

impl Registers {
    /// Of raw tracepoints. The first part of `struct pt_regs` is what ptrace shows and cannot
    /// change; arm64's number is behind it, in the same place since 4.15.
    pub(super) const fn raw(arch: Arch) -> Self {
        match arch {
            Arch::X86_64 => Self {
                offset: 56,
                number_offset: 120,
                x86: true,
            },
            Arch::Aarch64 => Self {
                offset: 0,
                number_offset: 280,
                x86: false,
            },
        }
    }

    /// Of classic tracepoints, which hand over the arguments themselves.
    pub(super) const CLASSIC: Self = Self {
        offset: 0,
        number_offset: 0,
        x86: false,
    };
}

/// What the programs are to do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Config {
    pub(super) tgid: u32,
    pub(super) counts: bool,
    pub(super) stream: bool,
    pub(super) files: bool,
    pub(super) split: Split,
    pub(super) errors_only: bool,
    pub(super) children: bool,
    pub(super) slower_than_ns: u64,
    pub(super) registers: Registers,
    /// Device and inode of the PID namespace in which the ids are meant, if it is not the first.
    pub(super) namespace: Option<(u64, u64)>,
    /// Whether the kernel has two ways in, whose numbers mean different calls.
    pub(super) two_ways: bool,
    /// Where in the kernel's `task_struct` it notes by which one a call came; 0: not known.
    pub(super) status_offset: u32,
    /// Where in the kernel's `task_struct` the process's id is; 0: not needed.
    pub(super) tgid_offset: u32,
}

impl Config {
    pub(super) fn bytes(&self) -> ConfigBytes {
        let flags = [
            (self.counts, WANT_SUMMARY),
            (self.stream, WANT_STREAM),
            (self.files, WANT_FILES),
            (self.split == Split::Threads, BY_THREAD),
            (self.split == Split::Processes, BY_PROCESS),
            (self.errors_only, ERRORS_ONLY),
            (self.children, WITH_CHILDREN),
            (self.namespace.is_some(), IN_NAMESPACE),
            (self.two_ways, TELL_32_BIT),
            (self.registers.x86, X86_REGISTERS),
        ];
        let set = flags.iter().filter(|(wanted, _)| *wanted);
        let (device, inode) = self.namespace.unwrap_or_default();
        let mut bytes = Packer::default();
        bytes.u32(self.tgid);
        bytes.u32(set.map(|(_, flag)| flag).sum());
        bytes.u64(self.slower_than_ns);
        bytes.u32(self.registers.offset);
        bytes.u32(self.registers.number_offset);
        bytes.u64(device);
        bytes.u64(inode);
        bytes.u32(self.status_offset);
        bytes.u32(self.tgid_offset);
        bytes.done()
    }
}

/// What is of interest about a system call: its memory and how many bytes of data, if single calls of it
/// are wanted, and the file that it is about.
pub(super) fn interest(
    arch: Arch,
    number: u16,
    streamed: Option<u16>,
    files: bool,
) -> InterestBytes {
    let name = arch.name(number);
    let slots = match streamed {
        Some(data_bytes) => {
            let slots = name.map_or([None; 4], captures::of);
            captures::with_data(slots, data_bytes)
        }
        None => [None; 4],
    };
    let from = name
        .filter(|_| files)
        .map_or(FileFrom::Nowhere, FileFrom::of);
    let mut bytes = Packer::default();
    for slot in slots {
        pack_slot(&mut bytes, slot);
    }
    bytes.extend(&[
        u8::from(streamed.is_some()),
        match from {
            FileFrom::Nowhere => 0,
            FileFrom::Result => 1,
            FileFrom::Argument => 2,
        },
        name.map_or(ARGUMENTS as u8, arguments_kept),
        0,
    ]);
    bytes.done()
}

/// How many arguments of a call are of use: those that are shown and those that its slots need.
fn arguments_kept(name: &str) -> u8 {
    let slots = captures::of(name).into_iter().flatten();
    let needed = slots.flat_map(|slot| [Some(slot.pointer), slot.count()]);
    let needed = needed.flatten().map(|last| last + 1).max();
    needed.unwrap_or(0).max(decode::arguments_shown(name))
}

fn pack_slot(bytes: &mut Packer, slot: Option<Slot>) {
    let Some(slot) = slot else {
        return bytes.u64(0);
    };
    let (kind, unit, most) = match slot.extent {
        Extent::String => (1, 0, 0),
        Extent::Fixed(size) => (2, size, size),
        Extent::Counted { unit, most, .. } => (3, unit, most),
        Extent::Returned { unit, most } => (4, unit, most),
    };
    let count = slot.count().unwrap_or(0);
    bytes.extend(&[kind, slot.pointer, count, u8::from(slot.even_on_error)]);
    bytes.u16(unit);
    bytes.u16(most);
}

/// Bytes in the order of a C struct without padding.
#[derive(Default)]
struct Packer(Vec<u8>);

impl Packer {
    fn extend(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn u16(&mut self, value: u16) {
        self.extend(&value.to_ne_bytes());
    }

    fn u32(&mut self, value: u32) {
        self.extend(&value.to_ne_bytes());
    }

    fn u64(&mut self, value: u64) {
        self.extend(&value.to_ne_bytes());
    }

    fn done<const N: usize>(self) -> [u8; N] {
        let mut all = [0; N];
        all.copy_from_slice(&self.0);
        all
    }
}

/// A record from the stream; `None` if it is too short to be one.
pub(super) fn record(bytes: &[u8]) -> Option<Record<'_>> {
    let (header, body) = bytes.split_at_checked(HEADER)?;
    let kept = usize::from(header[ARGUMENTS_KEPT]).min(ARGUMENTS);
    let (arguments, payload) = body.split_at_checked(8 * kept)?;
    let lengths = [0, 1, 2, 3].map(|slot| u16_at(header, LENGTHS + 2 * slot));
    Some(Record {
        begin_ns: u64_at(header, 0),
        wall_ns: u64_at(header, 8),
        on_cpu_ns: Some(u64_at(header, 16)),
        tgid: u32_at(header, 32),
        tid: u32_at(header, 36),
        number: u16_at(header, 40),
        end: end(header[FLAGS], u64_at(header, 24)),
        arguments: words(arguments),
        captured: captured(payload, lengths),
    })
}

/// When a record's call ended; `None` if it is too short to be one.
pub(super) fn end_ns(bytes: &[u8]) -> Option<u64> {
    (bytes.len() >= HEADER).then(|| u64_at(bytes, 0).saturating_add(u64_at(bytes, 8)))
}

fn end(flags: u8, result: u64) -> End {
    if flags & ACTIVE != 0 {
        End::InFlight
    } else if flags & UNRETURNED != 0 {
        End::ThreadEnded
    } else {
        End::Returned(result.cast_signed())
    }
}

/// Behind the last one zeros.
fn words(bytes: &[u8]) -> [u64; ARGUMENTS] {
    let mut words = [0; ARGUMENTS];
    for (word, bytes) in words.iter_mut().zip(bytes.as_chunks().0) {
        *word = u64::from_ne_bytes(*bytes);
    }
    words
}

fn captured(payload: &[u8], lengths: [u16; 4]) -> [Captured<'_>; 4] {
    let mut rest = payload;
    lengths.map(|length| match length {
        0 => Captured::Nothing,
        UNREADABLE => Captured::Unreadable,
        length => {
            let (slot, after) = rest.split_at(usize::from(length).min(rest.len()));
            rest = after;
            Captured::Bytes(slot)
        }
    })
}

/// Ends a thread's state at the end of the capture; says whether the thread is in a call at all.
pub(super) fn close(bytes: &mut RecordBytes, end_ns: u64) -> bool {
    let flags = bytes[FLAGS];
    if flags & ACTIVE == 0 {
        return false;
    }
    let wall_ns = end_ns.saturating_sub(u64_at(bytes, 0));
    bytes[8..16].copy_from_slice(&wall_ns.to_ne_bytes());
    // A thread that never left its CPU has been running all the time.
    if flags & SWITCHED == 0 {
        bytes[16..24].copy_from_slice(&wall_ns.to_ne_bytes());
    }
    true
}

/// `struct statistics`, summed over CPUs.
pub(super) fn total<'a>(
    part: Option<u32>,
    number: u16,
    cpus: impl IntoIterator<Item = &'a [u64; STATISTICS]>,
) -> Total {
    let mut total = Total {
        part,
        number,
        calls: 0,
        errors: 0,
        wall_ns: 0,
        on_cpu_ns: Some(0),
        shortest_ns: u64::MAX,
        longest_ns: 0,
        buckets: Vec::new(),
        unreturned: 0,
        began_before: 0,
    };
    for words in cpus {
        add(&mut total, words);
    }
    if total.calls == 0 {
        total.shortest_ns = 0;
    }
    let used = total.buckets.iter().rposition(|calls| *calls > 0);
    total.buckets.truncate(used.map_or(0, |last| last + 1));
    total
}

fn add(total: &mut Total, words: &[u64; STATISTICS]) {
    let &[
        calls,
        errors,
        wall_ns,
        on_cpu_ns,
        shortest_ns,
        longest_ns,
        unreturned,
        began,
        ref buckets @ ..,
    ] = words;
    total.unreturned += unreturned;
    total.began_before += began;
    if calls == 0 {
        return;
    }
    total.calls += calls;
    total.errors += errors;
    total.wall_ns += wall_ns;
    total.on_cpu_ns = total.on_cpu_ns.map(|known| known + on_cpu_ns);
    total.shortest_ns = total.shortest_ns.min(shortest_ns);
    total.longest_ns = total.longest_ns.max(longest_ns);
    total.buckets.resize(buckets.len(), 0);
    for (sum, count) in total.buckets.iter_mut().zip(buckets) {
        *sum += count;
    }
}

/// `struct file_key`: inode, device, system call, process.
pub(super) fn file_key(key: &[u8; 24]) -> (u64, u32, u32, u32) {
    (
        u64_at(key, 0),
        u32_at(key, 8),
        u32_at(key, 12),
        u32_at(key, 16),
    )
}

/// `struct error_key`.
pub(super) fn error_key(key: &[u8; 8]) -> (u32, u16, u16) {
    (u32_at(key, 0), u16_at(key, 4), u16_at(key, 6))
}

/// `struct part_key`.
pub(super) fn part_key(key: &[u8; 8]) -> (u32, u32) {
    (u32_at(key, 0), u32_at(key, 4))
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_ne_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_ne_bytes(word)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_ne_bytes(word)
}
