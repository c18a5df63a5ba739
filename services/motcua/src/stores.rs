//! Which stores a subcommand works on.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use kit::db::{Db, Error, Place, PostgresAddress, Stores};
use kit::seal::Keyring;

use crate::keys::KeyFolder;

/// How long a store that is away is left alone.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Where the stores are.
#[derive(Args, Clone)]
pub struct StoreOptions {
    /// The folder of the embedded stores; in use by one process at a time.
    #[arg(long, env = "MOTCUA_DATA_DIR", default_value = "motcua-data")]
    data_dir: PathBuf,
    /// A `PostgreSQL` cluster instead: `postgres://user:password@host:port/NAME`, with a database `NAME_SERVICE` for each
    /// service. Better given in the environment, where it is not seen in the list of processes.
    #[arg(
        long,
        env = "MOTCUA_STORE",
        hide_env_values = true,
        value_name = "URL",
        conflicts_with = "data_dir"
    )]
    store: Option<PostgresAddress>,
    /// The folder of keys, the same for all processes of the suite: the services' private keys, and in `data` those by which
    /// personal data are sealed. By default `keys` in the data folder; a cluster has to name it.
    #[arg(long, env = "MOTCUA_KEYS")]
    keys: Option<PathBuf>,
}

impl StoreOptions {
    /// The place that they name.
    pub fn place(&self) -> Place {
        match &self.store {
            Some(address) => Place::Postgres(address.clone()),
            None => Place::Folder(self.data_dir.clone()),
        }
    }

    /// The folder of keys.
    pub fn keys(&self) -> KeyFolder {
        let usual = || self.store.is_none().then(|| self.data_dir.join("keys"));
        KeyFolder::new(self.keys.clone().or_else(usual))
    }

    /// The place in words, without a password.
    pub fn name(&self) -> String {
        match &self.store {
            Some(address) => format!("{address:?}"),
            None => self.data_dir.display().to_string(),
        }
    }
}

/// Opens the store of a service, waiting for one that is away or not made yet, which it says at once.
///
/// # Errors
/// When it will not be there by waiting.
pub async fn open_when_there(stores: &Stores, service: &str, ring: &Keyring) -> Result<Db, Error> {
    loop {
        match stores.open(service, ring).await {
            Err(error) if matches!(stores, Stores::Postgres(_)) && error.may_pass() => {
                tracing::warn!(service, %error, "waiting for the store");
                tokio::time::sleep(LOOK_AGAIN).await;
            }
            opened => return opened,
        }
    }
}
