//! Calls every operation on a sandbox as at its start, and compares what arrived with what was said, what came back with the schema.

use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::Value;
use tokio::runtime::Builder;
use vendor_sandbox::openapi::{self, Direction, Operation, Provider};
use vendor_sandbox::{CampaignList, Endpoint, Host, Recorded, Sandbox};

use crate::given::{FILE, Given, operation};
use crate::known::{names, unknown_but};
use crate::lists::{repeated, whole};
use crate::outcome::{Came, Exercise};
use crate::same::difference;

/// Each operation is called with so many different arguments.
const SEEDS: u64 = 3;

/// So deep the members of an answer are looked for.
const DEPTH: usize = 8;

/// Records by hand that have members in other places than the document says: they are flat, it has sections.
const BY_HAND: &str = "orders.orders.";

/// Lists whose hand-written records the sandbox filters: what is made up for the filter may find none.
const FILTERED: &[&str] = &[
    "customers.customers.list",
    "orders.orders.list",
    "v1.campaigns.list",
];

/// Fails unless every operation of the areas that `exercises` are of does what its document says, and every list comes
/// whole. `client` makes one that is signed in at the host.
///
/// # Panics
/// With all operations that don't.
pub fn call_every_operation<C, F: Future<Output = C>>(
    provider: Provider,
    exercises: &[Exercise<C>],
    client: impl Fn(Sandbox, Host) -> F + Sync,
) where
    C: 'static,
{
    let areas: BTreeSet<_> = exercises
        .iter()
        .map(|it| operation(provider, it.id).area)
        .collect();
    let all = openapi::operations(provider).filter(|it| areas.contains(it.area));
    let all: BTreeSet<_> = all.map(|it| it.id).collect();
    let called: BTreeSet<_> = exercises.iter().map(|it| it.id).collect();
    assert_eq!(all, called, "documents and generated code differ");
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism()
            .map_or(2, usize::from)
            .min(8)
        {
            scope.spawn(|| {
                let runtime = Builder::new_current_thread().enable_all().build();
                runtime.expect("a runtime").block_on(async {
                    let mut stage = Stage::new(&client).await;
                    while let Some(exercise) = exercises.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let operation = operation(provider, exercise.id);
                        let walked = walk(&mut stage, operation, exercise).await;
                        let mut failures = failures.lock().expect("no panic held it");
                        failures
                            .extend(walked.err().map(|flaw| format!("{}, {flaw}", exercise.id)));
                    }
                });
            });
        }
    });
    let mut failures = failures.into_inner().expect("no panic held it");
    failures.sort();
    assert!(
        failures.is_empty(),
        "{} operations:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

/// A sandbox and the clients that are signed in there: one for many operations, for both take their time to start.
struct Stage<'f, C, M> {
    sandbox: Sandbox,
    make: &'f M,
    clients: HashMap<Host, C>,
}

impl<'f, C, F: Future<Output = C>, M: Fn(Sandbox, Host) -> F> Stage<'f, C, M> {
    async fn new(make: &'f M) -> Self {
        Self {
            sandbox: Sandbox::start().await.expect("a sandbox"),
            make,
            clients: HashMap::new(),
        }
    }

    /// The client of a host, with a sandbox that is as fresh as at the start.
    async fn client(&mut self, host: Host) -> &C {
        if !self.clients.contains_key(&host) {
            let client = (self.make)(self.sandbox.clone(), host).await;
            self.clients.insert(host, client);
        }
        self.sandbox.reset();
        self.sandbox.set_campaign_list(CampaignList::Envelope);
        self.sandbox.set_page_links(true);
        self.sandbox.set_repeated_pages(false);
        self.sandbox.clear();
        self.clients.get(&host).expect("it was made above")
    }
}

async fn walk<C, F: Future<Output = C>, M: Fn(Sandbox, Host) -> F>(
    stage: &mut Stage<'_, C, M>,
    operation: &'static Operation,
    exercise: &Exercise<C>,
) -> Result<(), String> {
    for seed in 0..SEEDS {
        let walked = call(stage, operation, exercise, seed).await;
        walked.map_err(|failure| format!("seed {seed}: {failure}"))?;
    }
    if operation.paging.is_some() {
        for links in [true, false] {
            let sandbox = stage.sandbox.clone();
            let client = stage.client(operation.host).await;
            sandbox.set_page_links(links);
            let walked = whole(&sandbox, operation, exercise, client, links).await;
            walked.map_err(|failure| format!("whole, links {links}: {failure}"))?;
        }
        let sandbox = stage.sandbox.clone();
        let client = stage.client(operation.host).await;
        let walked = repeated(&sandbox, operation, exercise, client).await;
        walked.map_err(|failure| format!("page repeated: {failure}"))?;
    }
    Ok(())
}

