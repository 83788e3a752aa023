//! Writes docs/benchmarks.md and its plots from what the groups found.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::groups;
use crate::plot;
use crate::result::{Cell, Group};

const HEAD: &str = "# Benchmarks\n\n\
`cargo xtask bench [group]` writes this page: ours beside the peers against one loopback server, in one run and by turns. \
A figure is the median of its rounds, with what three quarters of them stayed within in parentheses; a ratio is taken \
round by round. Figures in a table come from the same run and machine; those of another are no comparison.\n";
const PEERS: &[&str] = &[
    "oauth2",
    "yup-oauth2",
    "google-cloud-auth",
    "azure_identity",
    "azure_core",
    "aws-smithy-runtime",
    "reqwest-middleware",
    "reqwest",
    "tokio",
    "serde_json",
];

/// Writes the page from all that is kept.
pub(crate) fn write(docs: &Path, kept: &Path) -> Result<()> {
    let plots = docs.join("benchmarks");
    fs::create_dir_all(&plots)?;
    let mut text = HEAD.to_owned();
    let mut body = String::new();
    let mut goals = String::new();
    for name in groups::NAMES {
        let Some(group) = Group::kept(name, kept)? else {
            continue;
        };
        let _ = write!(body, "\n{}", group.markdown());
        for (index, table) in group.tables.iter().enumerate() {
            if let Some((goal, met)) = &table.goal {
                let verdict = if *met { "met" } else { "**not met**" };
                let _ = writeln!(goals, "| {} | {goal} | {verdict} |", group.title);
            }
            let Some(column) = table.plotted else {
                continue;
            };
            let bars: Vec<_> = table
                .rows
                .iter()
                .filter_map(|row| {
                    Some((
                        row.name.as_str(),
                        row.cells.get(column).and_then(Cell::value)?,
                    ))
                })
                .collect();
            let title = format!("{}: {}", table.title, table.columns[column]);
            let file = format!("{name}-{}.svg", index + 1);
            fs::write(plots.join(&file), plot::bars(&title, &bars))?;
            let _ = writeln!(body, "\n![{title}](benchmarks/{file})");
        }
        let _ = writeln!(body, "\n{}", group.setting);
    }
    let _ = write!(
        text,
        "\n## Goals\n\n| what | goal | |\n|---|---|---|\n{goals}"
    );
    let _ = write!(text, "\n## Versions\n\n{}\n", versions()?);
    text.push_str(&body);
    fs::write(docs.join("benchmarks.md"), text)?;
    Ok(())
}

/// Compiler and peers, as the lock file has them.
fn versions() -> Result<String> {
    let rustc = Command::new("rustc").arg("--version").output()?;
    let rustc = String::from_utf8(rustc.stdout)?;
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock");
    let lock = fs::read_to_string(&lock).with_context(|| lock.display().to_string())?;
    let mut found = Vec::new();
    for peer in PEERS {
        let mark = format!("name = \"{peer}\"\nversion = \"");
        for (_, rest) in lock
            .match_indices(&mark)
            .map(|(at, mark)| lock.split_at(at + mark.len()))
        {
            found.push(format!(
                "{peer} {}",
                rest.split('"').next().unwrap_or_default()
            ));
        }
    }
    Ok(format!(
        "{}; release builds; {}.",
        rustc.trim(),
        found.join(", ")
    ))
}
