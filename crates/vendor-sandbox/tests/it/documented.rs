//! Every operation of every document, answered by a fresh sandbox as the document says.

use vendor_sandbox::openapi::{Direction, Operation, Provider, operations};
use vendor_sandbox::{CampaignList, Host, Sandbox, credentials as known};

use crate::client::{Call, Reply, api_key, encode};
use crate::webcommander;

/// The vendors whose accounts these tests know. What others answer is compared with their documents by `walk`, in the tests of
/// their own crates.
pub(crate) const KNOWN: [Provider; 3] = [
    Provider::Comm100,
    Provider::Communic8,
    Provider::WebCommander,
];

/// Signs calls to their hosts in.
pub(crate) struct Signed {
    pub(crate) sandbox: Sandbox,
    store: String,
    partner: String,
}

impl Signed {
    pub(crate) async fn new(sandbox: Sandbox) -> Self {
        sandbox.set_campaign_list(CampaignList::Array);
        let store = webcommander::token(&sandbox)
            .send()
            .await
            .member("access_token");
        let panel = sandbox.url(Host::Comm100PartnerPanel);
        let partner = format!(
            "{panel}/oauth/token?partnerId={}",
            known::COMM100_PARTNER_ID
        );
        let partner = Call::post(partner)
            .form(&[
                ("grant_type", "password"),
                ("client_id", known::COMM100_PARTNER_CLIENT_ID),
                ("email", known::COMM100_PARTNER_EMAIL),
                ("password", known::COMM100_PARTNER_PASSWORD),
            ])
            .send()
            .await
            .member("access_token");
        Self {
            sandbox,
            store,
            partner,
        }
    }

    pub(crate) async fn start() -> Self {
        let sandbox = Sandbox::start().await;
        Self::new(sandbox.unwrap_or_else(|error| panic!("no sandbox: {error}"))).await
    }

    /// A call to an operation, whose path and query are given.
    pub(crate) fn call(&self, operation: &Operation, path: &str, query: &[(&str, &str)]) -> Call {
        let dash = operation.host == Host::Comm100DashApi;
        let named = query.iter().any(|(name, _)| *name == "siteId");
        let mut pairs = query.to_vec();
        if dash && !named {
            pairs.push(("siteId", "10000"));
        }
        let mut url = format!("{}{path}", self.sandbox.url(operation.host));
        if !pairs.is_empty() {
            url = format!("{url}?{}", encode(&pairs));
        }
        self.sign(operation.host, Call::new(operation.method.clone(), url))
    }

    pub(crate) fn sign(&self, host: Host, call: Call) -> Call {
        match host {
            Host::Communic8 => call.bearer(known::COMMUNIC8_TOKEN),
            Host::WebCommander => call.header("access_token", &*self.store),
            Host::Comm100PartnerApi => call.bearer(&self.partner),
            _ => call.header("authorization", api_key()),
        }
    }

    /// A call to an operation with samples for all that it requires.
    pub(crate) fn sample(&self, operation: &'static Operation, seed: u64) -> Call {
        let query = operation.sample_query(seed);
        let query: Vec<_> = query
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let call = self.call(operation, &operation.sample_path(), &query);
        let call = match operation.idempotency_key {
            true => call.header("idempotency-key", format!("key-{seed}")),
            false => call,
        };
        match operation.sample_body(seed) {
            Some(body) => call.json(&body),
            None if operation.body.is_some() => call.raw("multipart/form-data; boundary=b", FORM),
            None => call,
        }
    }
}

pub(crate) const FORM: &str = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\
    Content-Type: text/csv\r\n\r\nx,y\r\n--b--\r\n";

