//! Goroutines and heap of a kubelet as evidence, with the profiles that they were counted in.

use super::run::Answer;
use nodesleuth_collect::{goroutines_of, heap_of};
use nodesleuth_model::bundle::PROFILES_DIR;
use nodesleuth_model::evidence::{Goroutines, HeapUse};
use nodesleuth_model::{Missing, Observed};

/// Files of a bundle: name and bytes.
type Files = Vec<(String, Vec<u8>)>;

pub(super) fn goroutines(bytes: Answer<Vec<u8>>, files: &mut Files) -> Observed<Goroutines> {
    understood(bytes, "goroutine", goroutines_of, files)
}

pub(super) fn heap(bytes: Answer<Vec<u8>>, files: &mut Files) -> Observed<HeapUse> {
    understood(bytes, "heap", heap_of, files)
}

fn understood<T>(
    bytes: Answer<Vec<u8>>,
    name: &str,
    understand: impl FnOnce(&[u8]) -> Result<T, Missing>,
    files: &mut Files,
) -> Observed<T> {
    let bytes = match bytes {
        Ok(bytes) => bytes,
        Err(refusal) => return Observed::Unavailable(refusal.missing()),
    };
    let understood = understand(&bytes);
    if understood.is_ok() {
        files.push((format!("{PROFILES_DIR}/{name}.pb.gz"), bytes));
    }
    understood.into()
}
