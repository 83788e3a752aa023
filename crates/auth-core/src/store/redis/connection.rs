//! Reaches the Redis server over one connection, made when it is needed and made anew once it has failed.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::{AsyncConnectionConfig, Client, Cmd, ErrorKind, FromRedisValue, RedisError};

use crate::clock::{SystemClock, within};

/// How long the server may take to answer.
const ANSWER: Duration = Duration::from_secs(1);
/// How long a connection may take to be made, with TLS and password.
const CONNECT: Duration = Duration::from_millis(1500);
/// How long all of it may take: a try on a connection that turns out to be dead, and one on a new connection.
const LIMIT: Duration = Duration::from_secs(3);
/// The longest error code that is repeated.
const LONGEST_CODE: usize = 20;

/// The server. Every command that it is asked may be repeated without harm, because it is: an idle connection can have
/// been cut without a word, so that a failure on a kept connection says little.
///
/// A runtime that goes away takes its connection with it, which is one such failure; the next connection is made on the
/// runtime that asks.
pub(super) struct Server {
    client: Client,
    address: String,
    kept: Mutex<Option<Arc<MultiplexedConnection>>>,
    /// Held by whoever connects, so that many who find the server gone do not all connect at once.
    turn: tokio::sync::Mutex<()>,
}

/// Why the server did not do what it was asked, without a word of what it was told.
#[derive(Debug, thiserror::Error)]
#[error("the Redis server at {address} {problem}")]
pub(super) struct Trouble {
    address: String,
    problem: String,
    /// Whether it may have done it all the same.
    pub(super) may_be_done: bool,
}

impl Server {
    /// A server that nothing is asked of yet; `address` is what errors call it.
    pub(super) fn new(client: Client, address: String) -> Self {
        Self {
            client,
            address,
            kept: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// Sends a command, twice if need be, and gives up after three seconds.
    pub(super) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Trouble> {
        let mut may_be_done = false;
        let work = Box::pin(self.ask_twice(command, &mut may_be_done));
        let done = within(&SystemClock, LIMIT, work).await;
        let problem = match done {
            Some(Ok(answer)) => return Ok(answer),
            Some(Err(error)) => describe(&error),
            None => "did not answer in time".to_owned(),
        };
        Err(Trouble {
            address: self.address.clone(),
            problem,
            may_be_done,
        })
    }

    async fn ask_twice<T: FromRedisValue>(
        &self,
        command: &Cmd,
        may_be_done: &mut bool,
    ) -> Result<T, RedisError> {
        if let Some(kept) = self.kept() {
            *may_be_done = true;
            if let Ok(answer) = self.send(&kept, command).await {
                return Ok(answer);
            }
        }
        let connection = self.connect().await?;
        *may_be_done = true;
        self.send(&connection, command).await
    }

    /// A connection that has failed in any way is not used again: the server may have become a replica, or the way to it
    /// may be a hole in which answers vanish.
    async fn send<T: FromRedisValue>(
        &self,
        connection: &Arc<MultiplexedConnection>,
        command: &Cmd,
    ) -> Result<T, RedisError> {
        let mut handle = MultiplexedConnection::clone(connection);
        let answer = command.query_async(&mut handle).await;
        if answer.is_err() {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            if kept
                .as_ref()
                .is_some_and(|kept| Arc::ptr_eq(kept, connection))
            {
                *kept = None;
            }
        }
        answer
    }

    async fn connect(&self) -> Result<Arc<MultiplexedConnection>, RedisError> {
        // Whoever connects may be on a runtime that nobody drives any more. After a while, everybody connects alone.
        let _turn = within(&SystemClock, CONNECT, self.turn.lock()).await;
        if let Some(kept) = self.kept() {
            return Ok(kept);
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(ANSWER));
        let connecting = self
            .client
            .get_multiplexed_async_connection_with_config(&config);
        let connection = Arc::new(Box::pin(connecting).await?);
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&connection));
        Ok(connection)
    }

    fn kept(&self) -> Option<Arc<MultiplexedConnection>> {
        self.kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)
    }
}

/// What happened and what to do. Of an error that the server sent, only the code is repeated: the rest can hold what it
/// was sent, such as the arguments of a command that it does not know.
fn describe(error: &RedisError) -> String {
    if error.is_timeout() {
        return "did not answer in time".to_owned();
    }
    match error.kind() {
        ErrorKind::Io => format!("can't be reached: {error}"),
        ErrorKind::AuthenticationFailed => {
            "did not accept the user name or the password in the URL".to_owned()
        }
        ErrorKind::Server(_) | ErrorKind::Extension => refused(error.code().unwrap_or_default()),
        _ => format!("was not understood: {}", error.category()),
    }
}

fn refused(code: &str) -> String {
    let advice = match code {
        "WRONGPASS" => "it did not accept the user name or the password in the URL",
        "NOAUTH" => "the URL needs a password",
        "NOPERM" | "ERR" => {
            "its user must be allowed all keys and commands that the documentation of `RedisStore` lists, and the \
             database must exist"
        }
        "OOM" => "its memory is full; it needs more `maxmemory`",
        "MISCONF" => "it can't write to its disk",
        "READONLY" => "it is a replica; the URL must lead to the primary",
        "LOADING" => "it is still reading its data",
        "WRONGTYPE" => "something else stands under the key",
        "MOVED" | "ASK" | "CROSSSLOT" | "CLUSTERDOWN" => {
            "it is part of a cluster, which this store does not drive"
        }
        _ => "its log may say more",
    };
    let is_code = |code: &str| {
        (1..=LONGEST_CODE).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_uppercase())
    };
    let code = if is_code(code) { code } else { "an error" };
    format!("refused with {code}: {advice}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_the_server_is_told_without_its_words() {
        for text in [
            "ERR unknown command 'AUTH', with args beginning with: 'canary'",
            "NOPERM canary",
            "canary",
            "CANARY-with-more canary",
        ] {
            let line = format!("-{text}\r\n");
            let error = ::redis::parse_redis_value(line.as_bytes())
                .and_then(|value| value.extract_error())
                .expect_err(text);
            let told = describe(&error);
            assert!(told.starts_with("refused with "), "{told}");
            assert!(!told.to_lowercase().contains("canary"), "{told}");
        }
    }
}
