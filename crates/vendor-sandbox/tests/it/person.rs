//! What a person meets between the authorization request and its answer: sign in, approve or deny, and every detour.

use http::HeaderMap;
use vendor_sandbox::{Host, Sandbox, credentials as known};

use crate::client::{Call, Reply};
use crate::consent::{code_of, dash_url, dash_url_to, hosted_url};

const WRONG: &str = "Wrong email or password";

/// A browser without a screen: keeps the cookie that it is given.
struct Visitor {
    origin: String,
    cookie: Option<String>,
}

impl Visitor {
    fn new(sandbox: &Sandbox, host: Host) -> Self {
        Self {
            origin: sandbox.url(host).to_owned(),
            cookie: None,
        }
    }

    async fn send(&mut self, mut call: Call) -> Reply {
        if let Some(cookie) = &self.cookie {
            call = call.header("cookie", format!("theme=dark; {cookie}; other=1"));
        }
        let reply = call.send().await;
        if let Some(line) = header(&reply.headers, "set-cookie") {
            self.cookie = line.split(';').next().map(str::to_owned);
        }
        reply
    }

    async fn get(&mut self, path: &str) -> Reply {
        self.send(Call::get(format!("{}{path}", self.origin))).await
    }

    async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Reply {
        let call = Call::post(format!("{}{path}", self.origin)).form(form);
        self.send(call).await
    }

    /// Opens an authorization request; the path of its question.
    async fn open(&mut self, url: &str) -> String {
        let reply = self.send(Call::get(url)).await;
        assert_eq!(reply.status, 302, "{}", reply.text());
        target(&reply)
    }

    async fn sign_in(&mut self, question: &str, password: &str) -> Reply {
        let form = [
            ("ticket", ticket(question)),
            ("email", known::COMM100_EMAIL),
            ("password", password),
        ];
        self.post("/oauth/authorize/sign-in", &form).await
    }

