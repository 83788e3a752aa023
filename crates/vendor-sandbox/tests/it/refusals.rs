//! Every right token request, spoiled in every way: each spoiled one is refused with a reason and listed.

use http::Method;
use serde_json::{Map, Value};
use vendor_sandbox::{Host, Sandbox, credentials as known};

use crate::client::{Call, base64, encode};

#[derive(Clone, Copy, PartialEq)]
enum Encoding {
    Form,
    Json,
}

/// A token request in parts. Codes and refresh tokens are made up: form is judged before value.
#[derive(Clone)]
struct Request {
    host: Host,
    path: &'static str,
    encoding: Encoding,
    body: Vec<(&'static str, String)>,
    query: Vec<(&'static str, String)>,
    headers: Vec<(&'static str, String)>,
    method: Method,
    content_type: &'static str,
}

fn right(host: Host, path: &'static str, body: &[(&'static str, &str)]) -> Request {
    let body = body
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()));
    let encoding = match host {
        Host::Communic8 | Host::WebCommander => Encoding::Json,
        _ => Encoding::Form,
    };
    let content_type = match encoding {
        Encoding::Form => "application/x-www-form-urlencoded",
        Encoding::Json => "application/json",
    };
    Request {
        host,
        path,
        encoding,
        body: body.collect(),
        query: Vec::new(),
        headers: Vec::new(),
        method: Method::POST,
        content_type,
    }
}

fn right_requests() -> Vec<Request> {
    let client = [
        ("client_id", known::COMM100_CLIENT_ID),
        ("client_secret", known::COMM100_CLIENT_SECRET),
    ];
    let person = [
        ("email", known::COMM100_EMAIL),
        ("password", known::COMM100_PASSWORD),
    ];
    let verifier = "v".repeat(43);
    let callback = ("redirect_uri", known::COMM100_REDIRECT_URI);
    let dash = |body: &[_]| right(Host::Comm100DashPanel, "/oauth/token", body);
    let hosted = |body: &[_]| right(Host::Comm100Hosted, "/oauth/token", body);
    let mut partner = right(
        Host::Comm100PartnerPanel,
        "/oauth/token",
        &[
            ("grant_type", "password"),
            ("client_id", known::COMM100_PARTNER_CLIENT_ID),
            ("email", known::COMM100_PARTNER_EMAIL),
            ("password", known::COMM100_PARTNER_PASSWORD),
        ],
    );
    partner
        .query
        .push(("partnerId", known::COMM100_PARTNER_ID.to_string()));
    let mut communic8 = right(
        Host::Communic8,
        "/int/v1/oauth/token",
        &[("grant_type", "client_credentials")],
    );
    let pair = format!("{}:{}", known::COMMUNIC8_TOKEN_ID, known::COMMUNIC8_TOKEN);
    communic8
        .headers
        .push(("authorization", format!("Bearer {}", base64(&pair))));
    let store = format!(
        "{}:{}",
        known::WEBCOMMANDER_USERNAME,
        known::WEBCOMMANDER_PASSWORD
    );
    let application = [
        ("redirect_uri", known::WEBCOMMANDER_REDIRECT_URI),
        ("client_id", known::WEBCOMMANDER_CLIENT_ID),
        ("client_secret", known::WEBCOMMANDER_CLIENT_SECRET),
    ];
    let webcommander = |first: (&'static str, &str), second: (&'static str, &str)| {
        let body = [&[first, second][..], &application].concat();
        right(Host::WebCommander, "/api/v4/oauth2/token", &body)
    };
    vec![
        dash(&[("grant_type", "password"), person[0], person[1], client[0]]),
        dash(&[
            ("grant_type", "authorization_code"),
            client[0],
            ("code_verifier", &verifier),
            ("code", "c"),
            callback,
        ]),
        dash(&[
            ("grant_type", "refresh_token"),
            client[0],
            ("refresh_token", "r"),
        ]),
        hosted(&[
            ("grant_type", "authorization_code"),
            ("code", "c"),
            callback,
            client[0],
            client[1],
        ]),
        hosted(&[("grant_type", "password"), person[0], person[1]]),
        hosted(&[
            ("grant_type", "client_credentials"),
            callback,
            client[0],
            client[1],
            ("siteId", "10000"),
        ]),
        hosted(&[("grant_type", "refresh_token"), ("refresh_token", "r")]),
        right(
            Host::Comm100Hosted,
            "/partner/oauth/token",
            &[
                ("grant_type", "password"),
                ("email", known::COMM100_PARTNER_EMAIL),
                ("password", known::COMM100_PARTNER_PASSWORD),
            ],
        ),
        partner,
        communic8,
        webcommander(
            ("grant_type", "client_credentials"),
            ("auth_string", &base64(&store)),
        ),
        webcommander(("grant_type", "refresh_token"), ("refresh_token", "r")),
    ]
}

