//! `perf report --stdio` and `perf top`: rows of functions, and the branches of their call trees.

use super::clean::{Lines, Part};
use super::numbers::{larger, percent};
use super::sink::{Sink, counted};
use nodesleuth_model::evidence::pasted::{PastedCount, StackRow, StackTable, StackTool};
use nodesleuth_profile::normalize;

/// Rows of a call tree that are kept.
const MOST_ROWS: usize = 500;
/// Call trees are long, and reports have blank lines in them.
const MOST_BETWEEN: usize = 60;

pub(super) fn take(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    let first = tidy(lines.get(at));
    if !(is_header(first) || row(first).is_some()) {
        return 0;
    }
    let mut table = StackTable {
        file: sink.file,
        tool: StackTool::PerfReport,
        ..StackTable::default()
    };
    let last = lines.table(at, MOST_BETWEEN, |line| {
        let trimmed = tidy(line);
        if let Some(row) = row(trimmed).or_else(|| branch(trimmed)) {
            add(&mut table, row);
            Part::Own
        } else if is_header(trimmed) {
            header(trimmed, &mut table, sink);
            Part::Own
        } else if is_between(line) {
            Part::Between
        } else {
            Part::Other
        }
    });
    if table.rows.is_empty() {
        return 0;
    }
    // perf top calls the kernel so, perf report `[kernel.kallsyms]`.
    if lines
        .from(at)
        .take(last)
        .any(|line| line.contains(" [kernel] "))
    {
        table.tool = StackTool::PerfTop;
    }
    let kind = match table.tool {
        StackTool::PerfTop => "perf top",
        StackTool::PerfReport => "perf report",
        _ => "functions with shares",
    };
    sink.block(kind, at, counted(table.rows.len(), "function"));
    sink.evidence().pasted.stack_tables.push(table);
    last
}

/// Without what the interactive browser draws: `+` before a row that can be opened, a scroll bar
/// behind it.
fn tidy(line: &str) -> &str {
    let line = line
        .trim()
        .trim_end_matches(['▒', '░', '█', '◆', '▮', '▯', ' ']);
    match line.strip_prefix(['+', '-']) {
        Some(rest) if rest.starts_with(' ') => rest.trim_start(),
        _ => line,
    }
}

fn is_header(line: &str) -> bool {
    let inner = line.trim_start_matches(['#', ' ']);
    let begins = [
        "Overhead  ",
        "Children  ",
        "Samples: ",
        "PerfTop:",
        "Total Lost Samples",
        "Event count (approx.)",
    ];
    begins.iter().any(|begin| inner.starts_with(begin)) || line == "#" || inner.starts_with("....")
}

fn header(line: &str, table: &mut StackTable, sink: &mut Sink<'_>) {
    let top =
        !line.starts_with('#') && (line.starts_with("Samples: ") || line.starts_with("PerfTop:"));
    if top {
        table.tool = StackTool::PerfTop;
    }
    let kernel = line
        .split("kernel:")
        .nth(1)
        .and_then(|rest| percent(rest.split(' ').next()?));
    if let Some(share) = kernel {
        let file = sink.file;
        sink.evidence().pasted.counts.push(PastedCount {
            file,
            what: "perf.kernel_share".to_owned(),
            value: share,
            unit: "share".to_owned(),
            measured: true,
        });
    }
}

/// `31.04%  [kernel]  [k] memcg_stat_show`, `12.34%  kubelet  libc.so  [.] f`,
/// `50.00%  12.34%  kubelet …`, `42.43%  swapper`, `31.04% memcg_stat_show`.
fn row(line: &str) -> Option<StackRow> {
    let mut words: Vec<&str> = line.split_whitespace().collect();
    let first = percent(words.first()?)?;
    words.remove(0);
    let second = words.first().and_then(|word| percent(word));
    let (flat, cum) = match second {
        Some(own) => {
            words.remove(0);
            (own, Some(first))
        }
        None => (first, None),
    };
    let mark = words.iter().position(|word| is_mark(word));
    let Some(mark) = mark else {
        return bare(&words, flat, cum);
    };
    let symbol = words[mark + 1..].join(" ");
    let symbol = symbol.trim_end_matches(" -");
    if symbol.is_empty() {
        return None;
    }
    // Command, if there is something besides the object in front of the mark.
    let comm = (mark >= 2).then(|| words[..mark - 1].join(" "));
    Some(StackRow {
        name: normalize(symbol.trim_end_matches("  -")).into_owned(),
        comm: comm.filter(|comm| !comm.starts_with('[')),
        kernel: Some(words[mark] == "[k]"),
        flat: Some(flat),
        cum,
    })
}

fn is_mark(word: &str) -> bool {
    matches!(word, "[k]" | "[.]" | "[g]" | "[u]" | "[H]")
}

