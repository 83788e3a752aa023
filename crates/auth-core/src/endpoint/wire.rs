//! Stands between `oauth2` and the network: the standard request becomes the dialect's, the dialect's answer the
//! standard one.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse};
use serde_json::Value;
use url::form_urlencoded;
use zeroize::Zeroizing;

use crate::dialect::{BodyFormat, ClientProof, Dialect, Parameter, Place, TokenRow};
use crate::endpoint::{Prepared, TokenEndpoint};
use crate::error::{Error, ErrorKind, without_value};
use crate::fault::{self, Members};
use crate::secret::{Scrubber, Secret, base64_pair, basic_pair};
use crate::token::sensitive;
use crate::transport::{BaseUrl, Limits, Outgoing, Payload, Transport};

/// A token answer is small; what is larger is not read.
const LARGEST_ANSWER: usize = 1024 * 1024;
/// What a provider says when the request, not the credential, is at fault (RFC 6749 section 5.2).
const REQUEST_AT_FAULT: [&str; 3] = ["invalid_request", "invalid_scope", "unsupported_grant_type"];

/// One token request of one row. Owns all it needs, so that its future can move to another thread.
pub(super) struct Wire {
    dialect: Dialect,
    row: &'static TokenRow,
    format: BodyFormat,
    base: BaseUrl,
    user_agent: &'static str,
    transport: Transport,
    limits: Limits,
    extra: Vec<(&'static str, Secret)>,
    scrubber: Arc<Scrubber>,
    now: SystemTime,
    status: OnceLock<StatusCode>,
}

impl Wire {
    pub(super) fn new(
        endpoint: &TokenEndpoint,
        prepared: &Prepared<'_>,
        extra: Vec<(&'static str, Secret)>,
        now: SystemTime,
    ) -> Self {
        let row = prepared.row;
        Self {
            dialect: endpoint.dialect,
            row,
            format: endpoint
                .body
                .filter(|body| row.other_format == Some(*body))
                .unwrap_or(row.format),
            base: endpoint.base.clone(),
            user_agent: endpoint.user_agent,
            transport: endpoint.transport.clone(),
            limits: Limits {
                timeout: endpoint.timeout,
                body: LARGEST_ANSWER,
                is_precious: true,
            },
            extra,
            scrubber: Arc::clone(&prepared.scrubber),
            now,
            status: OnceLock::new(),
        }
    }

    /// The status of the answer; 200 where there was none.
    pub(super) fn status(&self) -> StatusCode {
        self.status.get().copied().unwrap_or_default()
    }

    /// The standard form request in the dialect's form.
    fn rewrite(&self, standard: &HttpRequest) -> Result<Outgoing, Error> {
        let standard = Standard::read(standard.body());
        let mut query = Vec::new();
        let mut body = Vec::new();
        for parameter in self.row.parameters {
            match (self.value(&standard, parameter.value), parameter.optional) {
                (Some(value), _) => match parameter.place {
                    Place::Body => body.push((parameter, value)),
                    Place::Query => query.push((parameter.wire, value)),
                },
                (None, true) => {}
                (None, false) => {
                    return Err(Error::config(parameter.value, "is needed for this sign-in"));
                }
            }
        }
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if self.row.client.is_pair() {
            let id = standard
                .get("client_id")
                .ok_or_else(|| Error::config("client_id", "is missing"))?;
            let secret = standard
                .get("client_secret")
                .ok_or_else(|| Error::config("client_secret", "is missing"))?;
            let secret = Secret::new(secret);
            let (scheme, pair) = match self.row.client {
                ClientProof::Basic => ("Basic", basic_pair(id, &secret)),
                _ => ("Bearer", base64_pair(id, &secret)),
            };
            headers.insert(
                AUTHORIZATION,
                sensitive(&Zeroizing::new(format!("{scheme} {}", pair.expose())))?,
            );
        }
        let (content_type, body) = match self.format {
            BodyFormat::Form => ("application/x-www-form-urlencoded", form(&body)),
            BodyFormat::Json => ("application/json", json(&body)),
        };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        let url = self.base.join(self.row.path, &query);
        Ok(Outgoing {
            method: Method::POST,
            url,
            headers,
            body: Payload::Whole(body),
            user_agent: self.user_agent,
        })
    }

    /// A value by its name: what the standard request holds, or what the principal adds. An empty one does not count.
    fn value<'a>(&'a self, standard: &'a Standard, name: &str) -> Option<&'a str> {
        let extra = || {
            self.extra
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| value.expose())
        };
        standard
            .get(name)
            .or_else(extra)
            .filter(|value| !value.is_empty())
    }

