//! Works out once what each operation does to which store, from its verb, its path and its shapes.

use std::sync::OnceLock;

use http::Method;

use super::ids::Ids;
use super::seeds::{self, Seeds};
use super::shape::{Slot, find, slot};
use super::template::{Bound, Segment, Template, bare};
use crate::host::Host;
use crate::openapi::{Operation, PagingStyle, Place, Provider, Schema, documents};

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// Anything else: it reads the record and perhaps changes it.
    Act,
    Check,
    CheckAll,
    Count,
    Create,
    Delete,
    DeleteMany,
    Get,
    List,
    Replace,
    /// Reads one section of a record.
    Section,
    Update,
    /// Changes one section of a record.
    UpdateSection,
}

/// Records of one kind: the members of a collection, or one alone.
#[derive(Debug)]
pub(super) struct Resource {
    pub(super) host: Host,
    pub(super) name: String,
    /// The path of the collection, or of the one record.
    pub(super) home: Vec<Segment>,
    pub(super) is_collection: bool,
    /// What a record looks like when it is read.
    pub(super) schema: Option<Schema>,
    pub(super) ids: Ids,
    pub(super) seeds: Option<&'static Seeds>,
}

/// One operation, ready to be carried out.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) operation: &'static Operation,
    pub(super) template: Template,
    pub(super) task: Task,
    /// Its place in [`Plans::resources`].
    pub(super) resource: usize,
    /// The parameter that names the record.
    pub(super) id: Option<&'static str>,
    /// Parameters that name records of other collections, with the segment behind theirs and the collection.
    pub(super) parents: Vec<(&'static str, usize, usize)>,
    /// Where the record stands in the answer.
    pub(super) slot: Option<Slot>,
    /// Where it stands in the body of the request.
    pub(super) body: Option<Slot>,
}

/// All operations of a provider.
#[derive(Debug)]
pub(super) struct Plans {
    pub(super) resources: Vec<Resource>,
    pub(super) plans: Vec<Plan>,
}

/// The plans of a provider, made at the first call.
pub(super) fn plans(provider: Provider) -> &'static Plans {
    static PLANS: [OnceLock<Plans>; Provider::ALL.len()] =
        [const { OnceLock::new() }; Provider::ALL.len()];
    PLANS[provider as usize].get_or_init(|| make(provider))
}

/// Whether paths of this vendor are read without regard to capitals.
pub(super) fn any_case(provider: Provider) -> bool {
    provider == Provider::Comm100
}

fn make(provider: Provider) -> Plans {
    let mut resources: Vec<Resource> = Vec::new();
    let mut places = Vec::new();
    for document in documents(provider) {
        for operation in &document.operations {
            let name = format!("{}.{}", operation.area, operation.resource);
            let known = resources.iter().position(|one| one.name == name);
            places.push((operation, known.unwrap_or(resources.len())));
            if known.is_none() {
                let all = document.operations.iter();
                let own: Vec<_> = all
                    .filter(|one| one.resource == operation.resource)
                    .collect();
                resources.push(resource(name, &own));
            }
        }
    }
    let plans = places
        .into_iter()
        .map(|(operation, at)| plan(operation, at, &resources))
        .collect();
    Plans { resources, plans }
}

fn is_section(operation: &Operation) -> bool {
    operation.verb.ends_with("_section")
}

/// The segments before the parameter at the end, if that is what the path ends with.
fn before_id(template: &Template) -> Option<&[Segment]> {
    match template.0.split_last() {
        Some((Segment::Parameter(_, _), before)) => Some(before),
        _ => None,
    }
}

