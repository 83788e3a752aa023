//! Writes how a list is paged, from the style that the exceptions describe and what the operation declares.

use crate::check::openapi::document::Operation;
use crate::codegen::exceptions::{Step, Style};

/// The calls that make the constant which says how a list is paged.
pub(super) fn paging(
    operation: &Operation,
    style: &Style,
    pointers: &[String],
    identity: Option<&str>,
    is_bare: bool,
) -> Vec<String> {
    let parameter = |name: &str| operation.parameters.iter().find(|it| it.name == name);
    let step = style
        .step
        .as_ref()
        .filter(|step| parameter(step.parameter()).is_some());
    let first = match step {
        Some(Step::Index(parameter)) => format!("::index({parameter:?})"),
        Some(Step::Keyset { parameter, member }) => {
            format!("::keyset({parameter:?}, {member:?})")
        }
        Some(Step::Offset(parameter)) => format!("::offset({parameter:?})"),
        None => "::single()".to_owned(),
    };
    let mut paging = vec![first];
    let mut add = |call: String| paging.push(format!(".{call}"));
    // An array has no room for a link, and where links are expected, it is the whole list.
    let has_link = !(is_bare && step.is_some());
    if let Some(link) = style.link.as_ref().filter(|_| has_link) {
        add(format!("next_link({link:?})"));
    }
    if !pointers.is_empty() {
        add(format!("items(&{pointers:?})"));
    }
    if !style.total.is_empty() {
        add(format!("total(&{:?})", style.total));
    }
    if step.is_some() && !style.has_more.is_empty() {
        add(format!("has_more(&{:?})", style.has_more));
    }
    if let Some((size, parameter)) = style
        .size
        .as_deref()
        .and_then(|it| Some((it, parameter(it)?)))
    {
        add(format!("page_size({size:?})"));
        if let Some(default) = style.default_size {
            add(format!("default_page_size({default})"));
        }
        let largest = parameter
            .schema
            .maximum
            .and_then(|it| u32::try_from(it).ok());
        if let Some(largest) = largest.or(style.largest_size) {
            add(format!("largest_page_size({largest})"));
        }
    }
    if let Some(identity) = identity.filter(|_| !matches!(step, Some(Step::Keyset { .. }))) {
        add(format!("identity({identity:?})"));
    }
    paging
}
