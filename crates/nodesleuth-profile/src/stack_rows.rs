//! Distinct stacks, sorted so that a picture can be drawn by walking over them once.
//!
//! A row is a stack as numbers, with one or more values (lanes): the sample types of a profile, or
//! before and after. Rows are sorted key by key, so callees with one name are together under
//! their caller; sorting text would not give that (`.` sorts before `;`).

use std::ops::Range;

use crate::error::ReadError;
use crate::parts::Parts;
use crate::profile::{Profile, clamp};
use crate::row_order::{REPEATED, RowTable, Sorted};
use crate::stack::{Stack, nth_range};
use crate::strings::dense;
use crate::symbols::{Inlined, Naming, Symbol, SymbolId, SymbolTable, Symbols};

/// Sorted, merged stacks of one or more profiles.
///
/// ```
/// use nodesleuth_profile::{Profile, StackRows, ValueType};
///
/// let before = Profile::from_stacks(ValueType::CPU, [(vec!["main", "work"], 10)]);
/// let after = Profile::from_stacks(ValueType::CPU, [(vec!["main", "work"], 30)]);
/// let mut rows = StackRows::builder(2);
/// rows.add(&before, |stack, lanes| lanes[0] = stack.values()[0]);
/// rows.add(&after, |stack, lanes| lanes[1] = stack.values()[0]);
/// let rows = rows.finish();
/// assert_eq!(rows.totals(), [10, 30]);
/// let mut boxes = Vec::new();
/// rows.walk(|b| boxes.push((b.depth, rows.symbol(b.symbol).name, b.totals.to_vec())));
/// assert_eq!(boxes, [(1, "work", vec![10, 30]), (0, "main", vec![10, 30])]);
/// ```
#[derive(Debug, Clone, Default)]
pub struct StackRows {
    pub(crate) lanes: usize,
    symbols: Symbols,
    /// Symbols of all stacks, shifted left by one; the lowest bit says that it was inlined.
    keys: Vec<u32>,
    /// Distinct rows, sorted.
    order: Vec<Place>,
    /// As many as there are lanes for each of them, in the same order: walking over rows must not
    /// wait for memory.
    values: Vec<i64>,
}

/// Where the keys of a row are.
#[derive(Debug, Clone, Copy)]
struct Place {
    start: usize,
    length: u32,
    /// How many symbols it has in common with the row before.
    shared: u32,
}

/// One distinct stack.
#[derive(Debug, Clone, Copy)]
pub struct StackRow<'r> {
    /// Its keys; see [`StackRows::keys`].
    pub(crate) keys: &'r [u32],
    /// How many functions it has in common with the row before.
    pub(crate) shared: usize,
    /// One value per lane.
    pub values: &'r [i64],
}

impl<'r> StackRow<'r> {
    /// Functions in the direction of the rows, at least one.
    pub fn symbols(self) -> impl DoubleEndedIterator<Item = SymbolId> + ExactSizeIterator + Clone {
        self.keys.iter().map(|key| SymbolId(key >> 1))
    }
}

impl StackRows {
    /// Collects stacks with this many values each.
    pub fn builder(lanes: usize) -> StackRowsBuilder {
        StackRowsBuilder::new(lanes, Naming::Raw)
    }

    /// Values per stack.
    pub fn lanes(&self) -> usize {
        self.lanes
    }

    /// Number of distinct stacks.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there is no stack at all.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Number of symbols; [`SymbolId::index`] is below it.
    pub fn symbol_count(&self) -> usize {
        self.symbols.len()
    }

    /// All symbols, also of frames that are in no stack.
    pub fn symbol_ids(&self) -> impl ExactSizeIterator<Item = SymbolId> + use<> {
        (0..dense(self.symbol_count())).map(SymbolId)
    }

