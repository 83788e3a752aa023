//! Keeps token sets on a Redis server, for the processes of many machines.
//!
//! Answers: [`RedisStore`], [`RedisStoreBuilder`]. Never: drives a cluster or Sentinel, deletes what it can't read.
//!
//! # Invariants
//! - What is on the server changes in scripts only, each of them one step there; a script that runs twice does what it
//!   does once, so that a lost answer is met by asking again. A save knows itself again by a number of its own and not by
//!   its tokens: two holders that begin a renewal of the same tokens write the same mark, and one of them must be told
//!   that the other was first.
//! - A holder that has lost its lock and saves late meets the comparison of generations. No counter of locks stands
//!   beside it: each save raises the generation, also that of the mark, which comes before a refresh token is sent; of
//!   two holders, the second to save is told so.
//! - Time is the server's: leases and times to live run there, and no clock of a client is compared with another.
//!
//! # Concurrency
//! All clones share one connection, which carries the commands of many tasks at once. A future that is dropped leaves its
//! command to the connection; what a lock may have left on the server is freed by a task of its own.

mod builder;
mod claim;
mod connection;
mod record;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ::redis::Cmd;
use async_trait::async_trait;
use zeroize::Zeroizing;

use crate::clock::{Clock as _, SystemClock};
use crate::error::Error;
use crate::token::Generation;

use super::unique::unique;
use super::{Saved, StoreKey, StoreLock, StoredTokens, TokenStore};

pub use builder::RedisStoreBuilder;
use claim::Claim;
use connection::Server;
use record::Unread;

/// The most bytes of a record that are fetched or written: token answers have the same limit.
const LARGEST: usize = 1024 * 1024;
/// The longest time that the server is told, so that no sum overflows there.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
/// Between two looks at a lock that somebody else holds, in milliseconds: at least this long, and at first at most twice,
/// later ten times as long.
const PAUSE: u64 = 10;

/// A store on a Redis server, for the processes of many machines. Clones share one connection.
///
/// Nothing happens before a session first needs the server. A connection that breaks is made anew by the next call, and a
/// call to a server that is away fails within three seconds; meanwhile the tokens in memory are used.
///
/// # Keys
/// For each [`StoreKey`] there are two keys, which share a hash tag, such as
/// `auth-core:{example_v4-5e88…}:tokens` and `auth-core:{example_v4-5e88…}:lock`:
///
/// | key | holds | lives |
/// |---|---|---|
/// | `…:tokens` | a hash: `generation` as a number, `tokens` as [`StoredTokens::export`] writes them, `save` tells the save that wrote it from all others | 90 days from its last save, or [`tokens_live`](RedisStoreBuilder::tokens_live) |
/// | `…:lock` | a random value that only its holder knows | the lease, 80 seconds with the default settings; a holder that dies blocks the others for so long at most |
/// | `…:tokens:unreadable` | what stood under `…:tokens` and was no record | as long as it would have there |
///
/// What is no record (another kind of value, cut, binary, over 1 MiB) is renamed once, and the load fails with an error
/// that names both keys; the next one finds nothing and signs in anew. A record of another version is left as it is.
///
/// # The server
/// - *Who may read it* reads the tokens, which stand there in clear. Use `rediss://`; plain `redis://` is for loopback,
///   unless [`allow_plain_tcp`](RedisStoreBuilder::allow_plain_tcp) says otherwise. A Unix socket is `unix:///path`. For
///   `rediss://` the feature `rustls` is needed; where a program's dependencies bring rustls a second crypto provider,
///   rustls wants the program to install one of them for the process before the first connection.
/// - *What its user must be allowed* (Redis 7):
///   `ACL SETUSER tokens on >password resetkeys ~auth-core:* resetchannels -@all +eval +type +get +set +del +hmget
///   +hset +hstrlen +pexpire +renamenx`, and `+select` where the URL names a database.
/// - *Persistence*: `appendonly yes`, with `appendfsync always` where a vendor's refresh tokens are good for one use.
///   What a server forgets, running sessions still have in memory and save with their next renewal; a process that
///   starts meanwhile signs in anew, or says [`Reauthorize`](crate::ErrorKind::Reauthorize) where that needs a person.
/// - *Eviction*: `maxmemory-policy noeviction`; any other may throw tokens and locks away.
/// - *One primary*: a cluster or Sentinel is not driven. A managed primary behind one name works; what it had not yet
///   copied when its replica took over is forgotten as above, and a forgotten lock can have two holders.
///
/// # Examples
/// ```no_run
/// use auth_core::{RedisStore, Settings};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let url = std::env::var("REDIS_URL")?; // rediss://tokens:password@redis.example.com:6379
/// let settings = Settings::new().account("jo@example.com").store(RedisStore::new(url)?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RedisStore {
    server: Arc<Server>,
    namespace: Arc<str>,
    tokens_live: Duration,
}

impl RedisStore {
    /// A store on the server that `url` names, as `redis[s]://[[user]:password@]host[:port][/database]` or
    /// `unix:///path`. No I/O.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) where the URL names no server, or a plain one that is not
    /// loopback. It is not repeated.
    pub fn new(url: impl AsRef<str>) -> Result<Self, Error> {
        Self::builder(url).build()
    }

    /// A store with settings of its own.
    pub fn builder(url: impl AsRef<str>) -> RedisStoreBuilder {
        RedisStoreBuilder::new(url.as_ref())
    }

