//! How far the producers are, and whether the consumers have passed that.

use std::collections::HashMap;
use std::time::Duration;

use kit::log::{self, Shard};
use kit::{clock, writer};
use sea_orm::DatabaseConnection;

use super::{Error, Stores};

const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// How far each shard of the two logs reached when the check began.
pub struct Reach {
    /// Of intake's log.
    pub intake: HashMap<Shard, i64>,
    /// Of routing's log.
    pub routing: HashMap<Shard, i64>,
}

/// Takes the producers' positions and waits until both consumers have passed them.
pub async fn wait_for_consumers(stores: &Stores) -> Result<Reach, Error> {
    let reach = Reach {
        intake: heads(&stores.intake).await?,
        routing: heads(&stores.routing).await?,
    };
    wait("routing", &stores.routing, "intake", &reach.intake).await?;
    wait("intake", &stores.intake, "routing", &reach.routing).await?;
    Ok(reach)
}

async fn heads(db: &DatabaseConnection) -> Result<HashMap<Shard, i64>, Error> {
    let heads = log::heads(db).await?;
    let heads = heads
        .into_iter()
        .filter_map(|head| Some((Shard::new(head.shard)?, head.seq)));
    Ok(heads.collect())
}

async fn wait(
    consumer: &str,
    db: &DatabaseConnection,
    source: &str,
    heads: &HashMap<Shard, i64>,
) -> Result<(), Error> {
    let deadline = clock::monotonic() + PATIENCE;
    loop {
        let places = writer::places(db).await?;
        let place = |shard: &Shard| {
            let key = (source.to_owned(), shard.number());
            places.get(&key).copied().unwrap_or_default()
        };
        let behind: i64 = heads
            .iter()
            .map(|(shard, head)| (head - place(shard)).max(0))
            .sum();
        if behind == 0 {
            return Ok(());
        }
        if clock::monotonic() >= deadline {
            return Err(Error::Behind(format!(
                "{consumer} has not taken in {behind} events of {source} for {} s: is the suite being served?",
                PATIENCE.as_secs()
            )));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
