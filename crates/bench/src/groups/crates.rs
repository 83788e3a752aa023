//! How many crates a minimal program has in its tree.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::result::{Cell, Group, Table};

const METHOD: &str = "The packages that a program has which depends on nothing else, itself included: `cargo tree -e normal \
--prefix none --no-dedupe | sed 's/ (proc-macro)//' | sort -u | wc -l`.";
/// The most crates that a program with one of our clients may have.
const GOAL: usize = 135;
const PARTS: &[&str] = &["reqwest", "rustls", "native-tls", "ring", "aws-lc-rs"];

/// What the program depends on; `@` is where this workspace's crates are.
const PROGRAMS: &[(&str, &str)] = &[
    ("ours: communic8", "communic8 = { path = \"@/communic8\" }"),
    ("ours: comm100", "comm100 = { path = \"@/comm100\" }"),
    (
        "ours: webcommander",
        "webcommander = { path = \"@/webcommander\" }",
    ),
    (
        "oauth2 and reqwest 0.13",
        "oauth2 = { version = \"5\", default-features = false }\nreqwest = \"0.13\"",
    ),
    ("yup-oauth2", "yup-oauth2 = \"12\""),
    ("azure_identity", "azure_identity = \"1\""),
    ("google-cloud-auth", "google-cloud-auth = \"1\""),
];

pub(super) fn measure() -> Result<Group> {
    let mut group = Group::new("crates", "Crates in the tree", METHOD);
    let mut table = Table::new(
        "A minimal program",
        &["crates", "HTTP, TLS and crypto among them"],
    );
    table.plotted = Some(0);
    let crates = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .context("no directory above")?;
    let home = std::env::temp_dir().join(format!("bench-crates-{}", std::process::id()));
    let mut most = 0;
    for (title, dependencies) in PROGRAMS {
        eprintln!("  {title}");
        let found = tree(
            &home,
            &dependencies.replace('@', &crates.display().to_string()),
        );
        let found = found.with_context(|| (*title).to_owned())?;
        if title.starts_with("ours") {
            most = most.max(found.len());
        }
        let is_part = |line: &&String| {
            line.split(' ')
                .next()
                .is_some_and(|name| PARTS.contains(&name))
        };
        let parts: Vec<&str> = found
            .iter()
            .filter(is_part)
            .map(|line| line.split(" (").next().unwrap_or(line))
            .collect();
        table.row(
            *title,
            vec![(found.len() as f64).into(), Cell::Text(parts.join(", "))],
        );
    }
    fs::remove_dir_all(&home)?;
    table.goal(
        format!("at most {GOAL} (the most found {most})"),
        most <= GOAL,
    );
    group.tables.push(table);
    Ok(group)
}

/// The lines of the tree, each once.
fn tree(home: &Path, dependencies: &str) -> Result<BTreeSet<String>> {
    fs::create_dir_all(home.join("src"))?;
    let manifest = format!(
        "[package]\nname = \"minimal\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n{dependencies}\n"
    );
    fs::write(home.join("Cargo.toml"), manifest)?;
    fs::write(home.join("src/main.rs"), "fn main() {}\n")?;
    let lock = home.join("Cargo.lock");
    if lock.exists() {
        fs::remove_file(lock)?;
    }
    let output = Command::new("cargo")
        .args([
            "tree",
            "-q",
            "-e",
            "normal",
            "--prefix",
            "none",
            "--no-dedupe",
        ])
        .current_dir(home)
        .output()?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout)?;
    Ok(text
        .lines()
        .map(|line| line.replace(" (proc-macro)", ""))
        .collect())
}
