//! Names the place of a principal's tokens in a store.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::dialect::Dialect;
#[cfg(feature = "password-grant")]
use crate::grant::Grant;
use crate::grant::{ParameterValue, Principal};
use crate::settings::Settings;
use crate::store::StoreKey;
use crate::transport::BaseUrl;

/// Parameters that say which tenant of a host is meant, and which scope is asked for.
const TENANT_PARAMETERS: [&str; 2] = ["site_id", "partner_id"];
const SCOPE_PARAMETER: &str = "scope";

pub(super) fn store_key(
    dialect: &Dialect,
    base: &BaseUrl,
    principal: &Principal,
    settings: &Settings,
) -> StoreKey {
    let text = |name: &str| {
        principal
            .parameters
            .iter()
            .find(|(known, _)| *known == name)
            .and_then(|(_, value)| match value {
                ParameterValue::Text(text) => Some(text.as_str()),
                _ => None,
            })
    };
    // Each part is encoded, so that no two keys are the same by accident.
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let mut tenant = encoded(base.authority());
    for name in TENANT_PARAMETERS {
        if let Some(id) = text(name) {
            tenant.push_str(&format!("/{name}={}", encoded(id)));
        }
    }
    // Two users of one application have tokens of their own.
    let mut account = encoded(principal.client_id.as_deref().unwrap_or_default());
    let user = settings.account.clone().or_else(|| match &principal.grant {
        #[cfg(feature = "password-grant")]
        Grant::Password { username, .. } => Some(username.clone()),
        _ => principal
            .parameters
            .iter()
            .find_map(|(_, value)| match value {
                ParameterValue::Base64Pair(user, _) => Some(user.clone()),
                _ => None,
            }),
    });
    if let Some(user) = user {
        account.push('/');
        account.push_str(&encoded(&user));
    }
    let scope = encoded(text(SCOPE_PARAMETER).unwrap_or_default());
    StoreKey::new(dialect.name(), account, tenant, scope)
}
