//! Makes a new provider: a crate that compiles and passes its tests and the guards as it is written.
//!
//! `answers` collects what an OAuth server can differ in, `adopt` makes the document ours, `render` and `fragments` fill the
//! templates in, `insert` finds the places in files that are there, `place` writes all of it or nothing.

mod adopt;
mod answers;
mod fragments;
mod insert;
mod name;
mod node;
mod place;
mod render;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use xshell::cmd;

use self::adopt::Adopted;
use self::answers::{Answers, Flags, Grant};
use self::name::Name;
use self::render::Filling;
use crate::check::docs_rs::LICENSES;
use crate::check::openapi;
use crate::codegen;
use crate::workspace::{Workspace, read, root};

/// Make a new provider from its OpenAPI document: crate, sandbox, tests, guide. What no flag says is asked on a terminal.
#[derive(Debug, clap::Args)]
pub(crate) struct NewProvider {
    /// The crate's name, after the vendor: small letters and digits
    name: String,
    /// The vendor's OpenAPI document, 3.0 or 3.1, in YAML or JSON
    #[arg(long, value_name = "FILE")]
    openapi: PathBuf,
    #[command(flatten)]
    flags: Flags,
}

impl NewProvider {
    /// Checks everything, then writes everything.
    pub(crate) fn run(&self, workspace: &Workspace) -> Result<ExitCode> {
        let root = root()?;
        let name = Name::free(&self.name, workspace, root)?;
        let shown = self.openapi.display().to_string();
        let text = fs::read_to_string(&self.openapi).with_context(|| shown.clone())?;
        let source = adopt::read(&text).with_context(|| shown.clone())?;
        let answers = self
            .flags
            .complete(&adopt::endpoints(&source, self.flags.flow()))?;
        let has_call = |path: &str| source.get("paths").is_some_and(|it| it.get(path).is_some());
        ensure!(
            !has_call(&answers.token_path),
            "--token-path: {} is a call of the document: take it out there, the client makes it",
            answers.token_path
        );
        let adopted = adopt::adopt(&source).with_context(|| shown.clone())?;
        let (mut files, operations) = self.documents(workspace, &name, &adopted).context(shown)?;
        let port = 8100 + insert::hosts(root)?;
        let version = workspace.package("auth-core")?;
        let rust = version
            .rust_version
            .as_ref()
            .map(|it| format!("{}.{}", it.major, it.minor));
        let filling = Filling::new(&name, &answers, &adopted, port, &rust.unwrap_or_default())
            .with("version", version.version.to_string());
        files.extend(filling.files(&workspace.shell, answers.grant)?);
        for license in LICENSES {
            let text = fs::read_to_string(root.join(license)).context(license)?;
            files.insert(format!("crates/{}/{license}", name.name), text);
        }
        let edits = insert::edits(root, &workspace.shell, &filling, &answers)?;
        let mut placed = place::place(root, &files, &edits)?;
        placed.remember("Cargo.lock")?;
        // Resolves the new member into the lock file, as any command of cargo would, and fetches nothing for other systems.
        let name_of_crate = &name.name;
        read(&cmd!(
            workspace.shell,
            "cargo tree --depth 0 -e normal -p {name_of_crate}"
        ))
        .context("cargo does not take the new crate; all is as it was")?;
        placed.keep();
        for path in files.keys() {
            println!("new      {path}");
        }
        for edit in &edits {
            println!("changed  {}", edit.path);
        }
        for note in &adopted.notes {
            println!("note     {note}");
        }
        println!("\n{operations} operations. {}", next(&name, &answers));
        Ok(ExitCode::SUCCESS)
    }

    /// The document and what is generated from it, checked like all others. It is read from below the target directory,
    /// where nothing else looks.
    fn documents(
        &self,
        workspace: &Workspace,
        name: &Name,
        adopted: &Adopted,
    ) -> Result<(render::Files, usize)> {
        let name = &name.name;
        let stage = workspace.target().join("new-provider").join(name);
        if stage.exists() {
            fs::remove_dir_all(&stage).context("the stage")?;
        }
        fs::create_dir_all(&stage).context("the stage")?;
        let document = format!(
            "# The conventions of these documents are in docs/openapi.md.\n{}",
            adopted.document.to_yaml()
        );
        let plan = plan(name, adopted);
        fs::write(stage.join(format!("{name}.yaml")), &document)?;
        fs::write(stage.join("plan.toml"), &plan)?;
        let offenses = openapi::offenses_of(&openapi::document::load(&stage)?);
        ensure!(
            offenses.is_empty(),
            "the document breaks rules of docs/openapi.md that nothing mechanical mends:\n  - {}",
            offenses.join("\n  - ")
        );
        let (mut files, operations) = codegen::files_of(name, &stage)?;
        files.insert(format!("crates/{name}/openapi/{name}.yaml"), document);
        files.insert(format!("crates/{name}/openapi/plan.toml"), plan);
        Ok((files, operations))
    }
}

/// What the document can't say about the Rust side.
fn plan(name: &str, adopted: &Adopted) -> String {
    let mut text = format!(
        "# What the document can't say about the Rust side of {name}. Read by `cargo xtask codegen`.\n"
    );
    if !adopted.texts.is_empty() {
        text.push_str(&format!(
            "\n# Lists of values that are no words.\ntexts = {:?}\n",
            adopted.texts.iter().collect::<Vec<_>>()
        ));
    }
    if !adopted.fields.is_empty() {
        text.push_str("\n[fields]\n");
        for (key, field) in &adopted.fields {
            text.push_str(&format!("{key:?} = {field:?}\n"));
        }
    }
    for style in &adopted.styles {
        text.push_str(&format!("\n[paging.{style}]\n"));
        if *style == "limit_offset" {
            text.push_str("step = { offset = \"offset\" }\nsize = \"limit\"\n");
        }
        if adopted.has_total {
            text.push_str("total = [\"/total\"]\n");
        }
    }
    text
}

/// What the maintainer does next.
fn next(name: &Name, answers: &Answers) -> String {
    let Name { name } = name;
    let pages = match answers.grant {
        Grant::StaticKey => "where a key is made",
        _ => "where the credentials are made",
    };
    format!(
        "Next, from docs/adding-a-provider.md:\n\
         1. cargo test -p {name}\n\
         2. cargo xtask codegen                # writes the section of docs/dialects.md\n\
         3. cargo xtask check fmt size names openapi codegen deps links\n\
         4. crates/{name}/src/dialect.rs: name the vendor's page in SOURCE\n\
         5. docs/guides/{name}.md: {pages}, limits, quirks\n\
         6. rows in crates/demo/src/vendors.rs and crates/hostile/src/way.rs"
    )
}

#[cfg(test)]
mod tests;
