//! The answer of a token endpoint.

use auth_core::{ErrorKind, TokenSet, canned};
use serde_json::Value;

use crate::Outcome;
use crate::answer::{self, Given};
use crate::scene;

/// Reads an answer as the token endpoint's.
///
/// # Panics
/// Where an invariant does not hold.
pub fn check(input: &[u8]) -> Outcome {
    let Given { is_lenient, answer } = answer::read(input);
    let (status, body) = (answer.status(), answer.body().clone());
    scene::on(|scene| {
        let client = scene.client(is_lenient);
        let (tokens, authorization) = match scene.run(canned::token_answer(client, answer)) {
            Ok(read) => read,
            Err(error) => {
                scene.accept(&error);
                // Nothing was sent before, so this is about the answer and nothing else.
                assert_eq!(error.status(), Some(status), "{error:?}");
                assert!(error.may_have_been_processed(), "{error:?}");
                assert_ne!(error.kind(), ErrorKind::Config, "{error:?}");
                return Outcome::Refused;
            }
        };
        assert!(status.is_success(), "a token came with {status}");
        // What stands below a member that nobody reads may be no UTF-8.
        let body = String::from_utf8_lossy(&body);
        let Ok(told) = serde_json::from_str::<Value>(&body) else {
            // A number there may be beyond all that this reader knows; then there is nothing to compare with.
            assert!(body.contains(['e', 'E']), "no JSON, and a token: {body}");
            return Outcome::Accepted;
        };
        let token = tokens.access_token().expose();
        assert_eq!(told["access_token"].as_str(), Some(token), "another token");
        assert!(!token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()));
        match &told["token_type"] {
            Value::Null => assert!(is_lenient, "a token of no type"),
            kind => {
                let kind = kind.as_str().unwrap_or_default();
                assert!(kind.eq_ignore_ascii_case("bearer"), "of type {kind:?}");
            }
        }
        let refresh = tokens.refresh_token().map(|token| token.expose());
        let sent = told["refresh_token"]
            .as_str()
            .filter(|sent| !sent.is_empty());
        assert_eq!(refresh, sent, "another refresh token");

        let value = authorization.value();
        let scheme = if is_lenient { "" } else { "Bearer " };
        assert_eq!(value.as_bytes(), format!("{scheme}{token}").as_bytes());
        assert!(value.is_sensitive());

        let again = TokenSet::import(tokens.export().expose());
        assert!(
            again.is_ok_and(|again| is_same(&again, &tokens)),
            "{tokens:?}"
        );

        let shown = format!("{tokens:?} {authorization:?} {value:?}");
        let is_elsewhere = tokens.scope().is_some_and(|scope| scope.contains(token));
        if token.starts_with("canary-") && !is_elsewhere {
            assert!(!shown.contains(token), "{shown}");
        }
        Outcome::Accepted
    })
}

/// Whether an export kept all but what is less than a millisecond.
fn is_same(one: &TokenSet, other: &TokenSet) -> bool {
    let ms = |tokens: &TokenSet| {
        let since = tokens.expires_at()?.duration_since(std::time::UNIX_EPOCH);
        Some(since.unwrap_or_default().as_millis())
    };
    one.access_token() == other.access_token()
        && one.refresh_token() == other.refresh_token()
        && one.scope() == other.scope()
        && ms(one) == ms(other)
}
