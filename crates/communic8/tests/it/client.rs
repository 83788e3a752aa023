//! Makes the clients that the tests look at, and the servers that play one answer.

use communic8::{Client, ClientBuilder, Error, Response, Settings};
use vendor_sandbox::{Host, Sandbox, credentials};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

pub(crate) use communic8::{Method, Url};

/// Id and value of the token in the samples.
pub(crate) const TOKEN_ID: &str = "24b2fcf2b61600ca9fc2a6a2";
pub(crate) const TOKEN_VALUE: &str = "k~yBP1NQ79flwLx1VY6KxCUwrfJq9EcWRNCZW3t2";

pub(crate) const TOKEN_PATH: &str = "/int/v1/oauth/token";
pub(crate) const CHANNELS: &str = "/int/v1/channel";

/// A client with the samples' client credentials.
pub(crate) fn client_credentials(base_url: &str) -> ClientBuilder {
    Client::builder(base_url).client_credentials(TOKEN_ID, TOKEN_VALUE)
}

/// A client with the samples' static token.
pub(crate) fn static_token(base_url: &str) -> ClientBuilder {
    Client::builder(base_url).static_token(TOKEN_VALUE)
}

/// A client with the sandbox's client credentials.
pub(crate) fn in_sandbox(sandbox: &Sandbox) -> ClientBuilder {
    Client::builder(sandbox.url(Host::Communic8)).client_credentials(
        credentials::COMMUNIC8_TOKEN_ID,
        credentials::COMMUNIC8_TOKEN,
    )
}

/// Settings under which nothing is tried a second time.
pub(crate) fn once() -> Settings {
    Settings::new().call_retries(0).token_retries(0)
}

/// Lists the channels.
pub(crate) async fn channels(client: &Client) -> Result<Response, Error> {
    client.request(Method::GET, CHANNELS).send().await
}

/// A server whose token endpoint and channel list answer as given.
pub(crate) async fn server(token: ResponseTemplate, channels: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    for (verb, place, answer) in [("POST", TOKEN_PATH, token), ("GET", CHANNELS, channels)] {
        Mock::given(method(verb))
            .and(path(place))
            .respond_with(answer)
            .mount(&server)
            .await;
    }
    server
}

/// An answer with a JSON body, byte by byte as given.
pub(crate) fn json(status: u16, body: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body, "application/json")
}

/// An empty list of channels.
pub(crate) fn no_channels() -> ResponseTemplate {
    json(200, r#"{"success":true,"data":[],"total":0}"#)
}

/// Everything that came to `server`, in order.
pub(crate) async fn requests(server: &MockServer) -> Vec<wiremock::Request> {
    server
        .received_requests()
        .await
        .expect("a recording server")
}
