//! One account at the sandbox: signs in where the workers find it, and counts what became of its refresh tokens.

use std::collections::HashMap;
use std::sync::Arc;

use comm100::{Settings, StoreKey, StoredTokens, TokenStore};
use vendor_sandbox::{Endpoint, Host, Recorded, Sandbox, Setup, credentials};

use crate::eventually;
use crate::place::{Place, Spy};

/// Who signs in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Who {
    /// Comm100 v4 with a code: once its refresh token is lost, a person has to approve again.
    Person,
    /// WebCommander with client credentials: its refresh tokens rotate too, and no person is needed.
    Application,
}

pub(crate) struct Account {
    pub(crate) sandbox: Sandbox,
    pub(crate) who: Who,
    pub(crate) place: Place,
    store: Arc<dyn TokenStore>,
    key: StoreKey,
}

/// So many times each refresh token was sent, and what came of it.
#[derive(Debug, Default)]
pub(crate) struct Refreshes {
    pub(crate) tokens: usize,
    pub(crate) sent_twice: usize,
}

impl Account {
    /// An account whose first tokens are in the store already.
    pub(crate) async fn new(sandbox: &Sandbox, who: Who, place: &Place) -> Self {
        let store = place.open();
        let key = sign_in(sandbox, who, &store).await;
        Self {
            sandbox: sandbox.clone(),
            who,
            place: place.clone(),
            store,
            key,
        }
    }

    /// Signs in anew: a person's approval leads to a new code, which wins over what is stored.
    pub(crate) async fn sign_in(&self) {
        sign_in(&self.sandbox, self.who, &self.store).await;
    }

    pub(crate) fn host(&self) -> Host {
        match self.who {
            Who::Person => Host::Comm100DashPanel,
            Who::Application => Host::WebCommander,
        }
    }

    /// What the store has now.
    pub(crate) async fn stored(&self) -> StoredTokens {
        let stored = self.store.load(&self.key).await.unwrap();
        stored.expect("the account has signed in")
    }

    /// What a worker needs to know.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        let mut variables = sign_in_variables(&self.sandbox, self.who);
        let vendor = match self.who {
            Who::Person => "comm100",
            Who::Application => "webcommander",
        };
        variables.push(("TRIAL_VENDOR", vendor.to_owned()));
        variables.push(("TRIAL_STORE", self.place.text()));
        variables.push(("TRIAL_ACCOUNT", NAME.to_owned()));
        variables
    }

    pub(crate) fn token_requests(&self) -> usize {
        self.sandbox.token_requests(self.host())
    }

    /// Waits until the vendor has seen more than `before` token requests.
    pub(crate) async fn until_token_request(&self, before: usize) {
        eventually("a token request", || self.token_requests() > before).await;
    }

    /// Fails where a refresh token was sent more than twice, or once more after it had been refused.
    pub(crate) fn check_refreshes(&self) -> Refreshes {
        self.refreshes(false)
    }

    /// The same where a process may have been stopped between a refusal and reading it: the next one can't know of that.
    pub(crate) fn check_refreshes_of_stopped(&self) -> Refreshes {
        self.refreshes(true)
    }

    fn refreshes(&self, can_be_unread: bool) -> Refreshes {
        let mut answers: HashMap<String, Vec<Option<u16>>> = HashMap::new();
        for request in self.sandbox.requests() {
            if request.host == self.host()
                && let Some(token) = refresh_token(&request)
            {
                answers.entry(token).or_default().push(request.status);
            }
        }
        let mut seen = Refreshes::default();
        for answers in answers.values() {
            seen.tokens += 1;
            seen.sent_twice += usize::from(answers.len() == 2);
            assert!(
                answers.len() <= 2,
                "one refresh token was sent: {answers:?}"
            );
            let refused = |answer: &&Option<u16>| matches!(answer, Some(400..=499));
            let before_last = &answers[..answers.len() - 1];
            let is_stubborn = before_last.iter().any(|answer| refused(&answer));
            assert!(
                can_be_unread || !is_stubborn,
                "sent again after it was refused: {answers:?}"
            );
        }
        seen
    }
}

/// The account's name in the store.
const NAME: &str = "jo@example.com";

/// Signs in within this process, and says under which key the tokens are stored.
async fn sign_in(sandbox: &Sandbox, who: Who, store: &Arc<dyn TokenStore>) -> StoreKey {
    let spy = Spy::new(Arc::clone(store));
    let settings = Settings::new().store(spy.clone()).account(NAME);
    let variables: HashMap<_, _> = sign_in_variables(sandbox, who).into_iter().collect();
    let lookup = |name: &str| variables.get(name).cloned();
    match who {
        Who::Person => {
            let builder = comm100::ClientBuilder::from_lookup(lookup).unwrap();
            let request = builder.authorization_request().unwrap();
            let (url, pending) = request.start().unwrap();
            let callback = sandbox.approve(url.as_str()).await.unwrap();
            let code = pending.check(&callback).unwrap();
            let client = builder.authorization_code(code).settings(settings);
            client.build().unwrap().sign_in().await.unwrap();
        }
        Who::Application => {
            let builder = webcommander::ClientBuilder::from_lookup(lookup).unwrap();
            let client = builder.settings(settings).build().unwrap();
            client.sign_in().await.unwrap();
        }
    }
    spy.key()
}

fn sign_in_variables(sandbox: &Sandbox, who: Who) -> Vec<(&'static str, String)> {
    if who == Who::Application {
        return sandbox.environment(Setup::WebCommander);
    }
    let mut variables = sandbox.environment(Setup::Comm100DashApiKey);
    variables.retain(|(name, _)| !["COMM100_EMAIL", "COMM100_API_KEY"].contains(name));
    let own = [
        ("COMM100_CLIENT_ID", credentials::COMM100_CLIENT_ID),
        ("COMM100_REDIRECT_URI", credentials::COMM100_REDIRECT_URI),
    ];
    variables.extend(own.map(|(name, value)| (name, value.to_owned())));
    variables
}

/// The refresh token that a token request carries, in a form or in JSON.
fn refresh_token(request: &Recorded) -> Option<String> {
    if request.endpoint != Endpoint::Token {
        return None;
    }
    let mut in_form = request.form().into_iter();
    let in_form = in_form.find(|(name, _)| name == "refresh_token");
    in_form.map(|(_, value)| value).or_else(|| {
        let body = request.json()?;
        Some(body.get("refresh_token")?.as_str()?.to_owned())
    })
}
