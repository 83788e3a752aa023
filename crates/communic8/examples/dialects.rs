//! Prints this provider's section of `docs/dialects.md`; `cargo xtask codegen` runs it.
#![expect(clippy::print_stdout, reason = "the program's output is its purpose")]

fn main() {
    println!("## Communic8\n");
    println!("{}", communic8::COMMUNIC8.to_markdown());
}
