//! The structs of `bpf/stacks.h` as bytes and words.

use crate::stacks::records::Fields;
use crate::stacks::{StackCapture, StackCount, StackOptions, StackTarget};
use std::sync::Arc;

const EVERYBODY: u32 = 1;
const FOLLOW_CHILDREN: u32 = 2;
#[cfg(target_arch = "aarch64")]
const TOP_IN_REGISTER: u32 = 4;
const TRUNCATED: u64 = 1;

const MESSAGE_FRAMES: u32 = 1;
const MESSAGE_COUNT: u32 = 2;
const MESSAGE_NAMES: u32 = 3;

pub(super) const COUNTERS: usize = 8;
/// Sizes of the structs in the maps.
pub(super) const CONFIG: usize = 56;
pub(super) const KEY: usize = 40;
pub(super) const COUNT: usize = 56;
pub(super) const WAIT: usize = 72;
pub(super) const PROCESS: usize = 8;
pub(super) const BIRTH: usize = 8;
pub(super) const FRAMES: usize = 16 + 8 * 127;

/// Flags, and where in the kernel's `struct pt_regs` (arch/x86/include/asm/ptrace.h,
/// arch/arm64/include/asm/ptrace.h) the instruction pointer is and what leads to a return address:
/// the stack pointer, or the link register.
#[cfg(not(target_arch = "aarch64"))]
const TOP: (u32, u32, u32) = (0, 128, 152);
#[cfg(target_arch = "aarch64")]
const TOP: (u32, u32, u32) = (TOP_IN_REGISTER, 256, 240);

/// `struct process` of one that is followed from the beginning.
pub(super) const FOLLOWED: [u8; PROCESS] = [0, 0, 0, 0, 1, 0, 0, 0];

/// `struct stack_config`.
pub(super) fn config(
    options: &StackOptions,
    state_offset: u32,
    namespace: Option<(u64, u64)>,
    most_frames: u32,
) -> [u8; CONFIG] {
    let everybody = match options.target {
        StackTarget::All => EVERYBODY,
        StackTarget::Process(_) => 0,
    };
    let follow = if options.children { FOLLOW_CHILDREN } else { 0 };
    let (flags, ip_offset, top_offset) = TOP;
    let (device, inode) = namespace.unwrap_or_default();
    let words = [
        pair(everybody | follow | flags, state_offset),
        options.period_ns(),
        options.shortest_wait_ns,
        device,
        inode,
        pair(most_frames, ip_offset),
        pair(top_offset, 0),
    ];
    let mut bytes = [0; CONFIG];
    for (to, word) in bytes.chunks_exact_mut(8).zip(words) {
        to.copy_from_slice(&word.to_ne_bytes());
    }
    bytes
}

/// Two fields in a word; our objects are for little-endian machines.
fn pair(first: u32, second: u32) -> u64 {
    u64::from(first) | u64::from(second) << 32
}

/// `struct stack_key`, with the hashes in place of the frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) tgid: u32,
    pub(super) tid: u32,
    pub(super) image: u32,
    pub(super) kernel: u64,
    pub(super) user: u64,
    pub(super) top: u64,
}

impl Key {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let (tgid, tid, image, _spare) =
            (fields.u32()?, fields.u32()?, fields.u32()?, fields.u32()?);
        Some(Self {
            tgid,
            tid,
            image,
            kernel: fields.u64()?,
            user: fields.u64()?,
            top: fields.u64()?,
        })
    }
}

/// A key and `struct stack_count`; what frames the hashes stand for is found out later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) key: Key,
    pub(super) count: StackCount,
}

impl Counted {
    /// From the two halves of an entry of the map.
    pub(super) fn entry(key: &[u8], count: &[u8]) -> Option<Self> {
        let key = Key::read(&mut Fields(key))?;
        Self::read(key, &mut Fields(count))
    }

    fn read(key: Key, fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            key,
            count: StackCount {
                tgid: key.tgid,
                tid: key.tid,
                exec: key.image,
                top: key.top,
                samples: fields.u64()?,
                on_cpu_ns: fields.u64()?,
                off_cpu_ns: fields.u64()?,
                off_cpu_count: fields.u64()?,
                truncated: fields.u64()? & TRUNCATED != 0,
                comm: comm(fields.take(16)?),
                ..StackCount::default()
            },
        })
    }

    /// `struct wait`, of a thread that waits still.
    pub(super) fn wait(wait: &[u8], end_ns: u64) -> Option<Self> {
        let mut fields = Fields(wait);
        let since = fields.u64()?;
        let key = Key::read(&mut fields)?;
        Some(Self {
            key,
            count: StackCount {
                tgid: key.tgid,
                tid: key.tid,
                exec: key.image,
                top: key.top,
                off_cpu_ns: end_ns.saturating_sub(since),
                off_cpu_count: 1,
                truncated: fields.u64()? & TRUNCATED != 0,
                comm: comm(fields.take(16)?),
                ..StackCount::default()
            },
        })
    }
}

/// `struct stack_counters` of all CPUs, as far as they are for whoever asks.
pub(super) fn counters(bytes: &[u8]) -> StackCapture {
    let mut sum = StackCapture::default();
    let (words, _) = bytes.as_chunks::<8>();
    let (cpus, _) = words.as_chunks::<COUNTERS>();
    for cpu in cpus {
        let [_, idle, others, missed, lost, unfollowed, calls, unnamed] =
            cpu.map(u64::from_ne_bytes);
        sum.idle += idle;
        sum.others += others;
        sum.missed += missed;
        sum.lost += lost;
        sum.unfollowed += unfollowed;
        *sum.cost.node_calls.get_or_insert(0) += calls;
        sum.unnamed_files += unnamed;
    }
    sum
}

