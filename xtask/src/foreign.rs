//! Knows the environment variables that lead an example to a vendor instead of the sandbox, or to somebody's Redis server.

use std::env;
use std::process::Command;

use crate::workspace::providers;

/// How their names begin that are not called after a provider's crate.
const PREFIXES: &[&str] = &["REDIS_URL", "WC_"];

/// Takes them away from a command.
pub(crate) fn without(command: &mut Command) -> &mut Command {
    let providers = providers().unwrap_or_default();
    for (name, _) in env::vars_os() {
        if is_foreign(&name.to_string_lossy(), &providers) {
            command.env_remove(name);
        }
    }
    command
}

fn is_foreign(name: &str, providers: &[String]) -> bool {
    let is_after = |provider: &String| {
        let rest = name.strip_prefix(&provider.to_ascii_uppercase());
        rest.is_some_and(|rest| rest.starts_with('_'))
    };
    PREFIXES.iter().any(|prefix| name.starts_with(prefix)) || providers.iter().any(is_after)
}

#[cfg(test)]
mod tests {
    use super::is_foreign;

    #[test]
    fn variables_that_lead_elsewhere_are_known_by_their_prefix() {
        let providers = ["comm100", "communic8"].map(str::to_owned);
        let is_foreign = |name| is_foreign(name, &providers);
        assert!(is_foreign("WC_BASE_URL") && is_foreign("COMM100_API_KEY"));
        assert!(!is_foreign("PATH") && !is_foreign("COMMUNIC8"));
    }
}
