//! What all listeners of one sandbox share.

use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Value, json};

use crate::communic8::records::Communic8;
use crate::consent::Consents;
use crate::fault::Faults;
use crate::host::{Endpoint, Host};
use crate::lock::lock;
use crate::record::Log;
use crate::resources::Store;
use crate::signed_in::SignedIn;
use crate::token::{Audience, Issued, Origin, Tokens};

/// The header that WebCommander expects an access token in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenHeader {
    /// `access_token: T`, the examples of seed document 004.
    #[default]
    AccessToken,
    /// `Authorization: Bearer T`, the vendor's newest pages.
    AuthorizationBearer,
    /// `Authorization: T`, the prose of seed document 004.
    AuthorizationRaw,
}

/// Which ways of signing in a Communic8 instance has switched on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Communic8SignIn {
    /// Only the static token; the token endpoint answers 401.
    StaticToken,
    /// Only tokens from the token endpoint.
    OAuth,
    /// Both.
    #[default]
    Both,
}

/// How the deprecated implicit grant of Comm100 v2 answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Implicit {
    /// Status 200 and a JSON body with a refresh token, the sample of seed document 001.
    #[default]
    Json,
    /// A redirect with the token in the fragment, RFC 6749 section 4.2.2.
    Fragment,
}

/// How `GET /v4/livechat/campaigns` of Comm100 answers: its fact sheet and its page differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CampaignList {
    /// In pages, under `campaigns` beside `total`, `nextPage` and `previousPage`: the fact sheet.
    #[default]
    Envelope,
    /// All at once in a bare array: the vendor's page, and the OpenAPI document.
    Array,
}

/// Everything that can be switched while the sandbox runs.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) lenient: bool,
    pub(crate) token_lifetime: Option<Duration>,
    pub(crate) token_latency: Duration,
    pub(crate) api_latency: Duration,
    pub(crate) echo_state: bool,
    pub(crate) webcommander_header: TokenHeader,
    pub(crate) webcommander_status: u16,
    pub(crate) communic8: Communic8SignIn,
    pub(crate) implicit: Implicit,
    pub(crate) userinfo: Value,
    pub(crate) campaigns: CampaignList,
    pub(crate) page_links: bool,
    pub(crate) repeated_pages: bool,
    pub(crate) seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            lenient: false,
            token_lifetime: None,
            token_latency: Duration::ZERO,
            api_latency: Duration::ZERO,
            echo_state: true,
            webcommander_header: TokenHeader::default(),
            webcommander_status: 200,
            communic8: Communic8SignIn::default(),
            implicit: Implicit::default(),
            campaigns: CampaignList::default(),
            page_links: true,
            repeated_pages: false,
            seed: 0,
            userinfo: json!({
                "agentId": "b7c1d2e3-0000-4000-8000-000000000001",
                "siteId": 20653,
                "role": "AGENT",
            }),
        }
    }
}

/// One sandbox, without its listeners.
pub(crate) struct State {
    urls: [String; Host::ALL.len()],
    settings: Mutex<Settings>,
    pub(crate) faults: Faults,
    pub(crate) log: Log,
    pub(crate) tokens: Tokens,
    pub(crate) consents: Consents,
    pub(crate) signed_in: SignedIn,
    pub(crate) communic8: Communic8,
    pub(crate) records: Store,
}

impl State {
    /// A fresh sandbox whose hosts stand at `urls`, in the order of [`Host::ALL`].
    pub(crate) fn new(urls: [String; Host::ALL.len()], settings: Settings, log: Log) -> Self {
        Self {
            urls,
            records: Store::new(settings.seed),
            settings: Mutex::new(settings),
            faults: Faults::default(),
            log,
            tokens: Tokens::default(),
            consents: Consents::default(),
            signed_in: SignedIn::default(),
            communic8: Communic8::default(),
        }
    }

    pub(crate) fn url(&self, host: Host) -> &str {
        let places = Host::ALL.iter().zip(&self.urls);
        let mut found = places.filter(|(known, _)| **known == host);
        found.next().map_or("", |(_, url)| url.as_str())
    }

    pub(crate) fn settings(&self) -> Settings {
        lock(&self.settings).clone()
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut lock(&self.settings));
    }

    /// How long requests to this kind of endpoint are held back.
    pub(crate) fn latency(&self, endpoint: Endpoint) -> Duration {
        let settings = lock(&self.settings);
        match endpoint {
            Endpoint::Token => settings.token_latency,
            Endpoint::Authorize => Duration::ZERO,
            Endpoint::Api => settings.api_latency,
        }
    }

    pub(crate) fn token_lifetime(&self) -> Option<Duration> {
        lock(&self.settings).token_lifetime
    }

    /// Starts a family of tokens with the lifetime in force.
    pub(crate) fn issue(
        &self,
        audience: &'static Audience,
        origin: Origin,
        refreshable: bool,
    ) -> Issued {
        let lifetime = self.token_lifetime();
        self.tokens.start(audience, origin, refreshable, lifetime)
    }
}
