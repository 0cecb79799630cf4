//! The bill by file that the programs keep.

use super::load::NAMES_BYTES;
use super::ring::RingBuffer;
use super::{layout, refusal};
use crate::files::{Mounts, Names};
use crate::{FileCosts, FileMethod, FileTotal};
use aya::Ebpf;
use aya::maps::{HashMap, Map, MapData, MapError};
use std::os::fd::AsFd;

/// Names of files as they come in.
pub(super) struct Files {
    messages: RingBuffer,
    #[expect(dead_code, reason = "kept open, not used")]
    map: MapData,
    mounts: Mounts,
    names: Names,
}

impl Files {
    pub(super) fn open(ebpf: &mut Ebpf, pid: u32) -> Result<Self, String> {
        let Some(Map::RingBuf(map)) = ebpf.take_map("names") else {
            return Err("the BPF object has no ring names".to_owned());
        };
        let messages = RingBuffer::new(map.fd().as_fd(), NAMES_BYTES as usize)
            .map_err(|error| refusal::reason("mapping the buffer for names", &error))?;
        Ok(Self {
            messages,
            map,
            mounts: Mounts::of(pid),
            names: Names::default(),
        })
    }

    pub(super) fn poll(&mut self) {
        let (names, mounts) = (&mut self.names, &self.mounts);
        self.messages
            .drain(&mut |message| names.take(message, mounts));
    }

    pub(super) fn finish(mut self, ebpf: &Ebpf) -> Result<FileCosts, String> {
        self.poll();
        let totals = self
            .totals(ebpf)
            .map_err(|error| refusal::reason("reading the bill by file", &error))?;
        Ok(FileCosts::new(FileMethod::Kernel, totals, 0))
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
        Ok(totals)
    }
}
