//! Does what is counted so many times: the program that `callgrind` runs under valgrind.

use std::hint::black_box;
use std::sync::Arc;

use anyhow::{Result, bail, ensure};
use tokio::task::JoinSet;

use crate::groups::request::get_turns;
use crate::records;
use crate::subjects::{Subject, for_subject};

/// Does what is counted, so many times.
pub(crate) async fn turns(what: &str, subject: &str, url: &str, turns: u64) -> Result<()> {
    match what {
        "cached" => for_subject!(subject, cached(url, turns)),
        "get" => get_turns(subject, url, turns).await,
        "decode" => decode(subject, turns),
        "herd" => for_subject!(subject, herd(url, turns)),
        other => bail!("nothing called `{other}` is counted"),
    }
}

async fn cached<S: Subject>(url: &str, turns: u64) -> Result<()> {
    let subject = S::new(url).await?;
    subject.header().await.map_err(Into::into)?;
    for _ in 0..turns {
        let _ = black_box(subject.header().await);
    }
    Ok(())
}

/// So many callers wait for the same first token.
async fn herd<S: Subject>(url: &str, callers: u64) -> Result<()> {
    let subject = Arc::new(S::new(url).await?);
    let mut tasks = JoinSet::new();
    for _ in 0..callers {
        let subject = Arc::clone(&subject);
        tasks.spawn(async move { subject.header().await.is_ok() });
    }
    while let Some(done) = tasks.join_next().await {
        ensure!(done?, "a caller has no token");
    }
    Ok(())
}

fn decode(subject: &str, turns: u64) -> Result<()> {
    let list = records::list();
    for _ in 0..turns {
        black_box(records::decode(subject, black_box(&list))?);
    }
    Ok(())
}
