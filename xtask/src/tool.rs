//! Finds the tools of others in their pinned versions, and installs those that are missing below target/.

use anyhow::{Result, ensure};
use xshell::cmd;

use crate::workspace::{Workspace, root};

/// Where they are installed, below the workspace's root.
pub(crate) const PLACE: &str = "target/tools";

/// A program that cargo installs from the crate of the same name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
}

impl Tool {
    /// The program of the pinned version, as a command: from the path, from its place, or built now, with cargo's progress.
    pub(crate) fn find_or_install(self, workspace: &Workspace) -> Result<String> {
        let Self { name, version } = self;
        let place = root()?.join(PLACE);
        let own = place.join("bin").join(name);
        let own = own.to_string_lossy().into_owned();
        for program in [name, &own] {
            if self.is(workspace, program) {
                return Ok(program.to_owned());
            }
        }
        eprintln!("{name} {version} is not installed: it is built once, into {PLACE}");
        // Without optimizations it is built in a fraction of the time, and runs for seconds anyway.
        cmd!(
            workspace.shell,
            "cargo install --locked --debug {name} --version ={version} --root {place} --force"
        )
        .run()?;
        ensure!(
            self.is(workspace, &own),
            "{own} is not of version {version}"
        );
        Ok(own)
    }

    fn is(self, workspace: &Workspace, program: &str) -> bool {
        let told = cmd!(workspace.shell, "{program} --version")
            .quiet()
            .ignore_stderr()
            .read();
        told.is_ok_and(|told| tells(&told, self.version))
    }
}

/// Whether the answer to `--version` names this version and no other that begins or ends so.
fn tells(told: &str, version: &str) -> bool {
    told.split_whitespace().any(|word| word == version)
}

#[cfg(test)]
mod tests {
    use super::{Tool, tells};
    use crate::workspace::Workspace;

    #[test]
    fn a_version_is_recognized_as_a_whole_word() {
        assert!(tells("cargo-fuzz 0.13.1\n", "0.13.1"));
        assert!(tells("0.9.1", "0.9.1"));
        assert!(tells("tool 1.2.3 (0123abc 2026-01-01)", "1.2.3"));
        for other in ["cargo-fuzz 0.13.10", "cargo-fuzz 10.13.1", "", "0.13"] {
            assert!(!tells(other, "0.13.1"), "{other}");
        }
    }

    #[test]
    fn what_is_on_the_path_is_taken_if_it_is_of_the_pinned_version_only() {
        let workspace = Workspace::open().unwrap();
        let told = xshell::cmd!(workspace.shell, "cargo --version").read();
        let told = told.unwrap();
        let version = told.split_whitespace().nth(1).unwrap().to_owned();
        let tool = |version: String| Tool {
            name: "cargo",
            version: version.leak(),
        };
        assert!(tool(version.clone()).is(&workspace, "cargo"));
        assert!(!tool(format!("{version}0")).is(&workspace, "cargo"));
        assert!(!tool(version).is(&workspace, "no-such-program"));
    }
}
