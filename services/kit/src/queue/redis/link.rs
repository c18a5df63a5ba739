//! A connection that is made again when it breaks. While Redis is away it fails at once, so that nobody waits for it.

use std::sync::Arc;
use std::time::Duration;

use redis::{ErrorKind, RedisError, RedisResult};
use tokio::sync::{Mutex, Notify};
use tokio::time::Instant;

use super::address::{Address, Connection};
use crate::clock;
use crate::telemetry::metrics;

/// How long Redis is left alone after it could not be reached.
const BACK_OFF: Duration = Duration::from_millis(200);

pub(super) struct Link {
    address: Address,
    /// Told when Redis is there again: it lacks what it was not told meanwhile.
    doubt: Arc<Notify>,
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
    pub fn new(address: Address, doubt: Arc<Notify>) -> Self {
        Self {
            address,
            doubt,
            state: Mutex::default(),
        }
    }

    /// Has something done over the connection. After an error the next one is done over a new connection, unless the old one
    /// mends itself.
    pub async fn run<T>(
        &self,
        work: impl AsyncFnOnce(&mut Connection) -> RedisResult<T>,
    ) -> RedisResult<T> {
        let (mut connection, number) = self.connection().await?;
        let done = work(&mut connection).await;
        if let Err(error) = &done
            && !connection.mends_itself().await
        {
            let mut state = self.state.lock().await;
            if state.number == number && state.connection.take().is_some() {
                tracing::warn!(%error, "Redis does not answer; what it would have brought is read from the stores");
                state.away_until = Some(clock::monotonic() + BACK_OFF);
                metrics::queue_up(false);
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
                    self.doubt.notify_one();
                }
                metrics::queue_up(true);
                state.number += 1;
                state.connection = Some(connection.clone());
                Ok((connection, state.number))
            }
            Err(error) => {
                if state.away_until.is_none() {
                    tracing::warn!(%error, "Redis is away; what it would have brought is read from the stores");
                }
                state.away_until = Some(clock::monotonic() + BACK_OFF);
                metrics::queue_up(false);
                Err(error)
            }
        }
    }
}

fn away() -> RedisError {
    RedisError::from((ErrorKind::Io, "Redis is away"))
}
