//! What the boxes of a picture are called: functions by name, kernel told from user.

use std::collections::HashMap;

use crate::folded_name::{EMPTY_STACK, safe_name};
use crate::keyed_hash::KeyedHash;
use crate::profile::Profile;
use crate::stack::Frame;
use crate::strings::{Interner, StrId, Strings, dense};

/// First address of the upper half, where x86-64 and arm64 have their kernel.
const UPPER_HALF: u64 = 1 << 63;

/// How names are taken from a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Naming {
    /// As they are.
    #[default]
    Raw,
    /// As [`safe_name`] makes them; kernel and user are not told apart.
    Safe,
}

/// A function in [`StackRows`](crate::StackRows), counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SymbolId(pub(crate) u32);

impl SymbolId {
    /// Position in a table of symbols.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What is known of a function that is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Symbol<'r> {
    /// As [`Frame::name`] has it; never empty.
    pub name: &'r str,
    /// Its source file, if the profile says so. Of functions with equal names the first counts.
    pub file: Option<&'r str>,
    /// The line at which it starts.
    pub start_line: Option<i64>,
    /// Whether it runs in the kernel: by its mapping, its address, or the mark `_[k]`.
    pub is_kernel: bool,
}

/// Whether a function is inlined where it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Inlined {
    Never,
    Sometimes,
    Always,
}

#[derive(Debug, Clone, Copy)]
struct SymbolRow {
    name: StrId,
    file: StrId,
    start_line: i64,
    is_kernel: bool,
    /// `None` until it was seen.
    inlined: Option<Inlined>,
}

/// Symbols of finished rows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Symbols {
    strings: Strings,
    rows: Vec<SymbolRow>,
}

impl Symbols {
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn get(&self, id: SymbolId) -> Symbol<'_> {
        let row = self.rows[id.index()];
        Symbol {
            name: self.strings.get(row.name),
            file: Some(self.strings.get(row.file)).filter(|file| !file.is_empty()),
            start_line: Some(row.start_line).filter(|line| *line != 0),
            is_kernel: row.is_kernel,
        }
    }

    pub(crate) fn inlined(&self, id: SymbolId) -> Inlined {
        self.rows[id.index()].inlined.unwrap_or(Inlined::Never)
    }

    /// For each symbol its position in the order of names, from 1.
    pub(crate) fn ranks(&self) -> Vec<u32> {
        let ids = (0..dense(self.len())).map(SymbolId);
        let mut order: Vec<_> = ids
            .map(|id| (self.get(id).name, self.get(id).is_kernel, id))
            .collect();
        order.sort_unstable();
        let mut ranks = vec![0; order.len()];
        for (rank, (_, _, id)) in order.iter().enumerate() {
            ranks[id.index()] = dense(rank + 1);
        }
        ranks
    }
}

/// Collects symbols of several profiles: equal names are one symbol.
#[derive(Debug, Default)]
pub(crate) struct SymbolTable {
    naming: Naming,
    strings: Interner<'static>,
    rows: Vec<SymbolRow>,
    ids: HashMap<(StrId, bool), SymbolId, KeyedHash>,
}

impl SymbolTable {
    pub(crate) fn new(naming: Naming) -> Self {
        Self {
            naming,
            ..Self::default()
        }
    }

    /// The symbol of each frame of a profile.
    pub(crate) fn of_frames(&mut self, profile: &Profile) -> Vec<SymbolId> {
        let names: Vec<_> = profile
            .names()
            .map(|(_, name)| self.intern_name(name))
            .collect();
        let kernel = KernelFrames::new(profile);
        // Of each name, for user code and for the kernel: most frames have one that was seen.
        let mut known = vec![[None; 2]; names.len()];
        profile
            .frames()
            .map(|frame| {
                let name = frame.name_id().index();
                let is_kernel = self.naming == Naming::Raw && kernel.has(frame);
                let known = &mut known[name][usize::from(is_kernel)];
                *known.get_or_insert_with(|| self.add(names[name], is_kernel, Some(frame)))
            })
            .collect()
    }

    /// The symbol for a function of which only the name is known.
    pub(crate) fn named(&mut self, name: &str) -> SymbolId {
        let name = self.intern_name(name);
        self.add(name, false, None)
    }

    /// The symbol that stands for a stack without frames.
    pub(crate) fn empty_stack(&mut self) -> SymbolId {
        self.named(EMPTY_STACK)
    }

