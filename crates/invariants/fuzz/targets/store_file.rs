//! Fuzzes `invariants::store_file`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    invariants::store_file::check(input);
});
