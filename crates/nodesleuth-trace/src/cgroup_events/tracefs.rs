//! tracefs, where it is mounted, or as a mount of our own that is attached nowhere: closing its
//! descriptor takes it away, and nobody else ever sees it (Linux 5.2).

use std::ffi::CStr;
use std::fs;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

const PLACES: [&str; 2] = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"];
const TYPE: &CStr = c"tracefs";
const CLOSE_ON_EXEC: libc::c_uint = 1;
const CONFIG_CREATE: libc::c_uint = 6;

/// A tracefs that can be read.
#[derive(Debug)]
pub(super) enum Tracefs {
    /// Mounted.
    At(&'static str),
    /// Our own, attached nowhere.
    Own(OwnedFd),
}

impl Tracefs {
    pub(super) fn open() -> Result<Self, String> {
        let here = |place: &&str| fs::metadata(format!("{place}/events")).is_ok();
        if let Some(place) = PLACES.into_iter().find(here) {
            return Ok(Self::At(place));
        }
        own().map(Self::Own).map_err(|error| {
            format!(
                "tracefs is not mounted or not for us, and a mount of our own is refused ({error})"
            )
        })
    }

    /// The text of a file, whose path begins at its root.
    pub(super) fn read(&self, path: &str) -> Result<String, String> {
        let path = match self {
            Self::At(place) => format!("{place}/{path}"),
            Self::Own(mount) => format!("/proc/self/fd/{}/{path}", mount.as_raw_fd()),
        };
        fs::read_to_string(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                format!("this kernel has no cgroup tracepoints ({path}: {error}; since 4.13)")
            }
            _ => format!("{path}: {error}"),
        })
    }
}

fn own() -> io::Result<OwnedFd> {
    // SAFETY: the kernel reads a terminated string that lives for ever; the flag goes by value.
    let context =
        descriptor(unsafe { libc::syscall(libc::SYS_fsopen, TYPE.as_ptr(), CLOSE_ON_EXEC) })?;
    let nothing = std::ptr::null::<libc::c_char>();
    // SAFETY: this command takes neither key nor value, and null is what it wants for both.
    let made = unsafe {
        libc::syscall(
            libc::SYS_fsconfig,
            context.as_raw_fd(),
            CONFIG_CREATE,
            nothing,
            nothing,
            0,
        )
    };
    if made < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: all arguments go by value.
    descriptor(unsafe { libc::syscall(libc::SYS_fsmount, context.as_raw_fd(), CLOSE_ON_EXEC, 0) })
}

fn descriptor(result: libc::c_long) -> io::Result<OwnedFd> {
    let fd = i32::try_from(result).unwrap_or(-1);
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just made this descriptor for us, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
