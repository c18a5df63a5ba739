//! What is decided about codes: the next one of a desk, and blocks for counters that work offline.

use chrono::{Days, NaiveDate};
use kit::clock::{self, Moment};
use kit::copies::Unit;
use kit::failure::Violation;
use kit::log::{NewEvent, Shard};
use kit::writer::{About, Effect};

use super::world::World;
use crate::act::{GivenBack, Handed, Offline, Reservation};
use crate::block::{Block, Numbers, Void};
use crate::change::{Change, LastNumber};
use crate::code;
use crate::dossier::Dossier;
use crate::error::Error;
use crate::reference::Case;
use crate::{filing, wire};

/// How long before a counter goes offline its codes can be reserved.
const DAYS_AHEAD: Days = Days::new(31);

/// So many numbers after the last of a desk on a day.
pub(super) fn allot(
    world: &World,
    unit: Unit<'_>,
    date: NaiveDate,
    count: u32,
) -> (Numbers, LastNumber) {
    let last = world.codes.last(unit.uid, date);
    let numbers = Numbers::after(last.unwrap_or_default(), count);
    let last = LastNumber {
        unit: unit.uid.to_owned(),
        date,
        number: numbers.last,
        is_new: last.is_none(),
    };
    (numbers, last)
}

/// Codes are set aside for a counter that will be offline.
///
/// The day is looked at here, where a repeated call does not come: it may be repeated after that day.
pub(super) fn reserve(
    world: &World,
    reservation: &Reservation,
    at: Moment,
) -> Result<Effect<Change>, Error> {
    let (date, today) = (reservation.date, clock::local(at).date());
    if !(today..=today + DAYS_AHEAD).contains(&date) {
        return Err(Error::OutOfReach(vec![Violation::new(
            "date",
            "OUT_OF_RANGE",
            "must be today or one of the 31 days to come",
            "phải là hôm nay hoặc trong 31 ngày tới",
        )]));
    }
    let unit = filing::resolve(&world.units, &reservation.unit, date)?;
    let (numbers, last) = allot(world, unit, date, reservation.count);
    let block = Block {
        uid: reservation.uid.clone(),
        unit: unit.uid.to_owned(),
        date,
        beginning: code::beginning(unit.national_code, date),
        numbers,
        returned_at: None,
    };
    Ok(Effect {
        reply: wire::codes::reserved(&block),
        events: vec![event(&block, wire::codes::told_reserved(&block))],
        changes: vec![Change::LastNumber(last), Change::Block(block)],
        ..Effect::nothing()
    })
}

/// A block is given back: what no dossier has of it is void, for this reason.
pub(super) fn give_back(
    world: &World,
    given_back: &GivenBack,
    at: Moment,
) -> Result<Effect<Change>, Error> {
    let before = world.codes.block(&given_back.block)?;
    if before.returned_at.is_some() {
        return Err(Error::BlockReturned);
    }
    let unused = before.unused(&world.codes.used(before));
    let block = Block {
        returned_at: Some(at),
        ..before.clone()
    };
    let told = wire::codes::told_returned(&block, &unused, &given_back.reason);
    let voids = unused.iter().map(|numbers| {
        Change::Void(Void {
            unit: block.unit.clone(),
            date: block.date,
            numbers: *numbers,
            reason: given_back.reason.clone(),
        })
    });
    let mut changes: Vec<Change> = voids.collect();
    changes.push(Change::Block(block.clone()));
    Ok(Effect {
        reply: wire::codes::returned(&block, &unused),
        events: vec![event(&block, told)],
        changes,
        ..Effect::nothing()
    })
}

/// Whether what a counter took in offline may be registered under its code. Where the same was registered before, it is told
/// that dossier as it is now.
///
/// # Errors
/// `CODE_NOT_RESERVED`, `CODE_TAKEN`, `BLOCK_RETURNED`.
pub(super) fn registered_before(
    world: &World,
    (handed, offline): (&Handed, &Offline),
    receiving: Unit<'_>,
    case: &Case,
) -> Result<Option<Effect<Change>>, Error> {
    // What a unit gave out that ended before it registered that stays valid (R16).
    let is_its_own = |unit: &str| {
        let heir = world.units.resolve(unit, handed.date);
        heir.is_some_and(|heir| heir.uid == receiving.uid)
    };
    let block = world.codes.block_of(is_its_own, &offline.code)?;
    if let Some(uid) = world.codes.dossier(&offline.code) {
        let dossier = world.dossier(uid)?;
        if is_same(dossier, (handed, offline), receiving, case) {
            return Ok(Some(Effect {
                reply: wire::reply::registered(dossier, None),
                about: About::new(&dossier.uid, dossier.key.as_ref()),
                ..Effect::nothing()
            }));
        }
        return Err(Error::CodeTaken {
            code: dossier.code.to_string(),
            dossier: dossier.uid.clone(),
        });
    }
    if block.returned_at.is_some() {
        return Err(Error::BlockReturned);
    }
    Ok(None)
}

/// Whether a dossier says what is handed in again.
fn is_same(
    dossier: &Dossier,
    (handed, offline): (&Handed, &Offline),
    receiving: Unit<'_>,
    case: &Case,
) -> bool {
    dossier.content_digest() == Some(handed.content_digest(receiving.uid))
        && dossier.filing.case_key == case.key
        && dossier.filing.channel == handed.channel
        && dossier.submitted_at == offline.received_at
}

fn event(block: &Block, change: proto::intake::v1::code_change::Change) -> NewEvent {
    let message = proto::intake::v1::CodeChange {
        change: Some(change),
    };
    NewEvent::new(&block.uid, Shard::of(&block.uid), &message)
}
