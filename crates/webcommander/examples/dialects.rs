//! Prints this provider's section of `docs/dialects.md`; `cargo xtask codegen` runs it.
#![expect(clippy::print_stdout, reason = "the program's output is its purpose")]

const OPTIONS: &str = "Options, off by default: `TokenHeader::AuthorizationBearer` sends `Authorization: Bearer T`, \
    `TokenHeader::AuthorizationRaw` sends `Authorization: T`. A token answer of any 2xx status is \
    read; the vendor's pages show 200 and 201. A star marks what no seed document says.";

fn main() {
    println!("## WebCommander\n");
    println!("{}", webcommander::WEBCOMMANDER.to_markdown());
    println!("{OPTIONS}\n");
}