impl Request {
    fn spoiled(&self, spoil: impl FnOnce(&mut Self)) -> Self {
        let mut spoiled = self.clone();
        spoil(&mut spoiled);
        spoiled
    }

    fn call(&self, sandbox: &Sandbox) -> Call {
        let mut url = format!("{}{}", sandbox.url(self.host), self.path);
        if !self.query.is_empty() {
            url = format!("{url}?{}", encode(&pairs(&self.query)));
        }
        let body = match self.encoding {
            Encoding::Form => encode(&pairs(&self.body)),
            // Written by hand, so that a member can be doubled.
            Encoding::Json => {
                let members = self.body.iter().map(|(name, value)| {
                    format!("{}:{}", Value::from(*name), Value::from(value.as_str()))
                });
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            }
        };
        let call = Call::new(self.method.clone(), url).raw(self.content_type, body);
        let headers = self.headers.iter();
        headers.fold(call, |call, (name, value)| {
            call.header(name, value.as_str())
        })
    }

    /// This request in all the ways of being wrong that apply to it, each with a part of the reason due.
    fn wrong_ones(&self) -> Vec<(Self, String)> {
        let mut wrong = Vec::new();
        for (at, (name, value)) in self.body.iter().enumerate() {
            let missing = self.spoiled(|request| {
                request.body.remove(at);
            });
            wrong.push((missing, format!("`{name}` is missing")));
            let doubled = self.spoiled(|request| request.body.push((name, value.clone())));
            wrong.push((doubled, format!("`{name}` is doubled")));
            let empty = self.spoiled(|request| request.body[at].1.clear());
            let reason = match *name {
                "grant_type" => "does not know the grant_type".to_owned(),
                _ => format!("`{name}` is empty"),
            };
            wrong.push((empty, reason));
            let moved = self.spoiled(|request| {
                let moved = request.body.remove(at);
                request.query.push(moved);
            });
            wrong.push((moved, format!("`{name}` is missing in the body")));
            let also = self.spoiled(|request| request.query.push((name, value.clone())));
            wrong.push((also, "in".to_owned()));
        }
        for (at, (name, value)) in self.query.iter().enumerate() {
            let missing = self.spoiled(|request| {
                request.query.remove(at);
            });
            wrong.push((missing, format!("`{name}` is missing in the query")));
            let doubled = self.spoiled(|request| request.query.push((name, value.clone())));
            wrong.push((doubled, format!("`{name}` is doubled")));
            let moved = self.spoiled(|request| {
                let moved = request.query.remove(at);
                request.body.push(moved);
            });
            wrong.push((moved, format!("`{name}` belongs into the query")));
        }
        let unknown = [
            "username",
            "code",
            "partnerId",
            "auth_string",
            "client_assertion",
        ];
        for name in unknown {
            let known = |pairs: &[(&str, String)]| pairs.iter().any(|(own, _)| *own == name);
            if !known(&self.body) && !known(&self.query) {
                let extra = self.spoiled(|request| request.body.push((name, "x".to_owned())));
                wrong.push((extra, format!("`{name}`")));
            }
        }
        let renamed = self.spoiled(|request| {
            for pair in &mut request.body {
                if pair.0 == "email" {
                    pair.0 = "username";
                }
            }
        });
        if self.body.iter().any(|(name, _)| *name == "email") {
            wrong.push((renamed, "`username`".to_owned()));
        }
        for content_type in [
            "text/plain",
            "x-www-form-urlencoded",
            "application/x-www-form-urlencoded; boundary=x",
            "application/json; boundary=x",
            "multipart/form-data",
        ] {
            let other = self.spoiled(|request| request.content_type = content_type);
            wrong.push((other, "content type".to_owned()));
        }
        let swapped = self.spoiled(|request| {
            (request.encoding, request.content_type) = match request.encoding {
                Encoding::Form => (Encoding::Json, "application/json"),
                Encoding::Json => (Encoding::Form, "application/x-www-form-urlencoded"),
            };
        });
        // The code exchange of the dash panel is the one request that both encodings are right for.
        if !self.body.iter().any(|(name, _)| *name == "code_verifier") {
            wrong.push((swapped, "content type".to_owned()));
        }
        for name in ["authorization", "cookie"] {
            let extra = self.spoiled(|request| {
                request.headers.push((name, "Basic eDp5".to_owned()));
            });
            let reason = if name == "cookie" {
                "Cookie"
            } else {
                "uthorization"
            };
            wrong.push((extra, reason.to_owned()));
        }
        for method in [Method::GET, Method::PUT] {
            let other = self.spoiled(|request| request.method = method);
            wrong.push((other, "POST only".to_owned()));
        }
        wrong
    }
}

