//! Shows that a typed stream of 100,000 items holds memory flat. A binary of its own: other tests would count, too.
#![cfg(test)]
#![cfg(feature = "contact")]

use std::fs;

use comm100::{Client, Platform, Settings};
use vendor_sandbox::{Host, Sandbox, credentials as known};

const ITEMS: u64 = 100_000;
const PAGE: u32 = 500;

/// How much memory this process holds, the sandbox included, which makes its items as they are asked for.
fn resident_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.expect("a line").trim().trim_end_matches(" kB");
    number.parse().expect("a number")
}

#[tokio::test]
#[cfg_attr(
    not(target_os = "linux"),
    ignore = "only Linux tells it without unsafe code"
)]
async fn a_hundred_thousand_contacts_hold_memory_flat() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let items = sandbox.fill("/v4/contact/contacts", ITEMS);
    items.expect("a list of contacts");
    let client = Client::builder(Platform::Dash11)
        .token_base(sandbox.url(Host::Comm100DashPanel))
        .api_base(sandbox.url(Host::Comm100DashApi))
        .site_id(known::COMM100_SITE_ID)
        .api_key(known::COMM100_EMAIL, known::COMM100_API_KEY)
        .settings(Settings::new().no_rate_limiter())
        .build()
        .expect("a client");
    let mut contacts = client.contact().contacts().list().page_size(PAGE).stream();
    let mut count = 0;
    let (mut early, mut late) = (0, 0);
    while let Some(contact) = contacts.try_next().await.expect("a contact") {
        assert!(contact.id.is_some());
        count += 1;
        if count % u64::from(PAGE) == 0 {
            let peak = if count <= ITEMS / 5 {
                &mut early
            } else {
                &mut late
            };
            *peak = resident_kib().max(*peak);
        }
    }
    assert_eq!(count, ITEMS);
    assert!(late < early + 8 * 1024, "{early} KiB, and later {late} KiB");
}
