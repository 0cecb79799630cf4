//! All threads of the node in one read: a BPF iterator over tasks. The program is put together
//! here, as where the kernel's fields are is only known on the machine itself; reading that takes
//! a few milliseconds once.

mod assemble;
mod load;

use crate::bpf::namespace;
use crate::btf::Btf;
use std::fs::File;
use std::io::Read;

/// So many 64-bit words tell of one thread: [`TaskRecord`]'s fields in order.
const WORDS: usize = 14;
const RECORD_BYTES: usize = WORDS * 8;
/// The kernel hands out at most 32 KiB in one read.
const BUFFER_BYTES: usize = 32 << 10;

/// One thread, in the kernel's own nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaskRecord {
    /// Thread id.
    pub tid: u32,
    /// Process id.
    pub pid: u32,
    /// When it started, since boot.
    pub start_ns: u64,
    /// In user mode, as counted in ticks; `/proc` scales it to fit `on_cpu_ns`.
    pub user_ns: u64,
    /// In the kernel, as counted in ticks; `/proc` scales it to fit `on_cpu_ns`.
    pub system_ns: u64,
    /// On a CPU, exact.
    pub on_cpu_ns: u64,
    /// Waiting for a CPU.
    pub run_wait_ns: u64,
    /// Times that it gave the CPU up.
    pub voluntary: u64,
    /// Times that it was made to.
    pub involuntary: u64,
    /// What the threads of its process that have ended had used: user, system, on a CPU.
    pub ended_ns: [u64; 3],
    /// Its name, ended by a NUL.
    pub comm: [u8; 16],
}

/// Reads all threads, again and again.
pub struct TaskIterator {
    link: load::Link,
    buffer: Vec<u8>,
}

impl std::fmt::Debug for TaskIterator {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("TaskIterator").finish_non_exhaustive()
    }
}

impl TaskIterator {
    /// Loads the program.
    ///
    /// # Errors
    /// Why it cannot be: the kernel, the rights, the PID namespace.
    pub fn open() -> Result<Self, String> {
        if namespace::own().is_some() {
            return Err("we run in a PID namespace and it knows the host's ids only".to_owned());
        }
        let btf = Btf::of_kernel()?;
        let program = assemble::program(&btf)?;
        let target = btf
            .function("bpf_iter_task")
            .ok_or("this kernel has no task iterator (Linux 5.8)")?;
        Ok(Self {
            link: load::link(&program, target)?,
            buffer: vec![0; BUFFER_BYTES],
        })
    }

    /// Hands over every thread of the node, by ascending thread id as the kernel goes.
    ///
    /// # Errors
    /// When the kernel breaks off.
    pub fn read(&mut self, each: &mut dyn FnMut(&TaskRecord)) -> Result<(), String> {
        let mut file: File = self.link.iterate()?;
        let mut kept = 0;
        loop {
            let got = file
                .read(&mut self.buffer[kept..])
                .map_err(|error| format!("reading the task iterator: {error}"))?;
            if got == 0 {
                return Ok(());
            }
            let filled = kept + got;
            let records = self.buffer[..filled].chunks_exact(RECORD_BYTES);
            kept = records.remainder().len();
            records.filter_map(TaskRecord::of).for_each(|it| each(&it));
            self.buffer.copy_within(filled - kept..filled, 0);
        }
    }
}

impl TaskRecord {
    fn of(bytes: &[u8]) -> Option<Self> {
        let (words, _) = bytes.as_chunks::<8>();
        let words: &[[u8; 8]; WORDS] = words.try_into().ok()?;
        let word = |index: usize| u64::from_ne_bytes(words[index]);
        let mut comm = [0; 16];
        comm[..8].copy_from_slice(&words[12]);
        comm[8..].copy_from_slice(&words[13]);
        Some(Self {
            tid: u32::try_from(word(0)).ok()?,
            pid: u32::try_from(word(1)).ok()?,
            start_ns: word(2),
            user_ns: word(3),
            system_ns: word(4),
            on_cpu_ns: word(5),
            run_wait_ns: word(6),
            voluntary: word(7),
            involuntary: word(8),
            ended_ns: [word(9), word(10), word(11)],
            comm,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_record_are_its_fields_in_order() {
        let words: Vec<u8> = (1..=12u64)
            .flat_map(u64::to_ne_bytes)
            .chain(*b"kubelet\0\0\0\0\0\0\0\0\0")
            .collect();
        let record = TaskRecord::of(&words).unwrap();
        assert_eq!((record.tid, record.pid, record.start_ns), (1, 2, 3));
        assert_eq!((record.on_cpu_ns, record.run_wait_ns), (6, 7));
        assert_eq!(record.ended_ns, [10, 11, 12]);
        assert!(record.comm.starts_with(b"kubelet\0"));
    }

    #[test]
    fn half_a_record_or_an_id_that_is_none_is_no_record() {
        assert_eq!(TaskRecord::of(&[0; RECORD_BYTES - 1]), None);
        assert_eq!(TaskRecord::of(&[0xff; RECORD_BYTES]), None);
    }
}
