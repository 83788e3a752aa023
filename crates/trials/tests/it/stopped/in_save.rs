//! Stops a process whose new tokens are on their way to the server, and lets them arrive when others have moved on.

use std::time::Duration;

use vendor_sandbox::Sandbox;

use crate::account::{Account, Who};
use crate::proxy::Proxy;
use crate::redis_server::RedisServer;
use crate::say;
use crate::worker::{Event, Worker};

use super::{LIMITS, LONG, get_on, is_same};

pub(super) async fn stop(server: &RedisServer, who: Who, proof: &str) {
    let sandbox = Sandbox::builder().token_lifetime(LONG);
    let sandbox = sandbox.start().await.unwrap();
    let mut account = Account::new(&sandbox, who, &server.place()).await;
    let proxy = Proxy::start(server.port()).await;
    account.place = proxy.place();
    let mut first = Worker::start(&account, &LIMITS);
    first.until_ok().await;

    sandbox.set_token_latency(Duration::from_millis(200));
    let before = account.token_requests();
    sandbox.revoke_access_tokens(account.host());
    account.until_token_request(before).await;
    // The next thing that the process tells the server is the answer to this request.
    proxy.hold();
    proxy.until_held().await;
    first.stop().await;
    sandbox.set_token_latency(Duration::ZERO);

    account.place = server.place();
    let mut second = Worker::start(&account, &LIMITS);
    match second.outcome().await {
        Event::Ok => {}
        Event::Reauthorize if who == Who::Person => {
            account.sign_in().await;
            get_on(&mut second).await;
        }
        other => panic!("{who:?}: {other:?}"),
    }
    let saved = account.stored().await;
    let bytes = proxy.release().await;
    let stored = account.stored().await;
    assert!(is_same(&saved, &stored), "{saved:?} became {stored:?}");

    first.forget();
    first.wake().await;
    get_on(&mut first).await;
    let stored = account.stored().await;
    assert!(is_same(&saved, &stored), "{saved:?} became {stored:?}");
    assert_eq!(sandbox.reuse_detected(), 1, "once more, and never again");
    account.check_refreshes();
    say(&format!(
        "{proof}, {who:?}: {bytes} bytes came late and changed nothing"
    ));
}