async fn call<C, F: Future<Output = C>, M: Fn(Sandbox, Host) -> F>(
    stage: &mut Stage<'_, C, M>,
    operation: &'static Operation,
    exercise: &Exercise<C>,
    seed: u64,
) -> Result<(), String> {
    let sandbox = stage.sandbox.clone();
    let client = stage.client(operation.host).await;
    // The document has a bare array, other sources an envelope: the sandbox plays both.
    if seed == 1 {
        sandbox.set_campaign_list(CampaignList::Array);
    }
    let given = Given::new(operation, seed);
    let came = given.call(exercise, client)?.await;
    let requests = of_api(&sandbox);
    let request = requests.first();
    let refusal = request
        .and_then(|it| it.refusal.as_deref())
        .unwrap_or_default();
    let came = came.map_err(|error| format!("{error} {refusal}"))?;
    arrived(operation, &given, request.ok_or("no request came")?)?;
    answered(operation, &given, &came)
}

/// The calls that came, without sign-ins.
pub(crate) fn of_api(sandbox: &Sandbox) -> Vec<Recorded> {
    let all = sandbox.requests().into_iter();
    all.filter(|it| it.endpoint == Endpoint::Api).collect()
}

/// Whether the request is what was said.
fn arrived(operation: &'static Operation, given: &Given, request: &Recorded) -> Result<(), String> {
    if request.method != operation.method.as_str() || request.path != operation.sample_path() {
        return Err(format!("{} {} came", request.method, request.path));
    }
    if request.status != Some(operation.answer.status) {
        return Err(format!("the status is {:?}", request.status));
    }
    let query = query(request);
    for (name, value) in given.handed_out() {
        let parameter = operation.parameters.iter().find(|it| it.name == name);
        let is_joined = parameter.is_some_and(|it| !it.explode);
        let texts: Vec<String> = match value {
            Value::Array(items) => items.iter().map(text).collect(),
            one => vec![text(&one)],
        };
        let texts = if is_joined && texts.len() > 1 {
            vec![texts.join(",")]
        } else {
            texts
        };
        let came: Vec<_> = query
            .iter()
            .filter(|(known, _)| *known == name)
            .map(|(_, it)| it)
            .collect();
        if came != texts.iter().collect::<Vec<_>>() {
            return Err(format!("`{name}` is {came:?} instead of {texts:?}"));
        }
    }
    if let Some(body) = given.whole_body() {
        let came = request.json().unwrap_or(Value::Null);
        if let Some(difference) = difference(&body, &came, "$") {
            return Err(format!("the body differs: {difference}"));
        }
    } else if operation.body.is_some() {
        let has_file = request.body.windows(FILE.len()).any(|it| it == FILE);
        if !has_file {
            return Err("the file did not come".to_owned());
        }
    }
    Ok(())
}

/// Whether what came back is what the document says.
fn answered(operation: &'static Operation, given: &Given, came: &Came) -> Result<(), String> {
    let value = &came.value;
    let Some(schema) = operation.answer.schema else {
        let is_fine = value.is_null() || *value == Value::Bool(true);
        return if is_fine {
            Ok(())
        } else {
            Err(format!("{value} came back"))
        };
    };
    // Records by hand, and what `include` adds, have members that no document describes.
    let mut described = BTreeSet::new();
    names(schema, DEPTH, &mut described);
    let is_by_hand = operation.id.starts_with(BY_HAND);
    let is_fine = |name: &str| is_by_hand || !described.contains(name) || given.includes(name);
    if let Some(flaw) = unknown_but(&came.shown, is_fine) {
        return Err(flaw);
    }
    if operation.paging.is_some() {
        let items = value.as_array().map_or(&[][..], Vec::as_slice);
        if items.is_empty() && !FILTERED.contains(&operation.id) {
            return Err("the list is empty".to_owned());
        }
        let schema = operation.item().ok_or("the list has no items")?;
        for item in items {
            schema.check(item, Direction::Answer)?;
        }
        return Ok(());
    }
    if operation.answer.content_type != Some("application/json") {
        let size = value.as_u64();
        return if size > Some(0) {
            Ok(())
        } else {
            Err("the file is empty".to_owned())
        };
    }
    // A typed call gives what stands below the keys of an envelope, which stays behind.
    let (mut schema, mut value) = (schema, value);
    while let Value::Object(members) = value
        && let (1, Some((key, only))) = (members.len(), members.iter().next())
        && let Some(inner) = schema.property(key)
    {
        (schema, value) = (inner, only);
    }
    schema.check(value, Direction::Answer)
}

pub(crate) fn query(request: &Recorded) -> Vec<(String, String)> {
    let query = request.query.as_deref().unwrap_or_default();
    let url = format!("http://localhost/?{query}");
    let url = auth_core::Url::parse(&url).expect("a query");
    url.query_pairs().into_owned().collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
