//! Fuzzes `invariants::error_body`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    invariants::error_body::check(input);
});
