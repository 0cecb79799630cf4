//! The data of a page as bytes: numbers of variable length (LEB128, signed ones in zigzag) and
//! text, in the order in which `page/data.js` reads them.

use std::io::{self, Write};

use crate::html::HtmlPage;
use crate::html::base64::Base64;
use crate::html::columns::Columns;
use crate::html::dictionary::{Dictionary, FunctionEntry};
use crate::html::lines::SourceLine;
use crate::stack_rows::StackRows;
use crate::strings::{StrId, Strings};

/// Writes all of it in base64.
pub(super) fn write(page: &HtmlPage<'_>, out: impl Write) -> io::Result<()> {
    let columns = &page.columns;
    let steps = steps(columns, &page.rows);
    let (dictionary, strings) = Dictionary::of(page);
    let mut out = Encoder(Base64::new(out));
    out.strings(&strings)?;
    out.number(u64::from(page.options.inverted))?;
    out.number(u64::from(page.options.reversed))?;
    out.header(columns, &dictionary, &steps)?;
    for function in &dictionary.functions {
        out.function(function, &dictionary, &steps)?;
    }
    out.stacks(page, &dictionary, &steps)?;
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
        dictionary: &Dictionary<'_>,
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
        self.count(dictionary.types.len())?;
        for ((kind, unit), step) in dictionary.types.iter().zip(steps) {
            self.text(*kind)?;
            self.text(*unit)?;
            self.number(*step)?;
        }
        self.count(dictionary.groups.len())?;
        for group in &dictionary.groups {
            self.text(*group)?;
        }
        self.count(dictionary.files.len())?;
        for (path, page) in &dictionary.files {
            self.text(*path)?;
            self.text(*page)?;
        }
        self.count(dictionary.functions.len())
    }

    fn function(
        &mut self,
        function: &FunctionEntry<'_>,
        dictionary: &Dictionary<'_>,
        steps: &[u64],
    ) -> io::Result<()> {
        self.text(function.name)?;
        self.count(function.group)?;
        self.number(function.kind as u64)?;
        self.count(function.lines.more)?;
        self.count(function.lines.lines.len())?;
        for SourceLine { file, line, values } in &function.lines.lines {
            self.count(dictionary.file_ids[file])?;
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

    fn stacks(
        &mut self,
        page: &HtmlPage<'_>,
        dictionary: &Dictionary<'_>,
        steps: &[u64],
    ) -> io::Result<()> {
        let HtmlPage { rows, cut, .. } = page;
        self.count(rows.len())?;
        self.count(rows.box_count() - cut.boxes + cut.stacks)?;
        for (row, kept) in cut.kept(rows) {
            let is_cut = kept < row.symbols().len();
            self.count(row.shared)?;
            self.count(kept - row.shared + usize::from(is_cut))?;
            for symbol in row.symbols().take(kept).skip(row.shared) {
                self.number(dictionary.ranks[symbol.index()])?;
            }
            if is_cut {
                self.count(dictionary.functions.len() - 1)?;
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
