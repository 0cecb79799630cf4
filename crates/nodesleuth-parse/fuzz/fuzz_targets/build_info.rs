//! Reads the bytes as a binary with Go build information.
#![no_main]

use nodesleuth_parse::go::build_info;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = build_info(&bytes);
});
