//! Exchanges a grant for a token set, in the form that the dialect asks for.
//!
//! Answers: [`TokenEndpoint`]. Never: keeps a token, decides when to renew.
//!
//! `oauth2` builds the standard request and reads the standard answer; [`wire`] stands between it and the network and
//! rewrites both. Beside `authorize` the only room that names `oauth2`.

mod answer;
#[cfg(feature = "conformance")]
mod canned;
mod wire;

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse,
};
use oauth2::{
    AuthType, Client, ClientId, ClientSecret, EndpointNotSet, EndpointSet, PkceCodeVerifier,
    RedirectUrl, RefreshToken, RequestTokenError, StandardRevocableToken, TokenUrl,
};

use crate::clock::{Clock, Deadline};
use crate::dialect::{BodyFormat, Dialect, Refresh, TokenRow};
use crate::error::{Error, ErrorKind};
use crate::grant::{AuthorizationCode, Grant, GrantType, Patience, Principal};
use crate::rate_limit::Turn;
use crate::retry_budget::RETRY;
use crate::secret::{Scrubber, Secret, base64_pair, basic_pair, secret_of_pair};
use crate::token::{Schedule, TokenSet};
use crate::token_budget::TokenBudget;
use crate::transport::{BaseUrl, Transport};

use answer::TokenAnswer;
use wire::Wire;

/// The first wait before a token request is tried again; it doubles, and half of it is left to chance.
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// The `oauth2` client as it is set up for one request.
type Engine = Client<
    BasicErrorResponse,
    TokenAnswer,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// Where and how one principal gets its tokens.
pub(crate) struct TokenEndpoint {
    pub(crate) dialect: Dialect,
    pub(crate) budget: TokenBudget,
    pub(crate) base: BaseUrl,
    pub(crate) principal: Principal,
    /// The format of a body where the dialect's row leaves a choice.
    pub(crate) body: Option<BodyFormat>,
    pub(crate) user_agent: &'static str,
    pub(crate) transport: Transport,
    pub(crate) timeout: Duration,
    pub(crate) retries: u32,
}

/// What is exchanged now.
pub(crate) enum Exchange<'a> {
    /// The principal's own grant; an authorization code travels beside it, since it can be used once.
    First(Option<&'a AuthorizationCode>),
    /// A refresh token.
    Refresh(&'a Secret),
}

/// An exchange with all that it needs.
pub(crate) struct Prepared<'a> {
    exchange: Exchange<'a>,
    grant: GrantType,
    row: &'static TokenRow,
    proof: Proof,
    /// What must not be seen in anything that comes of it.
    scrubber: Arc<Scrubber>,
}

/// A fresh token set, and when it was asked for and received.
pub(crate) struct Issued {
    pub(crate) set: TokenSet,
    pub(crate) lifetime: Option<Duration>,
    pub(crate) sent: Instant,
    pub(crate) received: Instant,
}

impl Issued {
    /// What `answer`, just received, brings to a request that was sent at this time of both clocks.
    fn new(answer: TokenAnswer, sent: (Instant, SystemTime), clock: &dyn Clock) -> Self {
        let (sent, sent_utc) = sent;
        let received = clock.now();
        let lifetime = answer.lifetime(clock.utc());
        Self {
            set: answer.into_set(lifetime, sent_utc),
            lifetime,
            sent,
            received,
        }
    }

    /// When it is renewed and when it ends; `jitter` as for [`Schedule::new`].
    pub(crate) fn schedule(&self, jitter: f64) -> Schedule {
        Schedule::new(self.sent, self.received, self.lifetime, jitter)
    }
}

