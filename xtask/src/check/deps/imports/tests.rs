//! Shows what the scanner of imports finds and what it lets pass.

use super::{Source, offenses};

fn source(path: &str, text: &str) -> Source {
    Source {
        path: path.into(),
        text: text.to_owned(),
    }
}

/// The offenses of one file beside a crate root that exports `Error` and `Session`.
fn found(path: &str, text: &str) -> Vec<String> {
    let root = source(
        "lib.rs",
        "mod page;\npub use crate::error::{Error, ErrorKind as Kind};\npub use session::Session;",
    );
    offenses(&[root, source(path, text)])
}

#[track_caller]
fn assert_passes(path: &str, text: &str) {
    assert_eq!(found(path, text), Vec::<String>::new());
}

#[track_caller]
fn assert_offends(path: &str, text: &str, message: &str) {
    let found = found(path, text);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with(&format!("auth-core/src/{path}:{message}")),
        "{found:?}"
    );
}

#[test]
fn imports_from_the_left_pass() {
    assert_passes(
        "session.rs",
        "use crate::{clock::Clock, endpoint::{self, Endpoint}};",
    );
    assert_passes(
        "session/flight.rs",
        "use super::Inner; use super::super::token::Token;",
    );
    assert_passes(
        "token.rs",
        "mod tests { use super::*; fn f() { crate::Error::new() } }",
    );
    assert_passes(
        "secret.rs",
        "use crate::error::Error; pub(crate) struct Secret;",
    );
    assert_passes("http.rs", "crate::trace!(1);");
}

#[test]
fn an_import_from_the_right_is_named_with_its_line() {
    assert_offends(
        "token.rs",
        "\nuse crate::session::Session;",
        "2: `token` imports `session`",
    );
    assert_offends(
        "token/set.rs",
        "fn f() { crate::http::send() }",
        "1: `token` imports `http`",
    );
}

#[test]
fn a_group_hides_nothing() {
    let text = "use crate::{\n    error::{Error, Kind},\n    page,\n};";
    assert_offends("store.rs", text, "3: `store` imports `page`");
}

#[test]
fn a_relative_path_hides_nothing() {
    assert_offends(
        "token.rs",
        "use super::session::Session;",
        "1: `token` imports `session`",
    );
    assert_offends(
        "token/set.rs",
        "use super::super::page;",
        "1: `token` imports `page`",
    );
    let text = "mod inner { use super::super::{http}; }";
    assert_offends("token.rs", text, "1: `token` imports `http`");
}

#[test]
fn an_export_of_the_root_hides_nothing() {
    assert_offends(
        "token.rs",
        "use crate::Session;",
        "1: `token` imports `session`",
    );
    assert_offends(
        "token.rs",
        "use crate::Unknown;",
        "1: `token` imports `crate::Unknown`",
    );
    assert_offends("token.rs", "use crate::*;", "1: `token` imports `crate::*`");
}

#[test]
fn leaves_import_no_sibling_but_the_error() {
    assert_offends(
        "secret.rs",
        "use crate::clock::Clock;",
        "1: `secret` imports `clock`",
    );
    assert_offends(
        "error.rs",
        "use crate::secret::Secret;",
        "1: `error` imports `secret`",
    );
}

#[test]
fn rooms_of_one_column_may_import_each_other_one_way_only() {
    let grant = source("grant.rs", "use crate::dialect::Dialect;");
    let token = source("token.rs", "use crate::grant::Grant;");
    let dialect = source("dialect.rs", "use crate::token::Token;");
    assert!(offenses(&[grant, token]).is_empty());
    let grant = source("grant.rs", "use crate::dialect::Dialect;");
    let token = source("token.rs", "use crate::grant::Grant;");
    let found = offenses(&[grant, token, dialect]);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].contains("leads back to `grant`"), "{found:?}");
}

#[test]
fn foreign_crates_stay_in_their_rooms() {
    assert_passes("transport/pin.rs", "use reqwest::Client;");
    assert_passes("endpoint/shim.rs", "use oauth2::AsyncHttpClient;");
    assert_passes(
        "http.rs",
        "// Not reqwest.\nconst PATH: &str = \"/oauth2/token\";",
    );
    assert_offends("http.rs", "\nuse reqwest::Body;", "2: `http` names reqwest");
    assert_offends(
        "transport.rs",
        "use oauth2::HttpRequest;",
        "1: `transport` names oauth2",
    );
    let root = source("lib.rs", "pub use reqwest;");
    assert!(offenses(&[root])[0].contains("`lib` names reqwest"));
}

#[test]
fn a_room_that_the_plan_does_not_know_is_named() {
    assert_offends(
        "cellar.rs",
        "use crate::page;",
        "1: the plan has no room `cellar`",
    );
    assert_offends(
        "page.rs",
        "use crate::cellar::Wine;",
        "1: `page` imports `crate::cellar`",
    );
}
