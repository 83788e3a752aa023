//! Prints this provider's section of `docs/dialects.md`; `cargo xtask codegen` runs it.
#![expect(clippy::print_stdout, reason = "the program's output is its purpose")]

fn main() {
    println!("## {{Title}}\n");
    println!("{}", {{name}}::{{NAME}}.to_markdown());
}
