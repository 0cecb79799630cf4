//! The CPU profile as the ledger needs it: cores by part, kernel share, gap to `/proc`.

use crate::catalog::Parts;
use crate::cpu::TargetCpu;
use nodesleuth_model::Evidence;
use nodesleuth_model::evidence::ProfileRecord;
use nodesleuth_profile::{NormalNames, Profile, Signature, SignatureMatcher, SignatureSet};
use std::collections::BTreeMap;

/// A profile of the bundle, read.
#[derive(Clone, Copy, Debug)]
pub struct LoadedProfile<'a> {
    /// Where it came from.
    pub record: &'a ProfileRecord,
    /// Its samples.
    pub profile: &'a Profile,
}

/// The CPU profile as the ledger needs it.
pub(crate) struct ProfileView<'a> {
    pub(crate) source: String,
    pub(crate) covers_window: bool,
    /// CPU time of all samples.
    pub(crate) total_seconds: f64,
    /// Length of the profile.
    pub(crate) seconds: f64,
    pub(crate) samples: i64,
    /// CPU time in functions that enter the kernel.
    syscall_seconds: f64,
    /// CPU time by part id, in the order of the rules; `other-in-profile` last.
    parts: Vec<(String, f64)>,
    /// The part of it that allocates memory, in the same order.
    allocation: Vec<f64>,
    profile: &'a Profile,
    names: NormalNames,
    value_index: usize,
    nanos_per_unit: f64,
}

impl<'a> ProfileView<'a> {
    /// The CPU profile that counts: one that covers the window if there is one. Others are
    /// named in the warnings.
    pub(crate) fn choose(
        profiles: &[LoadedProfile<'a>],
        evidence: &Evidence,
        parts: &Parts,
    ) -> (Option<Self>, Vec<String>) {
        let mut warnings = Vec::new();
        let mut chosen: Option<Self> = None;
        for loaded in profiles {
            let Some((value_index, nanos_per_unit)) = cpu_values(loaded.profile) else {
                warnings.push(format!(
                    "{}: not a CPU profile, not used",
                    loaded.record.source
                ));
                continue;
            };
            if let Some(other) = of_another_program(loaded.profile, evidence) {
                warnings.push(format!("{}: {other}, not used", loaded.record.source));
                continue;
            }
            let view = Self::of(*loaded, value_index, nanos_per_unit, evidence, parts);
            match &chosen {
                Some(first) if first.covers_window || !view.covers_window => {
                    warnings.push(format!("{}: a second CPU profile, not used", view.source));
                }
                _ => chosen = Some(view),
            }
        }
        (chosen, warnings)
    }

    fn of(
        loaded: LoadedProfile<'a>,
        value_index: usize,
        nanos_per_unit: f64,
        evidence: &Evidence,
        rules: &Parts,
    ) -> Self {
        let profile = loaded.profile;
        let names = NormalNames::of(profile);
        let duration = profile.duration_nanos() as f64 / 1e9;
        let seconds = if duration > 0.0 {
            duration
        } else {
            evidence.window.seconds().max(1e-9)
        };
        let mut view = Self {
            source: loaded.record.source.clone(),
            covers_window: loaded.record.covers_window,
            total_seconds: profile.total(value_index) as f64 * nanos_per_unit / 1e9,
            seconds,
            samples: profile
                .value_index("samples")
                .map_or(0, |index| profile.total(index)),
            syscall_seconds: 0.0,
            parts: Vec::new(),
            allocation: Vec::new(),
            profile,
            names,
            value_index,
            nanos_per_unit,
        };
        view.divide(rules);
        view
    }

    /// Gives each stack to the first rule that matches it.
    fn divide(&mut self, rules: &Parts) {
        let (signatures, owners) = signatures(rules);
        let mut set = SignatureSet::new(&signatures, &self.names);
        let leaves = self.matchers_of_one(&rules.syscall_leaves);
        let allocators = self.matchers_of_one(&rules.allocators);
        let mut nanos = vec![0.0; rules.part.len() + 1];
        let mut allocating = nanos.clone();
        let mut syscalls = 0.0;
        for stack in self.profile.stacks() {
            let value = self.nanos(stack.values());
            let found = set
                .find(stack.name_ids())
                .iter()
                .map(|found| owners[found.signature]);
            let owner = found.min().unwrap_or(rules.part.len());
            nanos[owner] += value;
            if allocators
                .iter()
                .any(|matcher| matcher.matches(stack.name_ids()))
            {
                allocating[owner] += value;
            }
            let leaf = stack.name_ids().next_back();
            if leaf.is_some_and(|leaf| leaves.iter().any(|matcher| matcher.matches([leaf]))) {
                syscalls += value;
            }
        }
        self.syscall_seconds = syscalls / 1e9;
        self.allocation = allocating;
        let ids = rules
            .part
            .iter()
            .map(|part| part.id.as_str())
            .chain(["other-in-profile"]);
        self.parts = ids
            .map(str::to_owned)
            .zip(nanos.into_iter().map(|n| n / 1e9))
            .collect();
    }

    fn matchers_of_one(&self, names: &[String]) -> Vec<SignatureMatcher> {
        let lists: Vec<Vec<String>> = names.iter().map(|name| vec![name.clone()]).collect();
        self.matchers(&lists)
    }

    fn matchers(&self, lists: &[Vec<String>]) -> Vec<SignatureMatcher> {
        lists
            .iter()
            .filter_map(|frames| Signature::parse(frames.iter().map(String::as_str)).ok())
            .map(|signature| signature.resolve(&self.names))
            .filter(SignatureMatcher::is_possible)
            .collect()
    }

    fn nanos(&self, values: &[i64]) -> f64 {
        values.get(self.value_index).copied().unwrap_or(0) as f64 * self.nanos_per_unit
    }

    pub(crate) fn total_cores(&self) -> f64 {
        self.total_seconds / self.seconds
    }

    /// CPU of a part in the profile's own time.
    pub(crate) fn part_cores(&self, id: &str) -> f64 {
        let part = self.parts.iter().find(|part| part.0 == id);
        part.map_or(0.0, |part| part.1 / self.seconds)
    }

    /// Part ids with their cores.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (&str, f64)> {
        self.parts
            .iter()
            .map(|(id, seconds)| (id.as_str(), seconds / self.seconds))
    }

