//! Reads the samples of the vendor's page and holds requests against them.

use std::path::Path;

use serde_json::Value;
use wiremock::Request;

/// The text of a sample.
pub(crate) fn text(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/seeds");
    let file = folder.join(name);
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// A sample, decoded.
pub(crate) fn json(name: &str) -> Value {
    serde_json::from_str(&text(name)).expect("a sample is JSON")
}

/// Says that `request` is the sample `name`: method, path, query, the headers that the sample shows, and the body.
pub(crate) fn assert_is_sample(request: &Request, name: &str) {
    let sample = json(name);
    let url = url(&sample);
    assert_eq!(request.method.as_str(), sample["method"], "{name}");
    assert_eq!(request.url.path(), url.path(), "{name}");
    let query: Vec<Value> = request
        .url
        .query_pairs()
        .map(|(key, value)| Value::from(vec![key.into_owned(), value.into_owned()]))
        .collect();
    assert_eq!(Value::from(query), sample["query"], "{name}");
    let headers = sample["headers"].as_object().expect("headers");
    for (header, value) in headers {
        let sent = request.headers.get(header).map(|sent| sent.as_bytes());
        assert_eq!(sent, value.as_str().map(str::as_bytes), "{name}: {header}");
    }
    match sample.get("json") {
        Some(body) => {
            let sent: Value = serde_json::from_slice(&request.body).expect("a JSON body");
            assert_eq!(&sent, body, "{name}");
        }
        None => assert!(request.body.is_empty(), "{name}"),
    }
}

fn url(sample: &Value) -> crate::client::Url {
    let text = sample["url"].as_str().expect("a URL");
    text.parse().expect("a URL")
}
