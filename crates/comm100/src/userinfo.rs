//! Holds the answer of `/oauth/userinfo`.

use std::fmt;

use serde::de::{Deserializer, Visitor};
use serde::{Deserialize, Serialize};

/// Who is signed in, as [`Client::userinfo`](crate::Client::userinfo) gives it. Each member may be absent or null.
///
/// # Examples
/// ```
/// let answer = r#"{ "siteId": 10000, "role": "AGENT" }"#;
/// let user: comm100::UserInfo = serde_json::from_str(answer)?;
/// assert_eq!(user.site_id.as_deref(), Some("10000"));
/// assert_eq!((user.role.as_deref(), user.agent_id), (Some("AGENT"), None));
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Source
/// Seed 002, User Info. Its table calls `siteId` a string, its sample shows a number: both are read, and kept as text.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct UserInfo {
    /// The agent's id.
    #[serde(default, rename = "agentId")]
    pub agent_id: Option<String>,
    /// The site's id.
    #[serde(default, rename = "siteId", deserialize_with = "text_or_number")]
    pub site_id: Option<String>,
    /// The role, such as `AGENT`.
    #[serde(default)]
    pub role: Option<String>,
}

fn text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    struct Id;
    impl Visitor<'_> for Id {
        type Value = Option<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an id as text or number")
        }

        fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
            Ok(Some(value.to_owned()))
        }

        fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
            Ok(Some(value.to_string()))
        }

        fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
            Ok(Some(value.to_string()))
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    }
    deserializer.deserialize_any(Id)
}
