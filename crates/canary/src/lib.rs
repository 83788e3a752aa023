//! Finds planted secrets in whatever a program shows, in any disguise. For tests; knows nothing of the other crates.
//!
//! ```
//! use canary::{Secrets, Shown};
//!
//! let secrets = Secrets::new(["planted/secret+1"]);
//! let shown = Shown::new();
//! shown.debug(&Some("nothing of it"));
//! assert_eq!(secrets.leak(&shown.text()), None);
//!
//! shown.note("Authorization: Basic dTpwbGFudGVkL3NlY3JldCsx");
//! let leak = secrets.leak(&shown.text()).ok_or("it is in there")?;
//! assert!(leak.contains("Base64"), "{leak}");
//! # Ok::<(), &str>(())
//! ```
#![forbid(unsafe_code)]

mod secrets;
mod shown;

pub use secrets::Secrets;
pub use shown::{Shown, told};
