//! The answer to an API call, above all one that tells a failure.

use auth_core::{ErrorKind, StatusCode, canned};
use serde_json::Value;

use crate::Outcome;
use crate::answer::{self, Given};
use crate::scene;

/// Reads an answer as the one to an API call.
///
/// # Panics
/// Where an invariant does not hold.
pub fn check(input: &[u8]) -> Outcome {
    let Given { is_lenient, answer } = answer::read(input);
    let (status, body) = (answer.status(), answer.body().clone());
    scene::on(|scene| {
        let client = scene.client(is_lenient);
        let response = match scene.run(canned::api_answer(client, answer)) {
            Ok(response) => response,
            Err(error) => {
                scene.accept(&error);
                assert_eq!(error.status(), Some(status), "{error:?}");
                assert!(error.may_have_been_processed(), "{error:?}");
                assert_eq!(error.kind() == ErrorKind::Blocked, status.is_redirection());
                let wrong = [ErrorKind::Config, ErrorKind::Reauthorize, ErrorKind::Store];
                assert!(!wrong.contains(&error.kind()), "{error:?}");
                return Outcome::Refused;
            }
        };
        let is_good = status.is_success() || status == StatusCode::NOT_MODIFIED;
        assert!(is_good, "an answer of {status} passed");
        assert_eq!((response.status(), response.bytes()), (status, &body));
        let read = response.json::<Value>();
        if is_lenient && let Ok(value) = &read {
            let soft = &value["success"];
            assert!(soft != &Value::Bool(false), "a failure passed: {value}");
        }
        // What does not fit is told without what was found there.
        let misfits = [
            read.err(),
            response.json::<Vec<u8>>().err(),
            response.json::<(String, bool)>().err(),
            response.model::<Vec<i64>>().err(),
            response.model_at::<bool>("success").err(),
        ];
        for error in misfits.into_iter().flatten() {
            scene.accept(&error);
            assert_eq!(error.kind(), ErrorKind::Decode);
        }
        Outcome::Accepted
    })
}
