//! `/proc/PID/maps`: one mapping a line, `proc_pid_maps(5)`.
//!
//! `7f21c8a00000-7f21c8a28000 r-xp 00002000 fe:01 1234 /usr/lib/libc.so.6`: addresses, permissions,
//! offset in the file, device, inode, path. Only a newline in a path is escaped, as `\012`.

use crate::Malformed;
use crate::lines::numbered;
use crate::malformed::quoted;
use crate::number::from_text;

const WHAT: &str = "/proc/PID/maps";
const DELETED: &str = " (deleted)";

/// A part of a process's memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// First address.
    pub start: u64,
    /// Behind the last address.
    pub end: u64,
    /// Whether code in it can run.
    pub executable: bool,
    /// Where in the file it begins.
    pub offset: u64,
    /// Which file it is, even after another has taken its path.
    pub file: FileId,
    /// Path as the process sees it, or `[vdso]`, `[heap]`, `[stack]`; empty for anonymous memory.
    pub path: String,
    /// The file has been removed or replaced; `/proc/PID/map_files` still opens it.
    pub deleted: bool,
}

/// What tells files apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId {
    /// Major number of the device; 0 as well for overlays and what is no file.
    pub major: u32,
    /// Minor number of the device.
    pub minor: u32,
    /// 0 for what is no file.
    pub inode: u64,
}

impl Mapping {
    /// Whether it is part of a file.
    pub fn is_file(&self) -> bool {
        self.file.inode != 0 && self.path.starts_with('/')
    }

    /// Its name under `/proc/PID/map_files`.
    pub fn map_files_name(&self) -> String {
        format!("{:x}-{:x}", self.start, self.end)
    }
}

/// Reads all mappings.
///
/// # Errors
/// When a line is not a mapping.
pub fn parse(text: &str) -> Result<Vec<Mapping>, Malformed> {
    numbered(text)
        .map(|(index, line)| {
            mapping(line).ok_or_else(|| {
                let found = format!("expected a mapping, found {}", quoted(line));
                Malformed::line(WHAT, index, found)
            })
        })
        .collect()
}

fn mapping(line: &str) -> Option<Mapping> {
    let mut rest = line;
    let (start, end) = field(&mut rest)?.split_once('-')?;
    let permissions = field(&mut rest)?;
    let offset = hexadecimal(field(&mut rest)?)?;
    let (major, minor) = field(&mut rest)?.split_once(':')?;
    let inode = from_text(field(&mut rest)?)?;
    let path = rest.trim_start_matches(' ');
    let (path, deleted) = match path.strip_suffix(DELETED) {
        Some(path) if !path.is_empty() => (path, true),
        _ => (path, false),
    };
    let mapping = Mapping {
        start: hexadecimal(start)?,
        end: hexadecimal(end)?,
        executable: permissions.as_bytes().get(2) == Some(&b'x'),
        offset,
        file: FileId {
            major: u32::try_from(hexadecimal(major)?).ok()?,
            minor: u32::try_from(hexadecimal(minor)?).ok()?,
            inode,
        },
        path: path.replace("\\012", "\n"),
        deleted,
    };
    (permissions.len() == 4 && mapping.start < mapping.end).then_some(mapping)
}

/// The next word; a path may hold more blanks, so the rest of the line is left alone.
fn field<'l>(rest: &mut &'l str) -> Option<&'l str> {
    let (field, behind) = rest.split_once(' ').unwrap_or((rest, ""));
    *rest = behind;
    (!field.is_empty()).then_some(field)
}

pub(super) fn hexadecimal(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    u64::from_str_radix(text, 16).ok().filter(|_| digits)
}

#[cfg(test)]
mod tests {
    use super::{FileId, parse};

    const KUBELET: &str = "\
00400000-020f7000 r-xp 00000000 fe:01 1052841                            /usr/bin/kube let
c000000000-c000400000 rw-p 00000000 00:00 0 
7f21c8a00000-7f21c8a28000 r--p 00002000 00:2f 77                         /lib/x86_64-linux-gnu/libc-2.31.so (deleted)
7ffd1b5fe000-7ffd1b600000 r-xp 00000000 00:00 0                          [vdso]
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]
";

    #[test]
    fn files_anonymous_memory_and_the_kernels_pages_are_told_apart() {
        let maps = parse(KUBELET).unwrap();
        assert_eq!(maps.len(), 5);
        assert_eq!(maps[0].path, "/usr/bin/kube let");
        assert!(maps[0].is_file() && maps[0].executable && !maps[0].deleted);
        assert_eq!(maps[0].map_files_name(), "400000-20f7000");
        assert_eq!((maps[1].path.as_str(), maps[1].executable), ("", false));
        let libc = FileId {
            major: 0,
            minor: 0x2f,
            inode: 77,
        };
        assert_eq!((maps[2].file, maps[2].offset), (libc, 0x2000));
        assert_eq!(maps[2].path, "/lib/x86_64-linux-gnu/libc-2.31.so");
        assert!(maps[2].deleted);
        assert_eq!(maps[3].path, "[vdso]");
        assert!(!maps[3].is_file());
        assert_eq!(maps[4].start, 0xffff_ffff_ff60_0000);
    }

    #[test]
    fn a_line_that_is_no_mapping_is_named() {
        for line in [
            "00400000 r-xp 00000000 fe:01 1 /a",
            "2-1 r-xp 00000000 fe:01 1 /a",
            "1-2 r-x 00000000 fe:01 1 /a",
            "1-2 r-xp 0000000g fe:01 1 /a",
            "1-2 r-xp 00000000 fe:01",
            "+1-2 r-xp 00000000 fe:01 1 /a",
        ] {
            let error = parse(&format!("{KUBELET}{line}\n")).unwrap_err();
            assert_eq!(error.line, Some(6), "{line}");
        }
    }

    #[test]
    fn no_mappings_are_not_an_error() {
        assert_eq!(parse("").unwrap(), []);
    }
}
