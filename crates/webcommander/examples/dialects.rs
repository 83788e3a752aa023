//! Prints this provider's section of `docs/dialects.md`; `cargo xtask codegen` runs it.
#![expect(clippy::print_stdout, reason = "the program's output is its purpose")]

fn main() {
    println!("## WebCommander\n");
    for dialect in [webcommander::WEBCOMMANDER] {
        println!("{}", dialect.to_markdown());
    }
}