    /// What is known of a function.
    pub fn symbol(&self, id: SymbolId) -> Symbol<'_> {
        self.symbols.get(id)
    }

    /// Distinct stacks, sorted by the names of their functions.
    pub fn stacks(&self) -> impl ExactSizeIterator<Item = StackRow<'_>> + DoubleEndedIterator {
        (0..self.len()).map(|at| self.nth(at))
    }

    /// Sum of each lane, clamped to the range of `i64`.
    pub fn totals(&self) -> Vec<i64> {
        let sum = |lane| {
            let values = self.stacks().map(|stack| i128::from(stack.values[lane]));
            clamp(values.sum())
        };
        (0..self.lanes).map(sum).collect()
    }

    /// A stack by its place in the order.
    pub(crate) fn nth(&self, at: usize) -> StackRow<'_> {
        let place = self.order[at];
        StackRow {
            keys: &self.keys[place.start..][..place.length as usize],
            shared: place.shared as usize,
            values: &self.values[at * self.lanes..][..self.lanes],
        }
    }

    pub(crate) fn inlined(&self, symbol: SymbolId) -> Inlined {
        self.symbols.inlined(symbol)
    }

    /// Keeps one row of those that are equal: with the sum of their values, and a function inlined
    /// only if it is in all of them.
    fn merge(&mut self, sorted: &[Sorted], ends: &[usize], values: &[i64]) {
        self.order.reserve(sorted.len());
        self.values.reserve(values.len());
        for same in sorted.chunk_by(|_, right| right.shared == REPEATED) {
            let keys = nth_range(ends, same[0].row as usize);
            for other in &same[1..] {
                let start = nth_range(ends, other.row as usize).start;
                for at in keys.clone() {
                    self.keys[at] &= self.keys[start + at - keys.start] | !1;
                }
            }
            let values_of = |at: &Sorted| &values[at.row as usize * self.lanes..][..self.lanes];
            match same {
                [only] => self.values.extend_from_slice(values_of(only)),
                _ => self.values.extend((0..self.lanes).map(|lane| {
                    let lanes = same.iter().map(|at| i128::from(values_of(at)[lane]));
                    clamp(lanes.sum())
                })),
            }
            self.order.push(Place {
                start: keys.start,
                length: dense(keys.len()),
                shared: same[0].shared,
            });
        }
    }
}

/// Collects stacks for [`StackRows`]. A profile is not needed any more when it was added.
#[derive(Debug)]
pub struct StackRowsBuilder {
    symbols: SymbolTable,
    from_leaf: bool,
    /// Rows as they come: their keys, where they end, their values.
    keys: Vec<u32>,
    ends: Vec<usize>,
    values: Vec<i64>,
    /// Values of the row that is being added.
    lanes: Vec<i64>,
}

impl StackRowsBuilder {
    pub(crate) fn new(lanes: usize, naming: Naming) -> Self {
        Self {
            symbols: SymbolTable::new(naming),
            from_leaf: false,
            keys: Vec::new(),
            ends: Vec::new(),
            values: Vec::new(),
            lanes: vec![0; lanes],
        }
    }

    /// Rows of the profiles that are added from now on begin with the leaf, so that callees are
    /// merged, not callers.
    pub fn from_leaf(&mut self, from_leaf: bool) -> &mut Self {
        self.from_leaf = from_leaf;
        self
    }

