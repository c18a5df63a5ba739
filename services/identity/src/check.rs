//! What `motcua check` asks of identity's store.

use kit::seal::{Inspection, Keyring};
use sea_orm::{ConnectionTrait, DbErr};

use crate::store;

/// Opens what is personal about every party, proxy and officer.
///
/// # Errors
/// When the store does not answer.
pub async fn personal(db: &impl ConnectionTrait, ring: &Keyring) -> Result<Inspection, DbErr> {
    let parties = store::party::inspect(db, ring).await?;
    let proxies = store::proxy::inspect(db, ring).await?;
    let officers = store::officer::inspect(db, ring).await?;
    Ok(parties.and(proxies).and(officers))
}