    /// Remembers how a symbol was seen.
    pub(crate) fn note_inlined(&mut self, id: SymbolId, is_inlined: bool) {
        let seen = match is_inlined {
            true => Inlined::Always,
            false => Inlined::Never,
        };
        let known = &mut self.rows[id.index()].inlined;
        *known = match *known {
            None => Some(seen),
            Some(known) if known == seen => Some(known),
            Some(_) => Some(Inlined::Sometimes),
        };
    }

    pub(crate) fn finish(self) -> Symbols {
        Symbols {
            strings: self.strings.finish(),
            rows: self.rows,
        }
    }

    fn intern_name(&mut self, name: &str) -> StrId {
        match self.naming {
            Naming::Raw => self.strings.intern_copy(name.as_bytes()),
            Naming::Safe => self.strings.intern_copy(safe_name(name).as_bytes()),
        }
    }

    fn add(&mut self, name: StrId, is_kernel: bool, frame: Option<Frame<'_>>) -> SymbolId {
        if let Some(id) = self.ids.get(&(name, is_kernel)) {
            return *id;
        }
        let file = frame.and_then(Frame::file).unwrap_or_default();
        let row = SymbolRow {
            name,
            file: self.strings.intern_copy(file.as_bytes()),
            start_line: frame.and_then(Frame::start_line).unwrap_or_default(),
            is_kernel,
            inlined: None,
        };
        let id = SymbolId(dense(self.rows.len()));
        self.rows.push(row);
        self.ids.insert((name, is_kernel), id);
        id
    }
}

/// Which frames of a profile run in the kernel. What names and files tell is found once for each.
struct KernelFrames {
    by_name: Vec<bool>,
    by_mapping: Vec<Mapped>,
}

/// What a mapping's file tells of its frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mapped {
    Kernel,
    /// In the upper half, but run by user code.
    Vsyscall,
    Other,
}

impl KernelFrames {
    fn new(profile: &Profile) -> Self {
        let names = profile.names().map(|(_, name)| name.ends_with("_[k]"));
        let mappings = profile.mappings().map(|mapping| match mapping.file {
            "[vsyscall]" => Mapped::Vsyscall,
            file if is_kernel_mapping(file) => Mapped::Kernel,
            _ => Mapped::Other,
        });
        Self {
            by_name: names.collect(),
            by_mapping: mappings.collect(),
        }
    }

    fn has(&self, frame: Frame<'_>) -> bool {
        let mapped = match frame.mapping_index() {
            Some(mapping) => self.by_mapping[mapping],
            None => Mapped::Other,
        };
        let high = frame.address().is_some_and(|address| address >= UPPER_HALF);
        mapped == Mapped::Kernel
            || (high && mapped != Mapped::Vsyscall)
            || self.by_name[frame.name_id().index()]
    }
}

fn is_kernel_mapping(file: &str) -> bool {
    let module = [".ko", ".ko.gz", ".ko.xz", ".ko.zst"];
    file.starts_with("[kernel")
        || file.starts_with("[guest.kernel")
        || module.iter().any(|suffix| file.ends_with(suffix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::{Location, ProfileBuilder};
    use crate::fields::{Mapping, ValueType};

    fn kernel(file: &str, address: u64) -> bool {
        let mut builder = ProfileBuilder::new(&[ValueType::CPU]);
        let mapping = builder.mapping(Mapping {
            file,
            ..Mapping::default()
        });
        let location = builder.location(Location {
            mapping: Some(mapping),
            address,
            lines: vec![],
        });
        builder.sample([location], &[1], &[]);
        let profile = builder.finish();
        let mut table = SymbolTable::new(Naming::Raw);
        let id = table.of_frames(&profile)[0];
        table.finish().get(id).is_kernel
    }

    #[test]
    fn kernel_frames_are_known_by_mapping_or_address() {
        assert!(kernel("[kernel.kallsyms]", 0) && kernel("/lib/modules/5/nfs.ko.xz", 0));
        assert!(kernel("[nfs]", 0xffff_ffff_c031_0000));
        assert!(!kernel("/usr/bin/kubelet", 0x40_1000) && !kernel("[vdso]", 0x7fff_0000_1000));
        assert!(!kernel("[vsyscall]", 0xffff_ffff_ff60_0000));
    }

    #[test]
    fn the_mark_of_folded_text_tells_the_kernel() {
        let stacks = [(vec!["memcpy", "memcpy_[k]"], 1)];
        let profile = Profile::from_stacks(ValueType::CPU, stacks);
        let mut table = SymbolTable::new(Naming::Raw);
        let ids = table.of_frames(&profile);
        let symbols = table.finish();
        let kernel: Vec<_> = ids.iter().map(|id| symbols.get(*id).is_kernel).collect();
        assert_eq!(kernel, [false, true]);
    }
}
