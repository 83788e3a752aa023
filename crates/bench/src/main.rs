//! `bench [group].. --into DIRECTORY --keep DIRECTORY`: see the library.

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    bench::run(&arguments)
}
