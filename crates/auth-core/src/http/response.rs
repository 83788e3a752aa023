//! Holds one successful answer and decodes it.

use std::fmt;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use crate::error::{Error, without_value};
#[cfg(feature = "models")]
use crate::model::{FromJson, Json, Misfit, Place};
use crate::session::Hider;

/// Content types of what stands in the place of an answer.
const USUAL_TYPES: [&str; 5] = [
    "application/octet-stream",
    "application/xml",
    "text/html",
    "text/plain",
    "text/xml",
];

/// An answer with a success status, read to its end. `Debug` shows neither headers nor body.
///
/// Any other status is an [`Error`], and so is a success status whose body says that the call failed, where the
/// provider is known to answer so.
///
/// # Examples
/// ```
/// # use auth_core::{ApiClient, BaseUrl, Dialect, Grant, KeyKind, KeyRow, Principal, Profile, Settings};
/// # use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};
/// # const DIALECT: Dialect = Dialect::new("EXAMPLE", &[]).keys(&[KeyRow::new(KeyKind::Token, &[], "")]);
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let server = MockServer::start().await;
/// # let found = ResponseTemplate::new(200).insert_header("etag", "\"1\"");
/// # let found = found.set_body_json(serde_json::json!({ "id": 7, "name": "Sales" }));
/// # Mock::given(any()).respond_with(found).mount(&server).await;
/// # let base = BaseUrl::parse("base_url", &server.uri(), &[])?;
/// # let principal = Principal::new(Grant::StaticToken("t-1".into()));
/// # let client = ApiClient::new(Profile::new(DIALECT, base.clone(), base, principal, "x/1"), &Settings::new())?;
/// use auth_core::{ErrorKind, Method};
///
/// #[derive(Debug, serde::Deserialize)]
/// struct Campaign {
///     id: u64,
///     name: String,
/// }
///
/// let answer = client.request(Method::GET, "/campaigns/7").send().await?;
/// assert_eq!(answer.status(), 200);
/// assert_eq!(answer.headers().get("etag").map(|tag| tag.as_bytes()), Some(&b"\"1\""[..]));
/// let campaign: Campaign = answer.json()?;
/// assert_eq!((campaign.id, campaign.name.as_str()), (7, "Sales"));
///
/// // What does not fit is an error that names the place, and the answer is still at hand.
/// let error = answer.json::<Vec<Campaign>>().unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Decode);
/// assert!(answer.bytes().starts_with(b"{"));
/// # Ok(())
/// # }
/// ```
pub struct Response {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// An answer's member names are the provider's words, and a path tells them.
    pub(crate) hider: Hider,
}

impl Response {
    /// The status: one of 2xx, or 304 to a conditional request.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body as it came; at most 16 MiB.
    pub fn bytes(&self) -> &Bytes {
        &self.body
    }

