//! From nothing to the first answer.

use std::time::Instant;

use anyhow::Result;
use auth_core::{Method, Settings};
use http::header::AUTHORIZATION;

use crate::measure::milliseconds;
use crate::result::{Figure, Group, Table};
use crate::server::{Mood, Server};
use crate::subjects::{self, Google, Header as _, OAuth2Lock, Subject};

const METHOD: &str = "A new client, its token and its first GET at an endpoint without latency; \
every round makes everything anew, by turns. Nearly all of it is reading the system's root certificates, \
which every HTTP client does that is made: once by hand and in ours, twice where a peer beside reqwest has \
a client of its own. Clients that share a transport are spared that.";
const ROUNDS: usize = 21;

async fn by_hand(url: &str) -> Result<()> {
    let http = reqwest::Client::new();
    let answer = http
        .post(format!("{url}/token"))
        .body("x")
        .send()
        .await?
        .bytes()
        .await?;
    let answer: serde_json::Value = serde_json::from_slice(&answer)?;
    let header = format!(
        "Bearer {}",
        answer["access_token"].as_str().unwrap_or_default()
    );
    http.get(format!("{url}/one"))
        .header(AUTHORIZATION, header)
        .send()
        .await?
        .bytes()
        .await?;
    Ok(())
}

async fn ours(url: &str, settings: Settings) -> Result<()> {
    let client = subjects::client(url, settings)?;
    client.request(Method::GET, "/one").send().await?;
    Ok(())
}

async fn peer<S: Subject>(url: &str) -> Result<()> {
    let subject = S::new(url).await?;
    let header = subject.header().await.map_err(Into::into)?.into_value();
    let http = reqwest::Client::new();
    http.get(format!("{url}/one"))
        .header(AUTHORIZATION, header)
        .send()
        .await?
        .bytes()
        .await?;
    Ok(())
}

pub(super) async fn measure() -> Result<Group> {
    let server = Server::start()?;
    server.set(Mood::default())?;
    let url = server.url();
    let mut group = Group::new("start", "From `build()` to the first answer", METHOD);
    let transport = auth_core::Transport::builder().build()?;
    let titles = [
        "reqwest by hand",
        "ours: `communic8::Client`",
        "ours, with a transport that is there",
        "oauth2 behind a tokio mutex, and reqwest",
        "google-cloud-auth and reqwest",
    ];
    let mut times: [Vec<f64>; 5] = Default::default();
    for round in 0..=ROUNDS {
        for (index, times) in times.iter_mut().enumerate() {
            let began = Instant::now();
            match index {
                0 => by_hand(&url).await?,
                1 => ours(&url, Settings::new()).await?,
                2 => ours(&url, Settings::new().transport(transport.clone())).await?,
                3 => peer::<OAuth2Lock>(&url).await?,
                _ => peer::<Google>(&url).await?,
            }
            if round > 0 {
                times.push(milliseconds(began.elapsed()));
            }
        }
    }
    let mut table = Table::new("To the first answer", &["ms", "by hand's"]);
    table.plotted = Some(0);
    for (title, own) in titles.iter().zip(&times) {
        table.row(
            *title,
            vec![
                Figure::of(own.clone()).into(),
                Figure::ratio(own, &times[0]).into(),
            ],
        );
    }
    group.tables.push(table);
    Ok(group)
}
