//! Names of functions in sentences.

use super::share::share_at;
use crate::pasted::listed::{bare, is_function};
use crate::pasted::sink::Sink;
use nodesleuth_model::evidence::pasted::{StackRow, StackTable, StackTool};
use nodesleuth_profile::normalize;

/// Functions that are kept of one file.
const MOST_FUNCTIONS: usize = 500;

/// Functions, and the shares that stand near them.
pub(super) fn take(words: &[&str], sink: &mut Sink<'_>) {
    for (at, word) in words.iter().enumerate() {
        let name = bare(word);
        if !(is_function(name) || is_humped(name)) {
            continue;
        }
        // A share on the other side of a semicolon, or in parentheses before, is another function's.
        let ends =
            |at: usize, with: &[char]| words.get(at).is_some_and(|word| word.ends_with(with));
        let behind = (at + 1..at + 4).take_while(|near| !ends(near - 1, &[';']));
        let before = at.saturating_sub(3)..at;
        let before = before.rev().take_while(|near| !ends(*near, &[';', ')']));
        let share = behind.chain(before).find_map(|near| share_at(words, near));
        let file = sink.file;
        let tables = &mut sink.evidence().pasted.stack_tables;
        let known = tables
            .iter()
            .position(|table| table.file == file && table.tool == StackTool::Prose);
        let known = known.unwrap_or_else(|| {
            tables.push(StackTable {
                file,
                tool: StackTool::Prose,
                ..StackTable::default()
            });
            tables.len() - 1
        });
        let rows = &mut tables[known].rows;
        let name = normalize(name).into_owned();
        match rows.iter().position(|row| row.name == name) {
            Some(at) => rows[at].cum = rows[at].cum.or(share),
            None if rows.len() < MOST_FUNCTIONS => rows.push(StackRow {
                name,
                cum: share,
                ..StackRow::default()
            }),
            None => {}
        }
    }
}

/// A name as Go spells functions: `decodeLogLine`, `GetNodeAddresses`; not `DaemonSet`.
fn is_humped(name: &str) -> bool {
    let bytes = name.as_bytes();
    let humps = bytes
        .windows(2)
        .filter(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase())
        .count();
    let begins_small = bytes.first().is_some_and(u8::is_ascii_lowercase);
    let enough = if begins_small { 1 } else { 2 };
    humps >= enough && name.len() >= 8 && bytes.iter().all(u8::is_ascii_alphanumeric)
}

#[cfg(test)]
mod tests {
    use crate::pasted::testing::prose;

    #[test]
    fn functions_with_their_shares() {
        let pasted = prose(
            "crypto/tls.(*Conn).Handshake (25-30% cum) and GetNodeAddresses; 31% in memcg_stat_show, see http://a.b/c\n",
        );
        let rows: Vec<_> = pasted.stack_tables[0]
            .rows
            .iter()
            .map(|row| (row.name.as_str(), row.cum))
            .collect();
        assert_eq!(
            rows,
            [
                ("crypto/tls.(*Conn).Handshake", Some(0.275)),
                ("GetNodeAddresses", None),
                ("memcg_stat_show", Some(0.31))
            ]
        );
    }

    #[test]
    fn functions_without_a_package_and_counts_behind_their_noun() {
        let pasted =
            prose("High CPU usage: decodeLogLine. The number of containers is 2K in a DaemonSet\n");
        let names: Vec<_> = pasted.stack_tables[0]
            .rows
            .iter()
            .map(|row| row.name.as_str())
            .collect();
        assert_eq!(names, ["decodeLogLine"]);
        let count = &pasted.counts[0];
        assert_eq!((count.what.as_str(), count.value), ("containers", 2000.0));
    }
}
