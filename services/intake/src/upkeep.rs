//! What the operator does to intake's personal data: forgetting a person, and hashes under the newest key.

use kit::clock::Clock;
use kit::db::Db;
use kit::failure::Failure;
use kit::log::Cause;
use kit::writer::{self, Step};
use sea_orm::DbErr;

use crate::act::{Act, Erasure};
use crate::ledger::Intake;
use crate::store;

pub use crate::act::Why;

/// Forgets what is personal about a dossier that has come to its end. Done again, it does nothing.
///
/// # Errors
/// `DOSSIER_NOT_FOUND`; `STATE_FORBIDS` while somebody works on it; a store that does not answer.
pub async fn erase(db: Db, dossier: &str, why: Why) -> Result<(), Failure> {
    let erasure = Erasure {
        dossier: dossier.to_owned(),
        why,
    };
    let step = Step {
        act: Act::Erase(erasure),
        cause: Cause::unasked("operator", Clock::system().civil()),
    };
    let ledger = Intake::new(db.ring());
    writer::once(ledger, db, step).await.map(|_| ())
}

/// Hashes every content under the newest key, a few at a time, and says how many were not yet.
///
/// # Errors
/// When the store does not answer, or a dossier does not open.
pub async fn rehash(db: &Db) -> Result<usize, DbErr> {
    store::rehash(db).await
}
