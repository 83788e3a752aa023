//! Fuzzes `invariants::callback`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    invariants::callback::check(input);
});
