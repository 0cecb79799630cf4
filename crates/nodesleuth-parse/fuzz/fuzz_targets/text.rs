//! Gives the same bytes to every text parser.
#![no_main]

#[path = "../../tests/every_parser/mod.rs"]
mod every_parser;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| every_parser::run_all(bytes));
