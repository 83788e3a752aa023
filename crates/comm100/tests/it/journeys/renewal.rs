//! Expiry, rotation and tokens that the vendor takes back.

use comm100::{Client, ErrorKind, ManualClock};
use vendor_sandbox::Sandbox;

use super::{HALF_A_DAY, call};
use crate::mock::on;
use crate::way::{Way, ok};

async fn client(way: Way, sandbox: &Sandbox, clock: &ManualClock) -> Client {
    ok(way.signed_in(sandbox).await.settings(on(clock)).build())
}

#[tokio::test]
async fn every_expiry_costs_one_renewal_and_the_rotation_is_kept() {
    for &way in Way::ALL {
        let sandbox = Sandbox::start().await.unwrap();
        let clock = ManualClock::new();
        let client = client(way, &sandbox, &clock).await;
        call(&client, way).await.unwrap();
        for renewals in 1..=3 {
            clock.advance(HALF_A_DAY);
            call(&client, way).await.unwrap();
            let requests = sandbox.token_requests(way.panel());
            assert_eq!(requests, way.sign_ins() + renewals, "{way:?}");
        }
        let forms: Vec<_> = sandbox
            .requests()
            .iter()
            .flat_map(vendor_sandbox::Recorded::form)
            .collect();
        let refreshes = forms
            .iter()
            .filter(|(name, value)| name == "grant_type" && value == "refresh_token");
        let expected = if way.refreshes() { 3 } else { 0 };
        assert_eq!(refreshes.count(), expected, "{way:?}");
        assert_eq!(sandbox.reuse_detected(), 0, "{way:?}");
        assert_eq!(sandbox.refusals(), [], "{way:?}");
    }
}

#[tokio::test]
async fn hundred_callers_cost_one_sign_in_and_one_renewal() {
    for &way in Way::ALL {
        let sandbox = Sandbox::start().await.unwrap();
        let clock = ManualClock::new();
        let client = client(way, &sandbox, &clock).await;
        for requests in [way.sign_ins(), way.sign_ins() + 1] {
            let mut callers = tokio::task::JoinSet::new();
            for _ in 0..100 {
                let client = client.clone();
                callers.spawn(async move { call(&client, way).await });
            }
            for answer in callers.join_all().await {
                answer.unwrap();
            }
            assert_eq!(sandbox.token_requests(way.panel()), requests, "{way:?}");
            clock.advance(HALF_A_DAY);
        }
        assert_eq!(sandbox.reuse_detected(), 0, "{way:?}");
    }
}

#[tokio::test]
async fn revoked_access_token_costs_one_renewal_and_one_replay() {
    for &way in Way::ALL {
        let sandbox = Sandbox::start().await.unwrap();
        let clock = ManualClock::new();
        let client = client(way, &sandbox, &clock).await;
        call(&client, way).await.unwrap();
        sandbox.revoke_access_tokens(way.panel());
        sandbox.clear();
        call(&client, way).await.unwrap();
        assert_eq!(sandbox.token_requests(way.panel()), 1, "{way:?}");
        assert_eq!(sandbox.api_requests(way.api()), 2, "{way:?}");
        assert_eq!(sandbox.refusals(), [], "{way:?}");
    }
}

#[tokio::test]
async fn revoked_refresh_token_leads_to_the_first_sign_in_or_to_a_person() {
    for &way in Way::ALL {
        let sandbox = Sandbox::start().await.unwrap();
        let clock = ManualClock::new();
        let client = client(way, &sandbox, &clock).await;
        call(&client, way).await.unwrap();
        sandbox.revoke_refresh_tokens(way.panel());
        sandbox.clear();
        clock.advance(HALF_A_DAY);
        let answer = call(&client, way).await;
        let requests = sandbox.token_requests(way.panel());
        if way.is_repeatable() {
            answer.unwrap();
            assert_eq!(requests, if way.refreshes() { 2 } else { 1 }, "{way:?}");
        } else {
            assert_eq!(
                answer.unwrap_err().kind(),
                ErrorKind::Reauthorize,
                "{way:?}"
            );
            assert_eq!(requests, 1, "{way:?}");
        }
        assert_eq!(sandbox.refusals(), [], "{way:?}");
    }
}

#[tokio::test]
async fn refresh_that_nobody_documents_is_not_tried_again_after_a_refusal() {
    let way = Way::HostedClientCredentials;
    let sandbox = Sandbox::start().await.unwrap();
    let clock = ManualClock::new();
    let client = client(way, &sandbox, &clock).await;
    call(&client, way).await.unwrap();
    sandbox.revoke_refresh_tokens(way.panel());
    clock.advance(HALF_A_DAY);
    call(&client, way).await.unwrap();
    sandbox.clear();
    clock.advance(HALF_A_DAY);
    call(&client, way).await.unwrap();
    let requests = sandbox.requests();
    let form = requests.first().unwrap().form();
    assert_eq!(
        form.first().unwrap(),
        &("grant_type".to_owned(), "client_credentials".to_owned())
    );
    assert_eq!(sandbox.token_requests(way.panel()), 1);
}

#[tokio::test]
async fn code_that_was_exchanged_before_needs_a_person() {
    for way in [Way::DashCode, Way::HostedCode] {
        let sandbox = Sandbox::start().await.unwrap();
        let builder = way.signed_in(&sandbox).await;
        let first = builder.clone().build().unwrap();
        call(&first, way).await.unwrap();
        let error = call(&builder.build().unwrap(), way).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Reauthorize, "{way:?}");
    }
}

#[cfg(feature = "password-grant")]
#[tokio::test]
async fn key_or_password_that_was_replaced_is_read_anew() {
    use std::error::Error;
    use std::sync::{Arc, Mutex};

    use comm100::{Secret, SecretProvider, SecretSource, async_trait};
    use vendor_sandbox::credentials as known;

    struct Vault(Mutex<Vec<&'static str>>);

    #[async_trait]
    impl SecretProvider for Vault {
        async fn secret(&self) -> Result<Secret, Box<dyn Error + Send + Sync>> {
            let mut left = self.0.lock().unwrap();
            let secret = if left.len() > 1 {
                left.remove(0)
            } else {
                left[0]
            };
            Ok(secret.into())
        }
    }

    let sandbox = Sandbox::start().await.unwrap();
    let vault =
        |secrets: Vec<&'static str>| SecretSource::provider(Arc::new(Vault(Mutex::new(secrets))));
    let client = Way::DashPassword
        .platform(&sandbox)
        .api_key(
            known::COMM100_EMAIL,
            vault(vec!["old", known::COMM100_API_KEY]),
        )
        .build()
        .unwrap();
    call(&client, Way::DashCode).await.unwrap();
    assert_eq!(sandbox.api_requests(Way::DashCode.api()), 2);

    let clock = ManualClock::new();
    let client = Way::DashPassword
        .platform(&sandbox)
        .password(
            known::COMM100_EMAIL,
            vault(vec!["old", known::COMM100_PASSWORD]),
        )
        .settings(on(&clock))
        .build()
        .unwrap();
    let error = call(&client, Way::DashPassword).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    clock.advance(super::PAUSE);
    call(&client, Way::DashPassword).await.unwrap();
}
