//! Stacks of addresses, with what becomes of them when all are known.

use std::collections::HashMap;

use crate::error::ReadError;
use crate::index::push;
use crate::limits::Limits;
use crate::open::OpenError;
use crate::rows::{LabelValueRow, MappingRow};
use crate::stack::nth_range;
use crate::strings::{StrId, dense};
use crate::text::Understood;
use crate::text::assembly::{Assembly, LineRow, LocationHead};
use crate::text::ignored::Ignored;
use crate::text::legacy::memory_map::MemoryMap;
use crate::text::legacy::symbols::Symbols;
use crate::text::legacy::uninteresting;
use crate::text::section::Line;

/// Each address is looked for in each mapping: some seconds of work at most.
const MOST_STEPS: usize = 1 << 32;

/// Samples as they come; addresses are kept once.
#[derive(Debug)]
pub(super) struct Stacks<'t> {
    pub(super) assembly: Assembly<'t>,
    pub(super) symbols: Symbols<'t>,
    pub(super) ignored: Ignored,
    positions: HashMap<u64, u32>,
    addresses: Vec<u64>,
    /// From leaf to root.
    frames: Vec<u32>,
    ends: Vec<usize>,
    /// What a label `bytes` says, for each sample of a heap.
    blocks: Vec<i64>,
    limits: &'t Limits,
}

impl<'t> Stacks<'t> {
    pub(super) fn new(limits: &'t Limits) -> Self {
        Self {
            assembly: Assembly::new(limits),
            symbols: Symbols::default(),
            ignored: Ignored::default(),
            positions: HashMap::new(),
            addresses: Vec::new(),
            frames: Vec::new(),
            ends: Vec::new(),
            blocks: Vec::new(),
            limits,
        }
    }

    /// Takes samples and what comments say of their functions from lines, up to one that begins
    /// the memory map, which is returned. `sample` says whether it understood its line.
    pub(super) fn take_lines(
        &mut self,
        lines: &mut impl Iterator<Item = Line<'t>>,
        is_memory_map: impl Fn(&str) -> bool,
        mut sample: impl FnMut(&mut Self, Line<'t>) -> Result<bool, OpenError>,
    ) -> Result<&'t str, OpenError> {
        for (number, line) in lines {
            let line = line.trim();
            if is_memory_map(line) {
                return Ok(line);
            }
            if line.starts_with('#') {
                self.symbols.comment(line, self.limits)?;
            } else if !line.is_empty() && !sample(self, (number, line))? {
                self.ignored.add(number, line);
            }
        }
        Ok("")
    }

    /// Adds a stack of calls, from leaf to root: addresses to which they return, which are moved
    /// back by one into the call.
    pub(super) fn add_calls(
        &mut self,
        addresses: impl Iterator<Item = u64>,
        values: &[i64],
    ) -> Result<(), ReadError> {
        self.add(addresses.map(|address| address.wrapping_sub(1)), values)
    }

    /// The same where the leaf is the address that was interrupted.
    pub(super) fn add_interrupted(
        &mut self,
        addresses: impl Iterator<Item = u64>,
        values: &[i64],
    ) -> Result<(), ReadError> {
        let moved = addresses.enumerate();
        let moved = moved.map(|(depth, address)| address.wrapping_sub(u64::from(depth > 0)));
        self.add(moved, values)
    }

    /// Adds a stack as it is, from leaf to root.
    pub(super) fn add(
        &mut self,
        addresses: impl Iterator<Item = u64>,
        values: &[i64],
    ) -> Result<(), ReadError> {
        for address in addresses {
            let position = match self.positions.get(&address) {
                Some(known) => *known,
                None => {
                    let next = dense(self.addresses.len());
                    let limit = self.limits.max_table_entries;
                    push(&mut self.addresses, address, "locations", limit)?;
                    self.positions.insert(address, next);
                    next
                }
            };
            push(
                &mut self.frames,
                position,
                "stack frames",
                self.limits.max_frames,
            )?;
        }
        push(
            &mut self.ends,
            self.frames.len(),
            "samples",
            self.limits.max_samples,
        )?;
        self.assembly.values(values.iter().copied())
    }

    /// The size of a block, for the sample that was just added.
    pub(super) fn block(&mut self, bytes: i64) {
        self.blocks.push(bytes);
    }

