//! What the tests of every service stand on. Only builds with the feature `testing` have it.
//!
//! They run on `PostgreSQL` and Redis where `MOTCUA_TEST_POSTGRES` and `MOTCUA_TEST_REDIS` name throwaway servers, else embedded.
#![expect(clippy::expect_used, reason = "what tests stand on")]

pub mod certificates;

use std::path::Path;
use std::time::Duration;

use proto::catalogue::v1 as catalogue;
use redis::{AsyncCommands as _, Client, RedisResult};
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::copies::PROVINCE_CALENDAR;
use crate::db::{Db, Error, Place, Stores};
use crate::queue::Queue;
use crate::seal::Keyring;

/// How often a condition is looked at that is waited for.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Looks again and again until there is something to find, and gives it back.
///
/// # Panics
/// When there is nothing within `patience`.
pub async fn until<T>(
    what: &str,
    patience: Duration,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> T {
    let found = tokio::time::timeout(patience, async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    });
    found.await.expect(what)
}

/// The province's calendar, as the catalogue tells it: Monday to Friday from seven to five, and no holidays.
#[must_use]
pub fn calendar() -> catalogue::Calendar {
    let openings = (1..=5).map(|weekday| catalogue::Opening {
        weekday,
        open: "07:00".to_owned(),
        close: "17:00".to_owned(),
    });
    catalogue::Calendar {
        key: PROVINCE_CALENDAR.to_owned(),
        revision: 1,
        hours: vec![catalogue::OfficeHours {
            from: "2004-01-01".to_owned(),
            openings: openings.collect(),
            ..catalogue::OfficeHours::default()
        }],
        ..catalogue::Calendar::default()
    }
}

/// The store of one service for a test, with what keeps it open: in this folder, or in a database of this folder's own. The same
/// folder gives the same store again.
///
/// # Errors
/// When it cannot be made.
///
/// # Panics
/// When its keys cannot be made.
pub async fn open(folder: &Path, service: &str) -> Result<(Stores, Db), Error> {
    let stores = match named("MOTCUA_TEST_POSTGRES") {
        Some(server) => of_cluster(&server, folder),
        None => Place::Folder(folder.to_owned()),
    };
    let stores = stores.take()?;
    stores.create(service).await?;
    let ring = Keyring::open(&folder.join("keys")).expect("keys for tests");
    let db = stores.open(service, &ring).await?;
    Ok((stores, db))
}

fn of_cluster(server: &str, folder: &Path) -> Place {
    let digest = Sha256::digest(folder.as_os_str().as_encoded_bytes());
    let base = u64::from_be_bytes(digest[..8].try_into().unwrap_or_default());
    match format!("{server}/t{base:016x}").parse() {
        Ok(address) => Place::Postgres(address),
        Err(_) => Place::Folder(folder.to_owned()),
    }
}

/// The queue of one test over the Redis of the tests, in a database of its own; `None` where there is none.
///
/// # Panics
/// When the one that is named does not answer.
pub async fn redis_queue() -> Option<Queue> {
    let server = named("MOTCUA_TEST_REDIS")?;
    let number = next_number(&server)
        .await
        .expect("the Redis for tests answers");
    Some(empty_queue(&format!("{server}/{number}")).await)
}

/// The queue over the Redis that a variable names, emptied; `None` where it names none. It has one database, so that tests must
/// take turns.
///
/// # Panics
/// When what it names is no address.
pub async fn queue_at(variable: &str) -> Option<Queue> {
    Some(empty_queue(&named(variable)?).await)
}

async fn empty_queue(url: &str) -> Queue {
    let address = url.parse().expect("the address of a Redis for tests");
    let queue = Queue::shared(&address, &TaskTracker::new(), &CancellationToken::new());
    queue.lanes().wipe().await;
    queue
}

/// Numbers of Redis databases are handed out by the first of them. Those of the first half are left to whole suites, which have
/// them from their PostgreSQL: what another test left behind would be taken for what is to come.
async fn next_number(server: &str) -> RedisResult<i64> {
    const HALF: i64 = 2_048;
    let client = Client::open(server)?;
    let mut connection = client.get_multiplexed_async_connection().await?;
    let number: i64 = connection.incr("tests:databases", 1).await?;
    Ok(HALF + number % HALF)
}

fn named(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|url| !url.is_empty())
}
