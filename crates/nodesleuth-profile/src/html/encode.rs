//! The data of a page as bytes: numbers of variable length (LEB128, signed ones in zigzag) and
//! text, in the order in which `page/data.js` reads them.

use std::collections::HashMap;
use std::io::{self, Write};

use crate::html::HtmlOptions;
use crate::html::base64::Base64;
use crate::html::columns::Columns;
use crate::html::escape::visible;
use crate::html::group::group;
use crate::html::kind::{Kind, kinds};
use crate::html::lines::{FunctionLines, SourceLine, lines};
use crate::source_link::SourceLinks;
use crate::stack_rows::{StackRow, StackRows};
use crate::strings::{Interner, StrId, Strings};
use crate::symbols::SymbolId;

/// Writes all of it in base64.
pub(super) fn write(
    columns: &Columns<'_>,
    options: &HtmlOptions<'_>,
    out: impl Write,
) -> io::Result<()> {
    let rows = columns.rows();
    let steps = steps(columns, &rows);
    let (tables, strings) = Tables::of(columns, &rows, &options.links);
    let mut out = Encoder(Base64::new(out));
    out.strings(&strings)?;
    out.number(u64::from(options.inverted))?;
    out.header(columns, &tables, &steps)?;
    for function in &tables.functions {
        out.function(function, &tables, &steps)?;
    }
    out.stacks(&rows, &tables.ranks, &steps)?;
    out.0.finish()
}

/// For each column the number that all of its values are multiples of; a CPU profile has the
/// distance between samples there.
fn steps(columns: &Columns<'_>, rows: &StackRows) -> Vec<u64> {
    let types = columns.columns.len();
    let mut steps = vec![0; types];
    for row in rows.stacks() {
        for (at, value) in row.values.iter().enumerate() {
            let step = &mut steps[at % types];
            *step = common_divisor(*step, value.unsigned_abs());
        }
    }
    // Lines sum the same values, unless a sum stopped at the end of its range.
    let usable = |step: u64| {
        if i64::try_from(step).is_ok() {
            step.max(1)
        } else {
            1
        }
    };
    let steps: Vec<u64> = steps.into_iter().map(usable).collect();
    steps
        .iter()
        .cycle()
        .take(columns.width())
        .copied()
        .collect()
}

fn common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// A function with the places of its texts.
struct FunctionEntry<'p> {
    name: StrId,
    group: usize,
    kind: Kind,
    lines: FunctionLines<'p>,
}

/// What the page has besides the stacks.
struct Tables<'p> {
    types: Vec<(StrId, StrId)>,
    groups: Vec<StrId>,
    /// Path and page.
    files: Vec<(StrId, StrId)>,
    file_ids: HashMap<&'p str, usize>,
    /// In the order of their names.
    functions: Vec<FunctionEntry<'p>>,
    /// Position in `functions` of each symbol.
    ranks: Vec<u64>,
}

impl<'p> Tables<'p> {
    fn of(columns: &Columns<'p>, rows: &StackRows, links: &SourceLinks) -> (Self, Strings) {
        let mut text = Interner::default();
        let mut intern = |shown: &str| text.intern_copy(visible(shown).as_bytes());
        let types = columns.columns.iter().map(|column| column.value_type);
        let mut tables = Self {
            types: types.map(|t| (intern(t.kind), intern(t.unit))).collect(),
            groups: Vec::new(),
            files: Vec::new(),
            file_ids: HashMap::new(),
            functions: Vec::new(),
            ranks: vec![0; rows.symbol_count()],
        };
        tables.add_functions(columns, rows, &mut intern);
        tables.add_files(links, &mut intern);
        (tables, text.finish())
    }

    fn add_functions(
        &mut self,
        columns: &Columns<'p>,
        rows: &StackRows,
        intern: &mut impl FnMut(&str) -> StrId,
    ) {
        let mut lines = lines(columns);
        let kinds = kinds(rows);
        let mut groups: HashMap<String, usize> = HashMap::new();
        for (rank, id) in used_by_name(rows).into_iter().enumerate() {
            let symbol = rows.symbol(id);
            let kind = kinds[id.index()];
            let group = *groups
                .entry(group(symbol, kind))
                .or_insert_with_key(|name| {
                    self.groups.push(intern(name));
                    self.groups.len() - 1
                });
            self.ranks[id.index()] = rank as u64;
            self.functions.push(FunctionEntry {
                name: intern(symbol.name),
                group,
                kind,
                lines: lines.remove(symbol.name).unwrap_or_default(),
            });
        }
    }

    fn add_files(&mut self, links: &SourceLinks, intern: &mut impl FnMut(&str) -> StrId) {
        let lines = self
            .functions
            .iter()
            .flat_map(|function| &function.lines.lines);
        for file in lines.map(|line| line.file) {
            self.file_ids.entry(file).or_insert_with(|| {
                let page = links.page(file).unwrap_or_default();
                self.files.push((intern(file), intern(&page)));
                self.files.len() - 1
            });
        }
    }
}

