//! A stream over pages beside a loop written by hand.

use std::time::Instant;

use anyhow::{Context as _, Result};
use auth_core::Settings;
use http::header::AUTHORIZATION;

use crate::measure::milliseconds;
use crate::records::{Answer, Campaign, PAGE, PAGED, RECORDS};
use crate::result::{Figure, Group, Table};
use crate::server::{Mood, Server};
use crate::subjects;

const METHOD: &str = "1,000 records of Communic8 on ten pages, each asked for with the last record of the page before. By \
hand: bare reqwest with the same header, serde_json into a derived struct, and a loop that stops at a short page. The \
stream also notices a page that comes again, decodes into models that keep unknown members, and asks for each page in a \
task of its own.";
const ROUNDS: usize = 41;

async fn by_hand(http: &reqwest::Client, url: &str, header: &http::HeaderValue) -> Result<usize> {
    let mut after: Option<String> = None;
    let mut found = 0;
    loop {
        let mut page = format!("{url}{PAGED}?limit={PAGE}");
        if let Some(after) = &after {
            page.push_str("&previousLastId=");
            page.push_str(after);
        }
        let answer = http
            .get(&page)
            .header(AUTHORIZATION, header.clone())
            .send()
            .await?;
        let answer: Answer<Campaign> =
            serde_json::from_slice(&answer.error_for_status()?.bytes().await?)?;
        let count = answer.data.len();
        found += answer
            .data
            .iter()
            .filter(|campaign| campaign.name.is_some())
            .count();
        match answer.data.into_iter().next_back() {
            Some(last) if count == PAGE => after = Some(last.id),
            _ => return Ok(found),
        }
    }
}

async fn by_stream(client: &communic8::Client) -> Result<usize> {
    let mut stream = client.v1().campaigns().list().stream();
    let mut found = 0;
    while let Some(campaign) = stream.try_next().await? {
        found += usize::from(campaign.id.is_some());
    }
    Ok(found)
}

pub(super) async fn measure() -> Result<Group> {
    let server = Server::start()?;
    server.set(Mood::default())?;
    let mut group = Group::new("pages", "A stream over pages", METHOD);
    let client = subjects::client(&server.url(), Settings::new())?;
    let header = client.session().authorization().await?.value().clone();
    let http = reqwest::Client::new();
    let (mut hand, mut stream) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let began = Instant::now();
        let found = by_hand(&http, &server.url(), &header)
            .await
            .context("by hand")?;
        let by_hand_ms = milliseconds(began.elapsed());
        let began = Instant::now();
        let streamed = by_stream(&client).await.context("by stream")?;
        let by_stream_ms = milliseconds(began.elapsed());
        anyhow::ensure!(
            found == RECORDS && streamed == RECORDS,
            "{found} and {streamed} records"
        );
        if round > 0 {
            hand.push(by_hand_ms);
            stream.push(by_stream_ms);
        }
    }
    let mut table = Table::new("1,000 records on ten pages", &["ms", "by the loop's"]);
    table.plotted = Some(1);
    table.row(
        "a loop by hand",
        vec![
            Figure::of(hand.clone()).into(),
            Figure::ratio(&hand, &hand).into(),
        ],
    );
    table.row(
        "ours: `list().stream()`",
        vec![
            Figure::of(stream.clone()).into(),
            Figure::ratio(&stream, &hand).into(),
        ],
    );
    table.reason(
        "Beside the requests themselves, the stream decodes twice, to `Value` and to models, compares each page with those \
         before it, and wakes a task for each page.",
    );
    group.tables.push(table);
    Ok(group)
}
