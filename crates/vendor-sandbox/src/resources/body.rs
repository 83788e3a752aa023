//! Reads the body of a request: JSON that the schema allows, or the parts of a form with files.

use std::fmt;

use bytes::Bytes;
use http::Method;
use serde_json::{Map, Value};

use super::multipart::{self, Part};
use super::parameters::refused;
use super::plan::Plan;
use crate::answer::Problem;
use crate::inbound::Inbound;
use crate::openapi::{Direction, RequestBody, Schema};

/// A file that was sent to an operation that takes one.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let sandbox = vendor_sandbox::Sandbox::start().await?;
/// // After your client has sent a file:
/// for upload in sandbox.uploads() {
///     assert!(upload.file_name.ends_with(".csv"));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Upload {
    /// The `operationId` that took it.
    pub operation: &'static str,
    /// The name of the form's field.
    pub field: String,
    /// The name that the sender gave the file.
    pub file_name: String,
    /// The type that the part says it has, empty without one.
    pub content_type: String,
    /// The content.
    pub bytes: Bytes,
}

impl fmt::Debug for Upload {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Upload")
            .field("operation", &self.operation)
            .field("field", &self.field)
            .field("bytes", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

/// What a request carries.
#[derive(Debug)]
pub(super) enum Payload {
    Nothing,
    Json(Value),
    Files(Vec<Upload>),
}

/// Reads the body as the operation takes it.
pub(super) fn read(plan: &Plan, inbound: &Inbound) -> Result<Payload, Problem> {
    let provider = plan.operation.provider;
    let refuse = |reason: &str| refused(provider, "invalid_request", reason.to_owned());
    let Some(body) = &plan.operation.body else {
        // Some clients send an empty object where nothing is due.
        return match inbound.body.as_ref() {
            b"" | b"{}" => Ok(Payload::Nothing),
            _ => Err(refuse("a body, though the operation takes none")),
        };
    };
    if inbound.body.is_empty() && !body.required {
        return Ok(Payload::Nothing);
    }
    let given = inbound.header("content-type")?.unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case(body.content_type) {
        let reason = format!("the content type must be {}", body.content_type);
        return Err(Problem {
            status: 415,
            ..refuse(&reason)
        });
    }
    if body.content_type == "multipart/form-data" {
        return files(plan, body, given, inbound);
    }
    inbound.content_type()?;
    let value: Value =
        serde_json::from_slice(&inbound.body).map_err(|_| refuse("the body is not JSON"))?;
    let is_update = matches!(plan.operation.method, Method::PATCH | Method::PUT);
    let said = match is_update {
        true => without_cleared(body.schema, value.clone()),
        false => value.clone(),
    };
    let checked = body.schema.check(&said, Direction::Request);
    checked.map_err(|flaw| refuse(&format!("the body: {flaw}")))?;
    Ok(Payload::Json(value))
}

/// A body without the members that an update clears: no page says where a vendor takes `null`, so that every member which
/// is not required may be cleared here.
fn without_cleared(schema: Schema, value: Value) -> Value {
    let Value::Object(members) = value else {
        return value;
    };
    let kept = members.into_iter().filter_map(|(name, value)| {
        let Some(known) = schema.property(&name) else {
            return Some((name, value));
        };
        let is_cleared = value.is_null() && !schema.requires(&name) && !known.is_read_only();
        (!is_cleared).then(|| (name, without_cleared(known, value)))
    });
    Value::Object(kept.collect())
}

fn files(
    plan: &Plan,
    body: &RequestBody,
    content_type: &str,
    inbound: &Inbound,
) -> Result<Payload, Problem> {
    let refuse = |reason: String| refused(plan.operation.provider, "invalid_request", reason);
    let boundary = multipart::boundary(content_type)
        .ok_or_else(|| refuse("the content type names no boundary".to_owned()))?;
    let parts = multipart::parts(&inbound.body, &boundary)
        .map_err(|flaw| refuse(format!("the form {flaw}")))?;
    // The schema knows texts only; a file is one whose content no rule is about.
    let values = parts.iter().map(|part| {
        let text = String::from_utf8_lossy(&part.bytes).into_owned();
        (part.name.clone(), Value::from(text))
    });
    let form = Value::Object(values.collect::<Map<_, _>>());
    let checked = body.schema.check(&form, Direction::Request);
    checked.map_err(|flaw| refuse(format!("the form: {flaw}")))?;
    for (name, schema) in body.schema.properties() {
        let file = schema.text("format") == "binary";
        let part = parts.iter().find(|part| part.name == name);
        if file && part.is_some_and(|part| part.file_name.is_none()) {
            return Err(refuse(format!("the form's part `{name}` has no file name")));
        }
    }
    let upload = |part: Part| {
        Some(Upload {
            operation: plan.operation.id,
            field: part.name,
            file_name: part.file_name?,
            content_type: part.content_type,
            bytes: part.bytes,
        })
    };
    Ok(Payload::Files(
        parts.into_iter().filter_map(upload).collect(),
    ))
}