    /// Share of all allocating samples by part id; empty when nothing allocates.
    pub(crate) fn allocation_shares(&self) -> BTreeMap<String, f64> {
        let total: f64 = self.allocation.iter().sum();
        if total <= 0.0 {
            return BTreeMap::new();
        }
        let parts = self.parts.iter().zip(&self.allocation);
        parts
            .map(|((id, _), nanos)| (id.clone(), nanos / total))
            .collect()
    }

    /// CPU that `/proc` shows and the profile does not: kernel part and the rest, in cores.
    pub(crate) fn gap(&self, cpu: &TargetCpu) -> (f64, f64) {
        if !self.covers_window {
            return (0.0, 0.0);
        }
        let gap = (cpu.user + cpu.kernel - self.total_cores()).max(0.0);
        let seen_in_kernel = self.syscall_seconds / self.seconds;
        let kernel = (cpu.kernel - seen_in_kernel).clamp(0.0, gap);
        (kernel, gap - kernel)
    }

    /// Share of the profile whose stacks hold one of these ordered patterns, 0 to 1.
    pub(crate) fn signature_share(&self, lists: &[Vec<String>]) -> f64 {
        let matchers = self.matchers(lists);
        if self.total_seconds <= 0.0 || matchers.is_empty() {
            return 0.0;
        }
        let stacks = self.profile.stacks();
        let matching = stacks.filter(|stack| {
            matchers
                .iter()
                .any(|matcher| matcher.matches(stack.name_ids()))
        });
        let nanos: f64 = matching.map(|stack| self.nanos(stack.values())).sum();
        nanos / 1e9 / self.total_seconds
    }
}

/// Says so when the profile names another main program than the target runs.
fn of_another_program(profile: &Profile, evidence: &Evidence) -> Option<String> {
    let target = evidence.target.value()?;
    let exe = target.exe.value()?.trim_end_matches(" (deleted)");
    let mapped = profile.mappings().map(|mapping| mapping.file);
    let main = mapped
        .into_iter()
        .find(|file| !file.is_empty() && !file.starts_with('['))?;
    let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
    let (profiled, running) = (name(main), name(exe));
    (profiled != running).then(|| format!("a profile of {profiled}, and the target is {running}"))
}

/// All part rules' signatures and, beside each, the index of its part.
fn signatures(rules: &Parts) -> (Vec<Signature>, Vec<usize>) {
    let lists = rules.part.iter().enumerate();
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

/// Index of the CPU time among a profile's values and nanoseconds per unit; `None` for heap and
/// other profiles. A profile that only counts samples is CPU when its period says so.
fn cpu_values(profile: &Profile) -> Option<(usize, f64)> {
    let index = profile.sample_types().position(|value| value.kind == "cpu");
    if let Some(index) = index {
        let unit = profile.sample_types().nth(index)?.unit;
        return Some((index, nanos_per(unit)?));
    }
    let period = profile.period_type();
    if period.kind != "cpu" {
        return None;
    }
    let samples = profile
        .sample_types()
        .position(|value| value.kind == "samples")?;
    Some((samples, profile.period() as f64 * nanos_per(period.unit)?))
}

fn nanos_per(unit: &str) -> Option<f64> {
    match unit {
        "nanoseconds" | "ns" => Some(1.0),
        "microseconds" | "us" => Some(1e3),
        "milliseconds" | "ms" => Some(1e6),
        "seconds" | "s" => Some(1e9),
        _ => None,
    }
}
