//! Carries out everything but lists: reads, changes, creates, deletes, and the actions.

use serde_json::{Map, Value};

use super::body::Payload;
use super::parameters::Query;
use super::plan::{Plan, Resource, Task};
use super::store::{Shelf, absorb};
use super::template::Bound;
use super::{composed, ids, include, rules, with_metadata};
use crate::answer::{Answer, Problem};
use crate::openapi::{Schema, mix};
use crate::state::State;

/// When everything in a sandbox was created and changed.
const THEN: &str = "2025-01-10T09:00:00Z";
/// Members that tell when a record was made and changed, beside those that are only read.
const TIMES: [&str; 5] = ["aDate", "createdTime", "created_at", "mDate", "updated_at"];
/// Members that an action switches: its verb, the member, and what it becomes.
const SWITCHES: [(&str, &str, bool); 10] = [
    ("approve", "is_approved", true),
    ("disable", "isEnabled", false),
    ("disable", "isEnable", false),
    ("disable_bot", "isEnabledBot", false),
    ("enable", "isEnabled", true),
    ("enable", "isEnable", true),
    ("enable_bot", "isEnabledBot", true),
    ("read", "isRead", true),
    ("unlock", "isLocked", false),
    ("unread", "isRead", false),
];

/// One request that is about to be carried out.
struct Request<'r> {
    state: &'r State,
    plan: &'static Plan,
    resource: &'static Resource,
    home: String,
    seed: u64,
    /// The value of the parameter that names the record.
    id: Option<&'r str>,
    /// The value of the parameter that names a section.
    section: Option<&'r str>,
    query: &'r Query,
    body: Option<Value>,
}

/// Carries out an operation that is no list.
pub(super) fn act(
    state: &State,
    plan: &'static Plan,
    resource: &'static Resource,
    bound: &[Bound],
    query: &Query,
    payload: Payload,
) -> Result<Answer, Problem> {
    let value = |name: &str| {
        let found = bound.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.as_str())
    };
    let home = plan.home(resource, bound);
    let body = match payload {
        Payload::Nothing => None,
        Payload::Json(body) => Some(body),
        Payload::Files(uploads) => {
            let described = uploads.first().map(rules::described);
            for upload in uploads {
                state.records.keep(upload);
            }
            described
        }
    };
    let request = Request {
        state,
        plan,
        resource,
        seed: state.records.seed(&home),
        home,
        id: plan.id.and_then(value),
        section: value("section"),
        query,
        body,
    };
    match plan.task {
        Task::CheckAll => Ok(Answer::empty(plan.operation.answer.status)),
        Task::Count => request.count(),
        Task::Create => request.create(),
        Task::DeleteMany => request.delete_many(),
        _ if resource.is_collection => request.one_of_many(),
        _ => request.alone(),
    }
}

