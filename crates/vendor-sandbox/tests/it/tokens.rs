//! Lifetimes, rotation, reuse and revocation.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use vendor_sandbox::{Host, Sandbox, credentials as known};

use crate::client::{Call, dash_campaigns, dash_password, dash_refresh};
use crate::webcommander;

#[tokio::test]
async fn a_token_of_no_lifetime_has_expired_and_that_is_no_refusal() {
    let sandbox = Sandbox::builder()
        .token_lifetime(Duration::ZERO)
        .start()
        .await
        .unwrap();
    let tokens = dash_password(&sandbox).send().await.ok();
    assert_eq!(tokens.json()["expires_in"], 0);
    let reply = dash_campaigns(&sandbox, &tokens.member("access_token"))
        .send()
        .await;
    assert_eq!(
        (reply.status, &reply.json()["code"]),
        (401, &json!(401_000))
    );
    assert_eq!(sandbox.refusals(), []);
}

#[tokio::test]
async fn a_set_lifetime_is_an_integer_or_a_fraction_on_the_wire() {
    let sandbox = Sandbox::start().await.unwrap();
    for (lifetime, wire) in [
        (Duration::from_secs(90), json!(90)),
        (Duration::from_millis(1500), json!(1.5)),
        (Duration::MAX, json!(u64::MAX as f64 + 1.0)),
    ] {
        sandbox.set_token_lifetime(lifetime);
        let tokens = webcommander::token(&sandbox).send().await.ok();
        assert_eq!(tokens.json()["expires_in"], wire);
    }
}

#[tokio::test]
async fn a_token_that_nobody_issued_is_a_refusal() {
    let sandbox = Sandbox::start().await.unwrap();
    assert_eq!(dash_campaigns(&sandbox, "made-up").send().await.status, 401);
    assert_eq!(sandbox.refusals().len(), 1);
}

#[tokio::test]
async fn a_token_of_another_host_is_a_refusal() {
    let sandbox = Sandbox::start().await.unwrap();
    let token = dash_password(&sandbox).send().await.member("access_token");
    let url = |host, path: &str| format!("{}{path}", sandbox.url(host));
    for call in [
        Call::get(url(Host::Comm100Hosted, "/api/v2/account/agents")).bearer(&token),
        Call::get(url(Host::Comm100PartnerApi, "/v4/global/sites")).bearer(&token),
        Call::get(url(Host::Communic8, "/int/v1/channel")).bearer(&token),
        Call::get(url(Host::WebCommander, "/api/v4/admin/orders")).header("access_token", &*token),
    ] {
        assert_eq!(call.send().await.status, 401);
    }
    assert_eq!(sandbox.refusals().len(), 4);
}

#[tokio::test]
async fn a_refresh_spends_its_token_and_leaves_the_old_access_token_alone() {
    let sandbox = Sandbox::start().await.unwrap();
    let first = dash_password(&sandbox).send().await.ok();
    let second = dash_refresh(&sandbox, &first.member("refresh_token"))
        .send()
        .await
        .ok();
    for tokens in [&first, &second] {
        let call = dash_campaigns(&sandbox, &tokens.member("access_token"));
        assert_eq!(call.send().await.status, 200);
    }
    assert_eq!(sandbox.reuse_detected(), 0);
}

