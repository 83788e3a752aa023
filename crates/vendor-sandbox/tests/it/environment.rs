//! The variables that set a client up: named after their vendor, never empty, and accepted.

use std::collections::BTreeSet;

use vendor_sandbox::{Host, Sandbox, Setup};

use crate::client::{Call, base64, basic};

/// The value of a variable that has to be there.
fn value(variables: &[(&'static str, String)], name: &str) -> String {
    let found = variables.iter().find(|(known, _)| *known == name);
    found.unwrap_or_else(|| panic!("no {name}")).1.clone()
}

/// The first word of a title, which is the vendor's name.
fn vendor(setup: Setup) -> &'static str {
    let end = setup.title().find([' ', ',']);
    &setup.title()[..end.unwrap_or(setup.title().len())]
}

#[tokio::test]
async fn every_value_is_there_and_has_no_space_around_it() {
    let sandbox = Sandbox::start().await.unwrap();
    for setup in Setup::ALL {
        let variables = sandbox.environment(setup);
        let names: BTreeSet<_> = variables.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), variables.len(), "{setup:?}");
        for (name, value) in variables {
            assert!(!value.is_empty() && value.trim() == value, "{name}");
            let wanted = match setup {
                Setup::WebCommander => "WC_".to_owned(),
                _ => format!("{}_", vendor(setup).to_ascii_uppercase()),
            };
            assert!(name.starts_with(&wanted), "{setup:?}: {name}");
        }
    }
}

#[tokio::test]
async fn titles_are_distinct_and_can_stand_in_a_shell_comment() {
    let titles: BTreeSet<_> = Setup::ALL.iter().map(|setup| setup.title()).collect();
    assert_eq!(titles.len(), Setup::ALL.len());
    let plain = |character: char| character.is_ascii_alphanumeric() || " ,-".contains(character);
    assert!(titles.iter().all(|title| title.chars().all(plain)));
}

#[tokio::test]
async fn what_the_variables_say_is_accepted() {
    let sandbox = Sandbox::start().await.unwrap();
    let dash = sandbox.environment(Setup::Comm100DashApiKey);
    let get = |name| value(&dash, name);
    let url = format!(
        "{}/v4/livechat/campaigns?siteId={}",
        get("COMM100_API_BASE"),
        get("COMM100_SITE_ID")
    );
    let key = basic(&get("COMM100_EMAIL"), &get("COMM100_API_KEY"));
    Call::get(url)
        .header("authorization", key)
        .send()
        .await
        .ok();

    let communic8 = sandbox.environment(Setup::Communic8ClientCredentials);
    let get = |name| value(&communic8, name);
    let pair = format!(
        "{}:{}",
        get("COMMUNIC8_TOKEN_ID"),
        get("COMMUNIC8_TOKEN_VALUE")
    );
    Call::post(format!("{}/int/v1/oauth/token", get("COMMUNIC8_BASE_URL")))
        .bearer(&base64(&pair))
        .json(&serde_json::json!({ "grant_type": "client_credentials" }))
        .send()
        .await
        .ok();

    let store = sandbox.environment(Setup::WebCommander);
    let get = |name| value(&store, name);
    Call::post(format!("{}/api/v4/oauth2/token", get("WC_BASE_URL")))
        .json(&serde_json::json!({
            "grant_type": "client_credentials",
            "auth_string": get("WC_AUTH_STRING"),
            "redirect_uri": get("WC_REDIRECT_URI"),
            "client_id": get("WC_CLIENT_ID"),
            "client_secret": get("WC_CLIENT_SECRET"),
        }))
        .send()
        .await
        .ok();

    let hosted = sandbox.environment(Setup::Comm100HostedClientCredentials);
    assert_eq!(
        value(&hosted, "COMM100_PLATFORM"),
        sandbox.url(Host::Comm100Hosted)
    );
    assert_eq!(sandbox.refusals(), []);
}
