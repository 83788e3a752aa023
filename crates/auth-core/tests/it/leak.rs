//! Looks for secrets in what an error tells.

use auth_core::Error;
use canary::Secrets;

/// The first of `secrets` that `text` holds in any disguise, and where.
pub(crate) fn find(text: &str, secrets: &[&str]) -> Option<String> {
    Secrets::new(secrets).leak(text)
}

/// All that an error tells, its causes included, but for the body, which has to be asked for.
pub(crate) fn told(error: &Error) -> String {
    format!(
        "{} {:?} {:?} {:?}",
        canary::told(error),
        error.provider_code(),
        error.provider_message(),
        error.request_id(),
    )
}

/// Fails if an error tells any of `secrets`, or its body holds one that we have sent.
pub(crate) fn check(name: &str, error: &Error, sent: &[&str], secrets: &[&str]) {
    let text = told(error);
    let body = String::from_utf8_lossy(error.body().unwrap_or_default()).into_owned();
    let found = find(&text, secrets)
        .or_else(|| find(&text, sent))
        .or_else(|| find(&body, sent));
    assert_eq!(found, None, "{name}: {text} {body}");
}
