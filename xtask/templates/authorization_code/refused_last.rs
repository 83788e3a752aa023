/// The verifier of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// The grant with a code that a person has approved, by a request that is written by hand.
async fn grant(sandbox: &Sandbox) -> String {
    let url = format!(
        "{}{{authorize_path}}?client_id=sandbox-client&response_type=code\
         &redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256&state=s",
        sandbox.url(Host::{{Title}})
    );
    let callback = sandbox.approve(&url).await.expect("a callback");
    let (_, rest) = callback.split_once("?code=").expect("a code");
    let code = rest.split('&').next().unwrap_or_default();
    format!(
        "grant_type=authorization_code&code={code}\
         &redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback&code_verifier={VERIFIER}"
    )
}

#[tokio::test]
async fn a_code_is_good_once() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let builder = in_sandbox(&sandbox).await;
    let first = builder.clone().build().expect("a client");
    first.sign_in().await.expect("tokens");
    let second = builder.build().expect("a client");
    assert!(second.sign_in().await.is_err());
    assert!(probe(&first).await.is_err(), "its tokens are revoked");
}

#[tokio::test]
async fn a_page_without_a_challenge_is_refused() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let url = format!(
        "{}{{authorize_path}}?client_id=sandbox-client&response_type=code\
         &redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback&state=s",
        sandbox.url(Host::{{Title}})
    );
    assert!(sandbox.approve(&url).await.is_err());
    assert_eq!(sandbox.refusals().len(), 1);
}
