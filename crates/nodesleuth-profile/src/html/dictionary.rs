//! What a page has besides its stacks: functions, their packages, source files, and all text once.

use std::collections::HashMap;

use crate::html::HtmlPage;
use crate::html::columns::Columns;
use crate::html::cut::CUT_OFF;
use crate::html::escape::visible;
use crate::html::group::group;
use crate::html::kind::{Kind, kinds};
use crate::html::lines::{FunctionLines, lines};
use crate::source_link::SourceLinks;
use crate::stack_rows::{StackRow, StackRows};
use crate::strings::{Interner, StrId, Strings};
use crate::symbols::SymbolId;

/// A function with the places of its texts.
pub(super) struct FunctionEntry<'p> {
    pub(super) name: StrId,
    pub(super) group: usize,
    pub(super) kind: Kind,
    pub(super) lines: FunctionLines<'p>,
}

/// What the page has besides the stacks.
pub(super) struct Dictionary<'p> {
    pub(super) types: Vec<(StrId, StrId)>,
    pub(super) groups: Vec<StrId>,
    /// Path and page.
    pub(super) files: Vec<(StrId, StrId)>,
    pub(super) file_ids: HashMap<&'p str, usize>,
    /// In the order of their names.
    pub(super) functions: Vec<FunctionEntry<'p>>,
    /// Position in `functions` of each symbol.
    pub(super) ranks: Vec<u64>,
}

impl<'p> Dictionary<'p> {
    pub(super) fn of(page: &HtmlPage<'p>) -> (Self, Strings) {
        let (columns, rows) = (&page.columns, &page.rows);
        let mut text = Interner::default();
        let mut intern = |shown: &str| text.intern_copy(visible(shown).as_bytes());
        let types = columns.columns.iter().map(|column| column.value_type);
        let mut dictionary = Self {
            types: types.map(|t| (intern(t.kind), intern(t.unit))).collect(),
            groups: Vec::new(),
            files: Vec::new(),
            file_ids: HashMap::new(),
            functions: Vec::new(),
            ranks: vec![0; rows.symbol_count()],
        };
        dictionary.add_functions(columns, rows, &mut intern);
        if page.cut.stacks > 0 {
            dictionary.add_cut_off(&mut intern);
        }
        dictionary.add_files(&page.options.links, &mut intern);
        (dictionary, text.finish())
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

    /// After all functions.
    fn add_cut_off(&mut self, intern: &mut impl FnMut(&str) -> StrId) {
        let name = intern(CUT_OFF);
        self.functions.push(FunctionEntry {
            name,
            group: self.groups.len(),
            kind: Kind::User,
            lines: FunctionLines::default(),
        });
        self.groups.push(name);
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
