//! What came with the post is taken in: scanned codes against a manifest.

use kit::authority::Relation;
use kit::clock;
use kit::copies::Calendars;
use kit::log::Cause;
use kit::writer::Effect;

use super::effects;
use crate::act::BatchAccept;
use crate::change::Change;
use crate::error::Error;
use crate::journey::Journey;
use crate::ledger::world::World;
use crate::paper::Receipt;
use crate::transfer::{State, Transfer};
use crate::wire::manifest::{self, Scanned};

/// So many that are missing are named.
const MOST_MISSING: usize = 1_000;

/// Whether the caller takes in the post of that unit. Tells for which unit it is done.
pub(in crate::ledger) fn permits(batch: &BatchAccept) -> Result<String, Error> {
    let own = [(Relation::Own, batch.unit.as_str())];
    let unit = batch.rights.acting_for(&own, None);
    unit.ok_or_else(|| Error::UnitNotYours(batch.unit.clone()))
}

/// Accepts whatever of the scanned dossiers is offered to the unit, and receives its paper. One that is refused leaves the
/// others alone.
pub(super) fn accept(
    world: &World,
    batch: &BatchAccept,
    cause: &Cause,
) -> Result<Effect<Change>, Error> {
    let listed = |transfer: &&Transfer| {
        let made = batch.manifest_at.unwrap_or(cause.at);
        transfer.offered_at <= made
    };
    let sender = (batch.from.as_str(), clock::local(cause.at).date());
    let listed = world.manifest(sender, &batch.unit).filter(listed);
    let listed: Vec<&Transfer> = listed.collect();
    let calendars = world.around()?.calendar;
    let (mut scanned, mut changed) = (Vec::with_capacity(batch.codes.len()), Vec::new());
    for code in &batch.codes {
        let mut journey = world.journey_by_code(code).cloned();
        let taken = match &mut journey {
            Some(journey) => take_in(journey, &batch.unit, cause, calendars),
            None => Err(Error::TransferNotFound),
        };
        changed.extend(journey.filter(|_| taken.is_ok()));
        scanned.push(Scanned {
            on_manifest: listed.iter().any(|listed| listed.dossier_code == *code),
            code,
            taken,
        });
    }
    let missing = listed.into_iter();
    let missing = missing.filter(|listed| !batch.codes.contains(&listed.dossier_code));
    let missing = missing.take(MOST_MISSING);
    let reply = manifest::batch(&scanned, missing);
    effects(world, changed, cause.at, reply)
}

/// The transfers of a dossier that a unit takes in. What is on hold is left where something else comes.
fn take_in(
    journey: &mut Journey,
    unit: &str,
    cause: &Cause,
    calendars: &Calendars,
) -> Result<Vec<Transfer>, Error> {
    let is_offered = |transfer: &&Transfer| transfer.to == unit && transfer.state == State::Offered;
    let comes = |transfer: &&Transfer| {
        let is_held = matches!(transfer.state, State::Accepted(_) | State::Completed(..));
        let has_paper = is_held && transfer.to == unit && transfer.paper.travels();
        has_paper || is_offered(transfer) && !transfer.on_hold
    };
    let coming: Vec<Transfer> = journey.transfers().iter().filter(comes).cloned().collect();
    for transfer in &coming {
        if transfer.state == State::Offered {
            journey.accept(&transfer.uid, transfer.offer_epoch, cause.at)?;
        }
        if transfer.paper.travels() {
            let receipt = Receipt {
                unit: unit.to_owned(),
                by: cause.actor.clone(),
                at: cause.at,
                missing: Vec::new(),
            };
            journey.receive_paper(&transfer.uid, receipt, calendars)?;
        }
    }
    if coming.is_empty() {
        let waits = journey.transfers().iter().find(is_offered);
        waits.map_or(Ok(()), Transfer::must_not_be_on_hold)?;
        return Err(Error::TransferNotFound);
    }
    let taken = coming
        .iter()
        .map(|came| journey.transfer(&came.uid).cloned());
    taken.collect()
}
