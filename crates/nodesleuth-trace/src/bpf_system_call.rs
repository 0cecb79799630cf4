//! The commands of the bpf system call that we need.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

const MAP_CREATE: libc::c_int = 0;
const MAP_LOOKUP: libc::c_int = 1;
const MAP_UPDATE: libc::c_int = 2;
const MAP_NEXT_KEY: libc::c_int = 4;
const PROGRAM_LOAD: libc::c_int = 5;
const RAW_TRACEPOINT_OPEN: libc::c_int = 17;
/// Linux 5.7.
const LINK_CREATE: libc::c_int = 28;
/// Linux 5.8.
const ITERATOR_CREATE: libc::c_int = 33;
/// Linux 5.6.
const MAP_LOOKUP_BATCH: libc::c_int = 24;

const NAME: usize = 16;

/// An instruction as the kernel takes it.
pub(crate) type Instruction = [u8; 8];

/// Entries that are read with one call.
const BATCH: u32 = 4096;

/// What a map is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Hash = 1,
    Array = 2,
    PerfEvents = 4,
    PerCpuArray = 6,
}

/// What a program is run by.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Runs {
    PerfEvent,
    RawTracepoint,
    /// Whoever reads an iterator: the one whose id in the kernel's BTF this is.
    Iterator(u32),
}

const PERF_EVENT: u32 = 7;
const RAW_TRACEPOINT: u32 = 17;
const TRACING: u32 = 26;
/// How a program of an iterator is attached.
const TRACE_ITERATOR: u32 = 28;

/// The parts of `union bpf_attr` that the commands take. All are numbers one after another without
/// gaps, so every byte is initialised.
trait Attributes {}

#[repr(C)]
#[derive(Default)]
struct NewMap {
    kind: u32,
    key_size: u32,
    value_size: u32,
    max_entries: u32,
    flags: u32,
    inner: u32,
    node: u32,
    name: [u8; NAME],
}
impl Attributes for NewMap {}

#[repr(C)]
#[derive(Default)]
struct Element {
    map: u64,
    key: u64,
    value: u64,
    flags: u64,
}
impl Attributes for Element {}

#[repr(C)]
#[derive(Default)]
struct Batch {
    from: u64,
    next: u64,
    keys: u64,
    values: u64,
    count: u32,
    map: i32,
    element_flags: u64,
    flags: u64,
}
impl Attributes for Batch {}

#[repr(C)]
#[derive(Default)]
struct NewProgram {
    kind: u32,
    instructions: u32,
    first: u64,
    licence: u64,
    log_level: u32,
    log_size: u32,
    log: u64,
    kernel_version: u32,
    flags: u32,
    name: [u8; NAME],
    interface: u32,
    attached_as: u32,
    btf: u32,
    function_record_size: u32,
    functions: u64,
    function_count: u32,
    line_record_size: u32,
    lines: u64,
    line_count: u32,
    attached_to: u32,
}
impl Attributes for NewProgram {}
// A kernel that knows fewer fields wants the rest to be zero, which it is.
const _: () = assert!(size_of::<NewProgram>() == 112);

#[repr(C)]
#[derive(Default)]
struct NewLink {
    program: u32,
    target: u32,
    attached_as: u32,
    flags: u32,
}
impl Attributes for NewLink {}

#[repr(C)]
#[derive(Default)]
struct NewReading {
    link: u32,
    flags: u32,
}
impl Attributes for NewReading {}

#[repr(C)]
#[derive(Default)]
struct RawTracepoint {
    name: u64,
    program: u64,
}
impl Attributes for RawTracepoint {}

/// # Safety
/// What the addresses in the attributes point to must be as large as the command takes them to be,
/// and must be ours to write to where it writes.
unsafe fn command<A: Attributes>(number: libc::c_int, attributes: &mut A) -> io::Result<i32> {
    // SAFETY: the kernel reads and writes so many bytes at the attributes, which live until the
    // call returns; what they point to the caller answers for.
    let result = unsafe {
        libc::syscall(
            libc::SYS_bpf,
            number,
            std::ptr::from_mut(attributes),
            size_of::<A>(),
        )
    };
    match i32::try_from(result).unwrap_or(-1) {
        result @ 0.. => Ok(result),
        _ => Err(io::Error::last_os_error()),
    }
}

fn descriptor(number: i32) -> OwnedFd {
    // SAFETY: only called with descriptors that the kernel has just made for us, and that nobody
    // else knows.
    unsafe { OwnedFd::from_raw_fd(number) }
}