fn comm(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0);
    String::from_utf8_lossy(&bytes[..end.unwrap_or(bytes.len())]).into_owned()
}

/// What a program sends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Message<'a> {
    Frames {
        hash: u64,
        frames: Arc<[u64]>,
    },
    Count(Counted),
    /// Of a file, as [`Names`](crate::files::Names) takes them.
    Names(&'a [u8]),
}

/// From a sample's bytes after thread and time: their number, then they.
pub(super) fn message(rest: &[u8]) -> Option<Message<'_>> {
    let mut fields = Fields(rest);
    let size = fields.u32()?;
    let mut fields = Fields(fields.take(usize::try_from(size).ok()?)?);
    match fields.u32()? {
        MESSAGE_FRAMES => {
            let bytes = usize::try_from(fields.u32()?).ok()?;
            let hash = fields.u64()?;
            let (frames, _) = fields.take(bytes)?.as_chunks::<8>();
            let frames = frames.iter().map(|frame| u64::from_ne_bytes(*frame));
            Some(Message::Frames {
                hash,
                frames: frames.collect(),
            })
        }
        MESSAGE_COUNT => {
            let _spare = fields.u32()?;
            let key = Key::read(&mut fields)?;
            Counted::read(key, &mut fields).map(Message::Count)
        }
        MESSAGE_NAMES => {
            let _spare = fields.u32()?;
            Some(Message::Names(fields.0))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(spare: u32) -> Vec<u8> {
        let ids = [7, 8, 2, spare].into_iter().flat_map(u32::to_ne_bytes);
        let hashes = [0xa, 0xb, 0xc].into_iter().flat_map(u64::to_ne_bytes);
        ids.chain(hashes).collect()
    }

    fn count() -> Vec<u8> {
        let words = [3, 30, 40, 4, 1].into_iter().flat_map(u64::to_ne_bytes);
        words.chain(*b"kubelet\0\0\0\0\0\0\0\0\0").collect()
    }

    fn expected() -> Counted {
        Counted {
            key: Key {
                tgid: 7,
                tid: 8,
                image: 2,
                kernel: 0xa,
                user: 0xb,
                top: 0xc,
            },
            count: StackCount {
                tgid: 7,
                tid: 8,
                exec: 2,
                top: 0xc,
                comm: "kubelet".to_owned(),
                samples: 3,
                on_cpu_ns: 30,
                off_cpu_ns: 40,
                off_cpu_count: 4,
                truncated: true,
                ..StackCount::default()
            },
        }
    }

    #[test]
    fn an_entry_and_a_single_count_are_the_same_words() {
        let entry = Counted::entry(&key(0), &count());
        assert_eq!(entry, Some(expected()));
        let mut sent = 104_u32.to_ne_bytes().to_vec();
        sent.extend([MESSAGE_COUNT, 0].into_iter().flat_map(u32::to_ne_bytes));
        sent.extend([key(0), count()].concat());
        assert_eq!(message(&sent), Some(Message::Count(expected())));
        sent.pop();
        assert_eq!(message(&sent), None);
    }

    #[test]
    fn a_thread_that_still_waits_has_waited_to_the_end() {
        let mut wait = 1000_u64.to_ne_bytes().to_vec();
        wait.extend(key(9));
        wait.extend(&count()[32..]);
        let counted = Counted::wait(&wait, 1500).unwrap();
        assert_eq!(counted.count.off_cpu_ns, 500);
        assert_eq!(counted.count.off_cpu_count, 1);
        assert_eq!(counted.count.samples, 0);
        assert_eq!(counted.count.comm, "kubelet");
    }

    /// Recorded on Linux 6.18.
    #[test]
    fn frames_follow_their_hash() {
        let sent = [
            0x2c, 0, 0, 0, 1, 0, 0, 0, 0x18, 0, 0, 0, 0x9d, 0xf8, 0xd3, 0x4b, 0x66, 0x8e, 0xec, 1,
            0x26, 0x89, 0x71, 0xd1, 0xda, 0x55, 0, 0, 0xf5, 0x86, 0x71, 0xd1, 0xda, 0x55, 0, 0,
            0x4a, 0x42, 0xa7, 0xbb, 0x45, 0x7f, 0, 0, 0, 0, 0, 0,
        ];
        let frames = [0x55da_d171_8926, 0x55da_d171_86f5, 0x7f45_bba7_424a];
        let expected = Message::Frames {
            hash: 0x01ec_8e66_4bd3_f89d,
            frames: frames.into(),
        };
        assert_eq!(message(&sent), Some(expected));
        assert_eq!(message(&sent[..40]), None);
    }

    #[test]
    fn settings_are_where_the_programs_read_them() {
        let options = StackOptions {
            children: true,
            hz: 1000,
            shortest_wait_ns: 5,
            ..StackOptions::new(StackTarget::All)
        };
        let bytes = config(&options, 24, Some((6, 7)), 127);
        let mut fields = Fields(&bytes);
        let (top_flags, ip_offset, top_offset) = TOP;
        let flags = EVERYBODY | FOLLOW_CHILDREN | top_flags;
        assert_eq!((fields.u32(), fields.u32()), (Some(flags), Some(24)));
        let words = [0; 4].map(|_: u64| fields.u64().unwrap());
        assert_eq!(words, [1_000_000, 5, 6, 7]);
        assert_eq!((fields.u32(), fields.u32()), (Some(127), Some(ip_offset)));
        assert_eq!((fields.u32(), fields.u32()), (Some(top_offset), Some(0)));
    }
}