fn resource(name: String, operations: &[&'static Operation]) -> Resource {
    let host = operations
        .first()
        .map_or(Host::WebCommander, |one| one.host);
    let template = |operation: &&Operation| Template::of(operation.path);
    let verb = |verbs: &[&str]| {
        let mut all = operations.iter();
        all.find(|one| verbs.contains(&one.verb)).copied()
    };
    let items = ["get", "replace", "update", "delete", "check"];
    let item = operations
        .iter()
        .find(|one| items.contains(&one.verb) && before_id(&template(one)).is_some());
    let list = operations.iter().find(|one| one.paging.is_some());
    let single = verb(&["get"]).filter(|one| before_id(&Template::of(one.path)).is_none());
    let (home, is_collection) = match (item, single) {
        (Some(item), _) => {
            let template = template(item);
            (before_id(&template).unwrap_or_default().to_vec(), true)
        }
        (None, Some(single)) => (Template::of(single.path).0, false),
        (None, None) => {
            let place = list.copied().or_else(|| verb(&["create", "replace"]));
            let place = place.or_else(|| operations.first().copied());
            let template = place.map_or_else(Vec::new, |one| Template::of(one.path).0);
            let before = before_id(&Template(template.clone())).map(<[_]>::to_vec);
            (
                before.unwrap_or(template),
                place.is_some_and(|one| one.verb != "replace"),
            )
        }
    };
    let listed = list.and_then(|one| {
        let slot = slot(one.answer.schema?, one.paging)?;
        slot.schema.items()
    });
    let read = verb(&["get"]).or_else(|| verb(&["create", "replace", "update", "upload"]));
    let read = read.and_then(|one| {
        let answer = one.answer.schema?;
        let same = listed.and_then(|listed| find(answer, listed));
        same.or_else(|| slot(answer, None))
    });
    let schema = match read {
        Some(slot) if is_collection => slot.one(),
        Some(slot) => Some(slot.schema),
        None => listed,
    };
    // The parameter behind the home, of whichever operation has one.
    let any_case = operations.first().is_some_and(|one| any_case(one.provider));
    let parameter = operations.iter().find_map(|one| {
        let template = template(one);
        let behind = template.0.get(home.len())?.parameter()?;
        let mut all = one.at(Place::Path);
        let parameter = all.find(|parameter| parameter.name == behind)?;
        (is_collection && template.starts_with(&home, any_case)).then_some(parameter)
    });
    let home_path = Template::filled(&home, &[]);
    Resource {
        host,
        ids: Ids::of(&name, schema, parameter),
        seeds: seeds::of(host, &home_path),
        name,
        home,
        is_collection,
        schema,
    }
}

fn plan(operation: &'static Operation, at: usize, resources: &[Resource]) -> Plan {
    let template = Template::of(operation.path);
    let any_case = any_case(operation.provider);
    let resource = resources.get(at);
    let home = resource.map_or(&[][..], |one| &one.home);
    let is_collection = resource.is_some_and(|one| one.is_collection);
    let within = template.starts_with(home, any_case);
    let behind = template.0.get(home.len()).filter(|_| within);
    let parents: Vec<_> = (0..template.0.len())
        .filter_map(|end| {
            let name = template.0.get(end)?.parameter()?;
            let before = template.0.get(..end)?;
            let parent = resources.iter().position(|one| {
                one.is_collection
                    && one.host == operation.host
                    && one.home.len() == end
                    && Template(before.to_vec()).starts_with(&one.home, any_case)
            })?;
            (parent != at).then_some((name, end, parent))
        })
        .collect();
    let id = match behind.and_then(Segment::parameter) {
        Some(name) if is_collection => Some(name),
        // Elsewhere, the parameter has the name that it has at home.
        _ => template.0.iter().find_map(|segment| {
            let name = segment.parameter()?;
            let known = resource?.ids.parameter == Some(name);
            let other = parents.iter().any(|(parent, ..)| *parent == name);
            (is_collection && !within && known && !other).then_some(name)
        }),
    };
    let answer = operation.answer.schema.and_then(|answer| {
        let schema = resource.and_then(|one| one.schema);
        let same = schema.and_then(|schema| find(answer, schema));
        match operation.paging {
            Some(_) => slot(answer, operation.paging),
            None => same.or_else(|| slot(answer, None)),
        }
    });
    Plan {
        operation,
        task: task(
            operation,
            home.len() == template.0.len() && within,
            is_collection,
            id,
        ),
        resource: at,
        id,
        parents,
        slot: answer,
        body: operation
            .body
            .as_ref()
            .and_then(|body| slot(body.schema, None)),
        template,
    }
}

fn task(operation: &Operation, at_home: bool, is_collection: bool, id: Option<&str>) -> Task {
    let ends_in_id = match Template::of(operation.path).0.last() {
        Some(Segment::Parameter(name, "")) => id == Some(*name),
        _ => false,
    };
    let one = ends_in_id || (!is_collection && at_home);
    let plain = operation
        .path
        .rsplit('/')
        .next()
        .is_some_and(|last| bare(last) == last);
    match operation.verb {
        _ if operation.paging.is_some() => Task::List,
        _ if is_section(operation) && operation.method == Method::GET => Task::Section,
        _ if is_section(operation) => Task::UpdateSection,
        "check_list" => Task::CheckAll,
        "count" => Task::Count,
        "delete_many" => Task::DeleteMany,
        "check" if one => Task::Check,
        "get" if one => Task::Get,
        "update" if one => Task::Update,
        "replace" if one => Task::Replace,
        "create" if one => Task::Replace,
        "delete" if one => Task::Delete,
        // Whatever it is called: a POST to the collection itself adds to it.
        _ if operation.method == Method::POST && is_collection && at_home && plain => Task::Create,
        _ => Task::Act,
    }
}

impl Plans {
    /// The plan for a request, with the values in its path, or whether the path is known with other methods.
    pub(super) fn route(
        &'static self,
        host: Host,
        method: &Method,
        segments: &[&str],
    ) -> Result<(&'static Plan, Vec<Bound>), bool> {
        let any_case = any_case(Provider::of(host));
        let all = self.plans.iter().filter(|plan| plan.operation.host == host);
        let fitting =
            all.filter_map(|plan| Some((plan, plan.template.matches(segments, any_case)?)));
        let mut known = false;
        let mut best: Option<(&Plan, Vec<Bound>)> = None;
        for (plan, bound) in fitting {
            known = true;
            let better = best
                .as_ref()
                .is_none_or(|(best, _)| plan.template.rank() > best.template.rank());
            if plan.operation.method == *method && better {
                best = Some((plan, bound));
            }
        }
        best.ok_or(known)
    }

    pub(super) fn of(&'static self, operation: &Operation) -> Option<&'static Plan> {
        let mut plans = self.plans.iter();
        plans.find(|plan| plan.operation.id == operation.id)
    }

    /// The list that stands at this path.
    pub(super) fn list_at(&'static self, segments: &[&str]) -> Vec<(&'static Plan, Vec<Bound>)> {
        let lists = self.plans.iter().filter(|plan| plan.task == Task::List);
        lists
            .filter_map(|plan| {
                let any_case = any_case(plan.operation.provider);
                Some((plan, plan.template.matches(segments, any_case)?))
            })
            .collect()
    }
}

impl Plan {
    /// The style of paging, if this is a list.
    pub(super) fn style(&self) -> Option<PagingStyle> {
        self.operation.paging.map(|paging| paging.style)
    }

    /// The path of the collection or record that a request means.
    pub(super) fn home(&self, resource: &Resource, bound: &[Bound]) -> String {
        let any_case = any_case(self.operation.provider);
        let path = match self.template.starts_with(&resource.home, any_case) {
            // By place: the names of parameters differ between operations.
            true => Template::filled(
                self.template
                    .0
                    .get(..resource.home.len())
                    .unwrap_or_default(),
                bound,
            ),
            false => Template::filled(&resource.home, bound),
        };
        if any_case {
            path.to_ascii_lowercase()
        } else {
            path
        }
    }
}
