//! Distinct stacks, sorted so that a picture can be drawn by walking over them once.
//!
//! A row is a stack as numbers, with one or more values (lanes): the sample types of a profile, or
//! before and after. Rows are sorted key by key, so callees with one name are together under
//! their caller; sorting text would not give that (`.` sorts before `;`).

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
    ends: Vec<usize>,
    values: Vec<i64>,
    /// Rows that are in use, sorted.
    order: Vec<Sorted>,
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
        self.order.iter().map(|at| self.row(*at))
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
        self.row(self.order[at])
    }

    pub(crate) fn inlined(&self, symbol: SymbolId) -> Inlined {
        self.symbols.inlined(symbol)
    }

    fn row(&self, at: Sorted) -> StackRow<'_> {
        let row = at.row as usize;
        StackRow {
            keys: &self.keys[nth_range(&self.ends, row)],
            shared: at.shared as usize,
            values: &self.values[row * self.lanes..][..self.lanes],
        }
    }

    /// Keeps one row of those that are equal: with the sum of their values, and a function inlined
    /// only if it is in all of them.
    fn merge(&mut self, sorted: &[Sorted]) {
        for group in sorted.chunk_by(|_, right| right.shared == REPEATED) {
            let (first, others) = (group[0], &group[1..]);
            if !others.is_empty() {
                self.merge_into(first.row as usize, others);
            }
            self.order.push(first);
        }
    }

    fn merge_into(&mut self, row: usize, others: &[Sorted]) {
        for lane in 0..self.lanes {
            let at = |row: usize| row * self.lanes + lane;
            let values = others
                .iter()
                .map(|other| self.values[at(other.row as usize)]);
            let sum: i128 = values.map(i128::from).sum();
            self.values[at(row)] = clamp(sum + i128::from(self.values[at(row)]));
        }
        let range = nth_range(&self.ends, row);
        for other in others {
            let start = nth_range(&self.ends, other.row as usize).start;
            for at in range.clone() {
                self.keys[at] &= self.keys[start + at - range.start] | !1;
            }
        }
    }
}

/// Collects stacks for [`StackRows`]. A profile is not needed any more when it was added.
#[derive(Debug)]
pub struct StackRowsBuilder {
    rows: StackRows,
    symbols: SymbolTable,
    from_leaf: bool,
    lanes: Vec<i64>,
}

impl StackRowsBuilder {
    pub(crate) fn new(lanes: usize, naming: Naming) -> Self {
        Self {
            rows: StackRows {
                lanes,
                ..StackRows::default()
            },
            symbols: SymbolTable::new(naming),
            from_leaf: false,
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
        for stack in profile.stacks() {
            self.lanes.fill(0);
            fill(stack, &mut self.lanes);
            if self.lanes.iter().any(|value| *value != 0) {
                self.push(stack, &keys);
                self.close();
            }
        }
    }

    /// Adds a stack by the names of its functions, root first.
    pub(crate) fn add_named<'n>(&mut self, names: impl IntoIterator<Item = &'n str>, value: i64) {
        for name in names {
            let symbol = self.symbols.named(name);
            self.rows.keys.push(symbol.0 << 1);
        }
        self.lanes.fill(value);
        self.close();
    }

    /// Sorts and merges.
    pub fn finish(self) -> StackRows {
        let mut rows = self.rows;
        rows.symbols = self.symbols.finish();
        let table = RowTable {
            keys: &rows.keys,
            ends: &rows.ends,
            ranks: &rows.symbols.ranks(),
        };
        let sorted = table.sorted();
        rows.merge(&sorted);
        rows
    }

    fn push(&mut self, stack: Stack<'_>, keys: &LocationKeys) {
        let first = self.rows.keys.len();
        self.rows.keys.reserve(stack.locations().len());
        for location in stack.locations() {
            match keys.of(*location) {
                LocationKey::One(key) => self.rows.keys.push(key),
                LocationKey::Many { first, last } => {
                    let inlined = &keys.keys[first as usize..=last as usize];
                    self.rows.keys.extend_from_slice(inlined);
                }
            }
        }
        if self.from_leaf {
            self.rows.keys[first..].reverse();
        }
    }

    /// Ends the row whose keys were pushed.
    fn close(&mut self) {
        let rows = &mut self.rows;
        if rows.keys.len() == rows.ends.last().copied().unwrap_or(0) {
            rows.keys.push(self.symbols.empty_stack().0 << 1);
        }
        rows.ends.push(rows.keys.len());
        rows.values.extend_from_slice(&self.lanes);
    }
}

/// The keys of each location of a profile, close together: this is looked up for every frame.
struct LocationKeys {
    keys: Vec<u32>,
    locations: Vec<LocationKey>,
}

#[derive(Clone, Copy)]
enum LocationKey {
    /// Nothing is inlined there, as almost everywhere.
    One(u32),
    /// Positions of its keys.
    Many { first: u32, last: u32 },
}

impl LocationKeys {
    fn new(profile: &Profile, table: &mut SymbolTable) -> Self {
        let symbols = table.of_frames(profile);
        let mut keys: Vec<u32> = symbols.iter().map(|symbol| symbol.0 << 1 | 1).collect();
        let mut locations = Vec::with_capacity(profile.locations.len());
        for location in 0..dense(profile.locations.len()) {
            let frames = profile.frames_of(location);
            keys[frames.start as usize] &= !1;
            locations.push(match frames.len() {
                1 => LocationKey::One(keys[frames.start as usize]),
                _ => LocationKey::Many {
                    first: frames.start,
                    last: frames.end - 1,
                },
            });
        }
        for key in &keys {
            table.note_inlined(SymbolId(key >> 1), key & 1 == 1);
        }
        Self { keys, locations }
    }

    fn of(&self, location: u32) -> LocationKey {
        self.locations[location as usize]
    }
}
