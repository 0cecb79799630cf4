//! What the target holds open: how much, which sockets, which inotify instances.

use crate::tasks::target_only;
use crate::{Ctx, ReadError};
use nodesleuth_model::{Missing, MissingKind, Pid};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};

/// Counting stops there: a leak of that size is proven.
const MOST_COUNTED: u64 = 100_000;
/// So many are asked what they are; it costs about 2 µs each.
const MOST_ASKED: u64 = 20_000;
/// Counting of watches stops there.
const MOST_WATCHES: u64 = 50_000;

/// Open descriptors of a process.
#[derive(Debug, Default)]
pub(super) struct Descriptors {
    /// How many; never more than 100,000.
    pub(super) count: u64,
    /// Those that are inotify instances.
    pub(super) inotify: Vec<u32>,
    /// Inodes of sockets.
    pub(super) sockets: BTreeSet<u64>,
}

impl Descriptors {
    pub(super) fn of(ctx: &Ctx<'_>, pid: Pid) -> Result<Self, Missing> {
        let path = format!("/proc/{pid}/fd");
        let folder = ctx.node.path(&path);
        let list = || {
            let mut found = Self::default();
            for entry in fs::read_dir(&folder)?.take(MOST_COUNTED as usize) {
                let name = entry?.file_name();
                found.count += 1;
                if found.count <= MOST_ASKED
                    && let Some(fd) = name.to_str().and_then(|name| name.parse().ok())
                    // One that was closed meanwhile is still counted.
                    && let Ok(link) = fs::read_link(folder.join(&name))
                {
                    found.note(fd, &link.to_string_lossy());
                }
            }
            Ok(found)
        };
        list().map_err(|source| target_only::missing(ctx, pid, ReadError { path, source }))
    }

    fn note(&mut self, fd: u32, link: &str) {
        let inode = link
            .strip_prefix("socket:[")
            .and_then(|rest| rest.strip_suffix(']'));
        if let Some(inode) = inode.and_then(|inode| inode.parse().ok()) {
            self.sockets.insert(inode);
        }
        // Kernels before 3.8 say "inotify".
        if matches!(
            link,
            "anon_inode:inotify" | "anon_inode:[inotify]" | "inotify"
        ) {
            self.inotify.push(fd);
        }
    }

    /// Watches of all inotify instances; never more than 50,000.
    pub(super) fn inotify_watches(&self, ctx: &Ctx<'_>, pid: Pid) -> Result<u64, Missing> {
        let mut watches = 0;
        for fd in &self.inotify {
            let path = format!("/proc/{pid}/fdinfo/{fd}");
            match count_watches(File::open(ctx.node.path(&path)), MOST_WATCHES - watches) {
                Ok(more) => watches += more,
                Err(source) => {
                    let missing = target_only::missing(ctx, pid, ReadError { path, source });
                    // An instance that was closed meanwhile has no watches.
                    if missing.kind != MissingKind::Absent {
                        return Err(missing);
                    }
                }
            }
        }
        Ok(watches)
    }
}

fn count_watches(file: io::Result<File>, most: u64) -> io::Result<u64> {
    let mut lines = BufReader::new(file?);
    let mut line = Vec::new();
    let mut watches = 0;
    while watches < most {
        line.clear();
        if lines.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        watches += u64::from(line.starts_with(b"inotify wd:"));
    }
    Ok(watches)
}
