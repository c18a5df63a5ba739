//! The transfers.

mod entity;
mod list;
mod offers;
mod personal;

use std::collections::{BTreeSet, HashMap};

use kit::authority::{Relation, Scope};
use kit::clock::{self, Moment};
use kit::db::{Sink, among};
use kit::log::keyed;
use kit::seal::{DataKey, Keyring};
use sea_orm::sea_query::{Condition, Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, Select,
};

use super::route;
use crate::transfer::Transfer;
use entity::{
    ACCEPTED, CANCELLED, COMPLETED, Column, DECLINED, Entity, Model, OFFERED, RECALLED, RETURNED,
    UNDONE,
};
pub use list::{After, Assigned, Escalated, Filter, list};
#[cfg(test)]
pub use offers::plan_of_units;
pub use offers::{
    DeadLetters, OpenOffer, OpenOffers, dead_letters, dossiers_of_dead_letters, open_offer_counts,
    open_offers, open_offers_of, units_with_offers,
};
pub use personal::inspect;

/// The dossiers that these transfers belong to.
///
/// # Errors
/// When the store does not answer.
pub async fn dossiers_of(
    db: &impl ConnectionTrait,
    uids: &BTreeSet<&str>,
) -> Result<Vec<String>, DbErr> {
    if uids.is_empty() {
        return Ok(Vec::new());
    }
    Entity::find()
        .select_only()
        .column(Column::DossierUid)
        .filter(among(db, Column::Uid, uids.iter().copied()))
        .into_tuple()
        .all(db)
        .await
}

/// The dossiers with these codes of which something is or was offered to a unit.
///
/// # Errors
/// When the store does not answer.
pub async fn dossiers_at(
    db: &impl ConnectionTrait,
    unit: &str,
    codes: &BTreeSet<String>,
) -> Result<Vec<String>, DbErr> {
    Entity::find()
        .select_only()
        .distinct()
        .column(Column::DossierUid)
        .filter(Column::DossierUid.in_subquery(route::with_codes(db, codes)))
        .filter(Column::ToUnit.eq(unit))
        .into_tuple()
        .all(db)
        .await
}

/// Some of the dossiers of which something is offered to one of these units, by an index.
///
/// # Errors
/// When the store does not answer.
pub(super) async fn offered_to(
    db: &impl ConnectionTrait,
    units: &BTreeSet<String>,
    most: u64,
) -> Result<Vec<String>, DbErr> {
    Entity::find()
        .select_only()
        .distinct()
        .column(Column::DossierUid)
        .filter(among(db, Column::ToUnit, units))
        .filter(Column::State.eq(OFFERED))
        .limit(most)
        .into_tuple()
        .all(db)
        .await
}

/// What in scope a unit sends another on paper and that has not come, in order of the offers.
///
/// # Errors
/// When the store does not answer.
pub async fn manifest(
    (db, ring): (&impl ConnectionTrait, &Keyring),
    scope: &Scope,
    (from, to): (&str, &str),
    after: Option<&After>,
    limit: u64,
) -> Result<Vec<Transfer>, DbErr> {
    let mut select = in_order(scoped(scope))
        // As the partial index says it.
        .filter(Column::PaperTravels.into_expr())
        .filter(Column::FromUnit.eq(from))
        .filter(Column::ToUnit.eq(to))
        .filter(Column::State.is_in([OFFERED, ACCEPTED, COMPLETED]))
        .limit(limit);
    if let Some(After { due, uid }) = after {
        let row = Expr::tuple([Expr::column(Column::OfferedAt), Expr::column(Column::Uid)]);
        let last = Expr::tuple([Expr::val(*due), Expr::val(uid.as_str())]);
        select = select.filter(row.gt(last));
    }
    domain(select, db, ring).await
}

/// All transfers of these dossiers, whose keys these are, in order of their first offer.
pub(super) async fn of_dossiers(
    db: &impl ConnectionTrait,
    dossiers: &BTreeSet<String>,
    keys: &HashMap<&str, Option<&DataKey>>,
) -> Result<Vec<Transfer>, DbErr> {
    let rows = in_order(Entity::find().filter(among(db, Column::DossierUid, dossiers)));
    let transfers = rows.all(db).await?.into_iter().map(|row| {
        let key = keys.get(row.dossier_uid.as_str()).copied().flatten();
        row.into_domain(key.cloned())
    });
    transfers.collect()
}

/// All transfers of a dossier in order of their first offer.
///
/// # Errors
/// When the store does not answer.
pub async fn of_dossier(
    (db, ring): (&impl ConnectionTrait, &Keyring),
    dossier: &str,
) -> Result<Vec<Transfer>, DbErr> {
    let select = in_order(Entity::find().filter(Column::DossierUid.eq(dossier)));
    domain(select, db, ring).await
}

fn in_order(select: Select<Entity>) -> Select<Entity> {
    select
        .order_by_asc(Column::OfferedAt)
        .order_by_asc(Column::Uid)
}

/// The transfer in scope with this uid.
///
/// # Errors
/// When the store does not answer.
pub async fn find(
    (db, ring): (&impl ConnectionTrait, &Keyring),
    scope: &Scope,
    uid: &str,
) -> Result<Option<Transfer>, DbErr> {
    let found = domain(scoped(scope).filter(Column::Uid.eq(uid)), db, ring).await?;
    Ok(found.into_iter().next())
}

