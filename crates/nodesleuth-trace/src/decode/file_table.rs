//! Remembers which file each descriptor is, from the calls that make and close them.
//!
//! Records arrive a little after the fact: /proc may tell of another file by then, or of none. So
//! what a call opens is remembered with the name that the call gave, and /proc is asked only for
//! what was open before.

use super::descriptors::Descriptors;
use super::printer::low_signed;
use super::structures::i32_at;
use crate::{Arch, End, Record};
use std::collections::BTreeMap;

/// A descriptor, or the current folder (`None`), of a process.
type Key = (u32, Option<i32>);

/// Reads what a link in /proc points to.
pub type ReadLink = Box<dyn FnMut(&str) -> Option<String>>;

/// Descriptors that are remembered at most.
const LIMIT: usize = 100_000;
/// `dirfd` that means the current folder.
const AT_FDCWD: i32 = -100;

/// What a call that succeeds does to descriptors.
#[derive(Clone, Copy, Debug)]
enum Change {
    /// Closes the one in its first argument.
    Closes,
    /// Opens the path of its first slot, relative to the current folder.
    Opens,
    /// The same, relative to the folder in its first argument.
    OpensAt,
    /// Makes another of the one in its first argument.
    Copies,
    /// Makes one without a file, which /proc shows so.
    Makes(&'static str),
    /// Makes one that only /proc can name in full; this is how its name begins.
    MakesUnnamed(&'static str),
    /// Fills the memory of its third slot with two such.
    MakesTwo(&'static str),
    /// May make or close several.
    Several,
    /// Changes the current folder.
    Moves,
}

const CHANGES: &[(&str, Change)] = &[
    ("close", Change::Closes),
    ("open", Change::Opens),
    ("creat", Change::Opens),
    ("openat", Change::OpensAt),
    ("openat2", Change::OpensAt),
    ("dup", Change::Copies),
    ("dup2", Change::Copies),
    ("dup3", Change::Copies),
    ("epoll_create", Change::Makes("anon_inode:[eventpoll]")),
    ("epoll_create1", Change::Makes("anon_inode:[eventpoll]")),
    ("eventfd", Change::Makes("anon_inode:[eventfd]")),
    ("eventfd2", Change::Makes("anon_inode:[eventfd]")),
    ("timerfd_create", Change::Makes("anon_inode:[timerfd]")),
    ("signalfd", Change::Makes("anon_inode:[signalfd]")),
    ("signalfd4", Change::Makes("anon_inode:[signalfd]")),
    ("inotify_init", Change::Makes("anon_inode:inotify")),
    ("inotify_init1", Change::Makes("anon_inode:inotify")),
    ("socket", Change::MakesUnnamed("socket")),
    ("accept", Change::MakesUnnamed("socket")),
    ("accept4", Change::MakesUnnamed("socket")),
    ("memfd_create", Change::MakesUnnamed("/memfd")),
    ("pidfd_open", Change::MakesUnnamed("anon_inode:[pidfd]")),
    ("fcntl", Change::Copies),
    ("pipe", Change::MakesTwo("pipe")),
    ("pipe2", Change::MakesTwo("pipe")),
    ("socketpair", Change::MakesTwo("socket")),
    ("close_range", Change::Several),
    ("execve", Change::Several),
    ("execveat", Change::Several),
    ("chdir", Change::Moves),
    ("fchdir", Change::Moves),
];

/// Commands of `fcntl` that make a descriptor: `F_DUPFD`, `F_DUPFD_CLOEXEC`.
pub(super) const COPYING: [u32; 2] = [0, 1030];

/// What is known of the descriptors of the processes watched.
pub struct FileTable {
    read_link: ReadLink,
    changes: BTreeMap<u16, Change>,
    fcntl: Option<u16>,
    /// What the last call closed: it is still shown with its name.
    closed: Option<(u32, i32)>,
    known: BTreeMap<Key, Option<String>>,
}

impl std::fmt::Debug for FileTable {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("FileTable")
            .field("known", &self.known)
            .finish_non_exhaustive()
    }
}

impl FileTable {
    /// A table that knows nothing yet.
    pub fn new(arch: Arch, read_link: ReadLink) -> Self {
        let numbered = |(name, change): &(&str, Change)| Some((arch.number(name)?, *change));
        Self {
            read_link,
            changes: CHANGES.iter().filter_map(numbered).collect(),
            fcntl: arch.number("fcntl"),
            closed: None,
            known: BTreeMap::new(),
        }
    }

    /// The calls that change descriptors. A capture without them must [`forget`](Self::forget)
    /// whenever it has read a batch of records.
    pub fn changing_calls(arch: Arch) -> impl Iterator<Item = u16> {
        CHANGES
            .iter()
            .filter_map(move |(name, _)| arch.number(name))
    }

    /// Reads now what these descriptors of a process are, and its current folder.
    pub fn read_now(&mut self, process: u32, descriptors: impl IntoIterator<Item = i32>) {
        self.current_folder(process);
        for descriptor in descriptors.into_iter().take(LIMIT) {
            self.path(process, descriptor);
        }
    }

    /// Forgets everything: it will be read again.
    pub fn forget(&mut self) {
        self.known.clear();
    }

    fn look_up(&mut self, key: Key) -> Option<&str> {
        if self.known.len() >= LIMIT && !self.known.contains_key(&key) {
            self.known.clear();
        }
        let (process, descriptor) = key;
        let found = self.known.entry(key).or_insert_with(|| {
            (self.read_link)(&match descriptor {
                Some(descriptor) => format!("/proc/{process}/fd/{descriptor}"),
                None => format!("/proc/{process}/cwd"),
            })
        });
        found.as_deref()
    }

    fn remember(&mut self, process: u32, descriptor: i32, path: Option<String>) {
        let key = (process, Some(descriptor));
        match path {
            Some(_) => {
                self.known.insert(key, path);
            }
            // Unknown: /proc may know.
            None => {
                self.known.remove(&key);
            }
        }
    }

    fn apply(&mut self, change: Change, record: &Record<'_>, made: i32) {
        let process = record.tgid;
        let first = low_signed(record.arguments[0]);
        match change {
            Change::Closes => self.closed = Some((process, first)),
            Change::Opens => {
                let path = self.opened(record, AT_FDCWD);
                self.remember(process, made, path);
            }
            Change::OpensAt => {
                let path = self.opened(record, first);
                self.remember(process, made, path);
            }
            Change::Copies => {
                let path = self.path(process, first).map(str::to_owned);
                self.remember(process, made, path);
            }
            Change::Makes(name) => self.remember(process, made, Some(name.to_owned())),
            Change::MakesUnnamed(kind) => self.make_unnamed(process, made, kind),
            Change::MakesTwo(kind) => {
                let bytes = record.captured[2].bytes().unwrap_or_default();
                for made in [i32_at(bytes, 0), i32_at(bytes, 4)].into_iter().flatten() {
                    self.make_unnamed(process, made, kind);
                }
            }
            Change::Several => self
                .known
                .retain(|(owner, descriptor), _| *owner != process || descriptor.is_none()),
            Change::Moves => {
                self.known.remove(&(process, None));
            }
        }
    }

    /// /proc names it if it is still open; by now something else may be there.
    fn make_unnamed(&mut self, process: u32, made: i32, kind: &str) {
        self.remember(process, made, None);
        let found = self
            .path(process, made)
            .filter(|name| name.starts_with(kind));
        let name = found.unwrap_or(kind).to_owned();
        self.remember(process, made, Some(name));
    }

    /// The full path that a call opened.
    fn opened(&mut self, record: &Record<'_>, folder: i32) -> Option<String> {
        let bytes = record.captured[0].bytes()?;
        let end = bytes.iter().position(|byte| *byte == 0)?;
        let path = std::str::from_utf8(&bytes[..end]).ok()?;
        if path.starts_with('/') {
            return Some(tidy("", path));
        }
        let base = match folder {
            AT_FDCWD => self.current_folder(record.tgid),
            folder => self.path(record.tgid, folder),
        };
        base.map(|base| tidy(base, path))
    }
}

/// The path without `.`, `..` and double slashes.
fn tidy(base: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in base.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

impl Descriptors for FileTable {
    fn path(&mut self, process: u32, descriptor: i32) -> Option<&str> {
        self.look_up((process, Some(descriptor)))
    }

    fn current_folder(&mut self, process: u32) -> Option<&str> {
        self.look_up((process, None))
    }

    fn note(&mut self, record: &Record<'_>) {
        if let Some((process, descriptor)) = self.closed.take() {
            self.remember(process, descriptor, None);
        }
        let End::Returned(result) = record.end else {
            return;
        };
        let Some(change) = self.changes.get(&record.number).copied() else {
            return;
        };
        let copies = COPYING.contains(&super::printer::low(record.arguments[1]));
        if self.fcntl == Some(record.number) && !copies {
            return;
        }
        // close() that a signal interrupted has closed the descriptor all the same.
        let happened = result >= 0 || matches!(change, Change::Closes);
        if happened {
            let made = i32::try_from(result).unwrap_or(-1);
            self.apply(change, record, made);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Captured;
    use crate::decode::tests::record;

    fn table() -> FileTable {
        let read_link = |link: &str| match link {
            "/proc/7/cwd" => Some("/work".to_owned()),
            "/proc/7/fd/1" => Some("pipe:[5]".to_owned()),
            _ => None,
        };
        FileTable::new(Arch::X86_64, Box::new(read_link))
    }

    fn open(table: &mut FileTable, path: &[u8], folder: i64, result: i64) {
        let mut call = record("openat", [folder.cast_unsigned(), 1, 0, 0, 0, 0], result);
        call.captured[0] = Captured::Bytes(path);
        table.note(&call);
    }

    #[test]
    fn what_a_call_opens_has_the_name_that_it_gave() {
        let mut table = table();
        open(&mut table, b"/sys//fs/./cgroup/x/../memory.stat\0", -100, 3);
        assert_eq!(table.path(7, 3), Some("/sys/fs/cgroup/memory.stat"));
        open(&mut table, b"data\0", -100, 4);
        open(&mut table, b"more\0", 4, 5);
        assert_eq!(table.path(7, 5), Some("/work/data/more"));
        open(&mut table, b"/failed\0", -100, -2);
        table.note(&record("close", [3, 0, 0, 0, 0, 0], 0));
        assert!(
            table.path(7, 3).is_some(),
            "the close itself is shown with it"
        );
        table.note(&record("getpid", [0; 6], 7));
        assert_eq!(table.path(7, 3), None);
        assert_eq!(table.path(8, 4), None, "another process");
    }

    #[test]
    fn what_has_no_path_is_named_by_proc_or_by_its_kind() {
        let mut table = table();
        table.note(&record("socket", [2, 1, 0, 0, 0, 0], 6));
        assert_eq!(table.path(7, 6), Some("socket"));
        let mut pipe = record("pipe2", [0x1000, 0, 0, 0, 0, 0], 0);
        pipe.captured[2] = Captured::Bytes(&[1, 0, 0, 0, 8, 0, 0, 0]);
        table.note(&pipe);
        assert_eq!(table.path(7, 1), Some("pipe:[5]"));
        assert_eq!(table.path(7, 8), Some("pipe"));
    }

    #[test]
    fn a_path_that_is_not_whole_is_not_remembered() {
        let mut table = table();
        open(&mut table, b"/a/path/that/was/cut", -100, 3);
        assert_eq!(table.path(7, 3), None);
    }

    #[test]
    fn copies_are_named_like_the_original_and_proc_tells_the_rest() {
        let mut table = table();
        table.note(&record("dup2", [1, 9, 0, 0, 0, 0], 9));
        assert_eq!(table.path(7, 9), Some("pipe:[5]"));
        table.note(&record("fcntl", [9, 1030, 20, 0, 0, 0], 20));
        table.note(&record("fcntl", [9, 3, 0, 0, 0, 0], 21));
        assert_eq!(table.path(7, 20), Some("pipe:[5]"));
        assert_eq!(table.path(7, 21), None, "F_GETFL makes nothing");
        table.note(&record("epoll_create1", [0; 6], 20));
        assert_eq!(table.path(7, 20), Some("anon_inode:[eventpoll]"));
        table.note(&record("execve", [0; 6], 0));
        assert_eq!(table.path(7, 20), None);
    }
}