/// The secrets of one exchange.
struct Proof {
    client_secret: Option<Secret>,
    #[cfg(feature = "password-grant")]
    password: Option<Secret>,
    parameters: Vec<(&'static str, Secret)>,
}

impl TokenEndpoint {
    /// Refuses a principal whose sign-in could not be written: a grant that the dialect does not have, or a value that
    /// it needs and nobody set.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let principal = &self.principal;
        let grant = match &principal.grant {
            // Nothing is left to be exchanged but a refresh token, and there may be none.
            Grant::Resumed(_) => return Ok(()),
            grant => grant.grant_type(),
        };
        if let Grant::AuthorizationCode(code) = &principal.grant
            && code.issuer != self.base.to_string()
        {
            let problem = "was given by another host than the one that tokens come from";
            return Err(Error::config("authorization_code", problem));
        }
        let Some(first) = grant else { return Ok(()) };
        let row = self.row(first, first)?;
        let is_set = |name: &str| match name {
            "client_id" => principal
                .client_id
                .as_ref()
                .is_some_and(|id| !id.is_empty()),
            "client_secret" => principal
                .client_secret
                .as_ref()
                .is_some_and(|secret| !secret.is_empty()),
            "redirect_uri" if first == GrantType::AuthorizationCode => true,
            "redirect_uri" => principal
                .redirect_uri
                .as_ref()
                .is_some_and(|uri| !uri.is_empty()),
            "grant_type" | "code" | "code_verifier" | "username" | "password" => true,
            other => principal
                .parameters
                .iter()
                .any(|(known, value)| *known == other && !value.is_empty()),
        };
        let pair = ["client_id", "client_secret"]
            .into_iter()
            .filter(|_| row.client.is_pair());
        let listed = row
            .parameters
            .iter()
            .filter(|parameter| !parameter.optional)
            .map(|parameter| parameter.value);
        for name in pair.chain(listed) {
            if !is_set(name) {
                let problem = format!(
                    "is needed for the {} grant of {}",
                    first.name(),
                    self.dialect.name()
                );
                return Err(Error::config(name, problem));
            }
        }
        #[cfg(feature = "password-grant")]
        if let Grant::Password { username, password } = &principal.grant {
            if username.is_empty() {
                return Err(Error::config("username", "is empty"));
            }
            if password.is_empty() {
                return Err(Error::config("password", "is empty"));
            }
        }
        Ok(())
    }