/// A row of two words: a function, or with `--sort comm` a process.
fn bare(words: &[&str], flat: f64, cum: Option<f64>) -> Option<StackRow> {
    let [name] = words else { return None };
    let row = StackRow {
        flat: Some(flat),
        cum,
        ..StackRow::default()
    };
    let is_word = name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "_-./:()*[]{}@+$".contains(c));
    if !is_word || !name.contains(|c: char| c.is_ascii_alphabetic()) || name.ends_with([':', '.']) {
        return None;
    }
    Some(match name.contains(['_', '.', '(']) {
        true => StackRow {
            name: normalize(name).into_owned(),
            ..row
        },
        false => StackRow {
            name: normalize(name).into_owned(),
            comm: Some((*name).to_owned()),
            ..row
        },
    })
}

/// `|--12.34%--try_charge` and `--12.34%-- try_charge` of a call tree.
fn branch(line: &str) -> Option<StackRow> {
    let at = line.find("--")?;
    if !line[..at].chars().all(|c| c == '|' || c == ' ' || c == '+') {
        return None;
    }
    let rest = &line[at + 2..];
    let (share, name) = rest.split_once("--")?;
    let share = percent(share)?;
    let name = name.trim().trim_start_matches('-').trim();
    let name = name.split_whitespace().next()?;
    Some(StackRow {
        name: normalize(name).into_owned(),
        cum: Some(share),
        ..StackRow::default()
    })
}

/// One row a function and process: in call trees the same one returns.
fn add(table: &mut StackTable, row: StackRow) {
    let is_branch = row.flat.is_none();
    let rows = &mut table.rows;
    let known = rows
        .iter()
        .position(|known| is_branch && known.name == row.name);
    match known {
        Some(at) => rows[at].cum = larger(rows[at].cum, row.cum),
        None if rows.len() < MOST_ROWS => rows.push(row),
        None => {}
    }
}

/// Lines of a call tree, comments, blank lines.
fn is_between(line: &str) -> bool {
    let trimmed = line.trim();
    trimmed.is_empty()
        || trimmed.starts_with('#')
        || trimmed.starts_with('|')
        || trimmed.starts_with("---")
        || trimmed == "..."
        || (line.starts_with("     ") && !trimmed.contains(' '))
}

#[cfg(test)]
mod tests {
    use crate::pasted::Ingested;
    use nodesleuth_model::evidence::pasted::{StackTable, StackTool};

    fn read(text: &str) -> StackTable {
        let mut ingested = Ingested::default();
        ingested.read("t", text.as_bytes(), None, true);
        ingested.evidence.pasted.stack_tables.remove(0)
    }

    #[test]
    fn rows_of_perf_top() {
        let table = read(
            "Samples: 12K of event 'cycles', Event count (approx.): 123\n\
             Overhead  Shared Object   Symbol\n\
             \x20 31.04%  [kernel]        [k] memcg_stat_show\n\
             \x20 18.61%  [kernel]        [k] memcg_sum_events.isra.22\n\
             \x20  2.00%  kubelet         [.] runtime.mallocgc\n",
        );
        assert_eq!(table.tool, StackTool::PerfTop);
        let names: Vec<_> = table.rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(
            names,
            ["memcg_stat_show", "memcg_sum_events", "runtime.mallocgc"]
        );
        assert_eq!(
            (table.rows[0].flat, table.rows[0].kernel),
            (Some(0.3104), Some(true))
        );
    }

    #[test]
    fn a_report_with_commands_children_and_a_call_tree() {
        let table = read(
            "# Samples: 1K of event 'cpu-clock'\n#\n\
             # Children      Self  Command  Shared Object      Symbol\n\
             # ........  ........  .......  .................  ......\n#\n\
             \x20   24.91%     2.00%  exe      [kernel.kallsyms]  [k] try_charge\n\
             \x20           |\n\
             \x20           |--13.63%--shrink_slab.part.49\n\
             \x20           |          list_lru_count_one\n\
             \x20            --25.00%--native_queued_spin_lock_slowpath\n",
        );
        assert_eq!(table.tool, StackTool::PerfReport);
        let first = &table.rows[0];
        assert_eq!((first.flat, first.cum), (Some(0.02), Some(0.2491)));
        assert_eq!(first.comm.as_deref(), Some("exe"));
        assert_eq!(table.rows[1].name, "shrink_slab");
        assert_eq!(table.rows[2].cum, Some(0.25));
    }

    #[test]
    fn rows_of_the_interactive_browser() {
        let table = read(
            "      + 1.31% runtime.stringtoslicebyte          ▒\n        0.25% encoding/json.(*Decoder).tokenPrepareForDecode ▒\n\
             +   12.32%    12.30%  dockerd  [kernel]  [k] copy_user_generic_string  ◆\n",
        );
        let names: Vec<_> = table.rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "runtime.stringtoslicebyte",
                "encoding/json.(*Decoder).tokenPrepareForDecode",
                "copy_user_generic_string"
            ]
        );
        assert_eq!(table.rows[2].cum, Some(0.1232));
    }

    #[test]
    fn rows_by_command_and_shortened_rows() {
        let table = read("42.43%  swapper\n18.80%  node_exporter\n31.04% mem_cgroup_iter\n");
        assert_eq!(table.rows[0].comm.as_deref(), Some("swapper"));
        assert_eq!(table.rows[2].name, "mem_cgroup_iter");
    }
}
