//! Calls with their registers and memory, and the line that strace prints of them.

use super::{Decoder, NoDescriptors};
use crate::{Arch, Captured, End, Record};

/// A call of process 7 on x86-64 that returned.
pub(super) fn record(name: &str, arguments: [u64; 6], result: i64) -> Record<'static> {
    Record {
        begin_ns: 0,
        wall_ns: 0,
        on_cpu_ns: None,
        tgid: 7,
        tid: 7,
        number: Arch::X86_64.number(name).unwrap(),
        end: End::Returned(result),
        arguments,
        captured: [Captured::Nothing; 4],
    }
}

pub(super) fn line(arch: Arch, record: &Record<'_>) -> String {
    let decoder = Decoder::new(arch, 32);
    let mut out = String::new();
    decoder.write_name(record.number, &mut out);
    out.push('(');
    decoder.write_arguments(record, &mut NoDescriptors, &mut out);
    out.push_str(") = ");
    decoder.write_result(record, &mut NoDescriptors, &mut out);
    out
}

#[test]
fn a_parked_thread() {
    let call = record("futex", [0xc0324c0548, 128, 0, 0, 0, 0], 0);
    assert_eq!(
        line(Arch::X86_64, &call),
        "futex(0xc0324c0548, FUTEX_WAIT_PRIVATE, 0, NULL) = 0"
    );
}
