//! Criterion benches of the paths that every call takes, ours beside the peers: for a maintainer who changes one.
//!
//! `cargo xtask bench --criterion [filter]` runs them; each says what has changed since its last run. The page of
//! figures is the load program's matter: it takes subjects by turns, and criterion one after the other.

use std::hint::black_box;
use std::path::Path;

use anyhow::{Context as _, Result};
use bench::Getter;
use bench::records::{self, RECORDS};
use bench::server::Server;
use bench::subjects::{Subject, for_subject};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use tokio::runtime::Runtime;

/// A token is at hand; who gives its header.
const KEEPERS: &[&str] = &[
    "limit", "ready", "ours", "oauth2", "yup", "google", "azure", "aws",
];
/// Who makes a GET.
const GETTERS: &[&str] = &[
    "bare",
    "bare-timeout",
    "communic8",
    "webcommander",
    "comm100",
];
/// Ways of decoding a list.
const WAYS: &[&str] = &["serde", "lean", "value", "models"];

/// What all of them need.
struct Stage {
    runtime: Runtime,
    server: Server,
}

impl Stage {
    fn set() -> Result<Self> {
        Ok(Self {
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?,
            server: Server::start_from(Path::new(env!("CARGO_BIN_EXE_bench")))?,
        })
    }
}

async fn keeper<S: Subject>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    stage: &Stage,
) -> Result<()> {
    let subject = S::new(&stage.server.url()).await?;
    subject.header().await.map_err(Into::into)?;
    let subject = &subject;
    // Criterion drives its own loop; a runtime can't be entered from within itself.
    tokio::task::block_in_place(|| {
        group.bench_function(name, |bencher| {
            bencher
                .to_async(&stage.runtime)
                .iter(async || black_box(subject.header().await).is_ok());
        });
    });
    Ok(())
}

fn cached(criterion: &mut Criterion) -> Result<()> {
    let stage = Stage::set()?;
    let outer = Runtime::new()?;
    let mut group = criterion.benchmark_group("cached");
    for name in KEEPERS {
        outer.block_on(async { for_subject!(*name, keeper(&mut group, name, &stage)) })?;
    }
    group.finish();
    Ok(())
}

fn request(criterion: &mut Criterion) -> Result<()> {
    let stage = Stage::set()?;
    let mut group = criterion.benchmark_group("request");
    for name in GETTERS {
        let getter = Getter::new(name, &stage.server.url())?.context("no such client")?;
        stage.runtime.block_on(getter.get())?;
        group.bench_function(*name, |bencher| {
            bencher
                .to_async(&stage.runtime)
                .iter(async || black_box(getter.get().await).is_ok());
        });
    }
    group.finish();
    Ok(())
}

fn decode(criterion: &mut Criterion) -> Result<()> {
    let list = records::list();
    let mut group = criterion.benchmark_group("decode");
    group.throughput(Throughput::Elements(RECORDS as u64));
    for way in WAYS {
        group.bench_function(*way, |bencher| {
            bencher.iter(|| records::decode(way, black_box(&list)).is_ok());
        });
    }
    group.finish();
    Ok(())
}

/// Runs all; what can't be set up ends the program with its reason.
fn all(criterion: &mut Criterion) {
    for (name, bench) in [
        ("cached", cached as fn(&mut Criterion) -> Result<()>),
        ("request", request),
        ("decode", decode),
    ] {
        if let Err(error) = bench(criterion) {
            eprintln!("{name}: {error:#}");
            std::process::exit(1);
        }
    }
}

criterion_group!(benches, all);
criterion_main!(benches);
