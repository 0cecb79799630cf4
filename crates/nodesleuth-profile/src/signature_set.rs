//! Many signatures at once: each stack is walked a single time, and frames that no pattern
//! matches cost one look.

use crate::signature::{NormalNames, Signature};
use crate::stack::NameId;
use crate::strings::dense;

/// Signatures prepared for the stacks of one profile.
#[derive(Debug, Clone)]
pub struct SignatureSet {
    /// Where the steps of each name begin, and an end.
    starts: Vec<u32>,
    steps: Vec<Step>,
    /// For each signature, how many patterns it has.
    lengths: Vec<u32>,
    /// For each signature, how many patterns were matched in the stack being walked.
    progress: Vec<u32>,
    found: Vec<SignatureMatch>,
}

/// A name matches this pattern of this signature.
#[derive(Debug, Clone, Copy)]
struct Step {
    signature: u32,
    pattern: u32,
}

/// A signature that matches a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignatureMatch {
    /// Its position in the signatures the set was made of.
    pub signature: usize,
    /// Position in the stack, 0 for the root, at which its last pattern first matches.
    pub depth: usize,
}

impl SignatureSet {
    /// Prepares signatures for the stacks of the profile that `names` are of.
    pub fn new(signatures: &[Signature], names: &NormalNames) -> Self {
        let (mut starts, mut steps) = (vec![0], Vec::new());
        for name in names.iter() {
            for (signature, patterns) in signatures.iter().map(Signature::patterns).enumerate() {
                // Last pattern first, so that one frame takes a signature one step at most.
                let matching = patterns.iter().enumerate().rev();
                let matching = matching.filter(|(_, pattern)| pattern.matches_normal(name));
                steps.extend(matching.map(|(pattern, _)| Step {
                    signature: dense(signature),
                    pattern: dense(pattern),
                }));
            }
            starts.push(dense(steps.len()));
        }
        let lengths: Vec<_> = signatures
            .iter()
            .map(|s| dense(s.patterns().len()))
            .collect();
        let progress = vec![0; lengths.len()];
        Self {
            starts,
            steps,
            lengths,
            progress,
            found: Vec::new(),
        }
    }

    /// The signatures that match a stack of the profile, in the order in which they are complete
    /// from the root on. Takes [`Stack::name_ids`](crate::Stack::name_ids).
    pub fn find(&mut self, stack: impl IntoIterator<Item = NameId>) -> &[SignatureMatch] {
        self.progress.fill(0);
        self.found.clear();
        let complete = self
            .lengths
            .iter()
            .enumerate()
            .filter(|(_, length)| **length == 0);
        self.found
            .extend(complete.map(|(signature, _)| SignatureMatch {
                signature,
                depth: 0,
            }));
        for (depth, name) in stack.into_iter().enumerate() {
            let range = self.starts[name.index()] as usize..self.starts[name.index() + 1] as usize;
            for step in &self.steps[range] {
                let signature = step.signature as usize;
                if self.progress[signature] == step.pattern {
                    self.progress[signature] += 1;
                    if self.progress[signature] == self.lengths[signature] {
                        self.found.push(SignatureMatch { signature, depth });
                    }
                }
            }
        }
        &self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::ValueType;
    use crate::profile::Profile;

    #[test]
    fn a_set_finds_what_each_signature_finds_alone() {
        let stacks = [
            vec!["a.f", "a.g", "a.f", "b.f"],
            vec!["a.g"],
            vec![],
            vec!["a.f"; 3],
        ];
        let profile = Profile::from_stacks(ValueType::CPU, stacks.map(|stack| (stack, 1)));
        let names = NormalNames::of(&profile);
        let patterns: [&[&str]; 6] = [
            &["a.f"],
            &["a.f", "a.f"],
            &["a.*", "a.*", "*f"],
            &["b.f", "a.f"],
            &[],
            &["a.g"],
        ];
        let signatures = patterns.map(|p| Signature::parse(p.iter().copied()).unwrap());
        let mut set = SignatureSet::new(&signatures, &names);
        for stack in profile.stacks() {
            let alone = signatures.iter().enumerate().filter_map(|(signature, s)| {
                let depth = s.resolve(&names).find(stack.name_ids())?;
                Some(SignatureMatch { signature, depth })
            });
            let mut together = set.find(stack.name_ids()).to_vec();
            together.sort_by_key(|found| found.signature);
            assert_eq!(together, alone.collect::<Vec<_>>());
        }
    }
}
