//! Files by following descriptors: which path each was opened for. For kernels whose structs we
//! cannot read. A descriptor that was open before is asked for in `/proc/PID/fd`.

use super::{FileCosts, FileFrom, FileMethod, FileTotal};
use crate::{Arch, Captured, Record};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;

/// Calls that make one descriptor stand for the file of another, or for none.
const COPIES: &[&str] = &["dup", "dup2", "dup3", "fcntl"];
const CLOSES: &[&str] = &["close", "close_range"];
const AT_CWD: i32 = -100;

/// What is known of descriptors, and the bill so far.
#[derive(Debug)]
pub(crate) struct Tracker {
    arch: Arch,
    because: String,
    open: BTreeMap<(u32, u32), String>,
    totals: BTreeMap<(u32, String, u16), FileTotal>,
    unknown_calls: u64,
}

impl Tracker {
    pub(crate) fn new(arch: Arch, because: String) -> Self {
        Self {
            arch,
            because,
            open: BTreeMap::new(),
            totals: BTreeMap::new(),
            unknown_calls: 0,
        }
    }

    /// The system calls that it must see.
    pub(crate) fn numbers(&self) -> Vec<u16> {
        let wanted = |name: &str| {
            FileFrom::of(name) != FileFrom::Nowhere
                || COPIES.contains(&name)
                || CLOSES.contains(&name)
        };
        let all = self.arch.names().iter();
        all.filter(|(_, name)| wanted(name))
            .map(|(number, _)| *number)
            .collect()
    }

    pub(crate) fn take(&mut self, record: &Record<'_>) {
        let Some(name) = self.arch.name(record.number) else {
            return;
        };
        let crate::End::Returned(result) = record.end else {
            return;
        };
        if CLOSES.contains(&name) || COPIES.contains(&name) {
            self.forget(name, record, result);
            return;
        }
        let path = match FileFrom::of(name) {
            FileFrom::Nowhere => return,
            FileFrom::Argument => self.path_of(record.tgid, record.arguments[0] as u32),
            FileFrom::Result => self.opened(name, record, result),
        };
        match path {
            Some(path) => self.bill(path, record, result, FileFrom::of(name)),
            None => self.unknown_calls += 1,
        }
    }

    /// Whatever the descriptor stands for now will be asked for when it is used.
    fn forget(&mut self, name: &str, record: &Record<'_>, result: i64) {
        match name {
            "close" => {
                self.open.remove(&(record.tgid, record.arguments[0] as u32));
            }
            "close_range" => {
                let (first, last) = (record.arguments[0] as u32, record.arguments[1] as u32);
                self.open.retain(|(tgid, descriptor), _| {
                    *tgid != record.tgid || !(first..=last).contains(descriptor)
                });
            }
            _ => {
                if let Ok(copy) = u32::try_from(result) {
                    self.open.remove(&(record.tgid, copy));
                }
            }
        }
    }

    fn opened(&mut self, name: &str, record: &Record<'_>, result: i64) -> Option<String> {
        let path_argument = usize::from(matches!(name, "openat" | "openat2"));
        let typed = match record.captured[0] {
            Captured::Bytes(bytes) => text(bytes.strip_suffix(&[0]).unwrap_or(bytes)),
            Captured::Nothing | Captured::Unreadable => None,
        };
        let relative = typed.as_ref().is_none_or(|path| !path.starts_with('/'));
        let descriptor = u32::try_from(result).ok();
        let path = match (typed, descriptor) {
            (Some(path), _) if !relative => Some(path),
            // Where a relative path leads is known to the kernel only.
            (_, Some(descriptor)) => asked(record.tgid, descriptor),
            (Some(path), None) if path_argument == 0 || record.arguments[0] as i32 == AT_CWD => {
                Some(path)
            }
            _ => None,
        }?;
        if let Some(descriptor) = descriptor {
            self.open.insert((record.tgid, descriptor), path.clone());
        }
        Some(path)
    }

    fn path_of(&mut self, tgid: u32, descriptor: u32) -> Option<String> {
        if let Some(path) = self.open.get(&(tgid, descriptor)) {
            return Some(path.clone());
        }
        let path = asked(tgid, descriptor)?;
        self.open.insert((tgid, descriptor), path.clone());
        Some(path)
    }

