//! Every public type: what `Debug` shows of a value that holds secrets, and that none was forgotten.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use auth_core::{
    AuthorizationRequest, Dialect, Generation, Grant, ItemPlace, List, MemoryStore, Method, Paging,
    ParameterValue, PendingAuthorizations, Principal, RateLimiter, RetryBudget, Saved, Secret,
    SecretSource, Settings, StoreKey, StoredTokens, TokenSet, TokenStore as _, Transport, Upload,
};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::{ACCESS, CLIENT, CODE, PASSWORD, REFRESH, Watch, issue, vault};
use crate::dialects::{FORM, KEYED};
use crate::stage::{Vendor, application, approved, authorization, client_with, profile, query};

/// The crate's own list of what it offers.
const ROOT: &str = include_str!("../../../src/lib.rs");

/// Types that can't hold a secret, traits, and what other crates make.
const HARMLESS: &[&str] = &[
    "Answers",
    "AuthorizeRow",
    "BaseUrl",
    "BodyFormat",
    "Bytes",
    "Check",
    "ClientProof",
    "Clock",
    "Decode",
    "Deviation",
    "Error",
    "ErrorKind",
    "Exchange",
    "FindingState",
    "GrantType",
    "HeaderMap",
    "HeaderName",
    "HeaderValue",
    "HealthState",
    "Joined",
    "KeyKind",
    "KeyRow",
    "LimitRule",
    "ManualClock",
    "Method",
    "Parameter",
    "Placement",
    "QueryValue",
    "Refresh",
    "RefreshMark",
    "Saved",
    "SecretProvider",
    "Stage",
    "StatusCode",
    "SystemClock",
    "TokenRow",
    "TokenStore",
    "Url",
    "UrlText",
];

const PAGING: Paging = Paging::index("page").items(&["/things"]);

/// The types that the crate exports.
fn exported() -> BTreeSet<&'static str> {
    let statements = ROOT.split("pub use ").skip(1);
    let names = statements.flat_map(|statement| {
        let statement = statement.split(';').next().unwrap_or_default();
        statement.split(|c: char| !c.is_alphanumeric() && c != '_')
    });
    names
        .filter(|name| name.starts_with(|c: char| c.is_uppercase()))
        .collect()
}

struct Gallery {
    watch: Watch,
    seen: BTreeSet<&'static str>,
}

impl Gallery {
    fn show(&mut self, value: &impl fmt::Debug) {
        self.watch.debug(value);
        let name = std::any::type_name_of_val(value);
        // Of `a::b::List<c::d::Value>` the `List`.
        let outer = name.split('<').next().unwrap_or_default();
        self.seen
            .insert(outer.rsplit("::").next().unwrap_or_default());
    }
}

#[tokio::test]
async fn no_public_type_shows_a_secret_and_none_is_forgotten() {
    let watch = Watch::new();
    let guard = watch.shown.listen();
    let mut gallery = Gallery {
        watch,
        seen: BTreeSet::new(),
    };
    let api = |_: usize, _: &wiremock::Request| {
        let body = json!({ "things": [ACCESS, REFRESH], "total": 9 });
        ResponseTemplate::new(200)
            .insert_header("set-cookie", ACCESS)
            .set_body_json(body)
    };
    let vendor = Vendor::with_api(|_, _| issue(), api).await;
    let url = vendor.url();

    values(&mut gallery, &url);
    sign_in(&mut gallery, &url);
    stores(&mut gallery).await;
    calls(&mut gallery, &url).await;

    drop(guard);
    let harmless: BTreeSet<_> = HARMLESS.iter().copied().collect();
    let forgotten: Vec<_> = exported()
        .into_iter()
        .filter(|name| !gallery.seen.contains(name) && !harmless.contains(name))
        .collect();
    assert!(
        forgotten.is_empty(),
        "{forgotten:?}: show a value that holds secrets here, or say above that it can hold none"
    );
    assert_eq!(gallery.watch.leak(), None);
}

fn tokens() -> TokenSet {
    let text = json!({
        "version": 1, "access_token": ACCESS, "refresh_token": REFRESH, "expires_at_ms": 2_000_000_000_000_u64,
    });
    TokenSet::import(&text.to_string()).expect("a good export")
}