    async fn decide(&mut self, question: &str, decision: &str) -> Reply {
        let form = [("ticket", ticket(question)), ("decision", decision)];
        self.post("/oauth/authorize/decision", &form).await
    }
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// Where a redirect leads; nowhere, if it is none.
fn target(reply: &Reply) -> String {
    let location = header(&reply.headers, "location");
    location.unwrap_or_default().to_owned()
}

fn ticket(question: &str) -> &str {
    let (_, ticket) = question.split_once("?ticket=").unwrap_or_default();
    ticket
}

#[tokio::test]
async fn a_person_signs_in_approves_and_is_sent_on_with_a_code() {
    let sandbox = Sandbox::start().await.unwrap();
    for (host, url) in [
        (Host::Comm100DashPanel, dash_url(&sandbox)),
        (Host::Comm100Hosted, hosted_url(&sandbox, "code")),
    ] {
        let mut visitor = Visitor::new(&sandbox, host);
        let question = visitor.open(&url).await;
        let page = visitor.get(&question).await.ok();
        assert!(page.text().contains("<h1>Sign in</h1>"), "{}", page.text());
        assert!(!page.text().contains("Approve"), "{}", page.text());
        let reply = visitor.sign_in(&question, known::COMM100_PASSWORD).await;
        assert_eq!((reply.status, target(&reply)), (303, question.clone()));
        let page = visitor.get(&question).await.ok();
        for part in [
            known::COMM100_CLIENT_ID,
            known::COMM100_EMAIL,
            known::COMM100_REDIRECT_URI,
            "10000",
            ">Approve<",
            ">Deny<",
        ] {
            assert!(page.text().contains(part), "{part}");
        }
        let reply = visitor.decide(&question, "approve").await;
        assert_eq!(reply.status, 303);
        let callback = target(&reply);
        assert!(callback.starts_with(known::COMM100_REDIRECT_URI));
        code_of(&callback);
    }
    assert_eq!(sandbox.token_requests(Host::Comm100DashPanel), 0);
    assert_eq!(sandbox.api_requests(Host::Comm100DashPanel), 0);
    assert!(sandbox.refusals().is_empty());
}

#[tokio::test]
async fn a_wrong_password_is_said_and_can_be_mended() {
    let sandbox = Sandbox::start().await.unwrap();
    let mut visitor = Visitor::new(&sandbox, Host::Comm100DashPanel);
    let question = visitor.open(&dash_url(&sandbox)).await;
    assert!(!visitor.get(&question).await.text().contains(WRONG));
    let reply = visitor.sign_in(&question, "wrong").await;
    assert_eq!((reply.status, target(&reply)), (303, question.clone()));
    assert!(visitor.cookie.is_none());
    let page = visitor.get(&question).await.ok();
    assert!(page.text().contains(WRONG), "{}", page.text());
    assert!(page.text().contains(r#"name="password""#));
    visitor.sign_in(&question, known::COMM100_PASSWORD).await;
    let page = visitor.get(&question).await.ok();
    assert!(page.text().contains(">Approve<") && !page.text().contains(WRONG));
    assert!(sandbox.refusals().is_empty(), "people mistype");
}

#[tokio::test]
async fn nothing_is_decided_without_signing_in() {
    let sandbox = Sandbox::start().await.unwrap();
    let mut stranger = Visitor::new(&sandbox, Host::Comm100DashPanel);
    let question = stranger.open(&dash_url(&sandbox)).await;
    for cookie in [None, Some("sandbox_1=0"), Some("sandbox=")] {
        stranger.cookie = cookie.map(str::to_owned);
        let reply = stranger.decide(&question, "approve").await;
        assert_eq!((reply.status, target(&reply)), (303, question.clone()));
        assert!(
            stranger
                .get(&question)
                .await
                .text()
                .contains("<h1>Sign in</h1>")
        );
    }
    // Whoever is signed in on one host is not signed in on the other.
    stranger.sign_in(&question, known::COMM100_PASSWORD).await;
    let mut other = Visitor::new(&sandbox, Host::Comm100Hosted);
    let elsewhere = other.open(&hosted_url(&sandbox, "code")).await;
    let cookie = stranger.cookie.clone().unwrap();
    let (_, value) = cookie.split_once('=').unwrap();
    let port = other.origin.rsplit(':').next().unwrap();
    other.cookie = Some(format!("sandbox_{port}={value}"));
    assert!(
        other
            .get(&elsewhere)
            .await
            .text()
            .contains("<h1>Sign in</h1>")
    );
}

#[tokio::test]
async fn a_question_is_answered_once_whoever_answers_it() {
    let sandbox = Sandbox::start().await.unwrap();
    for (first, said) in [
        ("approve", "You have approved"),
        ("deny", "You have denied"),
    ] {
        let mut visitor = Visitor::new(&sandbox, Host::Comm100DashPanel);
        let question = visitor.open(&dash_url(&sandbox)).await;
        visitor.sign_in(&question, known::COMM100_PASSWORD).await;
        let callback = target(&visitor.decide(&question, first).await);
        assert!(
            callback.starts_with("https://app.example.com/"),
            "{callback}"
        );
        for again in ["approve", "deny", "approve"] {
            let reply = visitor.decide(&question, again).await;
            assert_eq!((reply.status, target(&reply)), (303, question.clone()));
            let page = visitor.get(&question).await;
            assert_eq!(page.status, 410);
            assert!(page.text().contains(said), "{}", page.text());
            assert!(page.text().contains("Go back to the application"));
            assert!(!page.text().contains("<form"));
        }
        // A late sign-in opens nothing either.
        visitor.sign_in(&question, known::COMM100_PASSWORD).await;
        assert_eq!(visitor.get(&question).await.status, 410);
    }
}

#[tokio::test]
async fn a_second_question_needs_no_second_sign_in() {
    let sandbox = Sandbox::start().await.unwrap();
    let mut visitor = Visitor::new(&sandbox, Host::Comm100DashPanel);
    let first = visitor.open(&dash_url(&sandbox)).await;
    visitor.sign_in(&first, known::COMM100_PASSWORD).await;
    let second = visitor.open(&dash_url(&sandbox)).await;
    assert_ne!(first, second);
    assert!(visitor.get(&second).await.text().contains(">Approve<"));
    let one = code_of(&target(&visitor.decide(&second, "approve").await));
    let other = code_of(&target(&visitor.decide(&first, "approve").await));
    assert_ne!(one, other);
}

#[tokio::test]
async fn an_unknown_question_is_a_page_that_says_so() {
    let sandbox = Sandbox::start().await.unwrap();
    let mut visitor = Visitor::new(&sandbox, Host::Comm100DashPanel);
    let page = visitor
        .get("/oauth/authorize/question?ticket=%3Cscript%3E")
        .await;
    assert_eq!(page.status, 404);
    assert!(page.text().contains("Nothing to answer"));
    assert!(!page.text().contains("script"), "{}", page.text());
    let reply = visitor
        .sign_in("?ticket=a\r\nb: c", known::COMM100_PASSWORD)
        .await;
    assert_eq!(
        target(&reply),
        "/oauth/authorize/question?ticket=a%0D%0Ab%3A%20c"
    );
}

#[tokio::test]
async fn pages_load_nothing_run_nothing_and_are_kept_nowhere() {
    let sandbox = Sandbox::start().await.unwrap();
    let mut visitor = Visitor::new(&sandbox, Host::Comm100DashPanel);
    let redirect = format!("{}?a=<script>'\"&b", known::COMM100_REDIRECT_URI);
    let question = visitor.open(&dash_url_to(&sandbox, &redirect)).await;
    let sign_in = visitor.get(&question).await.ok();
    visitor.sign_in(&question, known::COMM100_PASSWORD).await;
    let consent = visitor.get(&question).await.ok();
    visitor.decide(&question, "approve").await;
    let answered = visitor.get(&question).await;
    let unknown = visitor.get("/oauth/authorize/question?ticket=x").await;
    assert!(
        consent
            .text()
            .contains("?a=&lt;script&gt;&#39;&quot;&amp;b")
    );
    for (page, form_action) in [
        (sign_in, "'self'"),
        (consent, "'self' https://app.example.com"),
        (answered, "'none'"),
        (unknown, "'none'"),
    ] {
        assert!(!page.text().contains("<script"), "{}", page.text());
        let header = |name| header(&page.headers, name).unwrap_or_default();
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("content-type"), "text/html; charset=utf-8");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("referrer-policy"), "same-origin");
        let policy = header("content-security-policy");
        for part in [
            "default-src 'none'; style-src 'sha256-",
            &format!("; form-action {form_action}; "),
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(part), "{part}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
    }
}

#[tokio::test]
async fn forms_may_end_at_the_redirect_uri_and_nowhere_else() {
    let sandbox = Sandbox::start().await.unwrap();
    for (redirect, source) in [
        ("http://127.0.0.1:7777/callback", "http://127.0.0.1:7777;"),
        ("http://[::1]:7777/callback", "http:;"),
    ] {
        let mut visitor = Visitor::new(&sandbox, Host::Comm100DashPanel);
        let question = visitor.open(&dash_url_to(&sandbox, redirect)).await;
        visitor.sign_in(&question, known::COMM100_PASSWORD).await;
        let page = visitor.get(&question).await.ok();
        let policy = header(&page.headers, "content-security-policy").unwrap();
        let wanted = format!("; form-action 'self' {source}");
        assert!(policy.contains(&wanted), "{policy}");
    }
}

#[tokio::test]
async fn the_cookie_is_for_these_pages_and_not_for_scripts() {
    let sandbox = Sandbox::start().await.unwrap();
    let mut visitor = Visitor::new(&sandbox, Host::Comm100DashPanel);
    let question = visitor.open(&dash_url(&sandbox)).await;
    let reply = visitor.sign_in(&question, known::COMM100_PASSWORD).await;
    let line = header(&reply.headers, "set-cookie").unwrap();
    let (pair, attributes) = line.split_once("; ").unwrap();
    assert_eq!(attributes, "Path=/oauth/authorize; HttpOnly; SameSite=Lax");
    let (name, value) = pair.split_once('=').unwrap();
    let port = visitor.origin.rsplit(':').next().unwrap();
    assert_eq!(name, format!("sandbox_{port}"));
    assert_eq!(value.len(), 64);
    let again = visitor.sign_in(&question, known::COMM100_PASSWORD).await;
    let line = header(&again.headers, "set-cookie").unwrap();
    assert!(
        !line.starts_with(pair),
        "each sign-in has a value of its own"
    );
}

#[tokio::test]
async fn forms_are_read_as_strictly_as_token_requests() {
    let sandbox = Sandbox::start().await.unwrap();
    let mut visitor = Visitor::new(&sandbox, Host::Comm100DashPanel);
    let question = visitor.open(&dash_url(&sandbox)).await;
    visitor.sign_in(&question, known::COMM100_PASSWORD).await;
    let ticket = ticket(&question);
    let (sign_in, decision) = ("/oauth/authorize/sign-in", "/oauth/authorize/decision");
    for (path, form) in [
        (sign_in, vec![("ticket", ticket), ("email", "e")]),
        (
            sign_in,
            vec![("ticket", ticket), ("username", "e"), ("password", "p")],
        ),
        (decision, vec![("ticket", ticket)]),
        (decision, vec![("ticket", ticket), ("decision", "yes")]),
        (
            decision,
            vec![
                ("ticket", ticket),
                ("decision", "approve"),
                ("decision", "deny"),
            ],
        ),
        (
            decision,
            vec![("ticket", ticket), ("decision", "approve"), ("more", "1")],
        ),
    ] {
        assert_eq!(visitor.post(path, &form).await.status, 400, "{form:?}");
    }
    let cookie = visitor.cookie.clone().unwrap();
    let form = [("ticket", ticket), ("decision", "approve")];
    let call = || Call::post(format!("{}{decision}", visitor.origin)).header("cookie", &cookie);
    for site in ["cross-site", "same-site", "none"] {
        let call = call().header("sec-fetch-site", site).form(&form);
        assert_eq!(call.send().await.status, 400, "{site}");
    }
    let body = format!("ticket={ticket}&decision=approve");
    assert_eq!(call().raw("text/plain", body).send().await.status, 400);
    for path in [sign_in, decision] {
        assert_eq!(visitor.get(path).await.status, 400, "{path}");
    }
    let page = visitor.get(&question).await.ok();
    assert!(page.text().contains(">Approve<"), "nothing has answered it");
}
