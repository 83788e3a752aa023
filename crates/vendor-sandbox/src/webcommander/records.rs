//! What the WebCommander store of the sandbox holds.

use serde_json::{Value, json};

/// A customer; there are 45.
pub(crate) fn customer(number: u32) -> Value {
    let name = format!("Name{number}");
    let email = format!("customer{number}@example.com");
    new_customer(number, "Customer", &name, &email, "active")
}

/// A customer record; the number that paths take and the internal one differ, as they do at the vendor.
pub(crate) fn new_customer(
    number: u32,
    first_name: &str,
    last_name: &str,
    email: &str,
    status: &str,
) -> Value {
    json!({
        "customer_id": 1000 + number,
        "internal_id": 50 + number,
        "first_name": first_name,
        "last_name": last_name,
        "name": format!("{first_name} {last_name}").trim(),
        "email": email,
        "status": status,
        "store_credit": 0.0,
        "customer_groups": [],
        "addresses": [],
        "custom_properties": [],
        "created_at": "2025-01-10T09:00:00Z",
        "updated_at": "2025-01-10T09:00:00Z",
    })
}

/// An order; there are 30.
pub(crate) fn order(number: u32) -> Value {
    json!({
        "order_id": 5000 + number,
        "order_no": 5000 + number,
        "internal_id": 300 + number,
        "order_status": if number.is_multiple_of(3) { "completed" } else { "in_progress" },
        "payment_status": "unpaid",
        "shipping_status": "not_shipped",
        "grand_total": f64::from(number) + 0.95,
    })
}
