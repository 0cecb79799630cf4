//! Structures that calls hand over or fill, printed as strace prints them.

pub(super) mod calls;
pub(super) mod events;
pub(super) mod machine;
pub(super) mod processes;
pub(super) mod signals;
pub(super) mod sockets;
pub(super) mod status;
pub(super) mod times;

/// Bytes at an offset, as a number in the machine's order (little endian on both).
pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(array_at(bytes, at)?))
}

/// Four bytes.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(array_at(bytes, at)?))
}

/// Four bytes, signed.
pub(super) fn i32_at(bytes: &[u8], at: usize) -> Option<i32> {
    Some(u32_at(bytes, at)?.cast_signed())
}

/// Eight bytes.
pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(array_at(bytes, at)?))
}

/// Eight bytes, signed.
pub(super) fn i64_at(bytes: &[u8], at: usize) -> Option<i64> {
    Some(u64_at(bytes, at)?.cast_signed())
}

fn array_at<const SIZE: usize>(bytes: &[u8], at: usize) -> Option<[u8; SIZE]> {
    bytes.get(at..)?.first_chunk().copied()
}