    /// Adds the stacks of a profile. `fill` sets the values of a stack, which are 0 before; a
    /// stack whose values stay 0 is left out. Labels do not tell stacks apart, and a stack without
    /// frames becomes `[empty stack]`, so that no value is lost.
    pub fn add(&mut self, profile: &Profile, mut fill: impl FnMut(Stack<'_>, &mut [i64])) {
        let keys = LocationKeys::new(profile, &mut self.symbols);
        let frames = keys.count(&profile.samples.locations);
        self.reserve(profile.stack_count(), frames);
        self.add_stacks(profile, &keys, &mut fill);
    }

    /// The same with a profile that is read at the same time, and so never is in memory as a whole.
    ///
    /// # Errors
    /// If its samples cannot be read; those before the first that is broken have been added then.
    pub fn add_parts(
        &mut self,
        parts: &mut Parts<'_>,
        mut fill: impl FnMut(Stack<'_>, &mut [i64]),
    ) -> Result<(), ReadError> {
        let keys = LocationKeys::new(parts.tables(), &mut self.symbols);
        self.reserve(parts.stack_count(), parts.usual_frames());
        while let Some(part) = parts.next_part()? {
            self.add_stacks(part, &keys, &mut fill);
        }
        Ok(())
    }

    fn add_stacks(
        &mut self,
        profile: &Profile,
        keys: &LocationKeys,
        fill: &mut impl FnMut(Stack<'_>, &mut [i64]),
    ) {
        for stack in profile.stacks() {
            self.lanes.fill(0);
            fill(stack, &mut self.lanes);
            if self.lanes.iter().any(|value| *value != 0) {
                self.push(stack, keys);
                self.close();
            }
        }
    }

    /// Adds a stack by the names of its functions, root first.
    pub(crate) fn add_named<'n>(&mut self, names: impl IntoIterator<Item = &'n str>, value: i64) {
        for name in names {
            let symbol = self.symbols.named(name);
            self.keys.push(symbol.0 << 1);
        }
        self.lanes.fill(value);
        self.close();
    }

    /// Makes room: to count is cheaper than to copy what has grown.
    fn reserve(&mut self, rows: usize, keys: usize) {
        self.keys.reserve(keys);
        self.ends.reserve(rows);
        self.values.reserve(rows * self.lanes.len());
    }

    /// Sorts and merges.
    pub fn finish(self) -> StackRows {
        let symbols = self.symbols.finish();
        let table = RowTable {
            keys: &self.keys,
            ends: &self.ends,
            ranks: &symbols.ranks(),
        };
        let sorted = table.sorted();
        let mut rows = StackRows {
            lanes: self.lanes.len(),
            symbols,
            keys: self.keys,
            ..StackRows::default()
        };
        rows.merge(&sorted, &self.ends, &self.values);
        rows
    }

    fn push(&mut self, stack: Stack<'_>, keys: &LocationKeys) {
        let first = self.keys.len();
        keys.append(stack.locations(), &mut self.keys);
        if self.from_leaf {
            self.keys[first..].reverse();
        }
    }

    /// Ends the row whose keys were pushed.
    fn close(&mut self) {
        if self.keys.len() == self.ends.last().copied().unwrap_or(0) {
            self.keys.push(self.symbols.empty_stack().0 << 1);
        }
        self.ends.push(self.keys.len());
        self.values.extend_from_slice(&self.lanes);
    }
}

/// The keys of each location of a profile: this is looked up for every frame.
struct LocationKeys {
    /// For each location the two keys that most have at most; see [`NO_SECOND`] and [`MANY`].
    pairs: Vec<[u32; 2]>,
    /// The keys of all frames.
    keys: Vec<u32>,
    /// Where in them are those of the locations that have more than two.
    many: Vec<Range<u32>>,
}

/// Stands for the second key of a location at which nothing is inlined. No symbol has it: there are
/// fewer than 2^31.
const NO_SECOND: u32 = u32::MAX;
/// Stands for the second key of a location that has more than two; the first is its position in the
/// list of those.
const MANY: u32 = u32::MAX - 1;

impl LocationKeys {
    fn new(profile: &Profile, table: &mut SymbolTable) -> Self {
        let symbols = table.of_frames(profile);
        let mut all = Self {
            pairs: Vec::with_capacity(profile.locations.len()),
            keys: symbols.iter().map(|symbol| symbol.0 << 1 | 1).collect(),
            many: Vec::new(),
        };
        for location in 0..dense(profile.locations.len()) {
            all.add(profile.frames_of(location));
        }
        for key in &all.keys {
            table.note_inlined(SymbolId(key >> 1), key & 1 == 1);
        }
        all
    }

    /// Adds a location by its frames; the first is not inlined.
    fn add(&mut self, frames: Range<u32>) {
        let keys = &mut self.keys[frames.start as usize..frames.end as usize];
        keys[0] &= !1;
        let pair = match *keys {
            [only] => [only, NO_SECOND],
            [first, second] => [first, second],
            _ => [dense(self.many.len()), MANY],
        };
        if pair[1] == MANY {
            self.many.push(frames);
        }
        self.pairs.push(pair);
    }

    /// Those of one location, if it has more than two.
    fn many(&self, [first, second]: [u32; 2]) -> Option<&[u32]> {
        let frames = (second == MANY).then(|| self.many[first as usize].clone())?;
        Some(&self.keys[frames.start as usize..frames.end as usize])
    }

    /// How many keys stacks of these locations have.
    fn count(&self, locations: &[u32]) -> usize {
        let keys = locations.iter().map(|location| {
            let pair = self.pairs[*location as usize];
            let several = self.many(pair).map_or(2, <[u32]>::len);
            if pair[1] == NO_SECOND { 1 } else { several }
        });
        keys.sum()
    }

    /// Adds the keys of these locations.
    fn append(&self, mut locations: &[u32], to: &mut Vec<u32>) {
        loop {
            let start = to.len();
            to.resize(start + 2 * locations.len(), 0);
            let (done, written) = self.write_pairs(locations, &mut to[start..]);
            to.truncate(start + written);
            let Some(location) = locations.get(done) else {
                return;
            };
            let keys = self.many(self.pairs[*location as usize]);
            to.extend_from_slice(keys.unwrap_or_default());
            locations = &locations[done + 1..];
        }
    }

    /// Writes the keys of the locations before the first that has more than two; how many
    /// locations and keys that is. Always two are written, and the second over again if there was
    /// none: no processor could guess where something is inlined.
    fn write_pairs(&self, locations: &[u32], to: &mut [u32]) -> (usize, usize) {
        let mut end = 0;
        for (done, location) in locations.iter().enumerate() {
            let pair = self.pairs[*location as usize];
            if pair[1] == MANY {
                return (done, end);
            }
            to[end..end + 2].copy_from_slice(&pair);
            end += 1 + usize::from(pair[1] != NO_SECOND);
        }
        (locations.len(), end)
    }
}
