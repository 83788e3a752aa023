//! Plays vendors on loopback; the text below is the README.
#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod answer;
mod bearer;
mod browser;
mod clock;
mod code;
mod comm100;
mod communic8;
mod consent;
pub mod credentials;
mod environment;
mod exchange;
mod fault;
mod form;
mod host;
mod inbound;
mod lock;
pub mod openapi;
mod outcome;
mod page;
mod person;
mod record;
mod resources;
mod sandbox;
mod secrets;
mod signed_in;
mod state;
mod strict;
mod token;
mod vendor;
mod vendors;
mod webcommander;
mod wire;

pub use environment::Setup;
pub use fault::{Fault, Injection, RetryAfter};
pub use host::{Endpoint, Host};
pub use record::{Recorded, Refusal};
pub use resources::Upload;
pub use sandbox::{Sandbox, SandboxBuilder};
pub use state::{CampaignList, Communic8SignIn, Implicit, TokenHeader};
