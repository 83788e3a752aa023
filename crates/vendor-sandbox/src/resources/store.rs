//! Holds the records of one sandbox: only what was changed is kept, all else is made when it is asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use bytes::Bytes;
use serde_json::{Map, Value};

use super::body::Upload;
use super::ids;
use super::plan::Resource;
use crate::answer::{Answer, Problem};
use crate::lock::lock;
use crate::openapi::{Schema, mix};

/// How many records a fresh collection has.
pub(super) const FRESH: u64 = 3;
/// How many records can be added to a collection.
const ROOM: u64 = 10_000;
/// How many uploads and answers under an idempotency key are kept; the oldest go first.
const KEPT: usize = 1_000;
/// Up to this many records, a record is looked for by other members than its id.
const SEARCHED: u64 = 1_000;

/// The records of a sandbox.
#[derive(Debug, Default)]
pub(crate) struct Store {
    seed: u64,
    collections: Mutex<BTreeMap<String, Collection>>,
    /// Records that stand alone; `None` after their deletion.
    singles: Mutex<BTreeMap<String, Option<Value>>>,
    repeats: Mutex<BTreeMap<String, (Bytes, Answer)>>,
    uploads: Mutex<Vec<Upload>>,
}

/// What became of a collection since the start.
#[derive(Clone, Debug, PartialEq)]
struct Collection {
    /// So many were there at the start.
    base: u64,
    /// The number of the last one ever.
    last: u64,
    /// Whether those of the start are the hand-written ones.
    by_hand: bool,
    changed: BTreeMap<u64, Value>,
    gone: BTreeSet<u64>,
}

impl Collection {
    fn fresh(resource: &Resource) -> Self {
        let base = resource.seeds.map_or(FRESH, |seeds| seeds.count);
        Self {
            base,
            last: base,
            by_hand: resource.seeds.is_some(),
            changed: BTreeMap::new(),
            gone: BTreeSet::new(),
        }
    }
}

impl Store {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            ..Self::default()
        }
    }

    /// Makes all records what they were at the start.
    pub(crate) fn reset(&self) {
        lock(&self.collections).clear();
        lock(&self.singles).clear();
        lock(&self.repeats).clear();
        lock(&self.uploads).clear();
    }

    /// A seed for what is made at this path.
    pub(super) fn seed(&self, path: &str) -> u64 {
        mix(self.seed, path)
    }

    /// Works on a collection; what is as fresh as before is not kept.
    pub(super) fn shelf<T>(
        &self,
        resource: &'static Resource,
        home: &str,
        work: impl FnOnce(&mut Shelf<'_>) -> T,
    ) -> T {
        let key = key(resource, home);
        let mut collections = lock(&self.collections);
        let fresh = Collection::fresh(resource);
        let collection = collections
            .entry(key.clone())
            .or_insert_with(|| fresh.clone());
        let mut shelf = Shelf {
            resource,
            seed: self.seed(home),
            collection,
        };
        let done = work(&mut shelf);
        if collections.get(&key) == Some(&fresh) {
            collections.remove(&key);
        }
        done
    }

    /// Puts so many samples in the place of whatever a collection held.
    pub(super) fn fill(&self, resource: &'static Resource, home: &str, items: u64) {
        // More could not be numbered once some are added.
        let items = items.min(u64::from(u32::MAX));
        let collection = Collection {
            base: items,
            last: items,
            by_hand: false,
            changed: BTreeMap::new(),
            gone: BTreeSet::new(),
        };
        lock(&self.collections).insert(key(resource, home), collection);
    }

    /// The record that stands alone at this path; `None` after its deletion.
    pub(super) fn single(&self, resource: &Resource, home: &str) -> Option<Value> {
        let stored = lock(&self.singles).get(&key(resource, home)).cloned();
        let sample = |schema: Schema| schema.sample_answer(self.seed(home));
        stored.unwrap_or_else(|| Some(resource.schema.map_or(Value::Null, sample)))
    }

    pub(super) fn set_single(
        &self,
        resource: &Resource,
        home: &str,
        value: Option<Value>,
    ) -> Result<(), Problem> {
        let mut singles = lock(&self.singles);
        if singles.len() as u64 >= ROOM {
            return Err(full());
        }
        singles.insert(key(resource, home), value);
        Ok(())
    }

    /// The answer that a request with this key got before.
    ///
    /// # Errors
    ///
    /// When the key came with another body.
    pub(super) fn repeated(&self, key: &str, body: &Bytes) -> Result<Option<Answer>, Problem> {
        match lock(&self.repeats).get(key) {
            Some((known, answer)) if known == body => Ok(Some(answer.clone())),
            Some(_) => {
                let reason = "this Idempotency-Key came with another body before";
                Err(Problem::business(409, "conflict", reason))
            }
            None => Ok(None),
        }
    }

    pub(super) fn remember(&self, key: String, body: Bytes, answer: Answer) {
        let mut repeats = lock(&self.repeats);
        if repeats.len() >= KEPT {
            repeats.pop_first();
        }
        repeats.insert(key, (body, answer));
    }

    pub(super) fn keep(&self, upload: Upload) {
        let mut uploads = lock(&self.uploads);
        if uploads.len() >= KEPT {
            uploads.remove(0);
        }
        uploads.push(upload);
    }

    pub(crate) fn uploads(&self) -> Vec<Upload> {
        lock(&self.uploads).clone()
    }
}

