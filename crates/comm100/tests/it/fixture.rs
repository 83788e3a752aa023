//! Reads the samples of the vendor's pages and compares requests with them.

use std::path::Path;

use comm100::Url;
use serde_json::Value;

use crate::mock::Seen;

/// The client of seed 000.
pub(crate) const DASH_CLIENT: &str = "77e39f6c-f17a-4dcf-97c6-4d953dd776b9";
pub(crate) const DASH_SECRET: &str =
    "605b44dfd18f3b308a9ac3c526ebfcd113a8d0bfe4e31589fbcb35b54f38e0f2";
pub(crate) const DASH_REDIRECT: &str = "https://dash11.comm100.io/agentconsole/authed";
pub(crate) const DASH_VERIFIER: &str = "PBkzsQjSVfT1vdl4N5PRG4mbShZgiNAZyWIXPHQQOKJ";
/// The client of seed 001.
pub(crate) const HOSTED_CLIENT: &str = "67e26cfb-1b62-48c7-b6a9-237dddfd690a";
pub(crate) const HOSTED_SECRET: &str = "525a081e90e58e1fba4c1b41bfc02976";
pub(crate) const HOSTED_REDIRECT: &str = "https://app.example.com/oauth/callback";
/// The site of both.
pub(crate) const SITE: u64 = 20417;
pub(crate) const EMAIL: &str = "ada.agent+api@example.com";
#[cfg(feature = "password-grant")]
pub(crate) const PASSWORD: &str = "inv3nted & made+up=100%";

/// The text of a sample.
pub(crate) fn text(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/seeds");
    std::fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A sample answer.
pub(crate) fn json(name: &str) -> Value {
    serde_json::from_str(&text(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A member of a sample answer that is text.
pub(crate) fn member(name: &str, member: &str) -> String {
    let value = json(name)[member].as_str().map(str::to_owned);
    value.unwrap_or_else(|| panic!("{name} has no `{member}`"))
}

/// The code of the sample exchange.
pub(crate) fn dash_code() -> String {
    Sample::read("dash_v4_code_exchange.request.json").form_value("code")
}

/// A sample request.
pub(crate) struct Sample(Value);

impl Sample {
    pub(crate) fn read(name: &str) -> Self {
        Self(json(name))
    }

    /// The same without a parameter of its form.
    pub(crate) fn without(mut self, name: &str) -> Self {
        if let Some(form) = self.0["form"].as_array_mut() {
            form.retain(|pair| pair[0] != name);
        }
        self
    }

    pub(crate) fn query(&self) -> Vec<(String, String)> {
        pairs(&self.0["query"])
    }

    pub(crate) fn form_value(&self, name: &str) -> String {
        let found = pairs(&self.0["form"]).into_iter().find(|(n, _)| n == name);
        found
            .map(|(_, value)| value)
            .unwrap_or_else(|| panic!("no `{name}` in the form"))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.0["headers"][name]
            .as_str()
            .unwrap_or_else(|| panic!("no header `{name}`"))
    }

    /// Holds a request against the sample: method, path, decoded parameters, and the headers that the sample names.
    #[track_caller]
    pub(crate) fn compare(&self, seen: &Seen) {
        let url: Url = self.0["url"]
            .as_str()
            .and_then(|url| url.parse().ok())
            .unwrap_or_else(|| panic!("no URL in the sample"));
        assert_eq!(self.0["method"], *seen.method);
        assert_eq!(url.path(), seen.path);
        assert_eq!(sorted(self.query()), sorted(seen.query_pairs()));
        for (name, value) in self.0["headers"].as_object().into_iter().flatten() {
            assert_eq!(value.as_str(), seen.header(name), "header `{name}`");
        }
        if self.0["form"].is_array() {
            assert_eq!(sorted(pairs(&self.0["form"])), sorted(decode(&seen.body)));
        } else if self.0["json"].is_object() {
            let body: Value = serde_json::from_str(&seen.body)
                .unwrap_or_else(|error| panic!("the body is no JSON: {error}"));
            assert_eq!(self.0["json"], body);
        } else {
            assert_eq!(seen.body, "");
        }
    }
}

fn pairs(value: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = value.as_array().into_iter().flatten();
    list.map(|pair| (text(&pair[0]), text(&pair[1]))).collect()
}

fn sorted(mut pairs: Vec<(String, String)>) -> Vec<(String, String)> {
    pairs.sort();
    pairs
}

/// The pairs of a query or form, decoded.
pub(crate) fn decode(text: &str) -> Vec<(String, String)> {
    let url = Url::parse(&format!("http://localhost/?{text}"));
    let url = url.unwrap_or_else(|error| panic!("{text}: {error}"));
    url.query_pairs().into_owned().collect()
}
