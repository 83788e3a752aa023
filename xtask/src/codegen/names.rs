//! Turns the vendors' spellings into Rust's.

/// `departmentID`, `address_line_1` or `Chat Button` as `department_id`, `address_line_1`, `chat_button`.
pub(crate) fn snake(name: &str) -> String {
    words(name).join("_")
}

/// `switchedToMessage`, `AZURE_AD` or `single.select.radio` as `SwitchedToMessage`, `AzureAd`, `SingleSelectRadio`.
pub(crate) fn pascal(name: &str) -> String {
    words(name)
        .iter()
        .map(|word| {
            let (first, rest) = word.split_at(1);
            first.to_uppercase() + rest
        })
        .collect()
}

/// `chat_wrapup_categories` as `chatWrapupCategories`.
pub(crate) fn camel(name: &str) -> String {
    let name = pascal(name);
    let first = name.chars().next().map(|it| it.to_ascii_lowercase());
    first.into_iter().chain(name.chars().skip(1)).collect()
}

/// The words of a name in lower case. A capital begins a word after a small letter, and before one.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let letters: Vec<char> = name.chars().collect();
    for (index, letter) in letters.iter().copied().enumerate() {
        if !letter.is_ascii_alphanumeric() {
            words.push(String::new());
            continue;
        }
        let before = index.checked_sub(1).and_then(|index| letters.get(index));
        let after = letters.get(index + 1);
        let begins = letter.is_ascii_uppercase()
            && (before.is_some_and(char::is_ascii_lowercase)
                || after.is_some_and(char::is_ascii_lowercase));
        if begins {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(letter.to_ascii_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// One of what the last word of a name in snake case counts: `chat_categories` as `chat_category`.
pub(crate) fn singular(name: &str) -> String {
    let cut = |end: &str, with: &str| name.strip_suffix(end).map(|stem| format!("{stem}{with}"));
    let stays = ["ss", "us", "is", "settings", "config"];
    if stays.iter().any(|end| name.ends_with(end)) {
        return name.to_owned();
    }
    cut("ies", "y")
        .or_else(|| cut("sses", "ss"))
        .or_else(|| cut("ches", "ch"))
        .or_else(|| cut("xes", "x"))
        .or_else(|| cut("statuses", "status"))
        .or_else(|| cut("s", ""))
        .unwrap_or_else(|| name.to_owned())
}

/// Whether a name may stand in Rust code as it is.
pub(crate) fn is_identifier(name: &str) -> bool {
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts && !KEYWORDS.contains(&name)
}

/// Words that Rust keeps for itself.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

#[cfg(test)]
mod tests {
    use super::{pascal, singular, snake};

    #[test]
    fn every_casing_becomes_rust_s() {
        for (vendor, rust, type_name) in [
            ("departmentID", "department_id", "DepartmentId"),
            ("isSMSEnabled", "is_sms_enabled", "IsSmsEnabled"),
            ("address_line_1", "address_line_1", "AddressLine1"),
            ("address1", "address1", "Address1"),
            ("AZURE_AD_B2C", "azure_ad_b2c", "AzureAdB2c"),
            (
                "single.select.radio",
                "single_select_radio",
                "SingleSelectRadio",
            ),
            ("CSC/CVV", "csc_cvv", "CscCvv"),
            ("_id", "id", "Id"),
            ("{site_title}", "site_title", "SiteTitle"),
            ("", "", ""),
        ] {
            assert_eq!(
                (snake(vendor), pascal(vendor)),
                (rust.to_owned(), type_name.to_owned())
            );
        }
    }

    #[test]
    fn plurals_lose_their_end() {
        for (many, one) in [
            ("campaigns", "campaign"),
            ("chat_categories", "chat_category"),
            ("agent_statuses", "agent_status"),
            ("addresses", "address"),
            ("branches", "branch"),
            ("taxes", "tax"),
            ("site_settings", "site_settings"),
            ("campaign_chat_window", "campaign_chat_window"),
        ] {
            assert_eq!(singular(many), one);
        }
    }
}
