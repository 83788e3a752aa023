//! The foreign crates whose types integrators meet, by the names that Rust knows them by, and why.

/// Stands for every provider.
pub(super) const PROVIDER: &str = "a provider";

/// A foreign crate, ours in whose signatures it may stand, and the reason.
pub(super) const AGREED: &[(&str, &[&str], &str)] = &[
    (
        "async_trait",
        &["auth-core"],
        "integrators write their stores with this macro; re-exported",
    ),
    (
        "bytes",
        &["auth-core", "vendor-sandbox"],
        "pieces of bodies; at 1 since 2020",
    ),
    (
        "chrono",
        &["auth-core"],
        "dates of typed models, where a program reckons with them; re-exported; at 0.4 since 2017",
    ),
    (
        "futures_core",
        &["auth-core"],
        "the trait of streams, until the standard library has one",
    ),
    (
        "http",
        &["auth-core", PROVIDER, "vendor-sandbox"],
        "methods, headers and status codes; re-exported; at 1 since 2023",
    ),
    (
        "rust_decimal",
        &["auth-core"],
        "amounts of money in typed models, exact; re-exported; at 1 since 2019",
    ),
    (
        "serde_core",
        &["auth-core", "comm100"],
        "answers are read into integrators' own types: serde's traits are defined there; at 1 since 2017",
    ),
    (
        "serde_json",
        &["auth-core", PROVIDER, "vendor-sandbox"],
        "what a document leaves open is any JSON value; re-exported; at 1 since 2017",
    ),
    (
        "tokio",
        &["auth-core"],
        "a download is written to any of its writers, such as a file of its own; at 1 since 2020",
    ),
    (
        "url",
        &["auth-core"],
        "addresses of sign-in pages and callbacks; re-exported; at 2 since 2019",
    ),
];
