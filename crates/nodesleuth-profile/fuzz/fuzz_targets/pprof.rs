//! Any bytes are an error or a profile that can be used and that survives writing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nodesleuth_profile::{Limits, NormalNames, encode, fold, read, top};

fuzz_target!(|bytes: &[u8]| {
    let mut limits = Limits::default();
    limits.max_inflated_bytes = 1 << 20;
    limits.max_frames = 1 << 20;
    let Ok(profile) = read(bytes, &limits) else {
        return;
    };
    assert_eq!(
        read(&encode(&profile), &Limits::default()).as_ref(),
        Ok(&profile)
    );
    for index in 0..profile.sample_types().len() {
        let _ = (
            fold(&profile, index),
            top(&profile, index),
            profile.total(index),
        );
    }
    let _ = NormalNames::of(&profile);
});
