//! Gives the same bytes to everything that reads pasted text and profiles.
#![no_main]

#[path = "../../tests/pasted_bytes/mod.rs"]
mod pasted_bytes;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| pasted_bytes::read(bytes));
