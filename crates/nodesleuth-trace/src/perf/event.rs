//! Opening perf events.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// `struct perf_event_attr` as of Linux 4.1 (its version 5, but for one field). Older kernels take
/// it as long as what they do not know is zero.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Attributes {
    pub(crate) kind: u32,
    pub(crate) size: u32,
    pub(crate) config: u64,
    pub(crate) sample_period: u64,
    pub(crate) sample_type: u64,
    pub(crate) read_format: u64,
    pub(crate) flags: u64,
    /// Bytes after which a waiting reader is woken.
    pub(crate) wakeup_watermark: u32,
    pub(crate) bp_type: u32,
    pub(crate) config1: u64,
    pub(crate) config2: u64,
    pub(crate) branch_sample_type: u64,
    pub(crate) sample_regs_user: u64,
    pub(crate) sample_stack_user: u32,
    pub(crate) clock: i32,
    pub(crate) sample_regs_intr: u64,
    pub(crate) aux_watermark: u32,
    pub(crate) sample_max_stack: u16,
    pub(crate) reserved: u16,
}

const SIZE: u32 = 112;
const _: () = assert!(size_of::<Attributes>() == SIZE as usize);

impl Attributes {
    pub(crate) const SOFTWARE: u32 = 1;
    pub(crate) const TRACEPOINT: u32 = 2;
    /// The software event that a timer of each CPU makes.
    pub(crate) const CPU_CLOCK: u64 = 0;
    /// The software event that a timer makes while a thread runs.
    pub(crate) const TASK_CLOCK: u64 = 1;
    /// The software event that never happens.
    pub(crate) const DUMMY: u64 = 9;
    /// The software event that BPF programs write to.
    pub(crate) const BPF_OUTPUT: u64 = 10;

    /// Bits of `sample_type`.
    pub(crate) const SAMPLE_TID: u64 = 1 << 1;
    pub(crate) const SAMPLE_TIME: u64 = 1 << 2;
    pub(crate) const SAMPLE_CALLCHAIN: u64 = 1 << 5;
    pub(crate) const SAMPLE_RAW: u64 = 1 << 10;
    /// Linux 3.7.
    pub(crate) const SAMPLE_STACK_USER: u64 = 1 << 13;

    /// Bits of `flags`.
    pub(crate) const DISABLED: u64 = 1;
    pub(crate) const INHERIT: u64 = 1 << 1;
    pub(crate) const EXCLUDE_KERNEL: u64 = 1 << 5;
    pub(crate) const EXCLUDE_HYPERVISOR: u64 = 1 << 6;
    pub(crate) const MMAP: u64 = 1 << 8;
    pub(crate) const COMM: u64 = 1 << 9;
    pub(crate) const TASK: u64 = 1 << 13;
    pub(crate) const WATERMARK: u64 = 1 << 14;
    /// Times also in records that are no samples.
    pub(crate) const SAMPLE_ID_ALL: u64 = 1 << 18;
    /// Linux 3.16.
    pub(crate) const MMAP2: u64 = 1 << 23;
    /// Linux 3.16.
    pub(crate) const COMM_EXEC: u64 = 1 << 24;
    /// Linux 4.1.
    pub(crate) const USE_CLOCK: u64 = 1 << 25;
    /// Linux 5.12.
    pub(crate) const BUILD_ID: u64 = 1 << 34;
}

/// What tells of processes, newest kernels first: Linux 5.12, 4.1, 3.16, older.
const DETAIL: [u64; 4] = {
    let old = Attributes::MMAP | Attributes::COMM | Attributes::TASK | Attributes::SAMPLE_ID_ALL;
    let exec = old | Attributes::MMAP2 | Attributes::COMM_EXEC;
    let clock = exec | Attributes::USE_CLOCK;
    [clock | Attributes::BUILD_ID, clock, exec, old]
};

/// Of whom an event is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scope {
    /// Of everybody on a CPU.
    Cpu(i32),
    /// Of a thread while it is on a CPU.
    ThreadOnCpu(i32, i32),
}

const CLOSE_ON_EXEC: libc::c_ulong = 8;
const ENABLE: libc::c_ulong = 0x2400;
const DISABLE: libc::c_ulong = 0x2401;
const SET_OUTPUT: libc::c_ulong = 0x2405;
const SET_BPF: libc::c_ulong = 0x4004_2408;

/// Opens an event.
pub(crate) fn open(attributes: &Attributes, scope: Scope) -> io::Result<OwnedFd> {
    let attributes = Attributes {
        size: SIZE,
        ..*attributes
    };
    let (pid, cpu) = match scope {
        Scope::Cpu(cpu) => (-1, cpu),
        Scope::ThreadOnCpu(tid, cpu) => (tid, cpu),
    };
    // SAFETY: the kernel reads `size` bytes at the first argument, which lives until the call
    // returns, and takes the others by value.
    let fd = unsafe {
        libc::syscall(
            libc::SYS_perf_event_open,
            &raw const attributes,
            pid,
            cpu,
            -1,
            CLOSE_ON_EXEC,
        )
    };
    let fd = i32::try_from(fd).unwrap_or(-1);
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just made this descriptor for us, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Opens an event that tells of processes, in as much detail as the kernel can, and says whether its
/// times are those of the clock that the attributes name.
pub(crate) fn open_telling(attributes: &Attributes, scope: Scope) -> io::Result<(OwnedFd, bool)> {
    let mut refused = io::ErrorKind::InvalidInput.into();
    for level in DETAIL {
        let clock = level & Attributes::USE_CLOCK != 0;
        let attributes = Attributes {
            flags: attributes.flags | level,
            clock: if clock { attributes.clock } else { 0 },
            ..*attributes
        };
        match open(&attributes, scope) {
            Ok(event) => return Ok((event, clock)),
            // What a kernel does not know it refuses with one of these.
            Err(error) if matches!(error.raw_os_error(), Some(libc::EINVAL | libc::E2BIG)) => {
                refused = error;
            }
            Err(error) => return Err(error),
        }
    }
    Err(refused)
}

/// Starts an event that was opened disabled, and those that its thread's children inherited.
pub(crate) fn start(event: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: this request takes no pointer.
    let result = unsafe { libc::ioctl(event.as_raw_fd(), ENABLE, 0) };
    told(result)
}

/// Stops an event; what it has written stays.
pub(crate) fn stop(event: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: this request takes no pointer.
    let result = unsafe { libc::ioctl(event.as_raw_fd(), DISABLE, 0) };
    told(result)
}

/// Lets an event write to the ring of another one of the same CPU.
pub(crate) fn redirect(event: BorrowedFd<'_>, to: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: this request takes a descriptor by value, no pointer.
    let result = unsafe { libc::ioctl(event.as_raw_fd(), SET_OUTPUT, to.as_raw_fd()) };
    told(result)
}

/// Runs a BPF program each time an event happens, for as long as the event is open.
pub(crate) fn attach(event: BorrowedFd<'_>, program: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: this request takes a descriptor by value, no pointer.
    let result = unsafe { libc::ioctl(event.as_raw_fd(), SET_BPF, program.as_raw_fd()) };
    told(result)
}

fn told(result: libc::c_int) -> io::Result<()> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}
