//! A stretch of a process's memory that holds code.

use super::open_code::Held;
use nodesleuth_parse::proc::maps::{FileId, Mapping};
use nodesleuth_trace::stacks::MappedFile;
use std::fmt::Write as _;
use std::ops::Range;

/// How the file behind it is known.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Identity {
    /// There is no file: memory, or the kernel's own pages.
    NoFile,
    Inode(FileId),
    /// In hexadecimal digits.
    BuildId(String),
    /// Only by its path, at which another file may stand by now.
    Path,
}

/// Executable memory.
#[derive(Clone, Debug)]
pub(super) struct Code {
    pub(super) start: u64,
    pub(super) end: u64,
    /// Where in the file it begins.
    pub(super) offset: u64,
    /// As the process sees it; `[vdso]`, or empty for memory.
    pub(super) path: String,
    pub(super) deleted: bool,
    pub(super) identity: Identity,
    /// Tells files apart that had the same inode number one after another; 0 if it is not known.
    pub(super) generation: u64,
    /// `None` for what has no file.
    pub(super) file: Option<Held>,
}

impl Code {
    /// From a line of `/proc/PID/maps`; `None` if it holds no code.
    pub(super) fn of_mapping(mapping: Mapping) -> Option<Self> {
        let identity = match mapping.is_file() {
            true => Identity::Inode(mapping.file),
            false => Identity::NoFile,
        };
        mapping.executable.then(|| Self {
            start: mapping.start,
            end: mapping.end,
            offset: mapping.offset,
            path: mapping.path,
            deleted: mapping.deleted,
            identity,
            generation: 0,
            file: None,
        })
    }

    /// From what the kernel told when it was mapped.
    pub(super) fn of_event(
        addresses: &Range<u64>,
        offset: u64,
        file: &MappedFile,
        path: &[u8],
    ) -> Self {
        let path = String::from_utf8_lossy(path).into_owned();
        let is_file = path.starts_with('/') && !path.starts_with("//");
        let identity = match file {
            _ if !is_file => Identity::NoFile,
            MappedFile::BuildId(id) => Identity::BuildId(digits(id)),
            MappedFile::Inode {
                major,
                minor,
                inode,
                ..
            } => Identity::Inode(FileId {
                major: *major,
                minor: *minor,
                inode: *inode,
            }),
            MappedFile::Path => Identity::Path,
        };
        Self {
            start: addresses.start,
            end: addresses.end,
            // Of memory without a file the kernel tells where it is instead.
            offset: if identity == Identity::NoFile {
                0
            } else {
                offset
            },
            path: if path.starts_with("//") {
                String::new()
            } else {
                path
            },
            deleted: false,
            identity,
            generation: match file {
                MappedFile::Inode { generation, .. } => *generation,
                MappedFile::BuildId(_) | MappedFile::Path => 0,
            },
            file: None,
        }
    }

    pub(super) fn holds(&self, address: u64) -> bool {
        (self.start..self.end).contains(&address)
    }

    /// Whether both have the same bytes of the same file at an address; of memory without a file
    /// nothing is known but that it is that.
    fn agrees(&self, other: &Self, address: u64) -> bool {
        let byte = |code: &Self| code.offset.wrapping_add(address.wrapping_sub(code.start));
        let memory = [self, other]
            .iter()
            .all(|code| code.identity == Identity::NoFile);
        self.path == other.path && (memory || byte(self) == byte(other))
    }

    /// What names addresses in it.
    pub(super) fn mapping(&self) -> Mapping {
        Mapping {
            start: self.start,
            end: self.end,
            executable: true,
            offset: self.offset,
            file: FileId::default(),
            path: self.path.clone(),
            deleted: self.deleted,
        }
    }
}

fn digits(id: &[u8]) -> String {
    id.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What was found at an address.
#[derive(Debug)]
pub(super) enum Place<'c> {
    Code(&'c Code),
    /// Different code was there at different times, and when the sample was taken is not known.
    Ambiguous,
    Unmapped,
}

/// The code of a process between two execs.
#[derive(Clone, Debug, Default)]
pub(super) struct Image {
    pub(super) code: Vec<Code>,
}

impl Image {
    pub(super) fn find(&self, address: u64) -> Place<'_> {
        let mut found = self.code.iter().filter(|code| code.holds(address));
        let Some(first) = found.next() else {
            return Place::Unmapped;
        };
        match found.all(|other| first.agrees(other, address)) {
            true => Place::Code(first),
            false => Place::Ambiguous,
        }
    }

    /// Whether the same stretch is known already.
    pub(super) fn has(&self, code: &Code) -> bool {
        let same = |known: &Code| {
            (known.start, known.end, known.offset) == (code.start, code.end, code.offset)
                && known.path == code.path
        };
        self.code.iter().any(same)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(start: u64, end: u64, offset: u64, path: &str) -> Code {
        let file = MappedFile::Path;
        Code::of_event(&(start..end), offset, &file, path.as_bytes())
    }

    #[test]
    fn an_address_that_held_different_code_is_nobody_s() {
        let image = Image {
            code: vec![
                code(0x1000, 0x3000, 0, "/a"),
                code(0x2000, 0x3000, 0x1000, "/a"),
                code(0x1000, 0x1800, 0, "/b"),
            ],
        };
        assert!(matches!(image.find(0x1000), Place::Ambiguous));
        assert!(matches!(image.find(0x2800), Place::Code(code) if code.path == "/a"));
        assert!(matches!(image.find(0x3000), Place::Unmapped));
    }

    #[test]
    fn what_has_no_file_is_told_by_its_path() {
        let of = |path: &str| code(0, 1, 0, path);
        assert_eq!(of("//anon").identity, Identity::NoFile);
        assert_eq!(of("//anon").path, "");
        assert_eq!(of("[vdso]").identity, Identity::NoFile);
        assert_eq!(of("/bin/x").identity, Identity::Path);
        let id = MappedFile::BuildId(vec![0xab, 0x01]);
        let built = Code::of_event(&(0..1), 0, &id, b"/bin/x");
        assert_eq!(built.identity, Identity::BuildId("ab01".to_owned()));
    }
}
