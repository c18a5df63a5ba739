//! A connection that is made again when it breaks. While Redis is away it fails at once, so that nobody waits for it.

use std::time::Duration;

use redis::{ErrorKind, RedisError, RedisResult};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::address::{Address, Connection};
use crate::clock;

/// How long Redis is left alone after it could not be reached.
const BACK_OFF: Duration = Duration::from_millis(200);

pub(super) struct Link {
    address: Address,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    connection: Option<Connection>,
    /// Raised with every connection.
    number: u64,
    away_until: Option<Instant>,
}

impl Link {
    pub fn new(address: Address) -> Self {
        Self {
            address,
            state: Mutex::default(),
        }
    }

    /// Has something done over the connection. After an error the next one is done over a new connection.
    pub async fn run<T>(
        &self,
        work: impl AsyncFnOnce(&mut Connection) -> RedisResult<T>,
    ) -> RedisResult<T> {
        let (mut connection, number) = self.connection().await?;
        let done = work(&mut connection).await;
        if let Err(error) = &done {
            let mut state = self.state.lock().await;
            if state.number == number && state.connection.take().is_some() {
                tracing::warn!(%error, "Redis does not answer; what it would have brought is read from the stores");
                state.away_until = Some(clock::monotonic() + BACK_OFF);
            }
        }
        done
    }

    async fn connection(&self) -> RedisResult<(Connection, u64)> {
        let mut state = self.state.lock().await;
        if let Some(connection) = &state.connection {
            return Ok((connection.clone(), state.number));
        }
        if state
            .away_until
            .is_some_and(|until| clock::monotonic() < until)
        {
            return Err(away());
        }
        match self.address.connect().await {
            Ok(connection) => {
                if state.away_until.take().is_some() {
                    tracing::info!("Redis is there again");
                }
                state.number += 1;
                state.connection = Some(connection.clone());
                Ok((connection, state.number))
            }
            Err(error) => {
                if state.away_until.is_none() {
                    tracing::warn!(%error, "Redis is away; what it would have brought is read from the stores");
                }
                state.away_until = Some(clock::monotonic() + BACK_OFF);
                Err(error)
            }
        }
    }
}

fn away() -> RedisError {
    RedisError::from((ErrorKind::Io, "Redis is away"))
}