    /// Takes the answer to the one request.
    pub(super) fn receive(&self, answer: http::Response<Bytes>) -> Result<HttpResponse, Error> {
        // A wire serves one request, so the cell is empty.
        let _ = self.status.set(answer.status());
        self.normalize(answer)
    }

    /// The dialect's answer in the standard form, or the error that it stands for.
    fn normalize(&self, answer: http::Response<Bytes>) -> Result<HttpResponse, Error> {
        let status = answer.status();
        if !status.is_success() {
            return Err(self.refusal(&answer));
        }
        // One object and nothing else: the reader of the answer alone would take a list of the right values, too.
        let members = Members::read(answer.body())
            .map_err(|error| Error::decode("", &without_value(&error), status))?;
        // A failure under a success status counts, unless there is a token all the same.
        if !members.has("access_token") && self.says_no(&members, answer.body()) {
            return Err(self.refusal(&answer));
        }
        let mut standard = http::Response::new(answer.into_body().into());
        standard
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(standard)
    }

    /// Says whether a body without a token tells a failure: by the dialect's member, or by naming an error.
    fn says_no(&self, members: &Members, body: &[u8]) -> bool {
        let rules = self.dialect.answer_rules();
        rules
            .soft_failure
            .is_some_and(|member| fault::soft_failure(body, member))
            || members.has("error")
            || members.has("errors")
    }

    fn refusal(&self, answer: &http::Response<Bytes>) -> Error {
        let told = fault::read(answer, self.now, &self.scrubber);
        let code = told.code.as_deref();
        let status = answer.status().as_u16();
        let kind = match self
            .dialect
            .answer_rules()
            .kind(status, code, told.message.as_deref())
        {
            ErrorKind::Invalid | ErrorKind::Permission if matches!(status, 400 | 403) => {
                if code.is_some_and(|code| REQUEST_AT_FAULT.contains(&code)) {
                    ErrorKind::Invalid
                } else {
                    ErrorKind::Unauthorized
                }
            }
            ErrorKind::Provider if answer.status().is_success() => ErrorKind::Unauthorized,
            kind => kind,
        };
        // Of a code or refresh token that is spent, the hint about credentials would lead astray.
        let is_spent = code == Some("invalid_grant");
        let hint = self
            .dialect
            .hint()
            .filter(|_| kind == ErrorKind::Unauthorized && !is_spent);
        let what = match kind {
            ErrorKind::Blocked => {
                "the token endpoint redirects; credentials are not sent elsewhere"
            }
            ErrorKind::NotFound => "there is no token endpoint at the configured host",
            ErrorKind::Provider => "the token endpoint failed",
            ErrorKind::RateLimited => "the token endpoint is asked too often",
            _ => "the sign-in was refused",
        };
        Error::answered(kind, what, hint, told)
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire")
            .field("dialect", &self.dialect.name())
            .finish_non_exhaustive()
    }
}

impl<'c> AsyncHttpClient<'c> for Wire {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Error>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let outgoing = self.rewrite(&request)?;
            drop(Zeroizing::new(request.into_body()));
            let answer = self.transport.send(outgoing, self.limits).await?;
            self.receive(answer)
        })
    }
}

/// The form that `oauth2` wrote, read back.
struct Standard(Vec<(String, Zeroizing<String>)>);

impl Standard {
    fn read(body: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(body);
        Self(
            pairs
                .map(|(name, value)| (name.into_owned(), Zeroizing::new(value.into_owned())))
                .collect(),
        )
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .filter(|text| !text.is_empty())
    }
}

fn form(pairs: &[(&Parameter, &str)]) -> Bytes {
    let pairs = pairs
        .iter()
        .map(|(parameter, value)| (parameter.wire, *value));
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
        .into()
}

/// An object of texts, in the row's order.
fn json(pairs: &[(&Parameter, &str)]) -> Bytes {
    let mut text = String::from("{");
    for (parameter, value) in pairs {
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(&Value::from(parameter.wire).to_string());
        text.push(':');
        text.push_str(&Zeroizing::new(Value::from(*value).to_string()));
    }
    text.push('}');
    text.into()
}
