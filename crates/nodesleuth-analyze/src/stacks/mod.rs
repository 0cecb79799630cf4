//! A CPU profile as the ledger needs it: cores by part, kernel share, gap to `/proc`.

mod choice;
mod kernel;
mod values;
mod whose;

pub(crate) use choice::Profiles;

use crate::catalog::Catalog;
use crate::cpu::TargetCpu;
use crate::facts::absent;
use kernel::{KernelRules, signatures};
use nodesleuth_model::evidence::ProfileRecord;
use nodesleuth_model::{Evidence, Missing};
use nodesleuth_profile::{NormalNames, Profile, Signature, SignatureMatcher, SignatureSet, Stack};
use std::collections::BTreeMap;
use values::CpuValue;
use whose::Whose;

/// A profile of the bundle, read.
#[derive(Clone, Copy, Debug)]
pub struct LoadedProfile<'a> {
    /// Where it came from.
    pub record: &'a ProfileRecord,
    /// Its samples.
    pub profile: &'a Profile,
}

/// Id of what no rule owns.
pub(crate) const OTHERS: &str = "other-in-profile";

/// A CPU profile as the ledger needs it.
pub(crate) struct ProfileView<'a> {
    pub(crate) source: String,
    /// Taken during the window and in CPU time: only then it can be held against `/proc`.
    pub(crate) covers_window: bool,
    /// CPU time of all samples; of cycles and the like as many as they are.
    pub(crate) total_seconds: f64,
    /// Whether the samples are CPU time, and not shares of it.
    pub(crate) is_time: bool,
    /// Length of the profile.
    pub(crate) seconds: f64,
    pub(crate) samples: i64,
    /// CPU time in the kernel: in kernel frames where there are such, else in functions that
    /// enter the kernel.
    kernel_seconds: f64,
    /// Part ids in the order of the rules, [`OTHERS`] last.
    parts: Vec<OwnedPart>,
    /// What only stacks sampled from outside tell; `None` for a program's own profile.
    pub(crate) machine: Option<Machine>,
    profile: &'a Profile,
    names: NormalNames,
    whose: Whose,
    /// Index of the part that owns each of the target's stacks.
    owners: Vec<u32>,
    value: CpuValue,
}

/// CPU time of one owner, in seconds of the profile's own time.
#[derive(Default)]
struct OwnedPart {
    id: String,
    seconds: f64,
    /// The part of it that allocates memory.
    allocating: f64,
    /// By kernel part, in the order of the rules, others last.
    kernel: Vec<f64>,
}

/// What only stacks of the machine tell.
pub(crate) struct Machine {
    /// Ids of the kernel's parts in the order of the rules; `other-in-kernel` last.
    pub(crate) kernel_ids: Vec<String>,
    /// Share of the CPU time whose user frames have no name; stacks of kernel frames alone do
    /// not count.
    pub(crate) unnamed_share: f64,
    /// Whether there are frames of the kernel, which not everybody may see.
    sees_kernel: bool,
}

impl<'a> ProfileView<'a> {
    fn of(
        loaded: LoadedProfile<'a>,
        value: CpuValue,
        whose: Whose,
        machine: Option<SeesKernel>,
        evidence: &Evidence,
        catalog: &Catalog,
    ) -> Self {
        let profile = loaded.profile;
        let duration = profile.duration_nanos() as f64 / 1e9;
        let seconds = if duration > 0.0 {
            duration
        } else {
            evidence.window.seconds().max(1e-9)
        };
        let mut view = Self {
            source: loaded.record.source.clone(),
            covers_window: loaded.record.covers_window && value.nanos_per_unit.is_some(),
            total_seconds: 0.0,
            is_time: value.nanos_per_unit.is_some(),
            seconds,
            samples: 0,
            kernel_seconds: 0.0,
            parts: Vec::new(),
            machine: None,
            profile,
            names: NormalNames::of(profile),
            whose,
            owners: Vec::new(),
            value,
        };
        let samples = profile.value_index("samples");
        view.samples = view
            .stacks()
            .map(|stack| samples.map_or(0, |index| stack.values()[index]))
            .sum();
        view.divide(catalog, machine);
        view
    }

