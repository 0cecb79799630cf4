//! What a heap holds and who allocated it, from the profile that `/debug/pprof/heap` serves.

use super::validate;
use nodesleuth_model::evidence::{HeapFunction, HeapUse};
use nodesleuth_model::{Bytes, Missing, MissingKind};
use nodesleuth_profile::{Profile, normalize};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Allocates on behalf of whoever called it.
const RUNTIME: &str = "runtime.";

/// Adds it up by function.
///
/// # Errors
/// When this is no profile of a heap.
pub fn heap_of(bytes: &[u8]) -> Result<HeapUse, Missing> {
    let profile = validate::profile(bytes)?;
    let index = |name: &str| {
        profile.value_index(name).ok_or_else(|| {
            let reason = format!("a profile, but not of a heap: it has no {name}");
            Missing::new(MissingKind::Malformed, reason)
        })
    };
    let (in_use, allocated) = (index("inuse_space")?, index("alloc_space")?);
    let mut sums: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for stack in profile.stacks() {
        let bytes = |value: usize| u64::try_from(stack.values()[value]).unwrap_or(0);
        let names = stack.name_ids().rev().map(|id| profile.name(id));
        let mut named = names.clone().filter(|name| !name.starts_with(RUNTIME));
        let name = named.next().or(names.last()).unwrap_or_default();
        let sum = sums.entry(normalize(name).into_owned()).or_default();
        sum.0 += bytes(in_use);
        sum.1 += bytes(allocated);
    }
    Ok(HeapUse {
        in_use: total(&profile, in_use),
        allocated: total(&profile, allocated),
        functions: largest(sums),
    })
}

fn total(profile: &Profile, value: usize) -> Bytes {
    Bytes(u64::try_from(profile.total(value)).unwrap_or(0))
}

/// The largest by either number, by what is in use.
fn largest(sums: BTreeMap<String, (u64, u64)>) -> Vec<HeapFunction> {
    let function = |(function, (in_use, allocated))| HeapFunction {
        function,
        in_use: Bytes(in_use),
        allocated: Bytes(allocated),
    };
    let mut functions: Vec<HeapFunction> = sums.into_iter().map(function).collect();
    functions.sort_by_key(|function| Reverse(function.allocated));
    let most = functions.len().min(HeapUse::MOST_FUNCTIONS);
    let mut others = functions.split_off(most);
    others.sort_by_key(|function| Reverse(function.in_use));
    others.truncate(HeapUse::MOST_FUNCTIONS);
    functions.extend(others);
    functions.sort_by_key(|function| Reverse((function.in_use, function.allocated)));
    functions
}

#[cfg(test)]
mod tests {
    use super::*;
    use nodesleuth_profile::{ValueType, encode};

    /// A kubelet 1.20 with five pods.
    const IDLE: &[u8] = include_bytes!("samples/heap-1.20.pb.gz");

    #[test]
    fn a_real_heap_is_added_up() {
        let heap = heap_of(IDLE).unwrap();
        assert!(heap.in_use.0 > 1 << 20, "{}", heap.in_use);
        assert!(heap.allocated.0 >= heap.in_use.0);
        assert!(heap.functions.len() <= 2 * HeapUse::MOST_FUNCTIONS);
        let sum: u64 = heap
            .functions
            .iter()
            .map(|function| function.in_use.0)
            .sum();
        assert!(sum > 0 && sum <= heap.in_use.0);
        let ordered = heap
            .functions
            .windows(2)
            .all(|two| two[0].in_use >= two[1].in_use);
        assert!(ordered);
        assert!(
            heap.functions
                .iter()
                .all(|function| !function.function.starts_with("runtime.malg"))
        );
    }

    #[test]
    fn other_profiles_are_refused() {
        let cpu = Profile::from_stacks(ValueType::CPU, [(vec!["a"], 1)]);
        assert!(heap_of(&encode(&cpu)).is_err());
    }
}