fn judge(operation: &Operation, reply: &Reply, what: &str) {
    let id = operation.id;
    let expected = &operation.answer;
    assert_eq!(
        reply.status,
        expected.status,
        "{id}, {what}: {}",
        reply.text()
    );
    let Some(schema) = expected
        .schema
        .filter(|_| operation.method != http::Method::HEAD)
    else {
        assert_eq!(reply.body.len(), 0, "{id}, {what}");
        return;
    };
    let content_type = reply.headers["content-type"].to_str().unwrap_or_default();
    assert_eq!(Some(content_type), expected.content_type, "{id}, {what}");
    if content_type == "application/json" {
        let body = reply.json();
        let checked = schema.check(&body, Direction::Answer);
        assert_eq!(checked, Ok(()), "{id}, {what}: {body}");
        assert_ne!(body["success"], false, "{id}, {what}");
    }
}

/// Everything but deletions first, so that all of it finds the records of a fresh sandbox.
fn in_order() -> Vec<&'static Operation> {
    let mut all: Vec<_> = KNOWN.into_iter().flat_map(operations).collect();
    all.sort_by_key(|operation| operation.method == http::Method::DELETE);
    all
}

#[tokio::test]
async fn every_operation_is_answered_as_its_document_says() {
    let signed = Signed::start().await;
    for operation in in_order() {
        let deep = operation.path.contains("/{") && operation.method == http::Method::DELETE;
        // Deleting a record takes what is below it along.
        let signed = match deep {
            true => &Signed::start().await,
            false => &signed,
        };
        let reply = signed.sample(operation, 1).send().await;
        judge(operation, &reply, "required members");
        assert_eq!(signed.sandbox.refusals(), [], "{}", operation.id);
    }
}

#[tokio::test]
async fn bodies_with_every_member_are_taken_and_answered() {
    let signed = Signed::start().await;
    for operation in in_order() {
        if operation.method == http::Method::DELETE || operation.body.is_none() {
            continue;
        }
        for seed in [0, 5, 6] {
            // An email is taken once.
            if operation.id == "customers.customers.create" && seed > 0 {
                continue;
            }
            let reply = signed.sample(operation, seed).send().await;
            judge(operation, &reply, &format!("seed {seed}"));
        }
    }
    assert_eq!(signed.sandbox.refusals(), []);
}

#[tokio::test]
async fn every_parameter_is_taken() {
    let signed = Signed::start().await;
    for operation in in_order() {
        if operation.method == http::Method::GET {
            for seed in [0, 5, 6] {
                let reply = signed.sample(operation, seed).send().await;
                judge(operation, &reply, &format!("seed {seed}"));
            }
        }
    }
    assert_eq!(signed.sandbox.refusals(), []);
}

#[tokio::test]
async fn an_answer_conforms_when_an_older_write_is_read_again() {
    let signed = Signed::start().await;
    for seed in [0, 3, 4] {
        for operation in in_order() {
            let once = operation.id == "customers.customers.create" && seed > 0;
            if operation.method != http::Method::DELETE && !once {
                let reply = signed.sample(operation, seed).send().await;
                judge(operation, &reply, &format!("round {seed}"));
            }
        }
    }
}

#[tokio::test]
async fn two_sandboxes_of_one_seed_answer_the_same_bytes() {
    let of = async |seed| Signed::new(Sandbox::builder().seed(seed).start().await.unwrap()).await;
    let (one, two, other) = (of(7).await, of(7).await, of(8).await);
    let mut different = 0;
    for operation in in_order() {
        if operation.method == http::Method::DELETE {
            continue;
        }
        let first = one.sample(operation, 2).send().await;
        let second = two.sample(operation, 2).send().await;
        let (first, second) = (plain(&one, &first), plain(&two, &second));
        assert_eq!(first, second, "{}", operation.id);
        let third = other.sample(operation, 2).send().await;
        different += usize::from(plain(&other, &third) != first);
    }
    assert!(different > 300, "{different}");
}

/// The body without the address of the host, whose port differs.
fn plain(signed: &Signed, reply: &Reply) -> String {
    let mut text = reply.text().to_owned();
    for host in Host::ALL {
        text = text.replace(signed.sandbox.url(host), "");
    }
    text
}