fn named(name: &str) -> [u8; NAME] {
    let mut bytes = [0; NAME];
    // The last byte stays 0.
    for (to, from) in bytes[..NAME - 1].iter_mut().zip(name.bytes()) {
        *to = from;
    }
    bytes
}

/// A map; gone with the last descriptor of it or of a program that uses it.
pub(crate) struct Map {
    fd: OwnedFd,
    key_size: usize,
    value_size: usize,
    max_entries: u32,
}

impl Map {
    pub(crate) fn new(
        name: &str,
        kind: Kind,
        (key_size, value_size): (usize, usize),
        max_entries: u32,
    ) -> io::Result<Self> {
        let small = |size: usize| u32::try_from(size).map_err(io::Error::other);
        let mut attributes = NewMap {
            kind: kind as u32,
            key_size: small(key_size)?,
            value_size: small(value_size)?,
            max_entries,
            name: named(name),
            ..NewMap::default()
        };
        // SAFETY: no addresses in these attributes.
        let number = unsafe { command(MAP_CREATE, &mut attributes) }?;
        Ok(Self {
            fd: descriptor(number),
            key_size,
            value_size,
            max_entries,
        })
    }

    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        std::os::fd::AsFd::as_fd(&self.fd)
    }

    fn element(&self, key: &[u8], value: u64) -> Element {
        Element {
            map: u64::from(self.fd.as_raw_fd().cast_unsigned()),
            key: key.as_ptr().expose_provenance() as u64,
            value,
            flags: 0,
        }
    }

    pub(crate) fn set(&self, key: &[u8], value: &[u8]) -> io::Result<()> {
        if key.len() != self.key_size || value.len() != self.value_size {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let mut attributes = self.element(key, value.as_ptr().expose_provenance() as u64);
        // SAFETY: key and value have the sizes that the map has, and are only read.
        unsafe { command(MAP_UPDATE, &mut attributes) }.map(|_| ())
    }

    /// One value; of a map that has one for each CPU all of them, `cpus` being how many there can
    /// be.
    pub(crate) fn get(&self, key: &[u8], cpus: usize) -> io::Result<Vec<u8>> {
        if key.len() != self.key_size {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        // The kernel rounds the size of each up to eight bytes.
        let mut value = vec![0; self.value_size.next_multiple_of(8) * cpus.max(1)];
        let mut attributes = self.element(key, value.as_mut_ptr().expose_provenance() as u64);
        // SAFETY: the key has the map's size; the value is ours, and as large as the kernel's for
        // so many CPUs.
        unsafe { command(MAP_LOOKUP, &mut attributes) }?;
        Ok(value)
    }

    /// Hands over all entries of a hash, to which nobody writes meanwhile.
    pub(crate) fn each(&self, each: &mut dyn FnMut(&[u8], &[u8])) -> io::Result<()> {
        match self.each_in_batches(each) {
            // An older kernel, before anything was handed over.
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => self.each_by_key(each),
            result => result,
        }
    }

    fn each_in_batches(&self, each: &mut dyn FnMut(&[u8], &[u8])) -> io::Result<()> {
        let room = BATCH.min(self.max_entries);
        let mut keys = vec![0; self.key_size * room as usize];
        let mut values = vec![0; self.value_size * room as usize];
        // Where the next batch begins: for a hash the number of a bucket.
        let (mut from, mut next) = (0_u32, 0_u32);
        let mut is_first = true;
        loop {
            let mut batch = Batch {
                from: if is_first {
                    0
                } else {
                    (&raw mut from).expose_provenance() as u64
                },
                next: (&raw mut next).expose_provenance() as u64,
                keys: keys.as_mut_ptr().expose_provenance() as u64,
                values: values.as_mut_ptr().expose_provenance() as u64,
                count: room,
                map: self.fd.as_raw_fd(),
                ..Batch::default()
            };
            // SAFETY: keys and values are ours and have room for `count` of the map's sizes; the
            // two positions are of four bytes, what a hash uses.
            let result = unsafe { command(MAP_LOOKUP_BATCH, &mut batch) };
            let is_last = match &result {
                Ok(_) => false,
                Err(error) if error.raw_os_error() == Some(libc::ENOENT) => true,
                // A bucket with more entries than there is room for.
                Err(error) if error.raw_os_error() == Some(libc::ENOSPC) && is_first => {
                    return self.each_by_key(each);
                }
                Err(_) => return result.map(|_| ()),
            };
            let count = batch.count as usize;
            let keys = keys.chunks_exact(self.key_size);
            let entries = keys.zip(values.chunks_exact(self.value_size));
            entries
                .take(count)
                .for_each(|(key, value)| each(key, value));
            if is_last {
                return Ok(());
            }
            (from, is_first) = (next, false);
        }
    }

    fn each_by_key(&self, each: &mut dyn FnMut(&[u8], &[u8])) -> io::Result<()> {
        let mut key: Option<Vec<u8>> = None;
        loop {
            let mut next = vec![0; self.key_size];
            let mut attributes = Element {
                value: next.as_mut_ptr().expose_provenance() as u64,
                ..self.element(key.as_deref().unwrap_or_default(), 0)
            };
            if key.is_none() {
                attributes.key = 0;
            }
            // SAFETY: both keys have the map's size and the second one is ours.
            match unsafe { command(MAP_NEXT_KEY, &mut attributes) } {
                Ok(_) => {}
                Err(error) if error.raw_os_error() == Some(libc::ENOENT) => return Ok(()),
                Err(error) => return Err(error),
            }
            each(&next, &self.get(&next, 1)?);
            key = Some(next);
        }
    }
}

/// Loads a program; the kernel checks it.
pub(crate) fn load(name: &str, runs: Runs, code: &[Instruction]) -> io::Result<OwnedFd> {
    let licence: &CStr = c"GPL";
    let (kind, attached_as, attached_to) = match runs {
        Runs::PerfEvent => (PERF_EVENT, 0, 0),
        Runs::RawTracepoint => (RAW_TRACEPOINT, 0, 0),
        Runs::Iterator(iterator) => (TRACING, TRACE_ITERATOR, iterator),
    };
    let mut attributes = NewProgram {
        kind,
        instructions: u32::try_from(code.len()).map_err(io::Error::other)?,
        first: code.as_ptr().expose_provenance() as u64,
        licence: licence.as_ptr().expose_provenance() as u64,
        name: named(name),
        attached_as,
        attached_to,
        ..NewProgram::default()
    };
    // SAFETY: code and licence live until the call returns and are only read; there is no log.
    let number = unsafe { command(PROGRAM_LOAD, &mut attributes) }?;
    Ok(descriptor(number))
}

/// Makes an iterator of a program; gone with its descriptor.
pub(crate) fn iterator(program: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    let mut attributes = NewLink {
        program: program.as_raw_fd().cast_unsigned(),
        attached_as: TRACE_ITERATOR,
        ..NewLink::default()
    };
    // SAFETY: no addresses in these attributes.
    let number = unsafe { command(LINK_CREATE, &mut attributes) }?;
    Ok(descriptor(number))
}

/// Begins to read an iterator.
pub(crate) fn read(iterator: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    let mut attributes = NewReading {
        link: iterator.as_raw_fd().cast_unsigned(),
        ..NewReading::default()
    };
    // SAFETY: no addresses in these attributes.
    let number = unsafe { command(ITERATOR_CREATE, &mut attributes) }?;
    Ok(descriptor(number))
}

/// Puts an event into a perf event array. aya would do so only together with a ring of its own,
/// which wakes its reader for every event.
pub(crate) fn set_event(map: BorrowedFd<'_>, cpu: i32, event: BorrowedFd<'_>) -> io::Result<()> {
    let (key, value) = (cpu, event.as_raw_fd());
    let mut attributes = Element {
        map: u64::from(map.as_raw_fd().cast_unsigned()),
        key: (&raw const key).expose_provenance() as u64,
        value: (&raw const value).expose_provenance() as u64,
        flags: 0,
    };
    // SAFETY: the kernel reads four bytes of `key` and of `value`, the sizes that this kind of map
    // has; both live until the call returns.
    unsafe { command(MAP_UPDATE, &mut attributes) }.map(|_| ())
}

/// Runs a program each time a tracepoint is passed, for as long as what is returned is open.
pub(crate) fn attach(program: BorrowedFd<'_>, tracepoint: &CStr) -> io::Result<OwnedFd> {
    let mut attributes = RawTracepoint {
        name: tracepoint.as_ptr().expose_provenance() as u64,
        program: u64::from(program.as_raw_fd().cast_unsigned()),
    };
    // SAFETY: the name ends with a NUL, lives until the call returns and is only read.
    let number = unsafe { command(RAW_TRACEPOINT_OPEN, &mut attributes) }?;
    Ok(descriptor(number))
}
