//! The bill by file that the programs keep.

use super::layout;
use super::refusal;
use crate::files::{Mounts, Names};
use crate::{FileCosts, FileMethod, FileTotal};
use aya::Ebpf;
use aya::maps::{HashMap, MapData, MapError, RingBuf};

/// Names of files as they come in.
pub(super) struct Files {
    messages: RingBuf<MapData>,
    mounts: Mounts,
    names: Names,
}

impl Files {
    pub(super) fn open(ebpf: &mut Ebpf, pid: u32) -> Result<Self, String> {
        let names = ebpf
            .take_map("names")
            .ok_or("the BPF object has no map names")?;
        let messages = RingBuf::try_from(names)
            .map_err(|error| refusal::reason("mapping the buffer for names", &error))?;
        Ok(Self {
            messages,
            mounts: Mounts::of(pid),
            names: Names::default(),
        })
    }

    pub(super) fn poll(&mut self) {
        while let Some(message) = self.messages.next() {
            self.names.take(&message, &self.mounts);
        }
    }

    pub(super) fn finish(mut self, ebpf: &Ebpf) -> Result<FileCosts, String> {
        self.poll();
        let totals = self.totals(ebpf);
        Ok(FileCosts {
            method: FileMethod::Kernel,
            totals: totals.map_err(|error| refusal::reason("reading the bill by file", &error))?,
            unknown_calls: 0,
        })
    }

    fn totals(&self, ebpf: &Ebpf) -> Result<Vec<FileTotal>, MapError> {
        let map = super::map(ebpf, "file_totals")?;
        let map = HashMap::<_, [u8; 24], [u64; 6]>::try_from(map)?;
        let mut totals = Vec::new();
        for entry in map.iter() {
            let (key, [calls, errors, bytes, wall_ns, on_cpu_ns, _]) = entry?;
            // Known, but no call about it has returned.
            if calls == 0 {
                continue;
            }
            let (inode, device, number, tgid) = layout::file_key(&key);
            totals.push(FileTotal {
                tgid,
                path: self.names.get(device, inode),
                number: u16::try_from(number).unwrap_or(u16::MAX),
                calls,
                errors,
                bytes,
                wall_ns,
                on_cpu_ns: Some(on_cpu_ns),
            });
        }
        totals.sort_by(|one, other| (&one.path, one.number).cmp(&(&other.path, other.number)));
        Ok(totals)
    }
}
