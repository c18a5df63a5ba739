//! What `motcua check` asks of intake's store: are the codes whole, was history altered?

mod codes;

use kit::seal::{Inspection, Keyring};
use sea_orm::{ConnectionTrait, DbErr};

use crate::store;

pub use codes::{Codes, codes};

/// The dossiers that some unit must be responsible for.
///
/// # Errors
/// When the store does not answer.
pub async fn in_flight(db: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    store::in_flight(db).await
}

/// Opens what is personal about every dossier.
///
/// # Errors
/// When the store does not answer.
pub async fn personal(db: &impl ConnectionTrait, ring: &Keyring) -> Result<Inspection, DbErr> {
    store::inspect(db, ring).await
}
