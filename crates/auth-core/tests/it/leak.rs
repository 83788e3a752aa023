//! Finds a secret in a text, in whatever disguise.

use std::error::Error as _;

use auth_core::Error;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// What `secret` looks like inside a text: plain, percent-encoded, and within longer Base64 wherever it starts.
pub(crate) fn disguises(secret: &str) -> Vec<String> {
    let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let percent = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
    let mut found = vec![
        secret.to_owned(),
        form.to_lowercase(),
        percent.to_lowercase(),
        form,
        percent,
    ];
    for shift in 0..3 {
        let mut bytes = vec![0; shift];
        bytes.extend_from_slice(secret.as_bytes());
        // The first and the last group can hold what stands around the secret.
        let groups = bytes.len() / 3;
        for engine in [&STANDARD, &URL_SAFE] {
            let text = engine.encode(&bytes);
            found.push(text[4..groups * 4].to_owned());
        }
    }
    assert!(
        found.iter().all(|disguise| disguise.len() >= 8),
        "`{secret}` is too short to be told from chance"
    );
    found
}

/// The first of `secrets` that `text` holds in any disguise.
pub(crate) fn find<'s>(text: &str, secrets: &[&'s str]) -> Option<&'s str> {
    secrets.iter().copied().find(|secret| {
        disguises(secret)
            .iter()
            .any(|disguise| text.contains(disguise.as_str()))
    })
}

/// All that an error tells, its causes included, but for the body, which has to be asked for.
pub(crate) fn told(error: &Error) -> String {
    let mut text = format!(
        "{error} {error:?} {error:#?} {:?} {:?} {:?}",
        error.provider_code(),
        error.provider_message(),
        error.request_id(),
    );
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(" {cause} {cause:?}"));
        source = cause.source();
    }
    text
}

/// Fails if an error tells any of `secrets`, or its body holds one that we have sent.
pub(crate) fn check(name: &str, error: &Error, sent: &[&str], secrets: &[&str]) {
    let text = told(error);
    let body = String::from_utf8_lossy(error.body().unwrap_or_default()).into_owned();
    let found = find(&text, secrets)
        .or_else(|| find(&text, sent))
        .or_else(|| find(&body, sent));
    if let Some(secret) = found {
        panic!("{name}: the error tells `{secret}`: {text} {body}");
    }
}
