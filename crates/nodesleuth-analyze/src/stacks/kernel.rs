//! What the kernel did, from stacks that go on into it.

use crate::catalog::{KernelParts, PartRule};
use nodesleuth_profile::{NameId, NormalNames, Signature, SignatureSet, Stack};

/// Index of kernel time that no part matches is the number of parts.
pub(super) struct KernelRules {
    set: SignatureSet,
    owners: Vec<usize>,
    others: usize,
}

impl KernelRules {
    pub(super) fn new(rules: &KernelParts, names: &NormalNames) -> Self {
        let (signatures, owners) = signatures(&rules.part);
        Self {
            set: SignatureSet::new(&signatures, names),
            owners,
            others: rules.part.len(),
        }
    }

    /// The part that a stack's kernel frames belong to; `None` when it ran in user mode.
    pub(super) fn part(&mut self, stack: Stack<'_>) -> Option<usize> {
        let kernel: Vec<NameId> = stack
            .frames()
            .filter(|frame| frame.is_kernel())
            .map(|frame| frame.name_id())
            .collect();
        if kernel.is_empty() {
            return None;
        }
        let found = self.set.find(kernel).iter();
        let owners = &self.owners;
        let part = found.map(|found| owners[found.signature]).min();
        Some(part.unwrap_or(self.others))
    }
}

/// All rules' signatures and, beside each, the index of its part.
pub(super) fn signatures(parts: &[PartRule]) -> (Vec<Signature>, Vec<usize>) {
    let lists = parts.iter().enumerate();
    lists
        .flat_map(|(at, part)| part.frames.iter().map(move |frames| (at, frames)))
        .filter_map(|(at, frames)| {
            // Validation refuses patterns that cannot be parsed.
            Some((
                Signature::parse(frames.iter().map(String::as_str)).ok()?,
                at,
            ))
        })
        .unzip()
}
