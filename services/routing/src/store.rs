//! Routing's tables: set-wise reads and writes, and queries that start from the caller's scope.

mod holding;
#[cfg(test)]
mod plans;
mod route;
mod staff;
#[cfg(test)]
pub(crate) mod tests;
mod transfer;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kit::copies;
use kit::db::Sink;
use kit::log;
use kit::seal::{DataKey, Keyring};
use sea_orm::{ConnectionTrait, DbErr};

pub use holding::{all_open as all_open_holdings, of as holdings, open as open_holdings};
#[cfg(test)]
pub use transfer::plan_of_units;
pub use transfer::{
    After, Assigned, DeadLetters, Escalated, Filter, OpenOffer, OpenOffers, alarmed, assigned_to,
    by_uids, dead_letters, dossiers_at, dossiers_of, dossiers_of_dead_letters, find,
    in_scope_of_dossier, inspect, list, manifest, of_dossier, open_branches, open_offer_counts,
    open_offers, open_offers_of, open_transfers, units_with_offers,
};

use crate::change::Change;
pub use route::{
    StandingStill, closed as closed_routes, left, reaching, standing_still, version_before,
};
pub(crate) use staff::lock as lock_staff;

use crate::journey::Journey;

/// The journeys of these dossiers, locked for a change; dossiers without a route are left out.
///
/// # Errors
/// When the store does not answer.
pub async fn journeys(
    db: &impl ConnectionTrait,
    ring: &Keyring,
    dossiers: &BTreeSet<String>,
) -> Result<Vec<Journey>, DbErr> {
    if dossiers.is_empty() {
        return Ok(Vec::new());
    }
    let routes = route::lock(db, ring, dossiers).await?;
    let keys: HashMap<&str, Option<&DataKey>> = routes
        .iter()
        .map(|route| (route.dossier.as_str(), route.key.as_ref()))
        .collect();
    let mut transfers: HashMap<String, Vec<_>> = HashMap::new();
    for transfer in transfer::of_dossiers(db, dossiers, &keys).await? {
        transfers
            .entry(transfer.dossier.clone())
            .or_default()
            .push(transfer);
    }
    let mut held: HashMap<String, Vec<_>> = HashMap::new();
    for holding in open_holdings(db, dossiers).await? {
        held.entry(holding.dossier.clone())
            .or_default()
            .push(holding);
    }
    let journeys = routes.into_iter().map(|route| {
        let transfers = transfers.remove(&route.dossier).unwrap_or_default();
        let held = held.remove(&route.dossier).unwrap_or_default();
        Journey::stored(route, transfers, held)
    });
    Ok(journeys.collect())
}

/// Some of the dossiers that one of these units answers for or is offered, by indexes.
///
/// # Errors
/// When the store does not answer.
pub async fn left_with(
    db: &impl ConnectionTrait,
    units: &BTreeSet<String>,
    most: u64,
) -> Result<Vec<String>, DbErr> {
    let held = holding::of_custodians(db, units, most).await?;
    if !held.is_empty() {
        return Ok(held);
    }
    transfer::offered_to(db, units, most).await
}

/// Writes the changes of a batch; of one journey only the last counts, which has all that was touched.
///
/// # Errors
/// When the store refuses.
pub async fn save(sink: &impl Sink, changes: &[Change]) -> Result<(), DbErr> {
    let (mut journeys, mut local_copies) = (BTreeMap::new(), Vec::new());
    let (mut officers, mut positions) = (BTreeMap::new(), BTreeMap::new());
    let mut erased = BTreeSet::new();
    for change in changes {
        match change {
            Change::Journey { journey, .. } => {
                journeys.insert(&journey.route.dossier, journey.as_ref());
            }
            Change::Erased(dossier) => {
                erased.insert(dossier.as_str());
            }
            Change::Officer(officer) => {
                officers.insert(&officer.subject, officer);
            }
            Change::Position(position) => {
                positions.insert(&position.uid, position);
            }
            Change::Copy(copy) => local_copies.push(copy),
            Change::DeadlineMoved(_) | Change::LinkLate { .. } => {}
        }
    }
    let (mut transfers, mut holdings) = (Vec::new(), Vec::new());
    for journey in journeys.values() {
        let touched = journey.touched();
        let stopped = journey.route.stopped_at;
        transfers.extend(touched.0.into_iter().map(|transfer| (transfer, stopped)));
        holdings.extend(touched.1);
    }
    route::save(sink, journeys.values().copied()).await?;
    transfer::save(sink, transfers.into_iter()).await?;
    holding::save(sink, holdings.into_iter()).await?;
    staff::save(sink, officers.into_values(), positions.into_values()).await?;
    log::erase(sink, erased).await?;
    copies::save(sink, &local_copies).await
}
