//! A copy of this workspace to change: what git knows of it, at a place below the target directory.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use crate::house::Ended;

/// Not needed by any provider: a workspace and lock files of their own.
const LEFT_OUT: &[&str] = &["crates/bench/", "crates/invariants/fuzz/"];

/// Where this workspace is.
fn own() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("a root")
}

/// Where cargo builds this profile into: this test was built there.
fn profile() -> PathBuf {
    let program = env::current_exe().expect("this program");
    let profile = program.parent().and_then(Path::parent);
    profile.expect("a profile").to_owned()
}

/// Where copies are, and what is built of them.
fn place() -> PathBuf {
    let profile = profile();
    profile
        .parent()
        .expect("a target directory")
        .join("new-provider")
}

/// Where a copy is built. Not where this workspace is: cargo knows a member by its path from the root, and would take the
/// one's for the other's. What comes from the registry is the same, so that it begins with links to that.
static BUILD: LazyLock<PathBuf> = LazyLock::new(|| {
    let build = place().join("build");
    if build.exists() {
        return build;
    }
    let members = fs::read_dir(own().join("crates")).expect("the crates");
    let members = members.map(|it| {
        it.expect("a crate")
            .file_name()
            .to_string_lossy()
            .into_owned()
    });
    let mut members: Vec<String> = members.chain(["xtask".to_owned()]).collect();
    members.extend(members.clone().iter().map(|it| it.replace('-', "_")));
    let is_ours = |path: &str| {
        let name = path.split('/').nth(1).unwrap_or_default();
        let name = name.strip_prefix("lib").unwrap_or(name);
        let name = name.rsplit_once('-').map_or(name, |(name, _)| name);
        members.iter().any(|it| it == name) || TESTS_AND_EXAMPLES.contains(&name)
    };
    for directory in ["deps", ".fingerprint", "build"] {
        for path in below(&profile().join(directory)) {
            let path = format!("{directory}/{path}");
            if is_ours(&path) {
                continue;
            }
            let to = build.join("debug").join(&path);
            fs::create_dir_all(to.parent().expect("a directory")).expect("its directory");
            // What vanishes meanwhile, or can't be taken along, is built.
            let _ = take_along(&profile().join(&path), &to);
        }
    }
    build
});

/// From this size on a file is linked. Cargo and the compiler replace such files, and write into the small ones, their notes.
const LARGE: u64 = 100_000;

/// Links or copies what was built, with its time, by which cargo knows it.
fn take_along(from: &Path, to: &Path) -> std::io::Result<()> {
    let known = fs::metadata(from)?;
    if known.len() >= LARGE {
        return fs::hard_link(from, to);
    }
    fs::copy(from, to)?;
    fs::File::options()
        .append(true)
        .open(to)?
        .set_modified(known.modified()?)
}

/// What members build under names of their own.
const TESTS_AND_EXAMPLES: &[&str] = &["dialects", "doctor", "it", "pages", "quickstart", "worker"];

/// A copy of the workspace.
pub(crate) struct Copy {
    root: PathBuf,
}

impl Copy {
    /// A fresh copy of this name below the target directory.
    pub(crate) fn fresh(name: &str) -> Self {
        let root = place().join(name);
        if root.exists() {
            fs::remove_dir_all(&root).expect("a directory");
        }
        for path in files() {
            let to = root.join(&path);
            fs::create_dir_all(to.parent().expect("a directory")).expect("its directory");
            fs::copy(own().join(&path), to).expect("a file");
        }
        Self { root }
    }

    /// Another copy that has what this one has, and keeps the times of whatever is the same: what was built there before is
    /// built.
    pub(crate) fn settled(&self, name: &str) -> Self {
        let root = place().join(name);
        let wanted = below(&self.root);
        for path in below(&root).difference(&wanted) {
            fs::remove_file(root.join(path)).expect("a file");
        }
        for path in &wanted {
            let (from, to) = (self.root.join(path), root.join(path));
            let text = fs::read(from).expect("a file");
            if fs::read(&to).is_ok_and(|present| present == text) {
                continue;
            }
            fs::create_dir_all(to.parent().expect("a directory")).expect("its directory");
            fs::write(to, text).expect("a file");
        }
        Self { root }
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root.join(path)).expect(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        fs::write(self.root.join(path), text).expect(path);
    }

    /// Replaces the one place in a file where something stands.
    pub(crate) fn replace(&self, path: &str, old: &str, new: &str) {
        let text = self.read(path);
        assert_eq!(text.matches(old).count(), 1, "{old} in {path}");
        self.write(path, &text.replace(old, new));
    }

    /// Every file with its text.
    pub(crate) fn everything(&self) -> Vec<(String, Vec<u8>)> {
        let all = below(&self.root).into_iter();
        all.map(|path| {
            let text = fs::read(self.root.join(&path)).expect("a file");
            (path, text)
        })
        .collect()
    }

    /// `cargo xtask` on this copy.
    pub(crate) fn xtask(&self, arguments: &[&str]) -> Ended {
        self.run(env!("CARGO_BIN_EXE_xtask"), arguments)
    }

    /// A command in the copy.
    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> Ended {
        let output = Command::new(program)
            .args(arguments)
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", &*BUILD)
            .env("CARGO_NET_OFFLINE", "true")
            .env("XTASK_ROOT", &self.root)
            .output();
        Ended::from(output.expect(program))
    }
}

/// What git knows of this workspace and what is new in it, without what no provider needs.
fn files() -> Vec<String> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(own())
        .output()
        .expect("git");
    let listed = String::from_utf8(output.stdout).expect("UTF-8");
    let is_wanted = |path: &&str| {
        let is_left_out = LEFT_OUT.iter().any(|left_out| path.starts_with(left_out));
        !is_left_out && own().join(path).is_file()
    };
    listed
        .lines()
        .filter(is_wanted)
        .map(str::to_owned)
        .collect()
}

/// The files below a directory, by their paths from there.
fn below(directory: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![directory.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).into_iter().flatten() {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => open.push(path),
                false => {
                    let path = path.strip_prefix(directory).expect("below it");
                    found.insert(path.to_str().expect("UTF-8").to_owned());
                }
            }
        }
    }
    found
}
