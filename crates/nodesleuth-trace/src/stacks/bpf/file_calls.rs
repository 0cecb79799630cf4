//! Calls about files by the code that makes them: the structs of `bpf/file_calls.h`, and the maps
//! that only this needs.

use crate::Arch;
use crate::bpf_system_call::{Kind, Map};
use crate::btf::Btf;
use crate::files::FileFrom;
use crate::stacks::records::Fields;
use crate::stacks::{FileStack, StackCount};
use std::io;

const SYSCALLS: u32 = 512;
const KEY: usize = 40;
const SUM: usize = 48;
const CALL: usize = 80;
const NAMES: usize = 24 + 2048;
const OFFSETS: usize = 14;
const FROM_RESULT: u32 = 1;
const FROM_ARGUMENT: u32 = 2;
const TRUNCATED: u64 = 1;

/// Where `struct pt_regs` has the first argument of a system call.
#[cfg(not(target_arch = "aarch64"))]
const ARGUMENT: u32 = 112;
#[cfg(target_arch = "aarch64")]
const ARGUMENT: u32 = 0;

/// What an entry of `call_sums` takes of the kernel's memory, about.
pub(super) const SUM_BYTES: u64 = 136;
/// What one of `calling` takes.
pub(super) const CALL_BYTES: u64 = 136;

/// The way from a thread to the file behind a descriptor and to its names, in the order of
/// `struct file_layout`.
const WAY: [(&str, &str); 12] = [
    ("task_struct", "files"),
    ("files_struct", "fdt"),
    ("fdtable", "max_fds"),
    ("fdtable", "fd"),
    ("file", "f_inode"),
    ("file", "f_path.dentry"),
    ("inode", "i_ino"),
    ("inode", "i_sb"),
    ("inode", "i_mode"),
    ("super_block", "s_dev"),
    ("dentry", "d_parent"),
    ("dentry", "d_name.name"),
];

/// The maps; entries of `struct call_key` and of calls that have not returned.
pub(super) struct FileMaps {
    pub(super) layout: Map,
    pub(super) file_from: Map,
    calling: Map,
    call_sums: Map,
    pub(super) name_buffers: Map,
}

impl FileMaps {
    /// Room for so many different sums, and calls at a time.
    pub(super) fn new(sums: u32, calls: u32) -> io::Result<Self> {
        let hash = |name, sizes, entries| Map::new(name, Kind::Hash, sizes, entries);
        Ok(Self {
            layout: Map::new("layout", Kind::Array, (4, 4 * OFFSETS), 1)?,
            file_from: Map::new("file_from", Kind::Array, (4, 4), SYSCALLS)?,
            calling: hash("calling", (8, CALL), calls)?,
            call_sums: hash("call_sums", (KEY, SUM), sums)?,
            name_buffers: Map::new("name_buffers", Kind::PerCpuArray, (4, NAMES), 1)?,
        })
    }

    pub(super) fn by_name(&self) -> [(&'static str, &Map); 5] {
        [
            ("layout", &self.layout),
            ("file_from", &self.file_from),
            ("calling", &self.calling),
            ("call_sums", &self.call_sums),
            ("name_buffers", &self.name_buffers),
        ]
    }

    pub(super) fn fill(&self, layout: &[u8], arch: Arch) -> io::Result<()> {
        self.layout.set(&0_u32.to_ne_bytes(), layout)?;
        for (number, name) in arch.names() {
            let from = match FileFrom::of(name) {
                FileFrom::Nowhere => continue,
                FileFrom::Result => FROM_RESULT,
                FileFrom::Argument => FROM_ARGUMENT,
            };
            let number = u32::from(*number);
            self.file_from
                .set(&number.to_ne_bytes(), &from.to_ne_bytes())?;
        }
        Ok(())
    }

    /// All that was billed, and calls that have not returned.
    pub(super) fn each(&self, ended_ns: u64, each: &mut dyn FnMut(Billed)) -> io::Result<()> {
        let call_sums = &mut |key: &[u8], sum: &[u8]| {
            if let Some(billed) = Billed::of_sum(key, sum) {
                each(billed);
            }
        };
        self.call_sums.each(call_sums)?;
        self.calling.each(&mut |_, call| {
            if let Some(billed) = Billed::of_call(call, ended_ns) {
                each(billed);
            }
        })
    }
}

/// `struct file_layout` of the running kernel.
pub(super) fn layout(btf: &Result<Btf, String>) -> Result<Vec<u8>, String> {
    let btf = btf.as_ref().map_err(Clone::clone)?;
    let offset = |(structure, field): (&str, &str)| {
        let missing = || format!("the kernel's BTF has no {structure}.{field}");
        btf.offset(structure, field).ok_or_else(missing)
    };
    let mut offsets = vec![ARGUMENT];
    for step in WAY {
        offsets.push(offset(step)?);
    }
    offsets.resize(OFFSETS, 0);
    Ok(offsets.into_iter().flat_map(u32::to_ne_bytes).collect())
}

/// A sum, with a hash and numbers in the place of frames and path.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Billed {
    pub(super) user: u64,
    pub(super) device: u32,
    pub(super) inode: u64,
    pub(super) file: FileStack,
}

