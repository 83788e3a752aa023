//! Writes what is generated: the typed layer of each provider, and the page of dialects.
//!
//! The rooms are a pipeline: `exceptions` and the documents are read, `plan` decides what Rust has for each thing,
//! `render` writes it as text, `write` compares and stores. Only the first and the last touch files.

mod dialects;
mod exceptions;
mod exercises;
mod features;
pub(crate) mod names;
pub(crate) mod plan;
mod render;
mod sandbox;
mod stats;
pub(crate) mod write;

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};

use self::exceptions::Exceptions;
use self::plan::Layer;
use self::write::Files;
use crate::check::openapi;
use crate::report::{Outcome, verdict};
use crate::workspace::{Workspace, providers, root};

/// So many generated lines an operation there may be, over all providers, models included.
const MOST_LINES: usize = 40;

/// Write the typed layers from the OpenAPI documents, and docs/dialects.md from the dialect constants.
#[derive(Debug, clap::Args)]
pub(crate) struct Codegen {
    /// Only the typed layer of this provider; by default all of them, and the page of dialects.
    provider: Option<String>,
    /// Write nothing: fail if a file isn't what would be written, is missing or left over.
    #[arg(long)]
    check: bool,
    /// Write nothing: print what there is, by provider and area.
    #[arg(long, conflicts_with = "check")]
    stats: bool,
}

impl Codegen {
    /// Writes everything, or compares it.
    pub(crate) fn run(&self, workspace: &Workspace) -> Result<ExitCode> {
        let named = self.provider.as_deref();
        let all = providers()?;
        let mut providers = all.clone();
        providers.retain(|it| named.is_none_or(|name| name == it));
        ensure!(
            !providers.is_empty(),
            "there is no such provider; there are {}",
            all.join(", ")
        );
        if self.stats {
            let (mut lines, mut operations) = (0, 0);
            for provider in &providers {
                let (layer, exceptions) = layer(provider)?;
                println!("{}", stats::table(provider, &layer, &exceptions));
                let files = render::render(&layer);
                lines += files.values().map(|it| it.lines().count()).sum::<usize>();
                operations += layer.operations();
            }
            println!("{lines} lines for {operations} operations, models included");
            return Ok(ExitCode::SUCCESS);
        }
        let begin = Instant::now();
        let output = Output::render(workspace, &providers)?;
        if self.check {
            output.compare()?;
            println!(
                "{} files are up to date ({:.1?})",
                output.files.len(),
                begin.elapsed()
            );
        } else {
            let changed = write::write(root()?, &output.directories, &output.files)?;
            println!(
                "{} files, {changed} changed ({:.1?})",
                output.files.len(),
                begin.elapsed()
            );
        }
        if named.is_none() {
            self.dialects(workspace)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Writes the page of dialects, or compares it.
    fn dialects(&self, workspace: &Workspace) -> Result<()> {
        if self.check {
            check_dialects(workspace)?;
            println!("{} is up to date", dialects::PAGE);
            return Ok(());
        }
        let page = Files::from([(dialects::PAGE.to_owned(), dialects::render(workspace)?)]);
        write::write(root()?, &[], &page)?;
        println!("wrote {}", dialects::PAGE);
        Ok(())
    }
}

/// Fails if a generated file isn't what its sources give.
pub(crate) fn check(workspace: &Workspace) -> Result<Outcome> {
    let output = Output::render(workspace, &providers()?)?;
    output.compare()?;
    Ok(Outcome::Passed(format!("{} files", output.files.len())))
}

/// Fails if the page of dialects isn't what the constants give.
pub(crate) fn check_dialects(workspace: &Workspace) -> Result<Outcome> {
    let page = Files::from([(dialects::PAGE.to_owned(), dialects::render(workspace)?)]);
    write::compare(root()?, &[], &page)?;
    Ok(Outcome::passed())
}

/// All that is generated for a provider whose documents lie in `directory`, by path below the workspace's root, and how many
/// operations they have.
pub(crate) fn files_of(provider: &str, directory: &Path) -> Result<(Files, usize)> {
    let (layer, _) = layer_of(provider, directory)?;
    let copies = sandbox::copies(directory)?;
    let mut files = Files::new();
    for (place, texts) in [
        (
            format!("crates/{provider}/src/generated"),
            render::render(&layer),
        ),
        (
            format!("crates/{provider}/tests/it/generated"),
            exercises::render(provider, &layer),
        ),
        (format!("crates/vendor-sandbox/openapi/{provider}"), copies),
    ] {
        let texts = texts.into_iter();
        files.extend(texts.map(|(path, text)| (format!("{place}/{path}"), text)));
    }
    Ok((files, layer.operations()))
}

/// Everything that is generated from the documents.
struct Output {
    /// Nothing else may be in these.
    directories: Vec<String>,
    files: Files,
}

impl Output {
    fn render(workspace: &Workspace, providers: &[String]) -> Result<Self> {
        let mut offenses = Vec::new();
        let mut operations = 0;
        let mut output = Self {
            directories: Vec::new(),
            files: Files::new(),
        };
        for provider in providers {
            let (layer, _) = layer(provider)?;
            operations += layer.operations();
            offenses.extend(features::offenses(workspace.package(provider)?, &layer));
            for (directory, files) in [
                ("src/generated", render::render(&layer)),
                ("tests/it/generated", exercises::render(provider, &layer)),
            ] {
                let directory = format!("crates/{provider}/{directory}");
                for (path, text) in files {
                    output.files.insert(format!("{directory}/{path}"), text);
                }
                output.directories.push(directory);
            }
            let copies = sandbox::copies(&root()?.join(format!("crates/{provider}/openapi")))?;
            offenses.extend(sandbox::offenses(root()?, provider, &copies)?);
            let directory = format!("crates/vendor-sandbox/openapi/{provider}");
            for (path, text) in copies {
                output.files.insert(format!("{directory}/{path}"), text);
            }
            output.directories.push(directory);
        }
        let generated = output
            .files
            .iter()
            .filter(|(path, _)| path.contains("/src/generated/"));
        let lines: usize = generated.map(|(_, text)| text.lines().count()).sum();
        if lines > MOST_LINES * operations {
            offenses.push(format!(
                "{lines} lines for {operations} operations: over {MOST_LINES} each, something belongs into auth-core"
            ));
        }
        verdict(&offenses)?;
        Ok(output)
    }

    fn compare(&self) -> Result<()> {
        write::compare(root()?, &self.directories, &self.files)
    }
}

/// The typed layer of a provider, and what its documents could not say.
fn layer(provider: &str) -> Result<(Layer, Exceptions)> {
    layer_of(
        provider,
        &root()?.join(format!("crates/{provider}/openapi")),
    )
}

/// The same, of the documents in a directory.
fn layer_of(provider: &str, directory: &Path) -> Result<(Layer, Exceptions)> {
    let exceptions = Exceptions::load(directory)?;
    let layer = plan::plan(&openapi::document::load(directory)?, &exceptions);
    Ok((layer.with_context(|| provider.to_owned())?, exceptions))
}

#[cfg(test)]
mod tests;
