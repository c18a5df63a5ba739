//! `motcua keys`: a newer key for personal data, and everything brought under it, while the suite serves.

use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use kit::clock;
use kit::db::{Db, Place};
use kit::seal::{self, Keyring, SEEN_WITHIN};
use sea_orm::DbErr;

use crate::stores::StoreOptions;

/// How often a pass is begun.
const AGAIN: Duration = Duration::from_secs(1);

/// What is to be done with the keys.
#[derive(Args)]
pub struct Options {
    #[command(subcommand)]
    act: Act,
}

#[derive(Subcommand)]
enum Act {
    /// Add a newer key to the folder of keys; running processes seal under it within seconds.
    Rotate(StoreOptions),
    /// Bring everything under the newest key, a little at a time; older ones may be removed afterwards.
    Rewrap(StoreOptions),
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The keys.
    #[error(transparent)]
    Seal(#[from] seal::Error),
    /// A store.
    #[error(transparent)]
    Store(#[from] kit::db::Error),
    /// A query.
    #[error("a store does not answer: {0}")]
    Query(#[from] DbErr),
}

/// Does it.
///
/// # Errors
/// When the keys or a store cannot be used. What was done before stands, and it may be done again.
pub async fn run(options: Options) -> Result<ExitCode, Error> {
    match options.act {
        Act::Rotate(stores) => {
            let number = Keyring::rotate(&stores.keys().data()?)?;
            println!("key {number} is the newest; `motcua keys rewrap` brings everything under it");
        }
        Act::Rewrap(stores) => {
            let ring = stores.keys().ring_as_it_is()?;
            let (wrapped, hashed) = rewrap(&stores.place(), &ring).await?;
            println!(
                "brought {wrapped} data keys and {hashed} hashes under key {}; older keys may be removed",
                ring.newest()?
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Goes over all stores until every running process must have seen the newest key and nothing is left under another.
async fn rewrap(place: &Place, ring: &Keyring) -> Result<(usize, usize), Error> {
    let identity = place.open_beside("identity", ring).await?;
    let intake = place.open_beside("intake", ring).await?;
    let routing = place.open_beside("routing", ring).await?;
    let began = clock::monotonic();
    let (mut wrapped, mut hashed) = (0, 0);
    loop {
        let settled = began.elapsed() > SEEN_WITHIN;
        let keys = wrap_anew(&[&identity, &intake, &routing]).await?;
        let numbers = identity::upkeep::rehash(&identity).await?;
        let contents = intake::upkeep::rehash(&intake).await?;
        wrapped += keys;
        hashed += numbers + contents;
        if settled && keys + numbers + contents == 0 {
            return Ok((wrapped, hashed));
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn wrap_anew(stores: &[&Db]) -> Result<usize, DbErr> {
    let mut wrapped = 0;
    for store in stores {
        wrapped += kit::log::rewrap(store).await?;
    }
    Ok(wrapped)
}