    /// The target's stacks.
    fn stacks(&self) -> impl Iterator<Item = Stack<'a>> {
        let stacks = self.profile.stacks();
        stacks.filter(|stack| self.whose.is(*stack))
    }

    /// Gives each stack to the first rule that matches it.
    fn divide(&mut self, catalog: &Catalog, machine: Option<SeesKernel>) {
        let rules = &catalog.parts;
        let (signatures, owners) = signatures(&rules.part);
        let mut set = SignatureSet::new(&signatures, &self.names);
        // A program's own profile ends at the kernel's door.
        let mut kernel_rules =
            machine.map(|_| KernelRules::new(&catalog.kernel_parts, &self.names));
        let leaves = self.matchers_of_one(&rules.syscall_leaves);
        let allocators = self.matchers_of_one(&rules.allocators);
        let mut parts: Vec<OwnedPart> = rules
            .part
            .iter()
            .map(|part| part.id.as_str())
            .chain([OTHERS])
            .map(|id| OwnedPart {
                id: id.to_owned(),
                kernel: vec![0.0; catalog.kernel_parts.part.len() + 1],
                ..OwnedPart::default()
            })
            .collect();
        let mut stack_owners = Vec::new();
        let (mut total, mut in_kernel, mut unnamed) = (0.0, 0.0, 0.0);
        for stack in self.stacks() {
            let seconds = self.seconds_of(stack.values());
            total += seconds;
            let found = set.find(stack.name_ids()).iter();
            let owner = found.map(|found| owners[found.signature]).min();
            let owner = owner.unwrap_or(rules.part.len());
            stack_owners.push(owner as u32);
            let part = &mut parts[owner];
            part.seconds += seconds;
            if allocators
                .iter()
                .any(|matcher| matcher.matches(stack.name_ids()))
            {
                part.allocating += seconds;
            }
            let leaf = stack.name_ids().next_back();
            if let Some(rules) = &mut kernel_rules {
                if let Some(kernel) = rules.part(stack) {
                    part.kernel[kernel] += seconds;
                    in_kernel += seconds;
                }
                if is_unnamed(stack) {
                    unnamed += seconds;
                }
            } else if leaf.is_some_and(|leaf| leaves.iter().any(|matcher| matcher.matches([leaf])))
            {
                in_kernel += seconds;
            }
        }
        self.total_seconds = total;
        self.kernel_seconds = in_kernel;
        self.parts = parts;
        self.owners = stack_owners;
        self.machine = machine.map(|SeesKernel(sees_kernel)| Machine {
            kernel_ids: catalog.kernel_parts.ids().map(str::to_owned).collect(),
            unnamed_share: if total > 0.0 { unnamed / total } else { 0.0 },
            sees_kernel,
        });
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

    fn seconds_of(&self, values: &[i64]) -> f64 {
        let value = values.get(self.value.index).copied().unwrap_or(0);
        value as f64 * self.value.nanos_per_unit.unwrap_or(1.0) / 1e9
    }

    /// Itself, if its samples are CPU time and not shares of it.
    pub(crate) fn in_time(&self) -> Result<&Self, Missing> {
        match self.is_time {
            true => Ok(self),
            false => Err(absent("its samples are shares of CPU, not time")),
        }
    }

    pub(crate) fn total_cores(&self) -> f64 {
        self.total_seconds / self.seconds
    }

    /// CPU of a part in the profile's own time.
    pub(crate) fn part_cores(&self, id: &str) -> f64 {
        let part = self.parts.iter().find(|part| part.id == id);
        part.map_or(0.0, |part| part.seconds / self.seconds)
    }

    /// Part ids with their cores.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (&str, f64)> {
        self.parts
            .iter()
            .map(|part| (part.id.as_str(), part.seconds / self.seconds))
    }

    /// Kernel part ids with their cores, of one owner or of all.
    pub(crate) fn kernel_parts(&self, owner: Option<&str>) -> Vec<(&str, f64)> {
        let Some(machine) = &self.machine else {
            return Vec::new();
        };
        let owners = self.parts.iter();
        let asked: Vec<&OwnedPart> = owners
            .filter(|part| owner.is_none_or(|owner| owner == part.id))
            .collect();
        let cores = |at: usize| {
            let seconds: f64 = asked.iter().map(|part| part.kernel[at]).sum();
            seconds / self.seconds
        };
        let ids = machine.kernel_ids.iter().enumerate();
        ids.map(|(at, id)| (id.as_str(), cores(at)))
            .filter(|(_, cores)| *cores > 0.0)
            .collect()
    }

    /// Stacks that these parts own, each with its cores.
    pub(crate) fn stacks_of(&self, parts: &[&str]) -> impl Iterator<Item = (Stack<'a>, f64)> {
        let wanted: Vec<bool> = self
            .parts
            .iter()
            .map(|part| parts.contains(&part.id.as_str()))
            .collect();
        let owned = self.stacks().zip(&self.owners);
        owned
            .filter(move |(_, owner)| wanted[**owner as usize])
            .map(|(stack, _)| (stack, self.seconds_of(stack.values()) / self.seconds))
    }

    /// Whether it tells what the kernel did.
    pub(crate) fn sees_kernel(&self) -> bool {
        let machine = self.machine.as_ref();
        machine.is_some_and(|machine| machine.sees_kernel)
    }

    pub(crate) fn kernel_cores(&self) -> f64 {
        self.kernel_seconds / self.seconds
    }

    /// What brings sampled cores to the window's: of another time, or a little more than `/proc`
    /// shows, they are made to fit; fewer stay as they are.
    pub(crate) fn scale(&self, seen: f64, of_window: f64) -> f64 {
        match seen > 0.0 {
            true if self.covers_window && seen <= of_window => 1.0,
            true => of_window / seen,
            false => 0.0,
        }
    }

    /// Share of all allocating samples by part id; empty when nothing allocates.
    pub(crate) fn allocation_shares(&self) -> BTreeMap<String, f64> {
        let total: f64 = self.parts.iter().map(|part| part.allocating).sum();
        if total <= 0.0 {
            return BTreeMap::new();
        }
        self.parts
            .iter()
            .map(|part| (part.id.clone(), part.allocating / total))
            .collect()
    }

    /// CPU that `/proc` shows and the profile does not: kernel part and the rest, in cores.
    pub(crate) fn gap(&self, cpu: &TargetCpu) -> (f64, f64) {
        if !self.covers_window {
            return (0.0, 0.0);
        }
        let gap = (cpu.own() - self.total_cores()).max(0.0);
        let kernel = (cpu.kernel - self.kernel_cores()).clamp(0.0, gap);
        (kernel, gap - kernel)
    }

    /// Share of the profile whose stacks hold one of these ordered patterns, 0 to 1. `None` when
    /// all of them name kernel functions and the profile ends at the kernel's door.
    pub(crate) fn signature_share(&self, lists: &[Vec<String>]) -> Option<f64> {
        let can_be_seen =
            |list: &&Vec<String>| self.sees_kernel() || !list.iter().any(|frame| is_of_c(frame));
        let seen: Vec<Vec<String>> = lists.iter().filter(can_be_seen).cloned().collect();
        if seen.is_empty() && !lists.is_empty() {
            return None;
        }
        let matchers = self.matchers(&seen);
        if self.total_seconds <= 0.0 || matchers.is_empty() {
            return Some(0.0);
        }
        let matching = self.stacks().filter(|stack| {
            matchers
                .iter()
                .any(|matcher| matcher.matches(stack.name_ids()))
        });
        let seconds: f64 = matching.map(|stack| self.seconds_of(stack.values())).sum();
        Some(seconds / self.total_seconds)
    }
}

/// Whether a frame pattern is of a C function: Go's have a package before a dot.
fn is_of_c(pattern: &str) -> bool {
    !pattern.contains(['.', '/'])
}

/// Of a profile that was sampled from outside: whether the kernel's frames are in it.
#[derive(Clone, Copy)]
struct SeesKernel(bool);

fn has_kernel_frames(profile: &Profile) -> bool {
    profile.frames().any(|frame| frame.is_kernel())
}

/// Whether it came from user code and nothing of that has a name (the root may be the name of
/// the process).
fn is_unnamed(stack: Stack<'_>) -> bool {
    let mut user = stack.frames().skip(1).filter(|frame| !frame.is_kernel());
    let has_name = |name: &str| !name.starts_with('[');
    let mut seen = false;
    let named = user.any(|frame| {
        seen = true;
        frame.function_name().is_some_and(has_name)
    });
    seen && !named
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
