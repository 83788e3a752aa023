/// The key of the tests.
pub(crate) const KEY: &str = "k3y/of+app=1";

/// A client of the server at `base_url`.
pub(crate) fn client(base_url: &str) -> ClientBuilder {
    Client::builder(base_url).api_key(KEY)
}

/// A client of a sandbox, with the key that it knows.
pub(crate) async fn in_sandbox(sandbox: &Sandbox) -> ClientBuilder {
    Client::builder(sandbox.url(Host::{{Title}})).api_key(credentials::{{NAME}}_API_KEY)
}

/// A server whose API answers as given.
pub(crate) async fn server_with(call: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    mount(&server, "GET", PROBE, call).await;
    server
}