/// The transfers in scope with these uids.
///
/// # Errors
/// When the store does not answer.
pub async fn by_uids(
    (db, ring): (&impl ConnectionTrait, &Keyring),
    scope: &Scope,
    uids: &[&str],
) -> Result<Vec<Transfer>, DbErr> {
    let select = scoped(scope).filter(among(db, Column::Uid, uids.iter().copied()));
    domain(select, db, ring).await
}

/// Whether any transfer of the dossier is in scope.
///
/// # Errors
/// When the store does not answer.
pub async fn in_scope_of_dossier(
    db: &impl ConnectionTrait,
    scope: &Scope,
    dossier: &str,
) -> Result<bool, DbErr> {
    let found = scoped(scope)
        .filter(Column::DossierUid.eq(dossier))
        .one(db)
        .await?;
    Ok(found.is_some())
}

/// Some of the dossiers of which something escalates by then, by an index.
///
/// # Errors
/// When the store does not answer.
pub async fn alarmed(db: &impl ConnectionTrait, now: i64, most: u64) -> Result<Vec<String>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::DossierUid)
        .filter(Column::AlarmAt.lte(now))
        .order_by_asc(Column::AlarmAt)
        .limit(most)
        .into_tuple()
        .all(db)
        .await
}

/// The dossiers of which these officers have transfers.
///
/// # Errors
/// When the store does not answer.
pub async fn assigned_to(
    db: &impl ConnectionTrait,
    subjects: &BTreeSet<&str>,
) -> Result<Vec<String>, DbErr> {
    if subjects.is_empty() {
        return Ok(Vec::new());
    }
    Entity::find()
        .select_only()
        .column(Column::DossierUid)
        .filter(among(db, Column::Assignee, subjects.iter().copied()))
        .into_tuple()
        .all(db)
        .await
}

/// The uid and offer epoch of every open offer, with its dossier and step, for checks.
///
/// # Errors
/// When the store does not answer.
pub async fn open_transfers(
    db: &impl ConnectionTrait,
) -> Result<Vec<(String, i64, String, String)>, DbErr> {
    Entity::find()
        .select_only()
        .columns([
            Column::Uid,
            Column::OfferEpoch,
            Column::DossierUid,
            Column::StepKey,
        ])
        .filter(Column::State.eq(OFFERED))
        .into_tuple()
        .all(db)
        .await
}

/// The uid of every transfer whose branch must have a custodian, for checks.
///
/// # Errors
/// When the store does not answer.
pub async fn open_branches(db: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::Uid)
        .filter(is_open())
        .into_tuple()
        .all(db)
        .await
}

/// Writes transfers, each with the time since when the clock of its dossier stands still.
pub(super) async fn save<'a>(
    sink: &impl Sink,
    transfers: impl Iterator<Item = (&'a Transfer, Option<Moment>)>,
) -> Result<(), DbErr> {
    let rows = transfers.map(|(transfer, stopped)| Model::from_domain(transfer, stopped));
    let rows: Result<Vec<_>, DbErr> = rows.collect();
    sink.put::<Entity>(rows?, &entity::MAY_CHANGE).await
}

/// What the sender has back and forwards: a recall or return that has ended is none.
fn waits_for_sender() -> Condition {
    let back = Condition::all()
        .add(Column::State.is_in([RECALLED, RETURNED]))
        .add(Column::EndedAt.is_null());
    Condition::any().add(Column::State.eq(DECLINED)).add(back)
}

/// What has not ended.
fn is_open() -> Condition {
    Condition::any()
        .add(Column::State.is_in([OFFERED, ACCEPTED]))
        .add(waits_for_sender())
}

/// Every query over transfers for a caller starts here.
fn scoped(scope: &Scope) -> Select<Entity> {
    Entity::find().filter(scope.condition(related))
}

/// The transfers to which one of these units stands so.
fn related(relation: Relation, units: &BTreeSet<String>) -> Option<Condition> {
    let in_state = |states: &[i32]| {
        let states = Column::State.is_in(states.iter().copied());
        Column::ToUnit.is_in(units).and(states)
    };
    let related = match relation {
        Relation::Sender => Column::FromUnit.is_in(units),
        Relation::Offered => in_state(&[OFFERED]),
        Relation::Holder => in_state(&[ACCEPTED]),
        Relation::PastHolder => in_state(&[COMPLETED, CANCELLED, RETURNED, UNDONE]),
        Relation::Escalated => Column::EscalatedTo.is_in(units),
        Relation::Any
        | Relation::Own
        | Relation::Itself
        | Relation::Owner
        | Relation::Receiving
        | Relation::Competent
        | Relation::Returning => return None,
    };
    Some(Condition::all().add(related))
}

async fn domain(
    select: Select<Entity>,
    db: &impl ConnectionTrait,
    ring: &Keyring,
) -> Result<Vec<Transfer>, DbErr> {
    let rows = keyed(select, Column::DossierUid).all(db).await?;
    let transfers = rows.into_iter().map(|found| {
        let key = found.key(ring, &found.row.dossier_uid)?;
        found.row.into_domain(key)
    });
    transfers.collect()
}

fn micros(moment: Moment) -> i64 {
    clock::micros(moment)
}
