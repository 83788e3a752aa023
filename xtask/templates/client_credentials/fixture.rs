/// The application of the tests, with what a careless encoder spoils.
pub(crate) const CLIENT_ID: &str = "app-1";
pub(crate) const CLIENT_SECRET: &str = "s3cret/of+app 1";
/// What a sign-in sends and nobody may be told.
pub(crate) const SECRET: &str = CLIENT_SECRET;
pub(crate) const TOKEN_PATH: &str = "{{token_path}}";

/// A client of the server at `base_url`.
pub(crate) fn client(base_url: &str) -> ClientBuilder {
    Client::builder(base_url).client_credentials(CLIENT_ID, CLIENT_SECRET)
}

/// A client of a sandbox, with the account that it knows.
pub(crate) async fn in_sandbox(sandbox: &Sandbox) -> ClientBuilder {
    Client::builder(sandbox.url(Host::{{Title}})).client_credentials(
        credentials::{{NAME}}_CLIENT_ID,
        credentials::{{NAME}}_CLIENT_SECRET,
    )
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

