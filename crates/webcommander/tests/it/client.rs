//! Makes the clients that the tests look at, and the servers that play one answer.

use vendor_sandbox::{Host, Sandbox, credentials};
use webcommander::{Client, ClientBuilder, Error, Response, Settings};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

pub(crate) use webcommander::{Method, Url};

/// The store user of the samples, and the two as `auth_string`.
pub(crate) const USERNAME: &str = "storeadmin7@shop7.example";
pub(crate) const PASSWORD: &str = "Inv3nted-Store-Passw0rd-x";
pub(crate) const AUTH_STRING: &str =
    "c3RvcmVhZG1pbjdAc2hvcDcuZXhhbXBsZTpJbnYzbnRlZC1TdG9yZS1QYXNzdzByZC14";

/// The application of the samples.
pub(crate) const CLIENT_ID: &str = "48c25a7ebd07958498c1ea0c6eb78809";
pub(crate) const CLIENT_SECRET: &str = "6b7277cfc91adae6cde76baa7080f383";
pub(crate) const REDIRECT_URI: &str = "https://app.example.com/oauth-callback";

pub(crate) const TOKEN_PATH: &str = "/api/v4/oauth2/token";
pub(crate) const CUSTOMERS: &str = "/api/v4/admin/customers";

/// A client with the samples' application, and no user yet.
pub(crate) fn application(base_url: &str) -> ClientBuilder {
    Client::builder(base_url).application(CLIENT_ID, CLIENT_SECRET, REDIRECT_URI)
}

/// A client with the samples' application and user.
pub(crate) fn user(base_url: &str) -> ClientBuilder {
    application(base_url).user(USERNAME, PASSWORD)
}

/// A client with the sandbox's application, and no user yet.
pub(crate) fn application_in(sandbox: &Sandbox) -> ClientBuilder {
    Client::builder(sandbox.url(Host::WebCommander)).application(
        credentials::WEBCOMMANDER_CLIENT_ID,
        credentials::WEBCOMMANDER_CLIENT_SECRET,
        credentials::WEBCOMMANDER_REDIRECT_URI,
    )
}

/// A client with the sandbox's application and user.
pub(crate) fn in_sandbox(sandbox: &Sandbox) -> ClientBuilder {
    application_in(sandbox).user(
        credentials::WEBCOMMANDER_USERNAME,
        credentials::WEBCOMMANDER_PASSWORD,
    )
}

/// Settings under which nothing is tried a second time.
pub(crate) fn once() -> Settings {
    Settings::new().call_retries(0).token_retries(0)
}

/// Lists the customers.
pub(crate) async fn customers(client: &Client) -> Result<Response, Error> {
    client.request(Method::GET, CUSTOMERS).send().await
}

/// Mounts an answer for `method` and `path`.
pub(crate) async fn mount(server: &MockServer, verb: &str, place: &str, answer: ResponseTemplate) {
    Mock::given(method(verb))
        .and(path(place))
        .respond_with(answer)
        .mount(server)
        .await;
}

/// Mounts an answer that is given once, before those that are mounted later.
pub(crate) async fn mount_once(
    server: &MockServer,
    verb: &str,
    place: &str,
    answer: ResponseTemplate,
) {
    Mock::given(method(verb))
        .and(path(place))
        .respond_with(answer)
        .up_to_n_times(1)
        .mount(server)
        .await;
}

/// A server whose token endpoint and customer list answer as given.
pub(crate) async fn server(token: ResponseTemplate, customers: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    mount(&server, "POST", TOKEN_PATH, token).await;
    mount(&server, "GET", CUSTOMERS, customers).await;
    server
}

/// An answer with a JSON body, byte by byte as given.
pub(crate) fn json(status: u16, body: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body, "application/json")
}

/// A token answer with these tokens, for an hour.
pub(crate) fn tokens(access: &str, refresh: &str) -> ResponseTemplate {
    let body =
        format!(r#"{{"access_token":"{access}","refresh_token":"{refresh}","expires_in":3600}}"#);
    json(200, &body)
}

/// An empty list of customers.
pub(crate) fn no_customers() -> ResponseTemplate {
    json(200, r#"{"customers":[],"pagination":{"total":0}}"#)
}

/// Everything that came to `server`, in order.
pub(crate) async fn requests(server: &MockServer) -> Vec<wiremock::Request> {
    server
        .received_requests()
        .await
        .expect("a recording server")
}
