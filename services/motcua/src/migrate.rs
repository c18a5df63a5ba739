//! `motcua migrate`: makes the stores of the services, or brings them to the schema of this program. It may be run at any time,
//! by several at once and beside older programs that serve.

use std::process::ExitCode;

use clap::Args;
use kit::db::Stores;
use kit::seal::Keyring;
use sea_orm::DbErr;

use crate::stores::StoreOptions;

/// Which stores.
#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    stores: StoreOptions,
}

/// Why a store is not at the present schema.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be opened.
    #[error(transparent)]
    Store(#[from] kit::db::Error),
    /// It refused.
    #[error("the store of {service} refused: {source}")]
    Refused {
        /// Whose store.
        service: &'static str,
        /// Why.
        source: DbErr,
    },
}

/// Makes and migrates every store.
///
/// # Errors
/// When one cannot be used; those before it are done.
pub async fn run(options: Options) -> Result<ExitCode, Error> {
    let stores = options.stores.place().take()?;
    all(&stores).await?;
    println!("{} is at the present schema", options.stores.name());
    Ok(ExitCode::SUCCESS)
}

async fn all(stores: &Stores) -> Result<(), Error> {
    for service in ["identity", "catalogue", "intake", "routing"] {
        stores.create(service).await?;
        // Nothing personal is read or written.
        let db = stores.open(service, &Keyring::empty()).await?;
        let migrated = match service {
            "identity" => identity::migrate(&db).await,
            "catalogue" => catalogue::migrate(&db).await,
            "intake" => intake::migrate(&db).await,
            _ => routing::migrate(&db).await,
        };
        migrated.map_err(|source| Error::Refused { service, source })?;
    }
    Ok(())
}
