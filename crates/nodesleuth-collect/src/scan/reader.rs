//! Opens, reads and closes files of many cgroups, and adds up what that took.

use crate::cpu_time::{UserAndKernel, monotonic, of_this_thread};
use crate::{Cancel, Node, ReadError};
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;
use nodesleuth_model::Nanos;
use nodesleuth_model::evidence::{CgroupScan, CgroupVersion, Hierarchy, ScannedFile};
use std::cmp::Reverse;
use std::ffi::{CStr, CString};
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};

/// As much as collectors read at once; `memory.stat` fits.
const BUFFER_BYTES: usize = 16 << 10;

/// Files to read in each cgroup of one hierarchy.
pub(super) struct Group {
    /// What the hierarchy is called where another one has a file of the same name.
    hierarchy: String,
    mount: OwnedFd,
    files: Vec<&'static CStr>,
}

impl Group {
    /// Keeps the hierarchy's mount open.
    pub(super) fn open(
        node: &Node,
        hierarchy: &Hierarchy,
        files: &[&'static CStr],
    ) -> Result<Self, ReadError> {
        let mount = &hierarchy.mount;
        let folder = File::open(node.path(mount));
        let folder = folder.map_err(|source| ReadError {
            path: mount.clone(),
            source,
        })?;
        Ok(Self {
            hierarchy: match hierarchy.version {
                CgroupVersion::V1 => hierarchy.controllers.join(","),
                CgroupVersion::V2 => "cgroup2".to_owned(),
            },
            mount: folder.into(),
            files: files.to_vec(),
        })
    }
}

/// When to stop early.
pub(super) struct Limits {
    /// Wall time of all reads.
    pub(super) wall: Nanos,
    /// Wall time of a single file.
    pub(super) slow_file: Nanos,
}

/// What files of one name have cost so far.
#[derive(Clone, Copy, Default)]
struct Tally {
    files: u64,
    cpu: Nanos,
    slowest: Nanos,
}

/// Moments between two files: one look at both clocks ends a file and begins the next.
#[derive(Clone, Copy)]
struct Moment {
    wall: Nanos,
    cpu: Nanos,
}

impl Moment {
    fn now() -> Self {
        Self {
            wall: monotonic(),
            cpu: of_this_thread(),
        }
    }

    /// What has passed. The two clocks differ by microseconds; a thread cannot use more CPU than
    /// there was time.
    fn since(self, earlier: Self) -> Self {
        let wall = Nanos(self.wall.0.saturating_sub(earlier.wall.0));
        let cpu = Nanos(self.cpu.0.saturating_sub(earlier.cpu.0)).min(wall);
        Self { wall, cpu }
    }
}

/// Reads files and adds up.
pub(super) struct Reader {
    groups: Vec<Group>,
    tallies: Vec<Vec<Tally>>,
    buffer: Vec<u8>,
    failed: u64,
}

impl Reader {
    pub(super) fn new(groups: Vec<Group>) -> Self {
        let tallies = groups
            .iter()
            .map(|group| vec![Tally::default(); group.files.len()]);
        Self {
            tallies: tallies.collect(),
            groups,
            buffer: vec![0; BUFFER_BYTES],
            failed: 0,
        }
    }

    /// Reads every file of these cgroups, named by their paths below the mounts.
    pub(super) fn read(
        mut self,
        cgroups: &[CString],
        limits: &Limits,
        cancel: &Cancel,
    ) -> CgroupScan {
        let (modes, began) = (UserAndKernel::of_this_thread(), Moment::now());
        let mut done = 0;
        let mut cut = false;
        for cgroup in cgroups {
            let slowest = self.read_cgroup(cgroup);
            done += 1;
            let wall = Nanos(monotonic().0 - began.wall.0);
            if slowest > limits.slow_file || wall > limits.wall || cancel.requested() {
                cut = done < cgroups.len() as u64;
                break;
            }
        }
        let took = Moment::now().since(began);
        let used = UserAndKernel::of_this_thread().since(modes);
        CgroupScan {
            cgroups: done,
            files: self.tallies.iter().flatten().map(|tally| tally.files).sum(),
            failed: self.failed,
            cpu: took.cpu,
            kernel_share: used.kernel_share(),
            wall: took.wall,
            by_file: self.by_file(),
            sampled: cut,
        }
    }

    /// The wall time of its slowest file. A hierarchy that does not have the cgroup is passed over.
    fn read_cgroup(&mut self, cgroup: &CStr) -> Nanos {
        let mut slowest = Nanos(0);
        let folder = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        for (group, tallies) in self.groups.iter().zip(&mut self.tallies) {
            let Ok(folder) = openat(&group.mount, cgroup, folder, Mode::empty()) else {
                continue;
            };
            let mut before = Moment::now();
            for (&file, tally) in group.files.iter().zip(tallies) {
                let read = read_file(&folder, file, &mut self.buffer);
                let after = Moment::now();
                match read {
                    Ok(()) => {
                        let took = after.since(before);
                        tally.files += 1;
                        tally.cpu.0 += took.cpu.0;
                        tally.slowest = tally.slowest.max(took.wall);
                        slowest = slowest.max(took.wall);
                    }
                    Err(_) => self.failed += 1,
                }
                before = after;
            }
        }
        slowest
    }

    fn by_file(&self) -> Vec<ScannedFile> {
        let names = self
            .groups
            .iter()
            .flat_map(|group| group.files.iter().map(move |&name| (group, name)));
        let mut by_file: Vec<ScannedFile> = names
            .zip(self.tallies.iter().flatten())
            .filter(|(_, tally)| tally.files > 0)
            .map(|((group, name), tally)| ScannedFile {
                name: self.name_of(group, name),
                files: tally.files,
                cpu: tally.cpu,
                slowest: tally.slowest,
            })
            .collect();
        by_file.sort_by_key(|file| Reverse(file.cpu));
        by_file
    }

    /// `memory.stat`; `cpu/cpu.stat` where another hierarchy has a `cpu.stat` too.
    fn name_of(&self, group: &Group, name: &CStr) -> String {
        let with_it = self
            .groups
            .iter()
            .filter(|group| group.files.contains(&name));
        let name = name.to_string_lossy();
        match with_it.count() {
            0 | 1 => name.into_owned(),
            _ => format!("{}/{name}", group.hierarchy),
        }
    }
}

fn read_file(folder: impl AsFd, name: &CStr, buffer: &mut [u8]) -> nix::Result<()> {
    let file = openat(
        folder,
        name,
        OFlag::O_RDONLY | OFlag::O_CLOEXEC,
        Mode::empty(),
    )?;
    while nix::unistd::read(&file, buffer)? > 0 {}
    Ok(())
}
