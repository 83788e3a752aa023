//! A small workspace in a git repository of its own, of the same shape as ours: a kernel, and two crates that use it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::registry::{Registry, TOKEN};

/// The workspace, the registry that it publishes to, and a cargo home that knows nothing else.
pub(crate) struct House {
    directory: TempDir,
    pub(crate) registry: Registry,
}

/// What a command said and how it ended.
pub(crate) struct Ended {
    pub(crate) succeeded: bool,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

const MANIFEST: &str = r#"
[workspace]
resolver = "3"
members = ["crates/*"]

[workspace.package]
version = "0.1.0"

[workspace.metadata.release]
checks = ["cargo test --quiet --workspace --lib"]

# Ours.
[workspace.dependencies]
alpha = { path = "crates/alpha", version = "0.1.0", registry = "loopback" }
beta = { path = "crates/beta", version = "0.1.0", registry = "loopback" }
kernel = { path = "crates/kernel", version = "0.1.0", registry = "loopback" } # what all use
walk = { path = "crates/walk" }
"#;

const KERNEL: &str = "//! The kernel.\n\n/// A number.\npub fn number() -> u32 {\n    1\n}\n";
const USER: &str = "//! Uses the kernel.\n\n/// The next number.\npub fn next() -> u32 {\n    kernel::number() + 1\n}\n\n\
                    #[cfg(test)]\nmod tests {\n    #[test]\n    fn it_is_two() {\n        assert_eq!(super::next(), 2);\n    }\n}\n";

impl House {
    /// Builds it: nothing was ever released.
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let house = Self {
            directory,
            registry: Registry::start(),
        };
        house.write("Cargo.toml", MANIFEST);
        house.write(".gitignore", "/target\n");
        house.add_crate("kernel", "version = \"0.1.0\"", "", KERNEL);
        let uses = "[dependencies]\nkernel.workspace = true\n\n[dev-dependencies]\nwalk.workspace = true\n";
        house.add_crate("alpha", "version.workspace = true", uses, USER);
        house.add_crate("beta", "version.workspace = true", uses, USER);
        house.write(
            "crates/walk/Cargo.toml",
            "[package]\nname = \"walk\"\nversion.workspace = true\nedition = \"2024\"\npublish = false\n",
        );
        house.write("crates/walk/src/lib.rs", "//! For tests.\n");
        house
            .run("cargo", &["generate-lockfile", "--offline"])
            .must_succeed();
        house.git(&["init", "--quiet", "--initial-branch=main"]);
        house.git(&["config", "user.name", "Somebody"]);
        house.git(&["config", "user.email", "somebody@example.com"]);
        house.commit("feat: begin");
        house
    }

    fn add_crate(&self, name: &str, version: &str, rest: &str, library: &str) {
        let manifest = format!(
            "[package]\nname = \"{name}\"\n{version}\nedition = \"2024\"\ndescription = \"Made up.\"\nlicense = \"MIT\"\n\
             publish = [\"loopback\"]\n\n{rest}"
        );
        self.write(&format!("crates/{name}/Cargo.toml"), &manifest);
        self.write(&format!("crates/{name}/src/lib.rs"), library);
        let changelog = format!("# Changelog\n\n## Unreleased\n\n### Added\n\n- All of {name}.\n");
        self.write(&format!("crates/{name}/CHANGELOG.md"), &changelog);
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.directory.path().join("house")
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().expect("a directory")).expect("its directory");
        fs::write(path, text).expect("a file");
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root().join(path)).expect(path)
    }

    /// Replaces the one place in a file where something stands.
    pub(crate) fn replace(&self, path: &str, old: &str, new: &str) {
        let text = self.read(path);
        assert_eq!(text.matches(old).count(), 1, "{old} in {path}");
        self.write(path, &text.replace(old, new));
    }

    pub(crate) fn commit(&self, message: &str) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "-m", message]);
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        self.run("git", arguments).must_succeed().stdout
    }

    /// Says that everything is released, and has nothing unreleased.
    pub(crate) fn release_for_the_first_time(&self) {
        for name in ["kernel", "alpha", "beta"] {
            self.unreleased(name, "");
        }
        self.commit("chore(release): all");
        for name in ["kernel", "alpha", "beta"] {
            self.git(&["tag", &format!("{name}-v0.1.0")]);
        }
    }

    /// Writes a changelog with this unreleased, after a first release.
    pub(crate) fn unreleased(&self, name: &str, unreleased: &str) {
        let text = format!("# Changelog\n\n## Unreleased\n\n{unreleased}\n## 0.1.0 (2026-01-01)\n");
        self.write(&format!("crates/{name}/CHANGELOG.md"), &text);
    }

    /// Lets git refuse every update of references whose names hold this, but their removal.
    #[cfg(unix)]
    pub(crate) fn refuse_updates_of(&self, references: &str) {
        use std::os::unix::fs::PermissionsExt as _;

        let hook = ".git/hooks/reference-transaction";
        let new = "[^ ]* [0-9a-f]*[1-9a-f][0-9a-f]*";
        self.write(
            hook,
            &format!("#!/bin/sh\n[ \"$1\" != prepared ] || ! grep -q '^{new} {references}'\n"),
        );
        fs::set_permissions(self.root().join(hook), fs::Permissions::from_mode(0o755))
            .expect("a mode");
    }

    /// `cargo xtask release` with some arguments, on this workspace.
    pub(crate) fn release(&self, arguments: &[&str]) -> Ended {
        let root = self.root();
        let root = root.to_str().expect("a path in UTF-8");
        let all = [&["release", "--root", root], arguments].concat();
        self.run(env!("CARGO_BIN_EXE_xtask"), &all)
    }

    /// All that must not change where something fails: commits, tags, trees, the index and every file outside target/.
    pub(crate) fn traces(&self) -> String {
        let mut traces = Vec::new();
        for arguments in [
            &["rev-parse", "HEAD"][..],
            &["for-each-ref"],
            &["worktree", "list"],
            &["status", "--porcelain"],
            &["ls-files", "--stage"],
        ] {
            traces.push(self.git(arguments));
        }
        traces.join("\n")
    }

    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> Ended {
        self.run_in(&self.root(), program, arguments)
    }

    pub(crate) fn run_in(&self, directory: &Path, program: &str, arguments: &[&str]) -> Ended {
        let output = Command::new(program)
            .args(arguments)
            .current_dir(directory)
            .env("CARGO_HOME", self.directory.path().join("cargo-home"))
            .env("CARGO_REGISTRIES_LOOPBACK_INDEX", self.registry.index())
            .env("CARGO_REGISTRIES_LOOPBACK_TOKEN", TOKEN)
            .env(
                "GIT_CONFIG_GLOBAL",
                self.directory.path().join("no-such-file"),
            )
            .env_remove("CARGO_TARGET_DIR")
            // Git sets them for its hooks, from which these tests may run.
            .env_remove("GIT_DIR")
            .env_remove("GIT_INDEX_FILE")
            .env_remove("GIT_WORK_TREE")
            .output();
        Ended::from(output.expect(program))
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            succeeded: output.status.success(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Ended {
    pub(crate) fn must_succeed(self) -> Self {
        assert!(self.succeeded, "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// What it said, after it failed.
    pub(crate) fn must_fail(self) -> String {
        assert!(!self.succeeded, "{}\n{}", self.stdout, self.stderr);
        format!("{}\n{}", self.stdout, self.stderr)
    }
}
