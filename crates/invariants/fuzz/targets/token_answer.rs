//! Fuzzes `invariants::token_answer`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    invariants::token_answer::check(input);
});
