//! Reads the bytes as a binary with symbols and looks addresses up in it.
#![no_main]

use nodesleuth_parse::symbolize::Binary;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(binary) = Binary::open(Box::new(bytes)) else {
        return;
    };
    let _ = (binary.build_id(), binary.go_functions());
    // every byte of the file that is loaded, as far as a small file goes
    for offset in (0..bytes.len() as u64).step_by(16).take(1024) {
        if let Some(address) = binary.address(offset) {
            binary.returns_to_top(address);
            let frames = binary.frames(address, "m");
            assert!(frames.is_none_or(|frames| !frames.is_empty()));
        }
    }
});
