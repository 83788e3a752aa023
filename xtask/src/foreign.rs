//! Knows the environment variables that lead an example to a vendor instead of the sandbox, or to somebody's Redis server.

use std::env;
use std::process::Command;

/// How their names begin.
const PREFIXES: &[&str] = &["COMM100_", "COMMUNIC8_", "REDIS_URL", "WC_"];

/// Takes them away from a command.
pub(crate) fn without(command: &mut Command) -> &mut Command {
    for (name, _) in env::vars_os() {
        if is_foreign(&name.to_string_lossy()) {
            command.env_remove(name);
        }
    }
    command
}

fn is_foreign(name: &str) -> bool {
    PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::is_foreign;

    #[test]
    fn variables_that_lead_elsewhere_are_known_by_their_prefix() {
        assert!(is_foreign("WC_BASE_URL") && is_foreign("COMM100_API_KEY"));
        assert!(!is_foreign("PATH") && !is_foreign("COMMUNIC8"));
    }
}
