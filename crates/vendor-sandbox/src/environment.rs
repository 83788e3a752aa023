//! Puts the sandbox's addresses and accounts into the words that the clients read from the environment.

use crate::sandbox::Sandbox;
pub use crate::vendors::Setup;

impl Sandbox {
    /// The variables that set a client up for this sandbox, by the names that the clients' `from_env` and
    /// `from_lookup` read, without any that the sign-in does not need.
    ///
    /// ```
    /// use std::collections::HashMap;
    /// use vendor_sandbox::{Host, Sandbox, Setup};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let sandbox = Sandbox::start().await?;
    /// let variables: HashMap<_, _> = sandbox.environment(Setup::WebCommander).into_iter().collect();
    /// // A client takes this closure: `ClientBuilder::from_lookup(lookup)?.build()?`.
    /// let lookup = |name: &str| variables.get(name).cloned();
    /// assert_eq!(lookup("WC_BASE_URL").as_deref(), Some(sandbox.url(Host::WebCommander)));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn environment(&self, setup: Setup) -> Vec<(&'static str, String)> {
        (setup.provider().vendor().environment)(self, setup)
    }
}