/// Symbols that occur in a stack, by name.
fn used_by_name(rows: &StackRows) -> Vec<SymbolId> {
    let mut used = vec![false; rows.symbol_count()];
    for symbol in rows.stacks().flat_map(StackRow::symbols) {
        used[symbol.index()] = true;
    }
    let mut ids: Vec<SymbolId> = rows.symbol_ids().filter(|id| used[id.index()]).collect();
    ids.sort_by_key(|id| (rows.symbol(*id).name, rows.symbol(*id).is_kernel));
    ids
}

struct Encoder<W>(Base64<W>);

impl<W: Write> Encoder<W> {
    fn number(&mut self, mut number: u64) -> io::Result<()> {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80)?;
            number >>= 7;
        }
        self.0.push(number as u8)
    }

    fn count(&mut self, number: usize) -> io::Result<()> {
        self.number(number as u64)
    }

    fn signed(&mut self, number: i64) -> io::Result<()> {
        self.number(((number << 1) ^ (number >> 63)) as u64)
    }

    fn text(&mut self, id: StrId) -> io::Result<()> {
        self.count(id.index())
    }

    fn strings(&mut self, strings: &Strings) -> io::Result<()> {
        self.count(strings.len())?;
        for id in strings.ids() {
            let text = strings.get(id);
            self.count(text.len())?;
            text.bytes().try_for_each(|byte| self.0.push(byte))?;
        }
        Ok(())
    }

    fn header(
        &mut self,
        columns: &Columns<'_>,
        tables: &Tables<'_>,
        steps: &[u64],
    ) -> io::Result<()> {
        let nanos = |nanos: i64| u64::try_from(nanos).unwrap_or(0);
        self.count(columns.first)?;
        self.number(u64::from(columns.before.is_some()))?;
        self.number(nanos(columns.profile.duration_nanos()))?;
        self.number(
            columns
                .before
                .map_or(0, |before| nanos(before.duration_nanos())),
        )?;
        self.count(tables.types.len())?;
        for ((kind, unit), step) in tables.types.iter().zip(steps) {
            self.text(*kind)?;
            self.text(*unit)?;
            self.number(*step)?;
        }
        self.count(tables.groups.len())?;
        for group in &tables.groups {
            self.text(*group)?;
        }
        self.count(tables.files.len())?;
        for (path, page) in &tables.files {
            self.text(*path)?;
            self.text(*page)?;
        }
        self.count(tables.functions.len())
    }

    fn function(
        &mut self,
        function: &FunctionEntry<'_>,
        tables: &Tables<'_>,
        steps: &[u64],
    ) -> io::Result<()> {
        self.text(function.name)?;
        self.count(function.group)?;
        self.number(function.kind as u64)?;
        self.count(function.lines.more)?;
        self.count(function.lines.lines.len())?;
        for SourceLine { file, line, values } in &function.lines.lines {
            self.count(tables.file_ids[file])?;
            self.number(u64::try_from(*line).unwrap_or(0))?;
            self.values(values, steps)?;
        }
        Ok(())
    }

    fn values(&mut self, values: &[i64], steps: &[u64]) -> io::Result<()> {
        for (value, step) in values.iter().zip(steps) {
            self.signed(value / *step as i64)?;
        }
        Ok(())
    }

    fn stacks(&mut self, rows: &StackRows, ranks: &[u64], steps: &[u64]) -> io::Result<()> {
        self.count(rows.len())?;
        self.count(rows.box_count())?;
        for row in rows.stacks() {
            self.count(row.shared)?;
            self.count(row.symbols().len() - row.shared)?;
            for symbol in row.symbols().skip(row.shared) {
                self.number(ranks[symbol.index()])?;
            }
            self.values(row.values, steps)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(fill: impl FnOnce(&mut Encoder<&mut Vec<u8>>)) -> String {
        let mut out = Vec::new();
        let mut encoder = Encoder(Base64::new(&mut out));
        fill(&mut encoder);
        encoder.0.finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_have_as_many_bytes_as_they_need() {
        // 300 is ac 02.
        assert_eq!(written(|out| out.number(300).unwrap()), "rAI=");
        // -1 is 1, 1 is 2.
        assert_eq!(written(|out| out.signed(-1).unwrap()), "AQ==");
        assert_eq!(written(|out| out.signed(1).unwrap()), "Ag==");
        let lowest = written(|out| out.signed(i64::MIN).unwrap());
        assert_eq!(lowest, written(|out| out.number(u64::MAX).unwrap()));
    }

    #[test]
    fn the_step_is_the_greatest_common_divisor() {
        assert_eq!(common_divisor(0, 30), 30);
        assert_eq!(common_divisor(30, 20), 10);
        assert_eq!(common_divisor(0, 0), 0);
    }
}
