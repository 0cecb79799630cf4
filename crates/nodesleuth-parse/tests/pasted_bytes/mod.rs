//! What must hold of pasted text, whatever it is; the fuzz target uses it too.

use nodesleuth_model::Evidence;
use nodesleuth_parse::pasted::Ingested;

/// Reads the bytes under several names. No number may be negative or not finite, no share larger
/// than what a machine can have.
pub(crate) fn read(bytes: &[u8]) -> Evidence {
    let mut ingested = Ingested::default();
    for name in ["report.txt", "kubelet.log", "proc/pressure/cpu"] {
        ingested.read(name, bytes, None, true);
    }
    ingested.finish();
    let pasted = &ingested.evidence.pasted;
    let rows = pasted.stack_tables.iter().flat_map(|table| &table.rows);
    let shares = rows.flat_map(|row| [row.flat, row.cum]);
    let cores = pasted
        .processes
        .iter()
        .flat_map(|process| [process.cores, process.kernel_cores]);
    let times = pasted
        .calls
        .iter()
        .flat_map(|table| &table.calls)
        .map(|call| call.seconds);
    let rates = pasted
        .logs
        .iter()
        .flat_map(|line| [line.per_second, line.span_seconds, line.longest_seconds]);
    for number in shares.chain(cores).chain(times).chain(rates).flatten() {
        assert!(number.is_finite(), "{number}");
    }
    for count in &pasted.counts {
        assert!(count.value.is_finite(), "{}", count.what);
    }
    ingested.evidence
}
