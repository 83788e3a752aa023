//! Models out of answers: envelopes, empty bodies, and what is told of a misfit.

use auth_core::model::{FromJson, Value};
use auth_core::{
    ApiClient, BaseUrl, Dialect, ErrorKind, Grant, KeyKind, KeyRow, Method, Principal, Profile,
    Response, Settings,
};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::models::{Part, Status};

const DIALECT: Dialect = Dialect::new("EXAMPLE", &[]).keys(&[KeyRow::new(KeyKind::Token, &[], "")]);

async fn answer(body: &str) -> Response {
    let server = MockServer::start().await;
    let found = ResponseTemplate::new(201).set_body_raw(body, "application/json");
    Mock::given(any()).respond_with(found).mount(&server).await;
    let base = BaseUrl::parse("base_url", &server.uri(), &[]).expect("a URL");
    let principal = Principal::new(Grant::StaticToken("t-1".into()));
    let profile = Profile::new(DIALECT, base.clone(), base, principal, "x/1");
    let client = ApiClient::new(profile, &Settings::new()).expect("a client");
    let call = client.request(Method::GET, "/parts");
    call.send().await.expect("an answer")
}

fn told<T: FromJson>(result: Result<T, auth_core::Error>) -> String {
    let error = result.err().expect("a misfit");
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert_eq!(error.status().map(|status| status.as_u16()), Some(201));
    error.to_string()
}

#[tokio::test]
async fn an_envelope_is_opened_and_a_misfit_in_it_has_its_whole_path() {
    let body = r#"{"parts":[{"status":"active"},{"id":"canary"}],"total":2}"#;
    let answer = answer(body).await;
    assert_eq!(answer.model_at::<i64>("total").ok(), Some(2));
    assert_eq!(answer.model_at::<Option<i64>>("page").ok(), Some(None));
    assert_eq!(
        told(answer.model_at::<i64>("page")),
        "the answer does not fit at `$.page`: a required value is missing"
    );
    assert_eq!(
        told(answer.model_at::<Vec<Part>>("parts")),
        "the answer does not fit at `$.parts[1].status`: a required value is missing"
    );
    assert_eq!(
        told(answer.model::<Vec<Part>>()),
        "the answer does not fit: expected a list"
    );
}

#[tokio::test]
async fn an_empty_body_is_null_and_a_broken_one_is_told() {
    let empty = answer("").await;
    assert!(matches!(empty.model::<Option<Part>>(), Ok(None)));
    assert!(matches!(empty.model(), Ok(Value::Null)));
    let without = "the answer does not fit: the body is empty";
    assert_eq!(told(empty.model::<Part>()), without);
    assert_eq!(told(empty.model_at::<Part>("part")), without);
    let broken = answer(r#"["active""#).await;
    let told = told(broken.model::<Vec<Status>>());
    assert!(told.contains("the JSON ends too early"), "{told}");
}
