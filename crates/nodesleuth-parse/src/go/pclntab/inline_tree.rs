//! One inlined call: `runtime.inlinedCall`.

use super::inline_layout::Shape;
use crate::elf::Image;

/// What is known of a call that was inlined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct InlinedCall {
    /// Offset of the called function's name.
    pub(super) name: u32,
    /// Distance from the entry of an instruction of the caller at the call.
    pub(super) parent_distance: Option<u32>,
    /// The caller's inlined call, file and line, where there is no such instruction.
    pub(super) parent: i32,
    pub(super) file: i32,
    /// Line of the call; since Go 1.20 the line where the called function starts.
    pub(super) line: Option<u32>,
    pub(super) padding_is_zero: bool,
}

impl InlinedCall {
    /// The call at an index of the tree at an address.
    pub(super) fn read(image: &Image<'_>, shape: Shape, tree: u64, index: i32) -> Option<Self> {
        let size = match shape {
            Shape::Parents => 20,
            Shape::Lines | Shape::Names => 16,
        };
        let distance = u64::try_from(index).ok()?.checked_mul(size as u64)?;
        let mut bytes = [0; 20];
        let bytes = &mut bytes[..size];
        image.read(tree.checked_add(distance)?, bytes)?;
        let word = |at: usize| image.layout().number(&bytes[at..at + 4]) as u32;
        Some(match shape {
            Shape::Lines => Self {
                name: word(12),
                parent_distance: None,
                parent: word(0).cast_signed(),
                file: word(4).cast_signed(),
                line: Some(word(8)),
                padding_is_zero: true,
            },
            Shape::Parents => Self {
                name: word(12),
                parent_distance: Some(word(16)),
                parent: -1,
                file: word(4).cast_signed(),
                line: Some(word(8)),
                padding_is_zero: bytes[3] == 0,
            },
            Shape::Names => Self {
                name: word(4),
                parent_distance: Some(word(8)),
                parent: -1,
                file: -1,
                line: Some(word(12)),
                padding_is_zero: bytes[1..4] == [0; 3],
            },
        })
    }
}