    fn bill(&mut self, path: String, record: &Record<'_>, result: i64, from: FileFrom) {
        let key = (record.tgid, path, record.number);
        let none = || FileTotal {
            on_cpu_ns: Some(0),
            ..FileTotal::default()
        };
        let total = self.totals.entry(key).or_insert_with(none);
        total.calls += 1;
        total.wall_ns += record.wall_ns;
        let known = total.on_cpu_ns.zip(record.on_cpu_ns);
        total.on_cpu_ns = known.map(|(sum, more)| sum + more);
        match u64::try_from(result) {
            Ok(bytes) if from == FileFrom::Argument => total.bytes += bytes,
            Ok(_) => {}
            Err(_) => total.errors += 1,
        }
    }

    pub(crate) fn finish(self) -> FileCosts {
        let totals = self.totals.into_iter();
        let totals = totals.map(|((tgid, path, number), total)| FileTotal {
            tgid,
            path: Some(path.into()),
            number,
            ..total
        });
        let method = FileMethod::Descriptors {
            because: self.because,
        };
        FileCosts::new(method, totals.collect(), self.unknown_calls)
    }
}

fn text(bytes: &[u8]) -> Option<String> {
    (!bytes.is_empty()).then(|| String::from_utf8_lossy(bytes).into_owned())
}

/// What `/proc/PID/fd` says now; numbers of sockets and pipes are left out, as they say nothing.
fn asked(tgid: u32, descriptor: u32) -> Option<String> {
    let link = fs::read_link(format!("/proc/{tgid}/fd/{descriptor}")).ok()?;
    let path = text(link.as_os_str().as_bytes())?;
    Some(match path.split_once(":[") {
        Some((kind @ ("socket" | "pipe"), _)) => kind.to_owned(),
        _ => path,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::End;

    fn call<'a>(name: &str, argument: u64, result: i64, path: &'a [u8]) -> Record<'a> {
        let mut captured = [Captured::Nothing; 4];
        if !path.is_empty() {
            captured[0] = Captured::Bytes(path);
        }
        Record {
            begin_ns: 0,
            wall_ns: 10,
            on_cpu_ns: Some(4),
            // Nobody has this id, so that /proc knows nothing.
            tgid: u32::MAX,
            tid: 1,
            number: Arch::X86_64.number(name).unwrap(),
            end: End::Returned(result),
            arguments: [argument, 0, 0, 0, 0, 0],
            captured,
        }
    }

    fn bill(calls: &[Record<'_>]) -> (Vec<(String, u64, u64, u64)>, u64) {
        let mut tracker = Tracker::new(Arch::X86_64, "x".to_owned());
        calls.iter().for_each(|call| tracker.take(call));
        let costs = tracker.finish();
        let told = |total: FileTotal| {
            (
                total.path.unwrap().to_string(),
                total.calls,
                total.bytes,
                total.errors,
            )
        };
        (
            costs.totals.into_iter().map(told).collect(),
            costs.unknown_calls,
        )
    }

    #[test]
    fn a_descriptor_stands_for_the_file_it_was_last_opened_for() {
        let (totals, unknown) = bill(&[
            call("openat", 0, 5, b"/a\0"),
            call("read", 5, 100, b""),
            call("close", 5, 0, b""),
            call("openat", 0, 5, b"/b\0"),
            call("read", 5, 7, b""),
            call("read", 5, -5, b""),
        ]);
        let expected = [
            ("/a".to_owned(), 1, 100, 0),
            ("/a".to_owned(), 1, 0, 0),
            ("/b".to_owned(), 2, 7, 1),
            ("/b".to_owned(), 1, 0, 0),
        ];
        assert_eq!((totals.as_slice(), unknown), (expected.as_slice(), 0));
    }

    #[test]
    fn what_nobody_knows_is_counted_apart() {
        let (totals, unknown) = bill(&[
            call("read", 9, 1, b""),
            call("openat", 0, 5, b"/a\0"),
            call("dup2", 9, 5, b""),
            call("read", 5, 1, b""),
        ]);
        assert_eq!((totals.len(), unknown), (1, 2));
    }

    #[test]
    fn a_failed_opening_is_billed_to_the_path() {
        let (totals, _) = bill(&[call("open", 0, -2, b"/none\0")]);
        assert_eq!(totals, [("/none".to_owned(), 1, 0, 1)]);
    }
}
