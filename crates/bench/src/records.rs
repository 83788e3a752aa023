//! The records that lists consist of: made up here, and read by structs with plain derives for comparison.

use std::collections::HashMap;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

/// How many records a list has.
pub const RECORDS: usize = 1_000;
/// How many of them a page has.
pub const PAGE: usize = 100;
pub(crate) const LIST: &str = "/int/v1/recipient";
pub(crate) const PAGED: &str = "/int/v1/campaign";

/// One recipient as Communic8 documents it.
pub fn recipient(number: usize) -> Value {
    json!({
        "_id": format!("{number:024x}"),
        "email": format!("jo.{number}@example.com"),
        "active": true, "registered": number.is_multiple_of(2), "suppressed": false,
        "firstName": "Jo", "lastName": format!("Doe {number}"),
        "displayName": format!("Jo Doe {number}"), "formalName": "J. Doe",
        "mobile": "+61400000000", "phone": "", "country": "AU",
        "nameIsUnicode": false, "mobileSendable": true,
        "tags": [{ "key": "z_team", "value": "North", "_id": format!("{:024x}", number + 7) }],
        "agreementLog": { "agreeTime": "2026-01-02T03:04:05.678Z", "version": 2, "history": [] },
        "aDate": "2026-01-02T03:04:05.678Z", "mDate": "2026-02-03T04:05:06.789Z",
    })
}

fn campaign(number: usize) -> Value {
    json!({ "_id": format!("{number:024x}"), "name": format!("Campaign {number}"), "status": 1 })
}

fn body(records: &[Value]) -> Bytes {
    json!({ "success": true, "total": RECORDS, "data": records })
        .to_string()
        .into()
}

/// The list of recipients, as one answer.
pub fn list() -> Bytes {
    body(&(0..RECORDS).map(recipient).collect::<Vec<_>>())
}

/// Each answer by path, or by path and query.
pub fn lists() -> HashMap<String, Bytes> {
    let mut lists = HashMap::from([(LIST.to_owned(), list())]);
    for first in (0..=RECORDS).step_by(PAGE) {
        let page: Vec<_> = (first..(first + PAGE).min(RECORDS)).map(campaign).collect();
        let page = body(&page);
        let after = first.checked_sub(1).map(|last| format!("{last:024x}"));
        // Both orders of the parameters, for no client promises one.
        let queries = match after {
            None => vec![format!("limit={PAGE}")],
            Some(id) => vec![
                format!("previousLastId={id}&limit={PAGE}"),
                format!("limit={PAGE}&previousLastId={id}"),
            ],
        };
        for query in queries {
            lists.insert(format!("{PAGED}?{query}"), page.clone());
        }
    }
    lists
}

/// An answer with records, as a program would write it by hand.
#[derive(Deserialize)]
pub(crate) struct Answer<T> {
    pub(crate) data: Vec<T>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "what is measured is the decoding of every field")]
pub(crate) struct Recipient {
    #[serde(rename = "_id")]
    id: Option<String>,
    email: Option<String>,
    active: Option<bool>,
    registered: Option<bool>,
    suppressed: Option<bool>,
    first_name: Option<String>,
    last_name: Option<String>,
    display_name: Option<String>,
    formal_name: Option<String>,
    mobile: Option<String>,
    phone: Option<String>,
    country: Option<String>,
    fax: Option<String>,
    phone_country: Option<String>,
    fax_country: Option<String>,
    mobile_country: Option<String>,
    phone_full: Option<String>,
    fax_full: Option<String>,
    mobile_full: Option<String>,
    name_is_unicode: Option<bool>,
    mobile_sendable: Option<bool>,
    photo_file_id: Option<String>,
    tags: Option<Vec<Tag>>,
    agreement_log: Option<AgreementLog>,
    a_date: Option<String>,
    m_date: Option<String>,
    /// The models keep what they don't know, so this keeps it too.
    #[serde(flatten)]
    unknown: serde_json::Map<String, Value>,
}

/// The same without what is unknown: the least that a program can ask for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "what is measured is the decoding of every field")]
pub struct LeanRecipient {
    #[serde(rename = "_id")]
    id: Option<String>,
    email: Option<String>,
    active: Option<bool>,
    registered: Option<bool>,
    suppressed: Option<bool>,
    first_name: Option<String>,
    last_name: Option<String>,
    display_name: Option<String>,
    formal_name: Option<String>,
    mobile: Option<String>,
    phone: Option<String>,
    country: Option<String>,
    fax: Option<String>,
    phone_country: Option<String>,
    fax_country: Option<String>,
    mobile_country: Option<String>,
    phone_full: Option<String>,
    fax_full: Option<String>,
    mobile_full: Option<String>,
    name_is_unicode: Option<bool>,
    mobile_sendable: Option<bool>,
    photo_file_id: Option<String>,
    tags: Option<Vec<Tag>>,
    agreement_log: Option<AgreementLog>,
    a_date: Option<String>,
    m_date: Option<String>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "what is measured is the decoding of every field")]
struct Tag {
    key: Option<String>,
    value: Option<String>,
    #[serde(rename = "_id")]
    id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "what is measured is the decoding of every field")]
struct AgreementLog {
    agree_time: Option<String>,
    version: Option<i64>,
    history: Option<Vec<Value>>,
}

auth_core::model! {
    /// An answer with recipients, as the typed call reads it.
    pub struct Recipients {
        required {
            /// The recipients.
            data: Vec<communic8::v1::Recipient> = "data",
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct Campaign {
    #[serde(rename = "_id")]
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    #[expect(dead_code, reason = "what is measured is the decoding of every field")]
    status: Option<i64>,
}

/// Decodes the list in one of four ways, and says how many records it has.
pub fn decode(how: &str, list: &[u8]) -> anyhow::Result<usize> {
    use auth_core::model::{FromJson as _, Json, Place};
    Ok(match how {
        "models" => Recipients::read(Json::parse(list)?, &Place::root())?
            .data
            .len(),
        "serde" => serde_json::from_slice::<Answer<Recipient>>(list)?
            .data
            .len(),
        "lean" => serde_json::from_slice::<Answer<LeanRecipient>>(list)?
            .data
            .len(),
        "value" => serde_json::from_slice::<Value>(list)?["data"]
            .as_array()
            .map_or(0, Vec::len),
        other => anyhow::bail!("there is no way of decoding called `{other}`"),
    })
}
