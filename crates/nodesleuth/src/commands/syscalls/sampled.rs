//! What looking at threads now and then has found.

use super::row::call_name;
use comfy_table::{CellAlignment, Table, presets};
use nodesleuth_trace::SampledTotal;
use std::collections::BTreeMap;

pub(super) fn of(looks: u64, totals: &[SampledTotal]) -> String {
    let mut found: BTreeMap<Option<u16>, u64> = BTreeMap::new();
    for total in totals {
        *found.entry(total.number).or_default() += total.found;
    }
    let all: u64 = found.values().sum();
    let mut rows: Vec<_> = found.into_iter().collect();
    rows.sort_by_key(|(_, found)| std::cmp::Reverse(*found));
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["where", "threads on average", "% of threads' time"]);
    for (number, found) in rows {
        table.add_row([
            number.map_or_else(|| "running".to_owned(), call_name),
            format!("{:.2}", found as f64 / looks.max(1) as f64),
            format!("{:.1}", found as f64 / all.max(1) as f64 * 100.0),
        ]);
    }
    for column in [1, 2] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    format!(
        "ESTIMATES ONLY: every thread was looked at {looks} times. Calls are not counted, errors \
         not seen;\nshort calls may be missing. \"running\" is user code, or kernel work of a call \
         at that moment.\n\n{}\n",
        table.trim_fmt()
    )
}
