//! What `nodesleuth profile` measures of a real cAdvisor, against what its own pprof says of the same
//! time: the shares of its functions are the same as far as chance allows, and the kernel's part, which
//! pprof cannot see, has names.

use std::collections::BTreeMap;

use nodesleuth_profile::{Profile, ValueType, top};

/// Smaller shares are left out.
const LEAST_SHARE: f64 = 0.03;
/// How far two shares of samples taken by chance may be apart, in standard deviations: among a hundred
/// functions 4 come up once in a hundred runs.
const MOST_SIGMAS: f64 = 4.0;
/// So many functions must be large enough.
const LEAST_FUNCTIONS: usize = 10;
/// This part of its CPU at least is spent in the kernel.
const KERNEL: f64 = 0.2;
/// Go's runtime moves to other stacks (`systemstack`), behind which pprof looks with the help of the
/// runtime itself; and some of its functions are hidden from pprof.
const RUNTIME: &str = "runtime.";

/// A sentence for each expectation that is not met.
pub(super) fn of(theirs: &Profile, ours: &Profile) -> Vec<String> {
    let mut unmet = Vec::new();
    let (theirs_shares, ours_shares) = (Shares::of(theirs), Shares::of(ours));
    let apart = apart(&theirs_shares, &ours_shares);
    let farthest = apart.iter().max_by(|one, other| one.1.total_cmp(&other.1));
    if let Some((name, sigmas)) = farthest {
        eprintln!(
            "lab: {} functions have the share that its own pprof says ({} samples beside our {}); the \
             farthest apart is {name}, {sigmas:.1} standard deviations",
            apart.len(),
            theirs_shares.samples,
            ours_shares.samples
        );
    }
    if apart.len() < LEAST_FUNCTIONS {
        let count = apart.len();
        unmet.push(format!("pprof: only {count} functions can be compared"));
    }
    let too_far = apart.iter().filter(|(_, sigmas)| *sigmas > MOST_SIGMAS);
    unmet.extend(too_far.map(|(name, sigmas)| {
        let shares = [&theirs_shares, &ours_shares].map(|shares| shares.get(name));
        format!(
            "pprof says {:.3} of {name}, we say {:.3}: {sigmas:.1} standard deviations apart",
            shares[0], shares[1]
        )
    }));
    let (part, named) = kernel(ours);
    let (of_theirs, _) = kernel(theirs);
    eprintln!(
        "lab: {part:.2} of its CPU is in the kernel, {named:.3} of that with a name; pprof says {of_theirs:.2}"
    );
    if part < KERNEL || named < 0.99 {
        unmet.push(format!(
            "{part:.3} of its CPU is in the kernel, {named:.3} of that named"
        ));
    }
    unmet
}

/// Functions' parts of the CPU, those that they call included.
struct Shares {
    by_name: BTreeMap<String, f64>,
    samples: i64,
}

impl Shares {
    fn of(profile: &Profile) -> Self {
        let index = |wanted| profile.sample_types().position(|value| value == wanted);
        let cpu = index(ValueType::CPU).unwrap_or(0);
        let total = profile.total(cpu) as f64;
        let kernel: Vec<_> = profile.frames().filter(|frame| frame.is_kernel()).collect();
        let is_kernel = |name: &str| kernel.iter().any(|frame| frame.name() == name);
        let rows = top(profile, cpu);
        let programs = rows.iter().filter(|row| {
            let is_function = !row.name.starts_with('[') && !row.name.starts_with(RUNTIME);
            is_function && !is_kernel(row.name)
        });
        Self {
            by_name: programs
                .map(|row| (row.name.to_owned(), row.cum as f64 / total.max(1.0)))
                .collect(),
            samples: index(ValueType::new("samples", "count"))
                .map_or(0, |index| profile.total(index)),
        }
    }

    fn get(&self, name: &str) -> f64 {
        self.by_name.get(name).copied().unwrap_or(0.0)
    }
}