impl Request<'_> {
    fn shelf<T>(&self, work: impl FnOnce(&mut Shelf<'_>) -> T) -> T {
        self.state.records.shelf(self.resource, &self.home, work)
    }

    /// What the body says of the record.
    fn given(&self) -> Option<&Value> {
        let body = self.body.as_ref()?;
        match &self.plan.body {
            Some(slot) => slot.of(body),
            None => Some(body),
        }
    }

    /// The schemas of the record and of what the body says of it.
    fn schemas(&self) -> Option<(Schema, Schema)> {
        let record = self.resource.schema?;
        Some((
            record,
            self.plan.body.as_ref().map_or(record, |slot| slot.schema),
        ))
    }

    /// Whether the answer holds the record itself.
    fn answers_record(&self) -> bool {
        let (slot, record) = (self.plan.slot.as_ref(), self.resource.schema);
        slot.zip(record).is_some_and(|(slot, record)| {
            slot.schema.is(record) || slot.one().is_some_and(|one| one.is(record))
        })
    }

    fn answer(&self, record: Option<Value>, by_hand: bool) -> Answer {
        let mut extra = Map::new();
        let record = record.map(|mut record| {
            include(self.plan, self.query, &mut record, self.seed);
            record
        });
        let mut described = Value::Object(Map::new());
        with_metadata(self.plan, self.query, &mut described, self.seed);
        if let Value::Object(members) = described {
            extra.extend(members);
        }
        let unknown = by_hand || self.query.get("include").is_some();
        composed(self.plan, record, extra, self.seed, unknown)
    }

    fn count(&self) -> Result<Answer, Problem> {
        let total = self.shelf(|shelf| shelf.total());
        let Some(schema) = self.plan.operation.answer.schema else {
            return Ok(Answer::empty(self.plan.operation.answer.status));
        };
        let mut body = schema.sample_answer(0);
        set_numbers(&mut body, total);
        Ok(Answer::json(self.plan.operation.answer.status, &body))
    }

    fn create(&self) -> Result<Answer, Problem> {
        let made = self.shelf(|shelf| {
            rules::before_create(self.plan.operation.id, self.given(), shelf)?;
            let number = shelf.next();
            let record = self.made(shelf, number);
            shelf.add(record)?;
            Ok((shelf.read(number), shelf.by_hand()))
        });
        let (record, by_hand) = made?;
        match self.answers_record() {
            true => Ok(self.answer(Some(record), by_hand)),
            false => Ok(self.answer(self.echo(), by_hand)),
        }
    }

    /// A new record of what the body says, and of what only the vendor writes.
    fn made(&self, shelf: &Shelf<'_>, number: u64) -> Value {
        let Some((schema, body)) = self.schemas() else {
            return Value::Null;
        };
        let seed = mix(self.seed, &number.to_string());
        let mut record = rules::start(self.plan.operation.id, self.given(), number);
        for (name, member) in schema.properties() {
            let time = TIMES.contains(&name)
                || (member.is_read_only() && member.text("format") == "date-time");
            if time && member.text("format") == "date-time" {
                record.insert(name.to_owned(), Value::from(THEN));
            } else if member.is_read_only() && !member.is_write_only() {
                record.insert(name.to_owned(), member.sample_answer(mix(seed, name)));
            }
        }
        if let Some(Value::Object(given)) = self.given() {
            absorb(&mut record, given, (schema, body), false);
        }
        // What has to be there and was not said is made up once, so that it stays as it is.
        let by_hand = shelf.by_hand();
        super::fit(schema, &Value::Object(record), seed, by_hand)
    }

    /// What the body says, for answers that repeat it instead of the record.
    fn echo(&self) -> Option<Value> {
        let given = self.given()?;
        let slot = self.plan.slot.as_ref()?;
        let one = self.plan.body.as_ref()?;
        let alike =
            slot.schema.is(one.schema) || slot.one().is_some_and(|slot| slot.is(one.schema));
        alike.then(|| given.clone())
    }

    fn delete_many(&self) -> Result<Answer, Problem> {
        let given = self.body.as_ref().or_else(|| self.query.get("ids"));
        let ids: Vec<String> = match given {
            Some(Value::Array(ids)) => ids.iter().map(ids::text).collect(),
            Some(Value::String(ids)) => ids.split(',').map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        if ids.is_empty() {
            return Err(Problem::malformed("no ids of records to delete"));
        }
        self.shelf(|shelf| {
            for id in ids {
                if let Some(number) = shelf.find(&id, "") {
                    shelf.remove(number);
                }
            }
        });
        Ok(self.answer(None, false))
    }

    fn one_of_many(&self) -> Result<Answer, Problem> {
        let Some(id) = self.id else {
            return Ok(self.answer(self.echo(), false));
        };
        let parameter = self.plan.id.unwrap_or_default();
        let done = self.shelf(|shelf| {
            let missing = || Problem::not_found(format!("nothing has this `{parameter}`"));
            let number = shelf.find(id, parameter).ok_or_else(missing)?;
            let mut record = shelf.read(number);
            rules::before_action(self.plan.operation.id, self.given(), &record)?;
            if self.plan.task == Task::Delete {
                shelf.remove(number);
            } else {
                let is_changed = self.change(&mut record);
                let is_left = rules::leave(self.plan.operation.id, self.given(), &mut record);
                if is_changed || is_left {
                    shelf.put(number, record);
                }
            }
            Ok((shelf.read(number), shelf.by_hand()))
        });
        let (record, by_hand) = done?;
        self.told(record, by_hand)
    }

    fn alone(&self) -> Result<Answer, Problem> {
        let store = &self.state.records;
        let stored = store.single(self.resource, &self.home);
        let missing = || Problem::not_found("there is none");
        let mut record = match (stored, self.plan.task) {
            (Some(stored), _) => stored,
            (None, Task::Replace) => Value::Object(Map::new()),
            (None, _) => return Err(missing()),
        };
        if self.plan.task == Task::Delete {
            store.set_single(self.resource, &self.home, None)?;
        } else if self.change(&mut record) {
            store.set_single(self.resource, &self.home, Some(record.clone()))?;
        }
        self.told(record, false)
    }

    /// The answer once the record is as it shall be.
    fn told(&self, record: Value, by_hand: bool) -> Result<Answer, Problem> {
        let task = self.plan.task;
        if task == Task::Delete {
            return Ok(self.answer(None, by_hand));
        }
        if self.answers_record() {
            return Ok(self.answer(Some(record), by_hand));
        }
        match (task, self.section) {
            // The answer has the section under its own name; its schema picks it from the record.
            (Task::Section | Task::UpdateSection, Some(section)) => {
                let one = record.get(section).cloned();
                let one = one.map(|one| Value::Object(Map::from_iter([(section.to_owned(), one)])));
                Ok(self.answer(one, by_hand))
            }
            (Task::Get, _) => Ok(self.answer(Some(record), by_hand)),
            _ => Ok(self.answer(self.echo(), by_hand)),
        }
    }

    /// Changes a record as the operation says; says whether it did.
    fn change(&self, record: &mut Value) -> bool {
        let Some((schema, body)) = self.schemas() else {
            return false;
        };
        let given = self.given();
        match (self.plan.task, given, &mut *record) {
            (Task::Get | Task::Check | Task::Section, ..) => false,
            (Task::Replace, Some(Value::Object(given)), Value::Object(members)) => {
                let old = std::mem::take(members);
                let kept = old.into_iter().filter(|(name, _)| {
                    let fixed = schema.property(name).is_some_and(Schema::is_read_only);
                    fixed || body.property(name).is_none()
                });
                *members = kept.collect();
                absorb(members, given, (schema, body), false);
                true
            }
            (Task::Replace, Some(given @ Value::Array(_)), _) if schema.allows("array") => {
                *record = given.clone();
                true
            }
            (Task::UpdateSection, Some(given), Value::Object(members)) => {
                let whole = self.body.as_ref().unwrap_or(given);
                let section = self.section.unwrap_or_default();
                match (whole.get(section), schema.property(section)) {
                    (Some(Value::Object(given)), Some(inner)) => {
                        let old = members
                            .entry(section)
                            .or_insert_with(|| Value::Object(Map::new()));
                        let body = self.plan.operation.body.as_ref();
                        let body = body.and_then(|body| body.schema.property(section));
                        if let Value::Object(old) = old {
                            absorb(old, given, (inner, body.unwrap_or(inner)), true);
                        }
                    }
                    _ => {
                        if let Value::Object(given) = given {
                            absorb(members, given, (schema, body), true);
                        }
                    }
                }
                true
            }
            (Task::Update, Some(Value::Object(given)), Value::Object(members)) => {
                absorb(members, given, (schema, body), true);
                true
            }
            (_, _, Value::Object(members)) => {
                let fits = self.plan.operation.method != http::Method::POST;
                if let (true, Some(Value::Object(given))) = (fits, given) {
                    absorb(members, given, (schema, body), true);
                }
                self.switch(members, schema);
                true
            }
            _ => false,
        }
    }

    /// Switches what the action is about.
    fn switch(&self, members: &mut Map<String, Value>, schema: Schema) {
        for (verb, member, on) in SWITCHES {
            let known = schema
                .property(member)
                .is_some_and(|one| one.allows("boolean"));
            if verb == self.plan.operation.verb && known {
                members.insert(member.to_owned(), Value::Bool(on));
            }
        }
        if self.plan.operation.verb == "unlock" {
            members.remove("lockedTime");
        }
    }
}

fn set_numbers(value: &mut Value, number: u64) {
    match value {
        Value::Number(_) => *value = Value::from(number),
        Value::Object(members) => members
            .values_mut()
            .for_each(|inner| set_numbers(inner, number)),
        _ => {}
    }
}