    /// Decodes the body as JSON; an empty one counts as `null`, so `()` and `Option` accept it.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode), naming the place that does not fit; the value found there is
    /// not repeated.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let body = if self.body.is_empty() {
            b"null".as_slice()
        } else {
            self.body.as_ref()
        };
        let mut reader = serde_json::Deserializer::from_slice(body);
        match serde_path_to_error::deserialize(&mut reader) {
            Ok(value) => match reader.end() {
                Ok(()) => Ok(value),
                Err(error) => Err(self.misfit("", &error)),
            },
            Err(error) => Err(self.misfit(&error.path().to_string(), error.inner())),
        }
    }

    /// Decodes the body as a model or another value of the [`model`](mod@crate::model) room; an empty one counts as `null`.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode), naming the place that does not fit, as in `$.items[3].price`;
    /// the value found there is not repeated.
    ///
    /// # Examples
    /// ```
    /// # use auth_core::{ApiClient, BaseUrl, Dialect, Grant, KeyKind, KeyRow, Principal, Profile, Settings};
    /// # use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};
    /// # const DIALECT: Dialect = Dialect::new("EXAMPLE", &[]).keys(&[KeyRow::new(KeyKind::Token, &[], "")]);
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let server = MockServer::start().await;
    /// # let found = ResponseTemplate::new(200).set_body_json(serde_json::json!({ "counts": [3, "4"] }));
    /// # Mock::given(any()).respond_with(found).mount(&server).await;
    /// # let base = BaseUrl::parse("base_url", &server.uri(), &[])?;
    /// # let principal = Principal::new(Grant::StaticToken("t-1".into()));
    /// # let client = ApiClient::new(Profile::new(DIALECT, base.clone(), base, principal, "x/1"), &Settings::new())?;
    /// use std::collections::BTreeMap;
    /// use auth_core::Method;
    ///
    /// let answer = client.request(Method::GET, "/counts").send().await?;
    /// let all: BTreeMap<String, Vec<i64>> = answer.model()?;
    /// let counts: Vec<i64> = answer.model_at("counts")?;
    /// assert_eq!((&all["counts"], counts.as_slice()), (&counts, &[3, 4][..]));
    ///
    /// let error = answer.model_at::<Vec<bool>>("counts").unwrap_err();
    /// assert_eq!(error.to_string(), "the answer does not fit at `$.counts[0]`: expected a boolean");
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "models")]
    pub fn model<T: FromJson>(&self) -> Result<T, Error> {
        let model = T::read(self.tree()?, &Place::root());
        model.map_err(|misfit| self.unfit(&misfit))
    }

    /// Decodes the member `keys` of the body, for answers that wrap what was asked for: `"order"`, or `"orders/count"` for
    /// the member `count` of the member `orders`.
    ///
    /// # Errors
    /// As [`model`](Self::model); a missing member is one, unless `T` is an [`Option`].
    #[cfg(feature = "models")]
    pub fn model_at<T: FromJson>(&self, keys: &str) -> Result<T, Error> {
        let model = below(self.tree()?, keys, &Place::root());
        model.map_err(|misfit| self.unfit(&misfit))
    }

    #[cfg(feature = "models")]
    fn tree(&self) -> Result<Json<'_>, Error> {
        let body = if self.body.is_empty() {
            b"null".as_slice()
        } else {
            self.body.as_ref()
        };
        Json::parse(body).map_err(|error| self.misfit("", &error))
    }

    #[cfg(feature = "models")]
    fn unfit(&self, misfit: &Misfit) -> Error {
        let problem = if self.body.is_empty() {
            "the body is empty"
        } else {
            misfit.problem()
        };
        self.unreadable(misfit.path(), problem)
    }

    fn misfit(&self, path: &str, error: &serde_json::Error) -> Error {
        let mut problem = without_value(error);
        let kind = self
            .headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        if self.body.is_empty() {
            problem = "the body is empty".to_owned();
        } else if let Some(kind) = kind.filter(|kind| !kind.contains("json")) {
            // A header can hold anything, a token as well: what is told is ours.
            let known = USUAL_TYPES.iter().find(|usual| kind.starts_with(**usual));
            let kind = known.map_or("not JSON".to_owned(), |usual| format!("`{usual}`"));
            problem = format!("{problem}; its content type is {kind}, so it may come from a proxy");
        }
        self.unreadable(path, &problem)
    }

    fn unreadable(&self, path: &str, problem: &str) -> Error {
        let error = Error::decode(&self.hider.hide(path), problem, self.status);
        self.hider.failed(error)
    }
}

/// What stands below `keys`, from the outside in.
#[cfg(feature = "models")]
fn below<T: FromJson>(value: Json<'_>, keys: &str, place: &Place<'_>) -> Result<T, Misfit> {
    let (key, rest) = keys.split_once('/').unwrap_or((keys, ""));
    let inner = place.key(key);
    match value.into_member(key, place)? {
        Some(value) if rest.is_empty() => T::read(value, &inner),
        Some(value) => below(value, rest, &inner),
        None => T::absent(&inner),
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