    fn name(&self, key: &StoreKey, what: &str) -> String {
        format!("{}:{{{}}}:{what}", self.namespace, key.id())
    }

    /// Makes room for new tokens without destroying what stands there; gives the error that says so.
    async fn set_aside(&self, name: &str, problem: &str, record: [&[u8]; 2]) -> Error {
        let command = eval(
            include_str!("redis/set_aside.lua"),
            &[name, &aside(name)],
            &record,
        );
        match self.server.ask::<String>(&command).await {
            Ok(done) => unreadable(name, problem, done.as_bytes()),
            Err(trouble) => Error::store("load", trouble),
        }
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("server", &self.server)
            .field("namespace", &self.namespace)
            .finish()
    }
}

#[async_trait]
impl TokenStore for RedisStore {
    async fn lock(&self, key: &StoreKey, lease: Duration) -> Result<StoreLock, Error> {
        let failed = |trouble| Error::store("lock", trouble);
        let mut claim = Claim::new(Arc::clone(&self.server), self.name(key, "lock"), lease);
        let mut longest = 2 * PAUSE;
        while !claim.attempt().await.map_err(failed)? {
            let pause = fastrand::u64(PAUSE..=longest);
            SystemClock.sleep(Duration::from_millis(pause)).await;
            longest = (2 * longest).min(10 * PAUSE);
        }
        Ok(StoreLock::with_release(async move {
            claim.release().await.map_err(failed)
        }))
    }

    async fn load(&self, key: &StoreKey) -> Result<Option<StoredTokens>, Error> {
        let name = self.name(key, "tokens");
        let largest = LARGEST.to_string();
        let command = eval(
            include_str!("redis/load.lua"),
            &[&name, &aside(&name)],
            &[&largest],
        );
        let answer = self.server.ask::<Vec<Vec<u8>>>(&command).await;
        let answer = answer.map_err(|trouble| Error::store("load", trouble))?;
        let mut parts = answer.into_iter().map(Zeroizing::new);
        let outcome = parts.next().unwrap_or_default();
        let (first, second) = (
            parts.next().unwrap_or_default(),
            parts.next().unwrap_or_default(),
        );
        match outcome.as_slice() {
            b"absent" => Ok(None),
            b"found" => match record::read(&first, &second) {
                Ok(stored) => Ok(Some(stored)),
                Err(Unread::OtherVersion(version)) => Err(Error::store(
                    "load",
                    format!(
                        "the record `{name}` is of version {version}, not 1, and was left as it is; use the release \
                         that wrote it, or rename it to begin anew"
                    ),
                )),
                Err(Unread::NoRecord(problem)) => {
                    Err(self.set_aside(&name, &problem, [&first, &second]).await)
                }
            },
            done => Err(unreadable(&name, &String::from_utf8_lossy(&first), done)),
        }
    }

    async fn save(
        &self,
        key: &StoreKey,
        expected: Option<Generation>,
        new: &StoredTokens,
    ) -> Result<Saved, Error> {
        let expected = expected.map_or_else(String::new, |expected| expected.number().to_string());
        let generation = new.generation.number().to_string();
        let tokens = new.export();
        let size = generation.len() + tokens.expose().len();
        if size > LARGEST {
            let problem = format!("the tokens take {size} bytes, and {LARGEST} are kept at most");
            return Err(Error::store("save", problem));
        }
        let live = milliseconds(self.tokens_live).to_string();
        let arguments = [&expected, &generation, tokens.expose(), &unique(), &live];
        let command = eval(
            include_str!("redis/save.lua"),
            &[&self.name(key, "tokens")],
            &arguments,
        );
        match self.server.ask(&command).await {
            Ok(true) => Ok(Saved::Written),
            Ok(false) => Ok(Saved::Superseded),
            Err(trouble) => Err(Error::store("save", trouble)),
        }
    }
}

/// Where a value goes that stood in the place of a record.
fn aside(name: &str) -> String {
    format!("{name}:unreadable")
}

/// What became of a value that is no record, as a script answered.
fn unreadable(name: &str, problem: &str, done: &[u8]) -> Error {
    let aside = aside(name);
    if done == b"aside" {
        tracing::warn!(
            name: "auth_core.store.set_aside",
            aside,
            "stored tokens can't be read and were set aside"
        );
    }
    let done = match done {
        b"aside" => format!("it was renamed to `{aside}`, and the next load finds nothing"),
        b"stuck" => format!(
            "it was left there, since `{aside}` holds an earlier one; look at both, and delete or rename that one"
        ),
        _ => "meanwhile it has gone".to_owned(),
    };
    Error::store(
        "load",
        format!("`{name}` holds no record: {problem}; {done}"),
    )
}

/// A script with its keys and arguments. It is sent whole each time: a server that was restarted knows none.
fn eval<A: AsRef<[u8]>>(script: &str, keys: &[&str], arguments: &[A]) -> Cmd {
    let mut command = ::redis::cmd("EVAL");
    command.arg(script).arg(keys.len()).arg(keys);
    for argument in arguments {
        command.arg(argument.as_ref());
    }
    command
}

/// A time as the server takes it: never nothing, and never so much that it overflows.
fn milliseconds(time: Duration) -> u128 {
    time.min(LONGEST).as_millis().max(1)
}