fn values(gallery: &mut Gallery, url: &str) {
    gallery.show(&Secret::new(CLIENT));
    gallery.show(&SecretSource::from(CLIENT));
    gallery.show(&vault(CLIENT));
    let parameters = [
        ParameterValue::Secret(CLIENT.into()),
        ParameterValue::Base64Pair("ann".to_owned(), PASSWORD.into()),
        ParameterValue::Base64Pair("ann".to_owned(), vault(PASSWORD)),
    ];
    parameters.iter().for_each(|value| gallery.show(value));
    let mut principal = application(Grant::ClientCredentials);
    principal.client_secret = Some(CLIENT.into());
    principal.parameters = parameters.map(|value| ("pair", value)).to_vec();
    gallery.show(&principal);
    let key = Grant::Basic {
        username: "ann".to_owned(),
        key: CLIENT.into(),
    };
    gallery.show(&key);
    gallery.show(&Grant::StaticToken(ACCESS.into()));
    gallery.show(&Principal::new(key));
    let mut profile = profile(FORM, url, principal);
    profile.tokens = Some(tokens());
    gallery.show(&profile);
    let dialect: Dialect = FORM;
    gallery.show(&dialect);
    gallery.show(&PAGING);
    gallery.show(&RateLimiter::new(9, Duration::from_secs(1)));
    gallery.show(&RetryBudget::default());
    gallery.show(&tokens());
    gallery.show(&tokens().export());
    let stored = StoredTokens::new(Generation::new(7), tokens());
    gallery.show(&stored.generation);
    gallery.show(&stored);
    gallery.show(&stored.export());
    // A proxy's password is a secret too.
    let proxy = format!("http://jo:{}@127.0.0.1:9", PASSWORD.replace('&', "%26"));
    let builder = Transport::builder().proxy(&proxy);
    gallery.show(&builder);
    gallery.show(&builder.build().expect("a transport"));
    gallery.show(&Settings::new().proxy(proxy).store(MemoryStore::new()));
    gallery.show(&Upload::bytes("keys.csv", PASSWORD.as_bytes()));
}

fn sign_in(gallery: &mut Gallery, url: &str) {
    let request: AuthorizationRequest = authorization(FORM, url);
    gallery.show(&request);
    let (page, pending) = request.start().expect("a sign-in");
    gallery.watch.secrets.plant(&query(&page, "state"));
    gallery.show(&pending);
    gallery.show(&pending.export());
    let all = PendingAuthorizations::new();
    let (page, user_agent) = all.begin(&request, None).expect("a sign-in");
    gallery.watch.secrets.plant(&query(&page, "state"));
    gallery.watch.secrets.plant(user_agent.expose());
    gallery.show(&all);
    #[cfg(feature = "loopback")]
    gallery.show(&auth_core::LoopbackSignIn::new(|_| {}));
    let code = approved(FORM, url, CODE);
    gallery.show(&Grant::AuthorizationCode(code.clone()));
    gallery.show(&code);
}

async fn stores(gallery: &mut Gallery) {
    let key = StoreKey::new("P", "a", "t", "");
    gallery.show(&key);
    let memory = MemoryStore::new();
    let lock = memory
        .lock(&key, Duration::from_secs(9))
        .await
        .expect("a lock");
    gallery.show(&lock);
    let stored = StoredTokens::new(Generation::new(1), tokens());
    let saved = memory.save(&key, None, &stored).await;
    assert_eq!(saved.expect("a save"), Saved::Written);
    gallery.show(&memory);
    #[cfg(feature = "file-store")]
    {
        let home = tempfile::tempdir().expect("a directory");
        let store = auth_core::FileStore::open(home.path().join("tokens")).expect("a store");
        let saved = store.save(&key, None, &stored).await;
        assert_eq!(saved.expect("a save"), Saved::Written);
        gallery.show(&store);
    }
    #[cfg(feature = "redis")]
    {
        let url = format!("redis://:{}@127.0.0.1:9", PASSWORD.replace('&', "%26"));
        let builder = auth_core::RedisStore::builder(url);
        gallery.show(&builder);
        gallery.show(&builder.build().expect("a store"));
    }
}

async fn calls(gallery: &mut Gallery, url: &str) {
    let client = client_with(url, tokens(), &Settings::new());
    gallery.show(&client);
    let session = client.session();
    gallery.show(session);
    gallery.show(&session.health());
    gallery.show(&session.watch_health());
    let diagnosis = client.diagnose().await;
    gallery.watch.shown.note(&diagnosis.to_string());
    gallery.show(&diagnosis.findings()[0]);
    gallery.show(&diagnosis);
    gallery.show(&session.authorization().await.expect("a token"));
    let call = || {
        client
            .request(Method::POST, "/things")
            .query("key", CLIENT)
            .header("x-key", PASSWORD)
            .json(&json!({ "key": PASSWORD }))
    };
    gallery.show(&call());
    gallery.show(&call().send().await.expect("an answer"));
    gallery.show(&call().open().await.expect("an answer"));
    fn item(item: Value, _: &ItemPlace) -> Result<Value, auth_core::Error> {
        Ok(item)
    }
    fn place(_: Value, place: &ItemPlace) -> Result<ItemPlace, auth_core::Error> {
        Ok(place.clone())
    }
    let list = || List::new(call(), &PAGING, item);
    gallery.show(&list());
    gallery.show(&list().send().await.expect("a page"));
    let places = List::new(call(), &PAGING, place).send().await;
    gallery.show(&places.expect("a page").items()[0]);
    let mut items = list().stream();
    gallery.show(&items);
    items.try_next().await.expect("an item");
    gallery.show(&items);
    #[cfg(feature = "models")]
    {
        // A path is shown, as it is in logs everywhere: what stands in it is no secret.
        let operation = client.operation(Method::POST, "/groups/{id}", &[&7]);
        gallery.show(&operation.query("key", CLIENT).model::<Value>());
    }
    let mut key = Principal::new(Grant::StaticToken(ACCESS.into()));
    key.parameters = vec![("site_id", ParameterValue::Text("10".to_owned()))];
    gallery.show(&super::client(KEYED, url, key, &Settings::new()));
}
