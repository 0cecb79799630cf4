//! Loads the iterator and opens readings of it: three commands of the bpf system call. aya has
//! them too, but only after its reading of the whole BTF.

use super::assemble::Instruction;
use crate::bpf::refusal;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

const PROGRAM_LOAD: libc::c_int = 5;
const LINK_CREATE: libc::c_int = 28;
const ITERATOR_CREATE: libc::c_int = 33;

const TRACING: u32 = 26;
const TRACE_ITERATOR: u32 = 28;

/// `union bpf_attr` for loading a program, up to where it is attached.
#[repr(C)]
#[derive(Debug, Default)]
struct Program {
    kind: u32,
    instructions: u32,
    first: u64,
    licence: u64,
    log_level: u32,
    log_size: u32,
    log: u64,
    kernel_version: u32,
    flags: u32,
    name: [u8; 16],
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

/// `union bpf_attr` for making a link.
#[repr(C)]
#[derive(Debug)]
struct LinkOf {
    program: i32,
    target: u32,
    attached_as: u32,
    flags: u32,
}

/// `union bpf_attr` for a reading.
#[repr(C)]
#[derive(Debug)]
struct ReadingOf {
    link: i32,
    flags: u32,
}

/// What the command's structure is; all bytes of it are initialised, as none has padding.
trait Attributes {}
impl Attributes for Program {}
impl Attributes for LinkOf {}
impl Attributes for ReadingOf {}

const _: () = assert!(size_of::<Program>() == 112);

/// The iterator in the kernel; gone with its descriptor.
pub(super) struct Link(OwnedFd);

/// Loads a program for an iterator, whose id in the kernel's BTF is `target`.
pub(super) fn link(program: &[Instruction], target: u32) -> Result<Link, String> {
    let program = loaded(program, target)
        .map_err(|error| refusal::reason("loading the task iterator", &error))?;
    let attributes = LinkOf {
        program: program.as_raw_fd(),
        target: 0,
        attached_as: TRACE_ITERATOR,
        flags: 0,
    };
    call(LINK_CREATE, &attributes)
        .map(Link)
        .map_err(|error| refusal::reason("linking the task iterator", &error))
}

fn loaded(program: &[Instruction], target: u32) -> io::Result<OwnedFd> {
    let attributes = Program {
        kind: TRACING,
        instructions: u32::try_from(program.len()).unwrap_or(0),
        first: program.as_ptr() as u64,
        licence: c"GPL".as_ptr() as u64,
        name: *b"nodesleuth_task\0",
        attached_as: TRACE_ITERATOR,
        attached_to: target,
        ..Program::default()
    };
    call(PROGRAM_LOAD, &attributes)
}

impl Link {
    /// Begins a reading.
    pub(super) fn iterate(&self) -> Result<File, String> {
        let attributes = ReadingOf {
            link: self.0.as_raw_fd(),
            flags: 0,
        };
        call(ITERATOR_CREATE, &attributes)
            .map(File::from)
            .map_err(|error| refusal::reason("reading the task iterator", &error))
    }
}

fn call<A: Attributes>(command: libc::c_int, attributes: &A) -> io::Result<OwnedFd> {
    // SAFETY: the kernel reads so many bytes at the structure and what its addresses point to (a
    // program and a licence, which the callers keep), and writes nothing: there is no log.
    let fd = unsafe {
        libc::syscall(
            libc::SYS_bpf,
            command,
            std::ptr::from_ref(attributes),
            size_of::<A>(),
        )
    };
    let fd = i32::try_from(fd).unwrap_or(-1);
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just made this descriptor for us, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
