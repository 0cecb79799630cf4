//! Any bytes are an error or stacks that read back the same when written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nodesleuth_profile::read_folded;

fuzz_target!(|bytes: &[u8]| {
    let Ok(read) = read_folded(bytes) else { return };
    let again = read_folded(read.folded.to_string().as_bytes()).map(|again| again.folded);
    assert_eq!(again.as_ref(), Ok(&read.folded));
});
