//! Shows that a program needs nothing beside this crate: it is compiled and run with no other dependency.

use std::path::Path;
use std::process::Command;

/// A program that touches everything an integrator meets in signatures.
const PROGRAM: &str = include_str!("alone/program.rs.txt");

/// The same way of compiling as the workspace's, so that most of what it has compiled is used again.
const AS_HERE: &str = "[profile.dev]\ndebug = \"line-tables-only\"\n\n\
    [profile.dev.package.\"*\"]\ndebug = false\n\n\
    [profile.dev.package.serde_json]\nopt-level = 1\n";

#[test]
fn a_program_with_this_crate_as_its_only_dependency_runs_and_prints_no_secret() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let lock = here.join("../../Cargo.lock");
    let program = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(program.path().join("src")).expect("a folder");
    std::fs::write(program.path().join("src/main.rs"), PROGRAM).expect("a file");
    std::fs::copy(lock, program.path().join("Cargo.lock")).expect("a lock file");
    let manifest = format!(
        "[package]\nname = \"alone\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [dependencies]\n{} = {{ path = {:?} }}\n\n[workspace]\n\n{AS_HERE}",
        env!("CARGO_PKG_NAME"),
        here.display().to_string(),
    );
    std::fs::write(program.path().join("Cargo.toml"), manifest).expect("a file");

    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("..");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["run", "--offline", "--quiet"])
        .current_dir(program.path())
        .env("CARGO_TARGET_DIR", target)
        .env("COMMUNIC8_BASE_URL", "from-env.example.com")
        .env("COMMUNIC8_TOKEN_VALUE", "canary-env-value")
        .env("COMMUNIC8_TOKEN_ID", "env-id")
        .output()
        .expect("cargo");
    let out = String::from_utf8_lossy(&output.stdout);
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{out}\n{err}");
    assert!(
        out.contains("api_base: \"https://from-env.example.com\""),
        "{out}"
    );
    assert!(out.ends_with("done\n"), "{out}");
    assert!(
        !out.contains("canary") && !err.contains("canary"),
        "{out}\n{err}"
    );
}