fn key(resource: &Resource, home: &str) -> String {
    format!("{} {home}", resource.host.name())
}

fn full() -> Problem {
    let reason = "the sandbox holds no more records of this kind";
    Problem::business(507, "insufficient_storage", reason)
}

/// A collection in the hands of one request.
pub(super) struct Shelf<'s> {
    resource: &'static Resource,
    seed: u64,
    collection: &'s mut Collection,
}

impl Shelf<'_> {
    pub(super) fn by_hand(&self) -> bool {
        self.collection.by_hand
    }

    fn newest_first(&self) -> bool {
        self.resource.seeds.is_some_and(|seeds| seeds.newest_first)
    }

    pub(super) fn total(&self) -> u64 {
        self.collection.last - self.collection.gone.len() as u64
    }

    /// The number of the record that stands at this place of the list, counted from 0.
    pub(super) fn nth(&self, place: u64) -> Option<u64> {
        let total = self.total();
        if place >= total {
            return None;
        }
        let place = match self.newest_first() {
            true => total - 1 - place,
            false => place,
        };
        let mut number = place + 1;
        for gone in &self.collection.gone {
            if *gone > number {
                break;
            }
            number += 1;
        }
        Some(number)
    }

    /// The place in the list of the record with this number, counted from 0.
    pub(super) fn place(&self, number: u64) -> u64 {
        let before = self.collection.gone.range(..number).count() as u64;
        let place = number - 1 - before;
        match self.newest_first() {
            true => (self.total() - 1).saturating_sub(place),
            false => place,
        }
    }

    /// The record with this number, deleted or not.
    pub(super) fn read(&self, number: u64) -> Value {
        if let Some(changed) = self.collection.changed.get(&number) {
            return changed.clone();
        }
        if let (true, Some(seeds)) = (self.by_hand(), self.resource.seeds) {
            return seeds.record(number);
        }
        let seed = mix(self.seed, &number.to_string());
        let schema = self.resource.schema;
        let mut record = schema.map_or(Value::Null, |schema| schema.sample_answer(seed));
        self.name(&mut record, number);
        record
    }

    /// The id of the record with this number.
    pub(super) fn id(&self, number: u64) -> Value {
        let ids = &self.resource.ids;
        match (self.resource.seeds, ids.member) {
            (Some(seeds), Some(member)) if self.by_hand() => {
                let mut record = seeds.record(number);
                record.get_mut(member).map(Value::take).unwrap_or_default()
            }
            _ => ids.id(number),
        }
    }

    /// Writes its id into a record.
    fn name(&self, record: &mut Value, number: u64) {
        if let (Some(member), Value::Object(members)) = (self.resource.ids.member, record) {
            members.insert(member.to_owned(), self.id(number));
        }
    }

    /// The number of the record with this id, or with this in another member that `parameter` may mean.
    pub(super) fn find(&self, id: &str, parameter: &str) -> Option<u64> {
        let there = |number: &u64| {
            *number <= self.collection.last && !self.collection.gone.contains(number)
        };
        // Orders and customers have a second number, which some paths take.
        let internal = parameter.contains("internal");
        if !self.by_hand()
            && !internal
            && let Some(number) = self.resource.ids.number(id).filter(there)
        {
            return Some(number);
        }
        let members = match internal {
            true => vec!["internal_id"],
            false => vec![self.resource.ids.member.unwrap_or("id"), "guid"],
        };
        // Where there are many samples, only what was added can have an id of another form.
        let first = match self.collection.base > SEARCHED {
            true => self.collection.base + 1,
            false => 1,
        };
        let numbers = first..=self.collection.last;
        let mut numbers = numbers.filter(there);
        numbers.find(|number| {
            let record = self.read(*number);
            let same = |member: &&str| {
                let value = record.get(*member).filter(|value| !value.is_null());
                value.is_some_and(|value| ids::text(value).eq_ignore_ascii_case(id))
            };
            members.iter().any(same)
        })
    }

    /// Adds a record, with an id of its own.
    pub(super) fn add(&mut self, mut record: Value) -> Result<u64, Problem> {
        if self.collection.last - self.collection.base >= ROOM {
            return Err(full());
        }
        let number = self.collection.last + 1;
        self.name(&mut record, number);
        self.collection.last = number;
        self.collection.changed.insert(number, record);
        Ok(number)
    }

    /// Puts a record in the place of the one with this number.
    pub(super) fn put(&mut self, number: u64, mut record: Value) {
        self.name(&mut record, number);
        self.collection.changed.insert(number, record);
    }

    pub(super) fn remove(&mut self, number: u64) {
        self.collection.changed.remove(&number);
        self.collection.gone.insert(number);
    }

    /// The next number that a record will have.
    pub(super) fn next(&self) -> u64 {
        self.collection.last + 1
    }

    /// Whether any record has this value in this member.
    pub(super) fn any(&self, member: &str, value: &str) -> bool {
        let places = 0..self.total().min(ROOM);
        let mut numbers = places.filter_map(|place| self.nth(place));
        numbers.any(|number| self.read(number)[member] == value)
    }
}

