//! A server that answers what it is told and keeps every request as it came.

use comm100::{Client, ClientBuilder, ManualClock, Method, Platform, Settings};
use serde_json::Value;
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::fixture;

/// One origin on loopback.
pub(crate) struct Origin(MockServer);

/// One request, as it was on the wire.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    /// Names in lower case, in alphabetical order.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Origin {
    pub(crate) async fn start() -> Self {
        Self(MockServer::start().await)
    }

    pub(crate) fn url(&self) -> String {
        self.0.uri()
    }

    /// The value of the `host` header.
    pub(crate) fn host(&self) -> String {
        self.0.address().to_string()
    }

    /// Answers requests to `at`; of several answers the earliest that is left.
    pub(crate) async fn answer(&self, at: &str, answer: ResponseTemplate) {
        Mock::given(path(at))
            .respond_with(answer)
            .mount(&self.0)
            .await;
    }

    /// Answers the next request to `at`.
    pub(crate) async fn answer_once(&self, at: &str, answer: ResponseTemplate) {
        let mock = Mock::given(path(at)).respond_with(answer);
        mock.up_to_n_times(1).mount(&self.0).await;
    }

    /// Answers the next request to `at` with a sample.
    pub(crate) async fn answer_sample(&self, at: &str, name: &str) {
        self.answer_once(at, sample(name)).await;
    }

    pub(crate) async fn seen(&self) -> Vec<Seen> {
        let requests = self.0.received_requests().await.unwrap_or_default();
        requests.iter().map(Seen::of).collect()
    }
}

impl Seen {
    fn of(request: &wiremock::Request) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut headers: Vec<_> = request
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), text(value.as_bytes())))
            .collect();
        headers.sort();
        Self {
            method: request.method.to_string(),
            path: request.url.path().to_owned(),
            query: request.url.query().map(str::to_owned),
            headers,
            body: text(&request.body),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn query_pairs(&self) -> Vec<(String, String)> {
        fixture::decode(self.query.as_deref().unwrap_or_default())
    }

    /// Checks request line and body, byte by byte.
    #[track_caller]
    pub(crate) fn is(&self, method: &str, target: &str, body: &str) {
        let query = self.query.as_ref().map(|query| format!("?{query}"));
        assert_eq!(
            format!("{} {}{}", self.method, self.path, query.unwrap_or_default()),
            format!("{method} {target}")
        );
        assert_eq!(self.body, body);
    }

    /// Checks the whole header set, given in alphabetical order.
    #[track_caller]
    pub(crate) fn has_only(&self, headers: &[(&str, &str)]) {
        let found: Vec<_> = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(found, headers);
    }

    /// Checks the whole header set of a token request.
    #[track_caller]
    pub(crate) fn is_token_request_to(&self, origin: &Origin, content_type: &str) {
        self.has_only(&[
            ("accept", "application/json"),
            ("content-length", &self.body.len().to_string()),
            ("content-type", content_type),
            ("host", &origin.host()),
            ("user-agent", USER_AGENT),
        ]);
    }

    /// Checks the whole header set of an API call without a body.
    #[track_caller]
    pub(crate) fn is_call_to(&self, origin: &Origin, authorization: &str) {
        self.has_only(&[
            ("accept", "application/json"),
            ("authorization", authorization),
            ("host", &origin.host()),
            ("user-agent", USER_AGENT),
        ]);
    }
}

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
pub(crate) const JSON: &str = "application/json";
const USER_AGENT: &str = concat!("comm100-rust/", env!("CARGO_PKG_VERSION"));

/// A JSON answer.
pub(crate) fn answer(status: u16, body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(body)
}

/// A sample as the answer.
pub(crate) fn sample(name: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(fixture::text(name), JSON)
}

/// A client of the dash platform whose tokens and API are on two origins.
pub(crate) fn dash(tokens: &Origin, api: &Origin) -> ClientBuilder {
    Client::builder(Platform::Dash11)
        .token_base(tokens.url())
        .api_base(api.url())
}

/// A client of v2 on one origin.
pub(crate) fn hosted(origin: &Origin) -> ClientBuilder {
    Client::builder(Platform::V2(origin.url()))
}

/// Settings on a clock that the test moves.
pub(crate) fn on(clock: &ManualClock) -> Settings {
    Settings::new().clock(clock.clone())
}

/// One GET, which must succeed.
#[track_caller]
pub(crate) fn get<'c>(
    client: &'c Client,
    path: &'c str,
) -> impl Future<Output = comm100::Response> + 'c {
    let place = std::panic::Location::caller();
    async move {
        let answer = client.request(Method::GET, path).send().await;
        answer.unwrap_or_else(|error| panic!("{place}: GET {path}: {error:?}"))
    }
}
