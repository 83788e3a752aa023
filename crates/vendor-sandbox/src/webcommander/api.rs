//! The few WebCommander resources that the sandbox plays.

use http::Method;
use serde_json::{Map, Value, json};

use crate::answer::{Answer, Problem};
use crate::credentials::WEBCOMMANDER_CUSTOMER_PASSWORD;
use crate::form::shown;
use crate::inbound::Inbound;
use crate::lock::lock;
use crate::state::State;

use super::records::new_customer;

/// What a page holds at most, whatever `limit` says.
const PAGE_LIMIT: usize = 20;

/// Parameters that every list takes.
const PAGING: [&str; 6] = ["limit", "offset", "page", "sort", "dir", "field_metadata"];

/// Filters of the customer list; `email` and `status` have an effect here.
const CUSTOMER_FILTERS: [&str; 18] = [
    "search",
    "searchText",
    "query",
    "keyword",
    "email",
    "companyName",
    "phone",
    "mobile",
    "country",
    "state",
    "city",
    "postCode",
    "customerGroup",
    "status",
    "createdFrom",
    "createdTo",
    "updatedFrom",
    "updatedTo",
];

/// Filters of the order list; `order_status` and `payment_status` have an effect here.
const ORDER_FILTERS: [&str; 15] = [
    "order_status",
    "payment_status",
    "customerId",
    "customerName",
    "search_text",
    "shipping_status",
    "total",
    "gatewayCode",
    "currency_code",
    "productId",
    "productName",
    "productSku",
    "orderFrom",
    "orderTo",
    "order_id",
];

/// Answers an API call that was let in.
pub(super) fn answer(state: &State, inbound: &Inbound) -> Result<Answer, Problem> {
    let records = &state.webcommander;
    match (&inbound.method, inbound.segments().as_slice()) {
        (&Method::GET, ["api", "v4", "admin", "customers"]) => {
            let customers = lock(&records.customers);
            let effective = ["email", "status"];
            list(
                state,
                inbound,
                "customers",
                &customers,
                (&CUSTOMER_FILTERS, effective),
            )
        }
        (&Method::POST, ["api", "v4", "admin", "customers"]) => create(state, inbound),
        (&Method::GET, ["api", "v4", "admin", "customers", id]) => {
            let customer = find(state, id)?;
            Ok(Answer::json(200, &json!({ "customer": customer })))
        }
        (&Method::POST, ["api", "v4", "admin", "customers", id, "change-password"]) => {
            change_password(&find(state, id)?, inbound)
        }
        (&Method::GET, ["api", "v4", "admin", "orders"]) => {
            let effective = ["order_status", "payment_status"];
            list(
                state,
                inbound,
                "orders",
                &records.orders,
                (&ORDER_FILTERS, effective),
            )
        }
        _ => {
            let message = "No endpoint matches this request";
            Ok(Answer::json(
                200,
                &json!({ "isSuccess": false, "message": message }),
            ))
        }
    }
}

fn find(state: &State, id: &str) -> Result<Value, Problem> {
    let Ok(id) = id.parse::<u64>() else {
        return Err(Problem::business(400, "invalid_id", "the id is no number"));
    };
    let customers = lock(&state.webcommander.customers);
    let found = customers
        .iter()
        .find(|customer| customer["customer_id"] == id);
    found
        .cloned()
        .ok_or_else(|| Problem::not_found("no customer has this id"))
}

/// The body of a write, which stands inside `customer`.
fn wrapped(inbound: &Inbound) -> Result<Map<String, Value>, Problem> {
    match inbound.json()?.get_mut("customer").map(Value::take) {
        Some(Value::Object(customer)) => Ok(customer),
        _ => Err(Problem::business(
            400,
            "invalid_request",
            "`customer` is missing",
        )),
    }
}

fn text<'m>(customer: &'m Map<String, Value>, name: &str) -> Option<&'m str> {
    customer.get(name).and_then(Value::as_str)
}

