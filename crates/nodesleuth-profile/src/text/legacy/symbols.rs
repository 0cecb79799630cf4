//! Functions of addresses: in the comments that Go prints below each stack,
//! `# 0x46ab08 net.(*conn).Read+0x44 net/net.go:183`, or in the table of a Java profile.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::error::ReadError;
use crate::index::push;
use crate::limits::Limits;
use crate::rows::FunctionRow;
use crate::text::assembly::{Assembly, LineRow};
use crate::text::numbers::{bare_hex, hex};

/// A function at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Symbol<'t> {
    pub(super) name: &'t str,
    pub(super) file: &'t str,
    pub(super) line: i64,
}

impl<'t> Symbol<'t> {
    pub(super) fn line(&self, assembly: &mut Assembly<'t>) -> Result<LineRow, ReadError> {
        let name = assembly.text(self.name);
        let function = FunctionRow {
            name,
            system_name: name,
            file: assembly.text(self.file),
            ..FunctionRow::default()
        };
        Ok(LineRow {
            function: assembly.function(function)?,
            line: self.line,
            column: 0,
        })
    }
}

/// What Go's comments leave out.
const RUNTIME: Symbol<'static> = Symbol {
    name: "[runtime]",
    file: "",
    line: 0,
};

/// What is known so far.
#[derive(Debug, Default)]
pub(super) struct Symbols<'t> {
    /// Innermost inlined function first.
    known: HashMap<u64, Vec<Symbol<'t>>>,
    /// All that are in there.
    count: usize,
    /// Lines of one address in one stack.
    open: Option<(u64, Vec<Symbol<'t>>)>,
    /// Whether addresses mean nothing once their functions are known.
    pub(super) replace_addresses: bool,
}

impl<'t> Symbols<'t> {
    /// Notes a comment; any other line ends the ones of an address.
    pub(super) fn comment(&mut self, line: &'t str, limits: &Limits) -> Result<(), ReadError> {
        let Some((address, symbol)) = parse(line) else {
            self.close();
            return self.nameless(line, limits);
        };
        if self.open.as_ref().is_none_or(|(open, _)| *open != address) {
            self.close();
        }
        let (_, symbols) = self.open.get_or_insert_with(|| (address, Vec::new()));
        let (what, limit) = ("functions in comments", limits.max_table_entries);
        push(symbols, symbol, what, limit)?;
        match self.count < limit {
            true => Ok(()),
            false => Err(ReadError::OverLimit { what, limit }),
        }
    }

    /// Notes an address that Go itself could not name.
    fn nameless(&mut self, line: &str, limits: &Limits) -> Result<(), ReadError> {
        match hex(line.trim_start_matches('#').trim()) {
            Some(address) => self.set_all(address, Vec::new(), limits),
            None => Ok(()),
        }
    }

    /// The same address is named again in every stack it is in.
    pub(super) fn close(&mut self) {
        if let Some((address, symbols)) = self.open.take()
            && let Entry::Vacant(entry) = self.known.entry(address)
        {
            self.count += symbols.len();
            entry.insert(symbols);
        }
    }

    pub(super) fn set(
        &mut self,
        address: u64,
        symbol: Symbol<'t>,
        limits: &Limits,
    ) -> Result<(), ReadError> {
        self.set_all(address, vec![symbol], limits)
    }

    fn set_all(
        &mut self,
        address: u64,
        symbols: Vec<Symbol<'t>>,
        limits: &Limits,
    ) -> Result<(), ReadError> {
        let limit = limits.max_table_entries;
        self.known.insert(address, symbols);
        match self.known.len() <= limit {
            true => Ok(()),
            false => Err(ReadError::OverLimit {
                what: "functions",
                limit,
            }),
        }
    }

    /// Whether something is known and stands for the address.
    pub(super) fn replaces(&self, address: u64) -> bool {
        self.replace_addresses && self.known.contains_key(&address)
    }

    /// The functions at an address. Below a stack Go names all of them but those of its runtime.
    pub(super) fn at(&self, address: u64) -> Vec<Symbol<'t>> {
        match self.known.get(&address) {
            Some(symbols) => symbols.clone(),
            None if self.count > 0 => vec![RUNTIME],
            None => Vec::new(),
        }
    }
}

/// The columns are padded with tabs, which a paste may have turned into spaces.
fn parse(line: &str) -> Option<(u64, Symbol<'_>)> {
    let text = line.trim().strip_prefix('#')?.trim_start();
    let (address, rest) = text.split_once(char::is_whitespace)?;
    let address = hex(address)?;
    let (function, place) = match rest.trim_start().split_once('\t') {
        Some(columns) => columns,
        None => rest.trim().rsplit_once(' ')?,
    };
    let (name, offset) = function.trim().rsplit_once("+0x")?;
    bare_hex(offset)?;
    let (file, line) = place.trim().rsplit_once(':')?;
    let symbol = Symbol {
        name,
        file,
        line: line.parse().ok()?,
    };
    Some((address, symbol))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comments_leave_out_is_the_runtime() {
        let (limits, mut symbols) = (Limits::default(), Symbols::default());
        assert_eq!(symbols.at(0x30), []);
        for line in ["#\t0x10\tmain.f+0x10\t/a.go:3", "#\t0x20"] {
            symbols.comment(line, &limits).unwrap();
        }
        symbols.close();
        let names = |address| {
            symbols
                .at(address)
                .iter()
                .map(|s| s.name)
                .collect::<Vec<_>>()
        };
        assert_eq!([names(0x10), names(0x30)], [["main.f"], ["[runtime]"]]);
        assert_eq!(names(0x20), [""; 0], "Go had no name for it");
    }

    #[test]
    fn comments_with_functions_are_told_from_others() {
        let symbol = Symbol {
            name: "x.F[struct { A int }]",
            file: "/x y/a.go",
            line: 53,
        };
        let line = "#\t0x5e2a28\tx.F[struct { A int }]+0x28\t\t\t/x y/a.go:53";
        assert_eq!(parse(line), Some((0x5e2a28, symbol)));
        let spaces = "#   0x10   net.(*netFD).Read+0x28      net/fd_posix.go:55";
        assert_eq!(parse(spaces).unwrap().1.name, "net.(*netFD).Read");
        for line in [
            "# labels: {\"a\":\"b\"}",
            "# runtime.MemStats",
            "# Alloc = 12",
            "#",
            "1 @ 0x1",
        ] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