impl Billed {
    fn of_sum(key: &[u8], sum: &[u8]) -> Option<Self> {
        let mut billed = Self::of_key(&mut Fields(key))?;
        let mut sum = Fields(sum);
        let file = &mut billed.file;
        file.calls = sum.u64()?;
        file.errors = sum.u64()?;
        file.bytes = sum.u64()?;
        let wall_ns = sum.u64()?;
        file.stack.on_cpu_ns = sum.u64()?;
        file.stack.off_cpu_ns = wall_ns.saturating_sub(file.stack.on_cpu_ns);
        file.stack.truncated = sum.u64()? & TRUNCATED != 0;
        Some(billed)
    }

    fn of_call(call: &[u8], ended_ns: u64) -> Option<Self> {
        let mut fields = Fields(call);
        let mut billed = Self::of_key(&mut fields)?;
        let file = &mut billed.file;
        let begin_ns = fields.u64()?;
        let since_ns = fields.u64()?;
        let now = match since_ns {
            0 => 0,
            since_ns => ended_ns.saturating_sub(since_ns),
        };
        file.in_flight = 1;
        file.stack.on_cpu_ns = fields.u64()? + now;
        let wall_ns = ended_ns.saturating_sub(begin_ns);
        file.stack.off_cpu_ns = wall_ns.saturating_sub(file.stack.on_cpu_ns);
        file.stack.truncated = fields.u64()? & TRUNCATED != 0;
        Some(billed)
    }

    fn of_key(fields: &mut Fields<'_>) -> Option<Self> {
        let (tgid, exec) = (fields.u32()?, fields.u32()?);
        let (user, top, inode) = (fields.u64()?, fields.u64()?, fields.u64()?);
        let (device, number) = (fields.u32()?, fields.u32()?);
        Some(Self {
            user,
            device,
            inode,
            file: FileStack {
                stack: StackCount {
                    tgid,
                    tid: StackCount::NO_TID,
                    exec,
                    top,
                    ..StackCount::default()
                },
                number: u16::try_from(number).ok()?,
                ..FileStack::default()
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Vec<u8> {
        let mut key: Vec<u8> = [7_u32, 2].into_iter().flat_map(u32::to_ne_bytes).collect();
        key.extend([0xa_u64, 0xb, 42].into_iter().flat_map(u64::to_ne_bytes));
        key.extend([26_u32, 0].into_iter().flat_map(u32::to_ne_bytes));
        key
    }

    fn words(words: &[u64]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_ne_bytes()).collect()
    }

    #[test]
    fn a_sum_s_time_is_on_a_cpu_or_waiting() {
        let billed = Billed::of_sum(&key(), &words(&[3, 1, 100, 50, 20, 1])).unwrap();
        assert_eq!((billed.user, billed.device, billed.inode), (0xa, 26, 42));
        let FileStack {
            stack,
            calls,
            errors,
            bytes,
            in_flight,
            ..
        } = billed.file;
        assert_eq!((calls, errors, bytes, in_flight), (3, 1, 100, 0));
        assert_eq!((stack.tgid, stack.exec, stack.top), (7, 2, 0xb));
        assert_eq!((stack.on_cpu_ns, stack.off_cpu_ns), (20, 30));
        assert!(stack.truncated);
        assert_eq!(Billed::of_sum(&key(), &words(&[3, 1, 100, 50, 20])), None);
    }

    #[test]
    fn a_call_that_has_not_returned_has_lasted_to_the_end() {
        for (since_ns, expected) in [(0, (30, 470)), (1400, (130, 370))] {
            let call = [key(), words(&[1000, since_ns, 30, 0, 2])].concat();
            assert_eq!(call.len(), CALL);
            let FileStack {
                stack,
                calls,
                in_flight,
                ..
            } = Billed::of_call(&call, 1500).unwrap().file;
            assert_eq!((calls, in_flight), (0, 1));
            assert_eq!((stack.on_cpu_ns, stack.off_cpu_ns), expected);
        }
    }
}
