//! Prints this provider's section of `docs/dialects.md`; `cargo xtask codegen` runs it.
#![expect(clippy::print_stdout, reason = "the program's output is its purpose")]

const OPTIONS: &str = "The default sign-in is a static token, which needs no exchange and travels as \
    `Authorization: Bearer T` too.";

fn main() {
    println!("## Communic8\n");
    println!("{}", communic8::COMMUNIC8.to_markdown());
    println!("{OPTIONS}\n");
}
