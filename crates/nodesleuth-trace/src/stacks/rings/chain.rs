//! Call chains in perf's samples: addresses with markers that say whose they are.

use crate::stacks::records::Fields;

const CONTEXT_KERNEL: u64 = -128_i64 as u64;
const CONTEXT_USER: u64 = -512_i64 as u64;
/// Markers are the last addresses that there are.
const FIRST_MARKER: u64 = -4095_i64 as u64;
/// How far code is from code that it calls, in one binary; as in `bpf/stacks.bpf.c`.
const FAR: u64 = 64 << 20;
/// Several times what a kernel can be told to walk.
const MOST_ENTRIES: u64 = 8000;

/// The two parts of a stack, leaf first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Chain {
    pub(super) kernel: Box<[u64]>,
    pub(super) user: Box<[u64]>,
    /// What is on top of the user's stack, if it may be where the code that ran returns to; else 0.
    pub(super) top: u64,
}

impl Chain {
    /// From a sample's bytes after thread and time: how many, then they, then maybe a piece of the
    /// user's stack. What belongs to neither the kernel nor a process (a guest, a hypervisor) is left
    /// out.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields(bytes);
        let count = fields.u64()?;
        if count > MOST_ENTRIES {
            return None;
        }
        let (mut kernel, mut user) = (Vec::new(), Vec::new());
        let mut context = 0;
        for _ in 0..count {
            match fields.u64()? {
                marker @ FIRST_MARKER.. => context = marker,
                address => match context {
                    CONTEXT_KERNEL => kernel.push(address),
                    CONTEXT_USER => user.push(address),
                    _ => {}
                },
            }
        }
        let top = top(&mut fields, user.first().copied());
        Some(Self {
            top: top.unwrap_or(0),
            kernel: kernel.into(),
            user: user.into(),
        })
    }

    pub(super) fn depth(&self) -> usize {
        self.kernel.len() + self.user.len()
    }
}

/// The first word of a piece of the user's stack: its size, the piece, how much of it is real. It is no
/// return address if it is far from the code that runs.
fn top(fields: &mut Fields<'_>, ip: Option<u64>) -> Option<u64> {
    let size = usize::try_from(fields.u64()?).ok()?;
    let piece = fields.take(size)?;
    let is_real = fields.u64()? >= size_of::<u64>() as u64;
    let top = u64::from_ne_bytes(*piece.first_chunk()?);
    (is_real && top.abs_diff(ip?) < FAR).then_some(top)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(words: &[u64]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_ne_bytes()).collect()
    }

    #[test]
    fn markers_part_the_kernel_s_frames_from_the_user_s() {
        let guest = -2048_i64 as u64;
        let chain = bytes(&[7, CONTEXT_KERNEL, 1, 2, CONTEXT_USER, 3, guest, 4]);
        let chain = Chain::parse(&chain).unwrap();
        assert_eq!(*chain.kernel, [1, 2]);
        assert_eq!(*chain.user, [3]);
        assert_eq!(chain.depth(), 3);
    }

    #[test]
    fn a_near_word_on_top_of_the_stack_may_be_a_return_address() {
        let with = |more: &[u64]| {
            let chain = [&[3, CONTEXT_USER, 0x1000, 0x2000], more].concat();
            Chain::parse(&bytes(&chain)).unwrap().top
        };
        assert_eq!(with(&[8, 0x1800, 8]), 0x1800);
        // Far away; not there; no piece; cut off.
        for other in [
            &[8, 0x7f00_0000_0000, 8][..],
            &[8, 0x1800, 0],
            &[0],
            &[],
            &[8, 0x1800],
        ] {
            assert_eq!(with(other), 0, "{other:?}");
        }
    }

    #[test]
    fn a_chain_that_is_cut_off_or_absurd_is_none() {
        assert_eq!(Chain::parse(&bytes(&[2, CONTEXT_USER])), None);
        assert_eq!(Chain::parse(&bytes(&[u64::MAX, 1])), None);
        assert_eq!(Chain::parse(&[1, 0]), None);
        assert_eq!(Chain::parse(&bytes(&[0])), Some(Chain::default()));
    }
}
