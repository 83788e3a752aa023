//! Prints this provider's section of `docs/dialects.md`; `cargo xtask codegen` runs it.
#![expect(clippy::print_stdout, reason = "the program's output is its purpose")]

fn main() {
    println!("## Comm100\n");
    for dialect in [
        comm100::DASH_V4,
        comm100::HOSTED_V2,
        comm100::PARTNER_V2,
        comm100::PARTNER_V4,
    ] {
        println!("{}", dialect.to_markdown());
    }
}
