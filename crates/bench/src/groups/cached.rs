//! A token is at hand: what its header costs.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;

use crate::callgrind::{self, Count};
use crate::measure::nanoseconds;
use crate::result::{Cell, Figure, Group, Table};
use crate::server::Server;
use crate::subjects::{Subject, for_subject};

const METHOD: &str = "A token is at hand and far from its end; one thread asks for the header. Instructions by callgrind \
and allocations by dhat: what 2N turns take, less what N take, by N. Times: rounds of 20,000 turns, all subjects by \
turns; a ratio is taken within each round. The limit is what no keeper of tokens can go below: an `ArcSwap` load, a look \
at the clock, a clone of a `HeaderValue`. azure's policy works on a request, so its figure is the policy's with a \
next policy that sends nothing, less the latter alone. reqwest-middleware keeps no token of its own; see the requests.";
const ROUNDS: usize = 41;
const TURNS: u32 = 20_000;
const COUNTED: u64 = 2_000;
/// The most instructions that the cached path may take.
const GOAL: f64 = 220.0;

const SUBJECTS: &[(&str, &str)] = &[
    ("limit", "the limit"),
    ("ready", "ours: `Session::ready`"),
    ("ours", "ours: `Session::authorization`"),
    ("oauth2", "oauth2 behind a tokio mutex"),
    ("yup", "yup-oauth2"),
    ("google", "google-cloud-auth"),
    ("azure", "azure_identity"),
    (
        "azure-policy",
        "azure_identity with azure_core's bearer policy",
    ),
    ("aws", "aws-smithy-runtime's identity cache"),
];

type Round = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<f64>> + Send>> + Send>;

async fn round<S: Subject>(url: &str) -> Result<Round> {
    let subject = Arc::new(S::new(url).await?);
    subject.header().await.map_err(Into::into)?;
    Ok(Box::new(move || {
        let subject = Arc::clone(&subject);
        Box::pin(async move {
            let began = Instant::now();
            for _ in 0..TURNS {
                black_box(subject.header().await).map_err(Into::into)?;
            }
            Ok(nanoseconds(began.elapsed()) / f64::from(TURNS))
        })
    }))
}

pub(super) async fn measure() -> Result<Group> {
    let server = Server::start()?;
    let url = server.url();
    let mut group = Group::new("cached", "A token is at hand", METHOD);
    let mut rounds = Vec::new();
    for (name, _) in SUBJECTS.iter().chain(&[("azure-bare", "")]) {
        rounds.push((*name, for_subject!(*name, round(&url))?));
    }
    let mut times: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for _ in 0..ROUNDS {
        for (name, round) in &rounds {
            times.entry(name).or_default().push(round().await?);
        }
    }
    if let (Some(bare), Some(policy)) = (times.remove("azure-bare"), times.get_mut("azure-policy"))
    {
        policy
            .iter_mut()
            .zip(bare)
            .for_each(|(policy, bare)| *policy -= bare);
    }
    let counted = callgrind::is_there();
    let count = |count, name: &str| -> Result<Option<f64>> {
        if !counted {
            return Ok(None);
        }
        eprintln!("  counting: {name}");
        let found = callgrind::per_turn(count, "cached", name, &url, COUNTED)?;
        Ok(Some(match name {
            "azure-policy" => {
                found - callgrind::per_turn(count, "cached", "azure-bare", &url, COUNTED)?
            }
            _ => found,
        }))
    };
    let mut table = Table::new(
        "From a token to its header",
        &["instructions", "allocations", "ns", "time by the limit's"],
    );
    table.plotted = Some(0);
    let limit = times["limit"].clone();
    let (mut ours, mut best_peer, mut allocations) = (None, f64::INFINITY, None);
    for (name, title) in SUBJECTS {
        let instructions = count(Count::Instructions, name)?;
        let allocated = count(Count::Allocations, name)?;
        match *name {
            "ours" => (ours, allocations) = (instructions, allocated),
            "limit" | "ready" => {}
            _ => best_peer = best_peer.min(instructions.unwrap_or(f64::INFINITY)),
        }
        let cell = |count: Option<f64>| count.map_or(Cell::from("no valgrind"), Cell::from);
        let own = &times[name];
        table.row(
            *title,
            vec![
                cell(instructions),
                cell(allocated),
                Figure::of(own.clone()).into(),
                Figure::ratio(own, &limit).into(),
            ],
        );
    }
    let ratio = Figure::ratio(&times["ready"], &limit).median;
    if let (Some(ours), Some(allocations)) = (ours, allocations) {
        table.goal(
            format!(
                "at most {GOAL} instructions (found {ours:.0}, the best peer {best_peer:.0}: {:.1} times as many), no \
                 allocation, at most 1.10 times the limit's time (`ready`: {ratio:.2})",
                best_peer / ours
            ),
            ours <= GOAL && allocations == 0.0 && ratio <= 1.10,
        );
    }
    table.reason(
        "A caller gets a pointer to a header that was made once for its token; the limit copies a `HeaderValue`, which \
         counts its references, too.",
    );
    group.tables.push(table);
    Ok(group)
}
