//! The structs of `bpf/stacks.h` as bytes and words.

use crate::stacks::records::Fields;
use crate::stacks::{StackCount, StackOptions, StackTarget};

const EVERYBODY: u32 = 1;
const FOLLOW_CHILDREN: u32 = 2;
const TRUNCATED: u64 = 1;

const MESSAGE_FRAMES: u32 = 1;
const MESSAGE_COUNT: u32 = 2;

pub(super) const COUNTERS: usize = 6;
pub(super) type ConfigBytes = [u8; 48];
pub(super) type KeyBytes = [u8; 32];
pub(super) type CountBytes = [u8; 56];
pub(super) type WaitBytes = [u8; 64];
/// `struct process`: the image, and whether it is followed.
pub(super) type ProcessWords = [u32; 2];

/// `struct stack_config`.
pub(super) fn config(
    options: &StackOptions,
    state_offset: u32,
    namespace: Option<(u64, u64)>,
    most_frames: u32,
) -> ConfigBytes {
    let everybody = match options.target {
        StackTarget::All => EVERYBODY,
        StackTarget::Process(_) => 0,
    };
    let follow = if options.children { FOLLOW_CHILDREN } else { 0 };
    let (device, inode) = namespace.unwrap_or_default();
    let words = [
        u64::from(everybody | follow) | u64::from(state_offset) << 32,
        options.period_ns(),
        options.shortest_wait_ns,
        device,
        inode,
        u64::from(most_frames),
    ];
    let mut bytes = [0; 48];
    for (to, word) in bytes.chunks_exact_mut(8).zip(words) {
        // The first and the last word are two of 32 bits: the lower one comes first.
        to.copy_from_slice(&word.to_le_bytes());
    }
    bytes
}

/// `struct stack_key`, with the hashes in place of the frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) tgid: u32,
    pub(super) tid: u32,
    pub(super) image: u32,
    pub(super) kernel: u64,
    pub(super) user: u64,
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
    pub(super) fn entry(key: &KeyBytes, count: &CountBytes) -> Option<Self> {
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
    pub(super) fn wait(wait: &WaitBytes, end_ns: u64) -> Option<Self> {
        let mut fields = Fields(wait);
        let since = fields.u64()?;
        let key = Key::read(&mut fields)?;
        Some(Self {
            key,
            count: StackCount {
                tgid: key.tgid,
                tid: key.tid,
                exec: key.image,
                off_cpu_ns: end_ns.saturating_sub(since),
                off_cpu_count: 1,
                truncated: fields.u64()? & TRUNCATED != 0,
                comm: comm(fields.take(16)?),
                ..StackCount::default()
            },
        })
    }
}

fn comm(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0);
    String::from_utf8_lossy(&bytes[..end.unwrap_or(bytes.len())]).into_owned()
}

/// What a program sends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Message {
    Frames { hash: u64, frames: Box<[u64]> },
    Count(Counted),
}

/// From a sample's bytes after thread and time: their number, then they.
pub(super) fn message(rest: &[u8]) -> Option<Message> {
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
        _ => None,
    }
}
