//! A program that depends on this crate and on nothing else compiles, runs, and prints no secret.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::way::ok;

/// The features that this test was built with, so that the program has the same.
const FEATURES: &[&str] = &[
    #[cfg(feature = "implicit")]
    "implicit",
    #[cfg(feature = "partner")]
    "partner",
    #[cfg(feature = "password-grant")]
    "password-grant",
    #[cfg(feature = "rustls")]
    "rustls",
];

/// The same way of compiling as the workspace's, so that most of what it has compiled is used again.
const AS_HERE: &str = "[profile.dev]\ndebug = \"line-tables-only\"\n\n\
    [profile.dev.package.\"*\"]\ndebug = false\n\n\
    [profile.dev.package.serde_json]\nopt-level = 1\n";

#[test]
fn program_with_no_other_dependency_runs_and_prints_no_secret() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let workspace = package.ancestors().nth(2).unwrap();
    let program = TempDir::new().unwrap();
    let manifest = format!(
        "[package]\nname = \"comm100-alone\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [dependencies]\n\
         comm100 = {{ path = {package:?}, default-features = false, features = {FEATURES:?} }}\n\n\
         [workspace]\n\n{AS_HERE}"
    );
    let write = |name: &str, text: &str| ok(std::fs::write(program.path().join(name), text));
    ok(std::fs::create_dir(program.path().join("src")));
    write("Cargo.toml", &manifest);
    write("src/main.rs", include_str!("alone/program.txt"));
    // The versions of the workspace, so that nothing has to be downloaded.
    ok(std::fs::copy(
        workspace.join("Cargo.lock"),
        program.path().join("Cargo.lock"),
    ));

    let output = Command::new(env!("CARGO"))
        .args(["run", "--offline", "--quiet"])
        .current_dir(program.path())
        .env(
            "CARGO_TARGET_DIR",
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(".."),
        )
        .env_remove("RUSTFLAGS")
        .output()
        .unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{err}");
    assert!(out.ends_with("done\n"), "{out}");
    assert!(out.contains("[REDACTED]"), "{out}");
    assert!(!out.contains("canary"), "{out}");
}
