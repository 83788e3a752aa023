//! Fuzzes `invariants::next_page`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    invariants::next_page::check(input);
});