    /// Another one like the last.
    pub(super) fn count_again(&mut self) {
        if let Some(value) = self.assembly.profile.samples.values.last_mut() {
            *value += 1;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The addresses of a stack from leaf to root.
    pub(super) fn stack(&self, sample: usize) -> impl Iterator<Item = u64> {
        let frames = &self.frames[nth_range(&self.ends, sample)];
        frames.iter().map(|frame| self.addresses[*frame as usize])
    }

    /// Removes the frame above the leaf from the samples that `unwanted` chooses by the addresses
    /// of both.
    pub(super) fn remove_second(&mut self, unwanted: impl Fn(u64, u64) -> bool) {
        let frames = std::mem::take(&mut self.frames);
        let mut start = 0;
        for end in &mut self.ends {
            let stack = &frames[start..*end];
            start = *end;
            let (head, tail) = match stack {
                [leaf, second, rest @ ..] => {
                    let address = |frame: &u32| self.addresses[*frame as usize];
                    let remove = unwanted(address(leaf), address(second));
                    (&stack[..1], if remove { rest } else { &stack[1..] })
                }
                short => (short, &stack[..0]),
            };
            self.frames.extend_from_slice(head);
            self.frames.extend_from_slice(tail);
            *end = self.frames.len();
        }
    }

    /// Locations are numbered in the order in which samples use them.
    pub(super) fn finish(mut self, mut map: MemoryMap) -> Result<Understood, OpenError> {
        map.settle();
        self.symbols.close();
        let mut order: Vec<u32> = Vec::new();
        let mut ranks: Vec<Option<u32>> = vec![None; self.addresses.len()];
        for frame in &self.frames {
            ranks[*frame as usize].get_or_insert_with(|| {
                order.push(*frame);
                dense(order.len() - 1)
            });
        }
        let addresses: Vec<u64> = order
            .iter()
            .map(|at| self.addresses[*at as usize])
            .collect();
        let steps = addresses.len().saturating_mul(map.entries.len());
        if steps > MOST_STEPS {
            return Err(ReadError::OverLimit {
                what: "pairs of an address and a mapping",
                limit: MOST_STEPS,
            }
            .into());
        }
        let is_real = |address: &u64| !self.symbols.replaces(*address);
        let mappings: Vec<_> = addresses
            .iter()
            .map(|address| {
                Some(*address)
                    .filter(is_real)
                    .and_then(|address| map.find(address))
            })
            .collect();
        self.add_mappings(&map)?;
        for (address, mapping) in addresses.iter().zip(mappings) {
            self.add_location(*address, mapping)?;
        }
        for sample in 0..self.ends.len() {
            let stack = &self.frames[nth_range(&self.ends, sample)];
            let stack = stack
                .iter()
                .rev()
                .filter_map(|frame| ranks[*frame as usize]);
            self.assembly.sample(stack, &[])?;
            if let Some(bytes) = self.blocks.get(sample) {
                let (number, unit) = (*bytes, StrId::EMPTY);
                self.assembly
                    .label("bytes", LabelValueRow::Number { number, unit })?;
            }
        }
        uninteresting::mark(&mut self.assembly);
        Ok(Understood {
            profile: self.assembly.finish(),
            notes: self.ignored.note().into_iter().collect(),
        })
    }

    fn add_mappings(&mut self, map: &MemoryMap) -> Result<(), OpenError> {
        for entry in &map.entries {
            let row = MappingRow {
                start: entry.start,
                limit: entry.limit,
                offset: entry.offset,
                file: self.assembly.made_up(&entry.file),
                ..MappingRow::default()
            };
            self.assembly.mapping(row)?;
        }
        Ok(())
    }

    fn add_location(&mut self, address: u64, mapping: Option<u32>) -> Result<(), OpenError> {
        let mut lines: Vec<LineRow> = Vec::new();
        for symbol in self.symbols.at(address) {
            lines.push(symbol.line(&mut self.assembly)?);
        }
        let head = LocationHead {
            address: if self.symbols.replace_addresses {
                0
            } else {
                address
            },
            mapping,
            ..LocationHead::default()
        };
        self.assembly.location(head, lines.into_iter())?;
        Ok(())
    }
}