#[tokio::test]
async fn a_spent_refresh_token_revokes_its_family_and_no_other() {
    let sandbox = Sandbox::start().await.unwrap();
    let bystander = dash_password(&sandbox).send().await.ok();
    let first = dash_password(&sandbox).send().await.ok();
    let second = dash_refresh(&sandbox, &first.member("refresh_token"))
        .send()
        .await
        .ok();
    let again = dash_refresh(&sandbox, &first.member("refresh_token"))
        .send()
        .await;
    assert_eq!(
        (again.status, again.member("error").as_str()),
        (400, "invalid_grant")
    );
    assert_eq!(sandbox.reuse_detected(), 1);
    let newest = dash_refresh(&sandbox, &second.member("refresh_token"))
        .send()
        .await;
    assert_eq!(newest.member("error"), "invalid_grant");
    let api = dash_campaigns(&sandbox, &second.member("access_token"))
        .send()
        .await;
    assert_eq!(api.status, 401);
    let other = dash_refresh(&sandbox, &bystander.member("refresh_token"))
        .send()
        .await;
    assert_eq!(other.status, 200);
    // The newest token was revoked, not spent: its coming back is no second reuse.
    assert_eq!(sandbox.reuse_detected(), 1);
    sandbox.clear();
    assert_eq!(sandbox.reuse_detected(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_hundred_concurrent_refreshes_one_wins() {
    let sandbox = Sandbox::start().await.unwrap();
    let token = dash_password(&sandbox).send().await.member("refresh_token");
    sandbox.clear();
    let flights: Vec<_> = (0..200)
        .map(|_| tokio::spawn(dash_refresh(&sandbox, &token).send()))
        .collect();
    let mut won = 0;
    for flight in flights {
        match flight.await.unwrap().status {
            200 => won += 1,
            status => assert_eq!(status, 400),
        }
    }
    assert_eq!(won, 1);
    assert_eq!(sandbox.reuse_detected(), 199);
    assert_eq!(sandbox.token_requests(Host::Comm100DashPanel), 200);
}

#[tokio::test]
async fn access_tokens_are_taken_back_by_family_of_hosts() {
    let sandbox = Sandbox::start().await.unwrap();
    let old = dash_password(&sandbox).send().await.member("access_token");
    let store = webcommander::token(&sandbox)
        .send()
        .await
        .member("access_token");
    sandbox.revoke_access_tokens(Host::Comm100DashApi);
    let new = dash_password(&sandbox).send().await.ok();
    assert_eq!(dash_campaigns(&sandbox, &old).send().await.status, 401);
    let call = dash_campaigns(&sandbox, &new.member("access_token"));
    assert_eq!(call.send().await.status, 200);
    let orders = format!("{}/api/v4/admin/orders", sandbox.url(Host::WebCommander));
    let call = Call::get(orders).header("access_token", store);
    assert_eq!(call.send().await.status, 200);
    assert_eq!(sandbox.refusals(), []);
}

#[tokio::test]
async fn refresh_tokens_are_taken_back_without_counting_as_reuse() {
    let sandbox = Sandbox::start().await.unwrap();
    let old = dash_password(&sandbox).send().await.ok();
    sandbox.revoke_refresh_tokens(Host::Comm100DashPanel);
    let reply = dash_refresh(&sandbox, &old.member("refresh_token"))
        .send()
        .await;
    assert_eq!(
        (reply.status, reply.member("error").as_str()),
        (400, "invalid_grant")
    );
    let call = dash_campaigns(&sandbox, &old.member("access_token"));
    assert_eq!(call.send().await.status, 200);
    assert_eq!(sandbox.reuse_detected(), 0);
    assert_eq!(sandbox.refusals(), []);
}

#[tokio::test]
async fn the_static_token_of_communic8_cannot_be_taken_back() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.revoke_access_tokens(Host::Communic8);
    let channels = format!("{}/int/v1/channel", sandbox.url(Host::Communic8));
    let call = Call::get(channels).bearer(known::COMMUNIC8_TOKEN);
    assert_eq!(call.send().await.status, 200);
}

/// Two vendors may have the same invented secret.
fn different_secrets() -> usize {
    known::SECRETS.iter().collect::<BTreeSet<_>>().len()
}

#[tokio::test]
async fn every_secret_that_is_out_is_told() {
    let sandbox = Sandbox::start().await.unwrap();
    let before = sandbox.secrets();
    for secret in known::SECRETS {
        assert!(before.iter().any(|told| told == secret), "{secret}");
    }
    assert_eq!(before.len(), different_secrets());
    let tokens = dash_password(&sandbox).send().await.ok();
    let refreshed = dash_refresh(&sandbox, &tokens.member("refresh_token"));
    let refreshed = refreshed.send().await.ok();
    let secrets = sandbox.secrets();
    for reply in [&tokens, &refreshed] {
        for member in ["access_token", "refresh_token"] {
            assert!(secrets.contains(&reply.member(member)), "{member}");
        }
    }
    assert_eq!(secrets.len(), before.len() + 4);
}

#[test]
fn a_program_writes_the_secrets_of_its_sandbox_down() {
    let file = std::env::temp_dir().join(format!("sandbox-secrets-{}", std::process::id()));
    let program = std::env::current_exe().unwrap();
    let status = std::process::Command::new(program)
        .args(["--exact", "tokens::every_secret_that_is_out_is_told"])
        .env("VENDOR_SANDBOX_SECRETS", &file)
        .stdout(std::process::Stdio::null())
        .status();
    assert!(status.unwrap().success());
    let told = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert_eq!(told.lines().count(), different_secrets() + 4);
    assert!(told.lines().any(|line| line == known::COMMUNIC8_TOKEN));
}
