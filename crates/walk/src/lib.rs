//! Walks the OpenAPI documents: calls every operation on the sandbox, reads every model, and reads transcribed answers.
//!
//! Lets clients meet every fault, and looks for their secrets in what is shown.
//!
//! The providers' tests bring the generated lists, one line for each operation and model. What fails is told for all of
//! them at once.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "it only runs in tests, where a panic is how a failure is told"
)]

mod given;
mod known;
mod lists;
mod models;
mod operations;
mod outcome;
mod probes;
mod same;
mod secrets;
mod transcribed;
mod webhooks;

pub use given::Given;
pub use models::{Reread, Specimen, read_every_model, reread};
pub use operations::call_every_operation;
pub use outcome::{Came, Exercise, Outcome, download, empty, exists, items, model};
pub use secrets::{assert_keeps_secrets, diagnosis, faults, impatient, live};
pub use transcribed::read_every_transcribed_answer;
pub use vendor_sandbox::openapi::Provider;
pub use webhooks::{Posted, read_every_webhook, told};