    fn row(&self, grant: GrantType, first: GrantType) -> Result<&'static TokenRow, Error> {
        self.dialect.row(grant, first).ok_or_else(|| {
            Error::config(
                "grant",
                format!("{} has no {} grant", self.dialect.name(), grant.name()),
            )
        })
    }

    /// Reads the secrets that an exchange needs; then nothing but the network can keep it from being sent. Neither these
    /// nor what is `hidden` shows in an error that comes of it.
    pub(crate) async fn prepare<'a>(
        &self,
        exchange: Exchange<'a>,
        mut hidden: Scrubber,
        clock: &dyn Clock,
    ) -> Result<Prepared<'a>, Error> {
        let first = self
            .principal
            .grant
            .grant_type()
            .ok_or_else(|| Error::config("grant", "needs no token request"))?;
        let grant = match exchange {
            Exchange::First(_) => first,
            Exchange::Refresh(_) => GrantType::RefreshToken,
        };
        let row = self.row(grant, first)?;
        let patience = Patience {
            clock,
            limit: self.timeout,
        };
        let proof = self.proof(row, patience).await?;
        self.hide(&mut hidden, &exchange, &proof);
        Ok(Prepared {
            exchange,
            grant,
            row,
            proof,
            scrubber: Arc::new(hidden),
        })
    }

    /// Asks for a token; tries again at most [`retries`](Self::retries) times where the provider surely did nothing
    /// with the request, or says that it is busy. Nothing is sent whose answer could come after `until`, and nothing
    /// beyond the budget: the first request spends `turn`, a retry has to find another.
    pub(crate) async fn send(
        &self,
        prepared: &Prepared<'_>,
        mut turn: Option<Turn>,
        until: &Deadline,
        clock: &dyn Clock,
    ) -> Result<Issued, Error> {
        let Prepared { grant, .. } = prepared;
        let mut failed = 0;
        if until.left(clock) < self.timeout {
            return Err(Error::store("lock", "too little is left of its lease"));
        }
        loop {
            if let Some(turn) = turn.take() {
                turn.spend(clock.now());
            }
            let (sent, sent_utc) = (clock.now(), clock.utc());
            let error = match self.once(prepared, clock).await {
                Ok(answer) => {
                    self.budget.retries.answered_well();
                    return Ok(Issued::new(answer, (sent, sent_utc), clock));
                }
                Err(error) => error,
            };
            let wait = error.retry_after().unwrap_or_else(|| {
                (FIRST_WAIT * 2_u32.saturating_pow(failed)).mul_f64(0.5 + fastrand::f64() / 2.0)
            });
            let is_in_time = until.left(clock) >= wait.saturating_add(self.timeout);
            if failed >= self.retries
                || !self.may_repeat(*grant, &error)
                || wait > self.timeout
                || !is_in_time
                || !self.budget.retries.take(RETRY, &error, clock.now())
            {
                return Err(error);
            }
            failed += 1;
            tracing::debug!(
                name: "auth_core.token_request.retried",
                error = %error.with_causes(),
                http.request.resend_count = failed,
                ?wait,
                "token request is tried again"
            );
            clock.sleep(wait).await;
            // The machine may have been suspended meanwhile.
            let is_in_time = until.left(clock) >= self.timeout;
            let limiter = self.budget.limiter.as_ref().filter(|_| is_in_time);
            turn = limiter.and_then(|limiter| limiter.free(clock));
            if !is_in_time || turn.is_none() && limiter.is_some() {
                self.budget.retries.give_back(RETRY);
                return Err(error);
            }
        }
    }

    /// The failure of whoever needs a token request and may not make one; `sent` says whether a call had left.
    pub(crate) fn no_turn(&self, clock: &dyn Clock, sent: bool) -> Error {
        Error::tokens_rate_limited(self.budget.expected_wait(clock), sent)
    }

    /// A request that surely never left may be repeated; 429 and 502 to 504 too, but for a code, which is good for
    /// one request only. A 429 to a refresh that nobody documents is a refusal like any other 4xx.
    fn may_repeat(&self, grant: GrantType, error: &Error) -> bool {
        if !error.may_have_been_processed() {
            return error.kind() == ErrorKind::Connect;
        }
        let is_undocumented = grant == GrantType::RefreshToken
            && self.dialect.refresh_rule() == Refresh::Undocumented;
        let is_limited = error.kind() == ErrorKind::RateLimited && !is_undocumented;
        let is_down = error
            .status()
            .is_some_and(|status| matches!(status.as_u16(), 502..=504));
        grant != GrantType::AuthorizationCode && (is_limited || is_down)
    }

    /// Reads the secrets that `row` needs, and no other.
    async fn proof(&self, row: &TokenRow, patience: Patience<'_>) -> Result<Proof, Error> {
        let needs = |name: &str| {
            row.parameters
                .iter()
                .any(|parameter| parameter.value == name)
        };
        let mut proof = Proof {
            client_secret: None,
            #[cfg(feature = "password-grant")]
            password: None,
            parameters: Vec::new(),
        };
        if let Some(source) = &self.principal.client_secret
            && (needs("client_secret") || row.client.is_pair())
        {
            proof.client_secret = Some(patience.ask("client_secret", source).await?);
        }
        #[cfg(feature = "password-grant")]
        if let Grant::Password { password, .. } = &self.principal.grant
            && needs("password")
        {
            proof.password = Some(patience.ask("password", password).await?);
        }
        for (name, value) in &self.principal.parameters {
            if needs(name) {
                proof
                    .parameters
                    .push((name, value.read(name, patience).await?));
            }
        }
        Ok(proof)
    }

    /// One request and its answer.
    async fn once(&self, prepared: &Prepared<'_>, clock: &dyn Clock) -> Result<TokenAnswer, Error> {
        let Prepared {
            exchange, proof, ..
        } = prepared;
        let mut extra = proof.parameters.clone();
        if let Some(uri) = &self.principal.redirect_uri
            && !matches!(exchange, Exchange::First(Some(_)))
        {
            extra.push(("redirect_uri", Secret::new(uri.as_str())));
        }
        let wire = Wire::new(self, prepared, extra, clock.utc());
        let engine = self.engine(prepared.row, proof)?;
        let result = match exchange {
            Exchange::Refresh(token) => {
                let token = RefreshToken::new(token.expose().to_owned());
                engine
                    .exchange_refresh_token(&token)
                    .request_async(&wire)
                    .await
            }
            Exchange::First(Some(code)) => {
                let redirect = RedirectUrl::new(code.redirect_uri.clone()).map_err(|error| {
                    Error::config("redirect_uri", format!("is not a URL: {error}"))
                })?;
                let mut request = engine
                    .exchange_code(oauth2::AuthorizationCode::new(
                        code.code.expose().to_owned(),
                    ))
                    .set_redirect_uri(std::borrow::Cow::Owned(redirect));
                if let Some(verifier) = &code.verifier {
                    request = request
                        .set_pkce_verifier(PkceCodeVerifier::new(verifier.expose().to_owned()));
                }
                request.request_async(&wire).await
            }
            Exchange::First(None) => match &self.principal.grant {
                #[cfg(feature = "password-grant")]
                Grant::Password { username, .. } => {
                    let username = oauth2::ResourceOwnerUsername::new(username.clone());
                    let password = proof
                        .password
                        .as_ref()
                        .map(|secret| secret.expose().to_owned())
                        .unwrap_or_default();
                    let password = oauth2::ResourceOwnerPassword::new(password);
                    engine
                        .exchange_password(&username, &password)
                        .request_async(&wire)
                        .await
                }
                _ => {
                    engine
                        .exchange_client_credentials()
                        .request_async(&wire)
                        .await
                }
            },
        };
        self.understood(result, wire.status())
    }

    /// What the engine made of an answer of `status`, checked.
    fn understood(
        &self,
        result: Result<TokenAnswer, RequestTokenError<Error, BasicErrorResponse>>,
        status: http::StatusCode,
    ) -> Result<TokenAnswer, Error> {
        let answer = result.map_err(|error| match error {
            RequestTokenError::Request(error) => error,
            // Neither of these is told further: both can hold the body, and so a token.
            RequestTokenError::Parse(error, _) => answer::misfit(&error, status),
            _ => Error::decode("", "no token answer", status),
        })?;
        answer.check(self.dialect.accepts_missing_token_type(), status)?;
        Ok(answer)
    }

    fn engine(&self, row: &TokenRow, proof: &Proof) -> Result<Engine, Error> {
        let id = self.principal.client_id.clone().unwrap_or_default();
        let url = TokenUrl::from_url(self.base.join(row.path, &[] as &[(&str, &str)]));
        let mut engine = Client::new(ClientId::new(id)).set_auth_type(AuthType::RequestBody);
        if let Some(secret) = &proof.client_secret {
            engine = engine.set_client_secret(ClientSecret::new(secret.expose().to_owned()));
        }
        Ok(engine.set_token_uri(url))
    }

    /// Adds what this exchange sends.
    fn hide(&self, scrubber: &mut Scrubber, exchange: &Exchange<'_>, proof: &Proof) {
        if let Some(secret) = &proof.client_secret {
            scrubber.add(secret.expose());
            if let Some(id) = &self.principal.client_id {
                scrubber.add(base64_pair(id, secret).expose());
                scrubber.add(basic_pair(id, secret).expose());
            }
        }
        #[cfg(feature = "password-grant")]
        if let Some(password) = &proof.password {
            scrubber.add(password.expose());
        }
        for (name, value) in &proof.parameters {
            let listed = self
                .principal
                .parameters
                .iter()
                .find(|(known, _)| known == name);
            if listed.is_some_and(|(_, value)| value.is_secret()) {
                scrubber.add(value.expose());
                if let Some(secret) = secret_of_pair(value.expose()) {
                    scrubber.add(secret.expose());
                }
            }
        }
        match exchange {
            Exchange::Refresh(token) => scrubber.add(token.expose()),
            Exchange::First(Some(code)) => {
                scrubber.add(code.code.expose());
                if let Some(verifier) = &code.verifier {
                    scrubber.add(verifier.expose());
                }
            }
            Exchange::First(None) => {}
        }
    }
}

/// Reads a token answer that did not come from the token endpoint.
#[cfg(feature = "implicit")]
pub(crate) fn read_answer(body: &[u8], clock: &dyn Clock) -> Result<TokenSet, Error> {
    let status = http::StatusCode::OK;
    crate::fault::Members::read(body)
        .map_err(|error| Error::decode("", &crate::error::without_value(&error), status))?;
    let mut reader = serde_json::Deserializer::from_slice(body);
    let answer: TokenAnswer = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| answer::misfit(&error, status))?;
    answer.check(false, status)?;
    let now = clock.utc();
    let lifetime = answer.lifetime(now);
    Ok(answer.into_set(lifetime, now))
}
