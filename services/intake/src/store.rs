//! Intake's tables: set-wise reads and writes, and queries that start from the caller's scope.

mod block;
mod custody;
mod dossier;
mod number;
mod origin;

use std::collections::{BTreeMap, BTreeSet};

use kit::copies;
use kit::db::Sink;
use kit::log;
use kit::seal::Keyring;
use sea_orm::{ConnectionTrait, DbErr};

pub use block::{all as all_blocks, blocks, voids};
pub use custody::of as custodies;
pub use dossier::{
    After, Filter, Pressing, Text, Twin, alarmed, all as dossiers, coded, codes, find,
    find_by_code, in_flight, inspect, left, list, reaching, rehash, same_content, version_before,
    words_of,
};
pub use number::{all as all_numbers, last as last_numbers};
pub use origin::origins;

use crate::change::Change;
use crate::error::Error;
use crate::reference::Procedure;
use crate::wire;

/// The version of a procedure under this key, as this store's copy has it.
///
/// # Errors
/// `PROCEDURE_NOT_FOUND`, or a store that does not answer.
pub async fn procedure(db: &impl ConnectionTrait, key: &str) -> Result<Procedure, Error> {
    let name = BTreeSet::from([(copies::PROCEDURE, key.to_owned())]);
    let copies = copies::load(db, &name).await?;
    let mut procedures = copies.iter().flat_map(wire::reference::procedures);
    procedures
        .next()
        .ok_or_else(|| Error::ProcedureNotFound(key.to_owned()))
}

/// Writes the changes of a batch, table by table; of one row only the last change counts.
///
/// # Errors
/// When the store refuses.
pub async fn save(sink: &impl Sink, ring: &Keyring, changes: &[Change]) -> Result<(), DbErr> {
    let (mut dossiers, mut clocks) = (BTreeMap::new(), BTreeMap::new());
    let (mut custodies, mut numbers, mut local_copies) = (BTreeMap::new(), Vec::new(), Vec::new());
    let (mut blocks, mut voids) = (BTreeMap::new(), Vec::new());
    let (mut origins, mut erased) = (BTreeMap::new(), BTreeSet::new());
    for change in changes {
        match change {
            Change::Dossier(dossier) => {
                dossiers.insert(&dossier.uid, dossier.as_ref());
                clocks.insert(&dossier.uid, dossier.as_ref());
            }
            Change::Clock(dossier) => {
                clocks.insert(&dossier.uid, dossier.as_ref());
            }
            Change::Custody(custody) => {
                custodies.insert(&custody.transfer, custody);
            }
            Change::LastNumber(last) => numbers.push(last),
            Change::Block(block) => {
                blocks.insert(block.uid.as_str(), block);
            }
            Change::Void(void) => voids.push(void),
            Change::Named { origin, dossier } => {
                origins.insert(origin, dossier.as_str());
            }
            Change::Erased(dossier) => {
                erased.insert(dossier.as_str());
            }
            Change::Copy(copy) => local_copies.push(copy),
        }
    }
    dossier::save(sink, ring, dossiers.into_values()).await?;
    dossier::save_clocks(sink, clocks.into_values()).await?;
    log::erase(sink, erased).await?;
    origin::save(sink, origins).await?;
    custody::save(sink, custodies.into_values()).await?;
    number::save(sink, numbers).await?;
    block::save(sink, blocks).await?;
    block::save_voids(sink, voids).await?;
    copies::save(sink, &local_copies).await
}
