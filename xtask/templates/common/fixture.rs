//! Makes the clients that the tests look at, and the servers that play one answer.

use {{name}}::{Client, ClientBuilder, Error, Response, Settings};
use vendor_sandbox::{Host, Sandbox, credentials};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

{{fixture}}
/// A call that needs nothing but the sign-in.
pub(crate) const PROBE: &str = "{{probe}}";

/// Makes that call.
pub(crate) async fn probe(client: &Client) -> Result<Response, Error> {
    client.request({{name}}::Method::GET, PROBE).send().await
}

/// Settings under which nothing is tried a second time.
pub(crate) fn once() -> Settings {
    Settings::new().call_retries(0).token_retries(0)
}

/// An answer with a JSON body, byte by byte as given.
pub(crate) fn json(status: u16, body: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body, "application/json")
}

async fn mount(server: &MockServer, verb: &str, place: &str, answer: ResponseTemplate) {
    Mock::given(method(verb))
        .and(path(place))
        .respond_with(answer)
        .mount(server)
        .await;
}

/// Everything that came to `server`, in order.
pub(crate) async fn requests(server: &MockServer) -> Vec<Request> {
    server
        .received_requests()
        .await
        .expect("a recording server")
}

/// Says that a request to `server` has this line, these headers and no other, and this body.
#[track_caller]
pub(crate) fn assert_wire(
    (server, request): (&MockServer, &Request),
    line: &str,
    headers: &[(&str, &str)],
    body: &str,
) {
    let target = request.url.query().map_or_else(
        || request.url.path().to_owned(),
        |query| format!("{}?{query}", request.url.path()),
    );
    assert_eq!(format!("{} {target}", request.method), line);
    let length = request.body.len().to_string();
    let host = server.address().to_string();
    let agent = concat!("{{name}}-rust/", env!("CARGO_PKG_VERSION"));
    let mut wanted = vec![
        ("accept", "application/json"),
        ("host", host.as_str()),
        ("user-agent", agent),
    ];
    if !body.is_empty() {
        wanted.push(("content-length", &length));
    }
    wanted.extend(headers);
    wanted.sort_unstable();
    let mut sent: Vec<(&str, &str)> = request
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_str().expect("visible ASCII")))
        .collect();
    sent.sort_unstable();
    assert_eq!(sent, wanted);
    assert_eq!(String::from_utf8_lossy(&request.body), body);
}