fn create(state: &State, inbound: &Inbound) -> Result<Answer, Problem> {
    let given = wrapped(inbound)?;
    let (Some(first_name), Some(email)) = (text(&given, "first_name"), text(&given, "email"))
    else {
        return Err(Problem::business(
            400,
            "invalid_request",
            "`first_name` and `email` are required",
        ));
    };
    let mut customers = lock(&state.webcommander.customers);
    if customers.iter().any(|customer| customer["email"] == email) {
        return Err(Problem::business(409, "conflict", "this email is taken"));
    }
    // Customers are never deleted here, so their count numbers them.
    let number = u32::try_from(customers.len() + 1).unwrap_or(u32::MAX);
    let last_name = text(&given, "last_name").unwrap_or_default();
    let status = text(&given, "status").unwrap_or("awaiting_verification");
    let customer = new_customer(number, first_name, last_name, email, status);
    customers.push(customer.clone());
    Ok(Answer::json(201, &json!({ "customer": customer })))
}

/// A wrong old password is a 401 though the token is fine: the trap that this call is here for.
fn change_password(customer: &Value, inbound: &Inbound) -> Result<Answer, Problem> {
    let given = wrapped(inbound)?;
    let (Some(old), Some(_), Some(email)) = (
        text(&given, "old_password"),
        text(&given, "password"),
        text(&given, "email"),
    ) else {
        return Err(Problem::business(
            400,
            "invalid_request",
            "`email`, `old_password` and `password` are required",
        ));
    };
    if customer["email"] != email || old != WEBCOMMANDER_CUSTOMER_PASSWORD {
        return Err(Problem::business(
            401,
            "unauthorized",
            "wrong email or old password",
        ));
    }
    Ok(Answer::json(200, &json!({ "message": "Password changed" })))
}

/// One page in the newest of the vendor's three styles.
fn list(
    state: &State,
    inbound: &Inbound,
    key: &str,
    items: &[Value],
    (filters, effective): (&[&str], [&str; 2]),
) -> Result<Answer, Problem> {
    let query = inbound.query()?;
    let unknown = query
        .iter()
        .find(|(name, _)| !PAGING.contains(&name.as_str()) && !filters.contains(&name.as_str()));
    if let Some((name, _)) = unknown {
        let reason = format!("unknown parameter `{}`", shown(name));
        return Err(Problem::business(400, "unknown_parameter", reason));
    }
    let get = |name: &str| {
        let found = query.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    };
    let number = |name: &str, least: usize| match get(name).map(str::parse::<usize>) {
        None => Ok(None),
        Some(Ok(number)) if number >= least => Ok(Some(number)),
        Some(_) => {
            let reason = format!("`{name}` is out of range");
            Err(Problem::business(400, "out_of_range", reason))
        }
    };
    let limit = number("limit", 1)?.unwrap_or(PAGE_LIMIT).min(PAGE_LIMIT);
    let page = number("page", 1)?.unwrap_or(1);
    // An offset beats a page number.
    let offset = number("offset", 0)?.unwrap_or((page - 1).saturating_mul(limit));
    let fits = |item: &&Value| {
        let same = |name: &&str| get(name).is_none_or(|wanted| item[*name] == wanted);
        effective.iter().all(same)
    };
    let all: Vec<_> = items.iter().filter(fits).collect();
    let shown: Vec<_> = all.iter().copied().skip(offset).take(limit).collect();
    let next = offset.saturating_add(shown.len());
    let (has_next, has_previous) = (next < all.len(), offset > 0);
    let url = state.url(inbound.host);
    let link = |offset: usize| format!("{url}{}?limit={limit}&offset={offset}", inbound.path);
    let body = json!({
        key: shown,
        "pagination": {
            "total": all.len(),
            "limit": limit,
            "offset": offset,
            "count": shown.len(),
            "current_page": offset / limit + 1,
            "total_pages": all.len().div_ceil(limit),
            "has_next": has_next,
            "has_previous": has_previous,
            "previous_page": has_previous.then(|| link(offset.saturating_sub(limit))),
            "next_page": has_next.then(|| link(next)),
        },
    });
    Ok(Answer::json(200, &body))
}
