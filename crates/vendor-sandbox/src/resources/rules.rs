//! What the documents can't say: rules of the vendors that a call of the sandbox keeps.

use serde_json::{Map, Value, json};

use super::body::Upload;
use super::store::Shelf;
use crate::answer::Problem;
use crate::communic8;
use crate::credentials::WEBCOMMANDER_CUSTOMER_PASSWORD;
use crate::webcommander::records::new_customer;

fn text<'v>(given: Option<&'v Value>, name: &str) -> Option<&'v str> {
    given?.get(name)?.as_str()
}

/// Turns down what a schema lets pass when a record is created.
pub(super) fn before_create(
    operation: &str,
    given: Option<&Value>,
    shelf: &Shelf<'_>,
) -> Result<(), Problem> {
    if operation != "customers.customers.create" {
        return Ok(());
    }
    let (Some(_), Some(email)) = (text(given, "first_name"), text(given, "email")) else {
        let reason = "`first_name` and `email` are required";
        return Err(Problem::business(400, "invalid_request", reason));
    };
    match shelf.any("email", email) {
        true => Err(Problem::business(409, "conflict", "this email is taken")),
        false => Ok(()),
    }
}

/// What a new record holds before the body is read.
pub(super) fn start(operation: &str, given: Option<&Value>, number: u64) -> Map<String, Value> {
    if operation != "customers.customers.create" {
        return Map::new();
    }
    let get = |name| text(given, name).unwrap_or_default();
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    let status = "awaiting_verification";
    match new_customer(
        number,
        get("first_name"),
        get("last_name"),
        get("email"),
        status,
    ) {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// Turns down what a schema lets pass when something is done to a record.
///
/// A wrong old password is a 401 though the token is fine: the trap that this call is here for.
pub(super) fn before_action(
    operation: &str,
    given: Option<&Value>,
    record: &Value,
) -> Result<(), Problem> {
    if operation != "customers.customers.change_password" {
        return Ok(());
    }
    let email = text(given, "email");
    let right = email.is_some_and(|email| record["email"] == email)
        && text(given, "old_password") == Some(WEBCOMMANDER_CUSTOMER_PASSWORD);
    match right {
        true => Ok(()),
        false => Err(Problem::business(
            401,
            "unauthorized",
            "wrong email or old password",
        )),
    }
}

/// What an action leaves in its record; says whether it did.
pub(super) fn leave(operation: &str, given: Option<&Value>, record: &mut Value) -> bool {
    const FIGURES: &str = "product_pricing_and_stock";
    if operation != "older.products.adjust_inventory" {
        return false;
    }
    // The call takes texts, the product tells numbers.
    let stock = text(given, "available_stock").and_then(|stock| stock.parse::<i64>().ok());
    let Some(stock) = stock else {
        return false;
    };
    if let Some(product) = record.as_object_mut() {
        product.insert("available_stock".to_owned(), stock.into());
        if let Some(Value::Object(figures)) = product.get_mut(FIGURES) {
            figures.insert("available_stock".to_owned(), stock.into());
        }
    }
    true
}

/// The value of a path parameter that no list of records has.
pub(super) fn known(operation: &str) -> Option<String> {
    let group = operation == "v1.recipient_groups.add_recipients";
    group.then(communic8::records::group_id)
}

/// What an upload's record says of it.
pub(super) fn described(upload: &Upload) -> Value {
    let name = upload.file_name.as_str();
    json!({ "fileName": name, "file_name": name, "name": name, "isAvailable": true })
}

/// Makes a sample of a body keep what no schema says.
pub(crate) fn keep_rules(operation: &str, body: &mut Value) {
    match operation {
        "customers.customers.create" => {
            body["customer"]["first_name"] = "Ada".into();
            body["customer"]["email"] = "ada@example.com".into();
        }
        "customers.customers.update" => {
            body["customer"]["email"] = "customer1@example.com".into();
        }
        "customers.customers.change_password" => {
            body["customer"]["email"] = "customer1@example.com".into();
            body["customer"]["old_password"] = WEBCOMMANDER_CUSTOMER_PASSWORD.into();
        }
        "v1.recipient_groups.add_recipients" => {
            *body = json!({ "recipientEmails": ["recipient1@example.com"] });
        }
        "livechat.chats.delete_many" => *body = json!([9001]),
        "livechat.offline_messages.delete_many" => *body = json!([1]),
        _ => {}
    }
}
