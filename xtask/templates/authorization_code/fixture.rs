/// The application of the tests, with what a careless encoder spoils.
pub(crate) const CLIENT_ID: &str = "app-1";
{{secret_constant}}pub(crate) const REDIRECT_URI: &str = "https://app.example.com/callback";
pub(crate) const CODE: &str = "c0de/of+page=1";
/// What a sign-in sends and nobody may be told.
pub(crate) const SECRET: &str = CODE;
pub(crate) const TOKEN_PATH: &str = "{{token_path}}";

/// The application at the server at `base_url`; nobody has signed in.
pub(crate) fn application(base_url: &str) -> ClientBuilder {
    Client::builder(base_url).oauth_client(CLIENT_ID, {{secret_argument}}REDIRECT_URI)
}

/// A client for which a person has approved.
pub(crate) fn client(base_url: &str) -> ClientBuilder {
    let builder = application(base_url);
    let request = builder.authorization_request().expect("a page");
    let (url, pending) = request.start().expect("a page");
    let state = url.query_pairs().find(|(name, _)| name == "state");
    let (_, state) = state.expect("a state");
    let callback = format!("{REDIRECT_URI}?code=c0de%2Fof%2Bpage%3D1&state={state}");
    builder.authorization_code(pending.check(&callback).expect("a code"))
}

/// The application that a sandbox knows; nobody has signed in.
pub(crate) fn application_in(sandbox: &Sandbox) -> ClientBuilder {
    Client::builder(sandbox.url(Host::{{Title}})).oauth_client({{sandbox_credentials}})
}

/// A client of a sandbox, for which its person has approved.
pub(crate) async fn in_sandbox(sandbox: &Sandbox) -> ClientBuilder {
    let builder = application_in(sandbox);
    let request = builder.authorization_request().expect("a page");
    let (url, pending) = request.start().expect("a page");
    let callback = sandbox.approve(url.as_str()).await.expect("a callback");
    builder.authorization_code(pending.check(&callback).expect("a code"))
}

/// The answer to the `n`th token request.
pub(crate) fn token(n: u32) -> String {
    format!({{token_answer}})
}

/// A server whose token endpoint answers as given, and whose API answers with nothing in it.
pub(crate) async fn server(token: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    mount(&server, "POST", TOKEN_PATH, token).await;
    mount(&server, "GET", PROBE, json(200, "{}")).await;
    server
}

/// The same, whose API answers as given.
pub(crate) async fn server_with(call: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    mount(&server, "POST", TOKEN_PATH, json(200, &token(1))).await;
    mount(&server, "GET", PROBE, call).await;
    server
}

