//! Lets a signed-in client meet every fault of the sandbox, and looks for its secrets in all that is shown meanwhile.

use std::fmt;
use std::time::Duration;

use auth_core::{Call, Diagnosis, Error, Session, Settings};
use canary::{Secrets, Shown, told};
use vendor_sandbox::{Endpoint, Fault, Host, Injection, Sandbox};

/// What can go wrong with the first request to an endpoint; nothing does, too.
pub fn faults() -> Vec<Option<Injection>> {
    let nothing = Fault::Body {
        status: 500,
        content_type: "text/plain".to_owned(),
        body: Vec::new(),
    };
    let moved = Fault::Redirect {
        status: 307,
        location: "https://evil.example/token".to_owned(),
    };
    let faults = [
        Fault::status(400),
        Fault::status(403),
        Fault::status(429),
        Fault::status(503),
        Fault::Unauthorized,
        Fault::Reset,
        Fault::LostAnswer,
        Fault::Truncate,
        Fault::InvalidJson,
        Fault::Html { status: 502 },
        Fault::SlowHeaders(Duration::from_secs(5)),
        Fault::Drip {
            delay: Duration::from_millis(50),
        },
        moved,
        nothing,
    ];
    let mut all = vec![None];
    for endpoint in [Endpoint::Token, Endpoint::Api] {
        let at = |fault: &Fault| Injection::new(fault.clone()).endpoint(endpoint);
        all.extend(faults.iter().map(|fault| Some(at(fault))));
    }
    all
}

/// Settings of one who neither tries again nor waits.
pub fn impatient() -> Settings {
    let short = Duration::from_millis(200);
    let settings = Settings::new().call_retries(0).token_retries(0);
    settings.call_timeout(short).token_timeout(short)
}

/// Signs in, meets `fault`, calls, renews, has its tokens taken back, and calls again; notes whatever can be shown.
pub async fn live<'c>(
    shown: &Shown,
    sandbox: &Sandbox,
    fault: Option<&Injection>,
    session: &Session,
    call: impl Fn() -> Call<'c>,
) {
    if let Some(fault) = fault {
        sandbox.inject(fault.clone());
    }
    let token = session.authorization().await;
    note(shown, &token);
    note(shown, &call().send().await);
    if let Ok(token) = token {
        note(shown, &session.renew(token.generation()).await);
    }
    for revokes_refresh in [false, true] {
        for host in Host::ALL {
            sandbox.revoke_access_tokens(host);
            if revokes_refresh {
                sandbox.revoke_refresh_tokens(host);
            }
        }
        note(shown, &call().send().await);
    }
    shown.debug(&call());
    shown.debug(session);
    shown.debug(&session.health());
    shown.debug(&session.token_set());
}

/// Shows a value or, with its causes and its body, an error.
fn note<T: fmt::Debug>(shown: &Shown, outcome: &Result<T, Error>) {
    match outcome {
        Ok(value) => shown.debug(value),
        Err(error) => {
            let facts = (
                error.provider_code(),
                error.provider_message(),
                error.request_id(),
            );
            shown.note(&format!("{} {facts:?}", told(error)));
            let body = error.body().unwrap_or_default();
            shown.note(&String::from_utf8_lossy(body));
        }
    }
}

/// Shows a diagnosis, as a support ticket has it and as `Debug` does.
pub fn diagnosis(shown: &Shown, diagnosis: &Diagnosis) {
    shown.note(&diagnosis.to_string());
    shown.debug(diagnosis);
}

/// Fails if a secret of the sandbox was shown, or if nobody listened.
pub fn assert_keeps_secrets(shown: &Shown, sandbox: &Sandbox, what: &dyn fmt::Debug) {
    let text = shown.text();
    assert!(text.contains("TRACE"), "{what:?}: nobody listened");
    assert_eq!(
        Secrets::new(sandbox.secrets()).leak(&text),
        None,
        "{what:?}"
    );
}