/// How many standard deviations two shares are apart, if they are those of one and the same part.
fn sigmas((one, samples): (f64, i64), (other, others): (f64, i64)) -> f64 {
    let (samples, others) = (samples.max(1) as f64, others.max(1) as f64);
    let pooled = (one * samples + other * others) / (samples + others);
    let variance = pooled * (1.0 - pooled) * (1.0 / samples + 1.0 / others);
    (one - other).abs() / variance.sqrt().max(f64::MIN_POSITIVE)
}

/// The functions that are large enough in one of them.
fn apart(theirs: &Shares, ours: &Shares) -> Vec<(String, f64)> {
    let mut names: Vec<&String> = theirs.by_name.keys().chain(ours.by_name.keys()).collect();
    names.sort();
    names.dedup();
    let shares = names
        .into_iter()
        .map(|name| (name, theirs.get(name), ours.get(name)));
    shares
        .filter(|(_, theirs, ours)| theirs.max(*ours) >= LEAST_SHARE)
        .map(|(name, one, other)| {
            let apart = sigmas((one, theirs.samples), (other, ours.samples));
            (name.clone(), apart)
        })
        .collect()
}

/// The part of the CPU in stacks that end in the kernel, and the part of that whose last function has a
/// name.
fn kernel(profile: &Profile) -> (f64, f64) {
    let cpu = profile
        .sample_types()
        .position(|value| value == ValueType::CPU);
    let cpu = cpu.unwrap_or(0);
    let (mut some, mut named) = (0, 0);
    for stack in profile.stacks() {
        let Some(leaf) = stack.frames().next_back().filter(|leaf| leaf.is_kernel()) else {
            continue;
        };
        let value = stack.values()[cpu];
        some += value;
        if !leaf.name().starts_with('[') && !leaf.name().starts_with("0x") {
            named += value;
        }
    }
    let total = profile.total(cpu).max(1) as f64;
    (some as f64 / total, named as f64 / (some.max(1)) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nodesleuth_profile::{Function, Line, Location, Mapping, ProfileBuilder};

    const FUNCTIONS: usize = 12;

    /// Each function has its weight in samples, half of them in the kernel where that is seen.
    fn profile(weights: [i64; FUNCTIONS], with_kernel: bool) -> Profile {
        let mut builder =
            ProfileBuilder::new(&[ValueType::new("samples", "count"), ValueType::CPU]);
        let mapping = builder.mapping(Mapping {
            file: "[kernel.kallsyms]",
            ..Mapping::default()
        });
        let function = builder.function(Function {
            name: "vfs_read",
            ..Function::default()
        });
        let (line, column) = (0, 0);
        let read = builder.location(Location {
            mapping: Some(mapping),
            address: 0,
            lines: vec![Line {
                function,
                line,
                column,
            }],
        });
        for (index, weight) in weights.into_iter().enumerate() {
            let own = builder.named(&format!("pkg.f{index}"));
            let half = weight / 2;
            for (frames, weight) in [(vec![own], weight - half), (vec![own, read], half)] {
                let frames = if with_kernel { frames } else { vec![own] };
                builder.sample(frames, &[weight, weight * 10_000_000], &[]);
            }
        }
        builder.finish()
    }

    #[test]
    fn the_same_shares_in_fewer_samples_agree() {
        let theirs = profile([100; FUNCTIONS], false);
        let ours = profile([1010; FUNCTIONS], true);
        assert_eq!(of(&theirs, &ours), Vec::<String>::new());
    }

    #[test]
    fn what_is_missing_from_ours_is_named() {
        let theirs = profile([100; FUNCTIONS], false);
        let mut weights = [1000; FUNCTIONS];
        weights[3] = 10;
        let unmet = of(&theirs, &profile(weights, true));
        assert!(
            unmet.len() == 1 && unmet[0].contains("pkg.f3"),
            "{unmet:#?}"
        );
    }

    #[test]
    fn a_kernel_that_is_not_seen_is_told() {
        let both = [100; FUNCTIONS].map(|weight| weight * 10);
        assert_eq!(of(&profile(both, false), &profile(both, false)).len(), 1);
        let empty = ProfileBuilder::new(&[ValueType::CPU]).finish();
        assert_eq!(of(&empty, &empty).len(), 2);
    }
}
