//! The records of a perf ring, as both stack engines read them.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let understood = nodesleuth_trace::stacks::understood(bytes);
    assert!(understood <= bytes.len() / 8);
});
