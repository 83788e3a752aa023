//! Reads the OpenAPI documents of the vendors: operations, schemas, samples and checks, for this crate and for tests.
//!
//! The documents are data of this crate, in JSON and without prose. Those of one provider are parsed together, at the
//! first look at one of them.
//!
//! ```
//! use vendor_sandbox::openapi::{self, Direction, Provider};
//!
//! let operation = openapi::operation(Provider::WebCommander, "taxes.tax_codes.create").unwrap();
//! assert_eq!((operation.method.as_str(), operation.path), ("POST", "/api/v4/admin/tax_codes"));
//!
//! // A body that the vendor would take, the same one for the same seed.
//! let schema = operation.body.as_ref().unwrap().schema;
//! let body = schema.sample_request(7);
//! assert_eq!(schema.check(&body, Direction::Request), Ok(()));
//! assert_eq!(body, schema.sample_request(7));
//!
//! let flaw = schema.check(&serde_json::json!({ "tax_code": 5 }), Direction::Request);
//! assert_eq!(flaw.unwrap_err(), "$.tax_code: expected object");
//! ```

mod check;
mod document;
mod draw;
mod format;
mod operation;
mod sample;
mod schema;

pub use document::{Document, Provider, documents, operation, operations};
pub(crate) use draw::mix;
pub use operation::{Expected, Operation, Paging, PagingStyle, Parameter, Place, RequestBody};
pub use schema::{Direction, Schema};
