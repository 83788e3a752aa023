//! A person signs in through the browser of the same machine.

use comm100::{
    Client, ClientBuilder, Error, ErrorKind, LoopbackSignIn, ManualClock, MemoryStore, OAuthClient,
    Settings, Url,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use vendor_sandbox::{Endpoint, Fault, Host, Injection, Sandbox, credentials as known};

use super::{HALF_A_DAY, call};
use crate::mock::on;
use crate::way::Way;

/// Signs in; `person` turns the page's URL into the callback, which is then requested. The outcome, and what the person
/// sees.
async fn with_person<P>(
    builder: ClientBuilder,
    person: impl FnOnce(Url) -> P,
) -> (Result<Client, Error>, String)
where
    P: Future<Output = std::io::Result<String>>,
{
    let (shown, mut urls) = mpsc::unbounded_channel();
    let sign_in = LoopbackSignIn::new(move |url| shown.send(url.clone()).unwrap()).no_browser();
    let browser = async {
        let callback = person(urls.recv().await.unwrap()).await.unwrap();
        let (host, target) = callback["http://".len()..].split_once('/').unwrap();
        let mut stream = TcpStream::connect(host).await.unwrap();
        let request = format!("GET /{target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut page = String::new();
        stream.read_to_string(&mut page).await.unwrap();
        page
    };
    tokio::join!(builder.sign_in_with_browser(&sign_in), browser)
}

/// The application of a program on the person's machine, without a redirect URI; v2 wants a secret all the same.
fn program(way: Way, sandbox: &Sandbox) -> ClientBuilder {
    let client = OAuthClient::new(known::COMM100_CLIENT_ID);
    way.platform(sandbox).oauth_client(match way {
        Way::HostedCode => client.secret(known::COMM100_CLIENT_SECRET),
        _ => client,
    })
}

#[tokio::test]
async fn person_who_approves_is_signed_in_and_stays_so() {
    for way in [Way::DashCode, Way::HostedCode] {
        let sandbox = Sandbox::start().await.unwrap();
        let clock = ManualClock::new();
        let builder = program(way, &sandbox).settings(on(&clock));
        let approve = |url: Url| {
            let sandbox = sandbox.clone();
            async move { sandbox.approve(url.as_str()).await }
        };
        let (client, page) = with_person(builder, approve).await;
        let client = client.unwrap();
        assert!(page.contains("Sign-in approved"), "{page}");
        assert_eq!(sandbox.token_requests(way.panel()), 1, "{way:?}");
        call(&client, way).await.unwrap();
        clock.advance(HALF_A_DAY);
        call(&client, way).await.unwrap();
        assert_eq!(sandbox.token_requests(way.panel()), 2, "{way:?}");
        assert_eq!(sandbox.refusals(), [], "{way:?}");
    }
}

#[tokio::test]
async fn person_who_denies_is_told_that_nothing_happened() {
    let sandbox = Sandbox::start().await.unwrap();
    let deny = |url: Url| {
        let sandbox = sandbox.clone();
        async move { sandbox.deny(url.as_str()).await }
    };
    let (outcome, page) = with_person(program(Way::DashCode, &sandbox), deny).await;
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permission);
    assert_eq!(error.provider_code(), Some("access_denied"));
    assert!(page.contains("Sign-in did not happen"), "{page}");
    assert_eq!(sandbox.token_requests(Host::Comm100DashPanel), 0);
}

#[tokio::test]
async fn tokens_of_a_browser_sign_in_are_kept_where_the_settings_say() {
    let sandbox = Sandbox::start().await.unwrap();
    let settings = Settings::new().store(MemoryStore::new()).account("me");
    let builder = program(Way::DashCode, &sandbox).settings(settings);
    let before = builder.clone().stored_tokens().build().unwrap();
    let error = before.sign_in().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Reauthorize);
    let approve = |url: Url| {
        let sandbox = sandbox.clone();
        async move { sandbox.approve(url.as_str()).await }
    };
    let (client, _) = with_person(builder.clone(), approve).await;
    client.unwrap();
    let again = builder.stored_tokens().build().unwrap();
    call(&again, Way::DashCode).await.unwrap();
    assert_eq!(sandbox.token_requests(Host::Comm100DashPanel), 1);
}

#[tokio::test]
async fn exchange_that_fails_is_told_by_the_program() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.inject(Injection::new(Fault::status(400)).endpoint(Endpoint::Token));
    let approve = |url: Url| {
        let sandbox = sandbox.clone();
        async move { sandbox.approve(url.as_str()).await }
    };
    let (outcome, page) = with_person(program(Way::DashCode, &sandbox), approve).await;
    outcome.unwrap_err();
    assert!(page.contains("Sign-in approved"), "{page}");
}

#[tokio::test]
async fn browser_sign_in_that_can_not_work_shows_no_page() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = || OAuthClient::new(known::COMM100_CLIENT_ID);
    for (what, builder, setting) in [
        (
            "redirect URI on the web",
            program(Way::DashCode, &sandbox)
                .oauth_client(client().redirect_uri(known::COMM100_REDIRECT_URI)),
            "redirect_uri",
        ),
        (
            "redirect URI on localhost",
            program(Way::DashCode, &sandbox)
                .oauth_client(client().redirect_uri("http://localhost/callback")),
            "redirect_uri",
        ),
        (
            "v2 without a secret",
            program(Way::HostedCode, &sandbox).oauth_client(client()),
            "client_secret",
        ),
        (
            "no application",
            Client::builder(comm100::Platform::Dash11).site_id(1),
            "oauth_client",
        ),
    ] {
        let sign_in = LoopbackSignIn::new(|url| panic!("a page is shown: {url}"));
        let error = builder.sign_in_with_browser(&sign_in).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{what}");
        let told = error.to_string();
        assert!(
            told.starts_with(&format!("setting `{setting}`: ")),
            "{told}"
        );
    }
}