fn pairs<'p>(owned: &'p [(&'static str, String)]) -> Vec<(&'static str, &'p str)> {
    owned
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect()
}

#[tokio::test]
async fn right_requests_have_the_right_form() {
    let sandbox = Sandbox::start().await.unwrap();
    for request in right_requests() {
        let reply = request.call(&sandbox).send().await;
        // Those with a made-up code or refresh token get as far as the grant.
        let made_up = request
            .body
            .iter()
            .any(|(name, _)| ["code", "refresh_token"].contains(name));
        let wanted = if made_up { 400 } else { 200 };
        assert_eq!(reply.status, wanted, "{}", reply.text());
        assert_eq!(reply.text().contains("invalid_grant"), made_up);
    }
}

#[tokio::test]
async fn a_charset_is_no_reason_to_refuse() {
    let sandbox = Sandbox::start().await.unwrap();
    for mut request in right_requests() {
        request.content_type = match request.encoding {
            Encoding::Form => "application/x-www-form-urlencoded;charset=UTF-8",
            Encoding::Json => "application/json; charset=utf-8",
        };
        let reply = request.call(&sandbox).send().await;
        assert!(
            reply.status == 200 || reply.text().contains("invalid_grant"),
            "{}",
            reply.text()
        );
    }
}

#[tokio::test]
async fn spoiled_requests_are_refused_with_their_reason() {
    let sandbox = Sandbox::start().await.unwrap();
    let mut count = 0;
    for request in right_requests() {
        for (wrong, reason) in request.wrong_ones() {
            sandbox.clear();
            let reply = wrong.call(&sandbox).send().await;
            let text = reply.text();
            assert_eq!(
                reply.status,
                400,
                "{reason}: {text} to {:?}",
                pairs(&wrong.body)
            );
            assert!(reply.json().is_object(), "{text}");
            let [refusal] = &sandbox.refusals()[..] else {
                panic!("{reason}: not listed");
            };
            assert!(
                refusal.reason.contains(&reason),
                "{reason} but {}",
                refusal.reason
            );
            assert_eq!(
                (refusal.host, refusal.path.as_str()),
                (wrong.host, wrong.path)
            );
            count += 1;
        }
    }
    // Guards the loops above against standing still.
    assert!(count > 300, "{count}");
}

#[tokio::test]
async fn who_looks_whether_a_host_is_there_is_told_so_with_the_time_and_not_refused() {
    let sandbox = Sandbox::start().await.unwrap();
    for host in Host::ALL {
        let look = |method| Call::new(method, format!("{}/", sandbox.url(host)));
        let reply = look(Method::HEAD).send().await;
        assert_eq!(reply.status, 204);
        assert!(reply.headers.contains_key("date"), "{host:?}");
        assert!(sandbox.refusals().is_empty(), "{:?}", sandbox.refusals());
        let other = look(Method::GET).send().await;
        assert!((400..500).contains(&other.status), "{host:?}");
        sandbox.clear();
    }
}

#[tokio::test]
async fn each_vendor_writes_errors_its_own_way() {
    let sandbox = Sandbox::start().await.unwrap();
    for (host, path, member) in [
        (Host::Comm100DashPanel, "/oauth/token", "message"),
        (Host::Communic8, "/int/v1/oauth/token", "message"),
        (Host::WebCommander, "/api/v4/oauth2/token", "error"),
    ] {
        let reply = Call::post(format!("{}{path}", sandbox.url(host)))
            .send()
            .await;
        let body = reply.json();
        assert!(body.get(member).is_some(), "{body}");
        let keys = body.as_object().map_or(0, Map::len);
        assert_eq!(keys, if host == Host::WebCommander { 1 } else { 2 });
    }
}

#[tokio::test]
async fn refusals_repeat_no_secret() {
    let sandbox = Sandbox::start().await.unwrap();
    for request in right_requests() {
        for (wrong, _) in request.wrong_ones() {
            let reply = wrong.call(&sandbox).send().await;
            for (_, value) in wrong.body.iter().filter(|(_, value)| value.len() > 18) {
                assert!(!reply.text().contains(value.as_str()), "{}", reply.text());
            }
        }
    }
    let said = format!("{:?} {:?}", sandbox.refusals(), sandbox.requests());
    for secret in [
        known::COMM100_PASSWORD,
        known::COMM100_CLIENT_SECRET,
        known::COMM100_PARTNER_PASSWORD,
        known::COMMUNIC8_TOKEN,
        known::WEBCOMMANDER_PASSWORD,
        known::WEBCOMMANDER_CLIENT_SECRET,
    ] {
        assert!(!said.contains(secret));
        assert!(!said.contains(&encode(&[("", secret)])[1..]));
    }
}
