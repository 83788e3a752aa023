//! The same by typed operations.

use auth_core::model::Value;
use auth_core::{Method, Upload};

use super::keyed;
use crate::raw::{Act, RawServer, http};

#[tokio::test]
async fn an_upload_answers_with_a_model() {
    let server = RawServer::start(|_| Act::Answer(http("201 Created", "", "{\"rows\":2}"))).await;
    let client = keyed(&server.url());
    let call = client.operation(Method::POST, "/import", &[]);
    let file = Upload::bytes("a.csv", "a,b");
    let answer: Value = call
        .upload("file", file)
        .model()
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer["rows"], 2);
    assert!(server.seen()[0].contains("\r\n\r\na,b\r\n--form-"));
}