/// Moves what a body says into a record: what the record's schema knows, and not what is only written or only read.
///
/// `deep` merges objects member by member instead of replacing them.
pub(super) fn absorb(
    record: &mut Map<String, Value>,
    given: &Map<String, Value>,
    (schema, body): (Schema, Schema),
    deep: bool,
) {
    for (name, value) in given {
        let written = body.property(name).is_some_and(Schema::is_write_only);
        let known = schema.property(name);
        let fixed = known.is_some_and(|known| known.is_write_only() || known.is_read_only());
        if written || fixed || (known.is_none() && !schema.is_open()) {
            continue;
        }
        match (record.get_mut(name), value, known, body.property(name)) {
            (Some(Value::Object(inner)), Value::Object(value), Some(known), Some(body)) if deep => {
                absorb(inner, value, (known, body), deep);
            }
            _ => {
                record.insert(name.clone(), value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{ROOM, Store};
    use crate::host::Host;
    use crate::openapi::Provider;
    use crate::resources::plan::{Resource, plans};

    fn resource(host: Host, name: &str) -> &'static Resource {
        let provider = Provider::of(host);
        let mut all = plans(provider).resources.iter();
        all.find(|one| one.name == name).unwrap()
    }

    #[test]
    fn places_and_numbers_lead_to_each_other_across_gaps() {
        for (host, name) in [
            (Host::Comm100DashApi, "livechat.campaigns"),
            (Host::Communic8, "v1.campaigns"),
        ] {
            let resource = resource(host, name);
            Store::new(0).shelf(resource, "", |shelf| {
                for gone in [1, 2, 7, 8, 20] {
                    shelf.remove(gone);
                }
                shelf.add(json!({ "name": "new" })).unwrap();
                let numbers: Vec<_> = (0..).map_while(|place| shelf.nth(place)).collect();
                assert_eq!(numbers.len() as u64, shelf.total());
                for (place, number) in (0..).zip(&numbers) {
                    assert_eq!(shelf.place(*number), place, "{name}");
                    assert!(![1, 2, 7, 8, 20].contains(number));
                    let id = super::ids::text(&shelf.id(*number));
                    assert_eq!(shelf.find(&id, "id"), Some(*number));
                }
                let id = super::ids::text(&shelf.id(7));
                assert_eq!(shelf.find(&id, "id"), None);
            });
        }
    }

    #[test]
    fn a_collection_takes_so_many_records_and_no_more() {
        let store = Store::new(0);
        let resource = resource(Host::WebCommander, "taxes.tax_codes");
        let full = store.shelf(resource, "/x", |shelf| {
            for _ in 0..ROOM {
                shelf.add(Value::Null).unwrap();
            }
            shelf.add(Value::Null).unwrap_err()
        });
        assert_eq!(full.status, 507);
    }

    #[test]
    fn what_is_only_read_leaves_nothing_behind() {
        let store = Store::new(0);
        let resource = resource(Host::WebCommander, "taxes.tax_codes");
        store.fill(resource, "/y", u64::MAX);
        store.shelf(resource, "/y", |shelf| {
            assert_eq!(shelf.nth(u64::from(u32::MAX)), None);
            assert!(shelf.add(json!({})).is_ok());
        });
        for place in 0..100 {
            store.shelf(resource, &format!("/{place}"), |shelf| shelf.read(1));
        }
        assert_eq!(super::lock(&store.collections).len(), 1);
    }

    #[test]
    fn an_answer_under_a_key_belongs_to_its_body() {
        let store = Store::new(0);
        let answer = crate::answer::Answer::empty(200);
        store.remember("k".to_owned(), "a".into(), answer);
        assert!(store.repeated("k", &"a".into()).unwrap().is_some());
        assert!(store.repeated("j", &"a".into()).unwrap().is_none());
        assert_eq!(store.repeated("k", &"b".into()).unwrap_err().status, 409);
    }
}
