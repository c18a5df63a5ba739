//! Open offers as the queue needs them, by the index that begins with them: those that are delivered, and dead letters. Those on
//! hold are neither.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use kit::authority::Scope;
use kit::db::among;
use kit::queue::Mark;
use kit::seal::Keyring;
use sea_orm::sea_query::{Expr, ExprTrait as _, Func};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, FromQueryResult, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, Select, Statement,
};

use super::entity::{Column, Entity, OFFERED};
use super::{After, domain, scoped};
use crate::transfer::Transfer;

/// How many dead letters are delivered anew at once.
const REDRIVEN_AT_ONCE: u64 = 500;

/// The units that have offers to be delivered: one probe of the index each, however many offers there are.
const UNITS: &str = "
WITH RECURSIVE unit(uid) AS (
  SELECT (
    SELECT to_unit FROM transfer WHERE state = 1 AND dead_letter = false AND on_hold = false
    ORDER BY to_unit LIMIT 1
  )
  UNION ALL
  SELECT (
    SELECT to_unit FROM transfer WHERE state = 1 AND dead_letter = false AND on_hold = false
    AND to_unit > unit.uid ORDER BY to_unit LIMIT 1
  ) FROM unit WHERE unit.uid IS NOT NULL
)
SELECT uid FROM unit WHERE uid IS NOT NULL";

/// What is read of an open offer.
const OF_AN_OFFER: [Column; 5] = [
    Column::Uid,
    Column::OfferEpoch,
    Column::DossierUid,
    Column::OfferedAt,
    Column::HandOverDue,
];

/// An open offer to a unit.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct OpenOffer {
    /// The transfer.
    pub uid: String,
    /// The offer.
    pub offer_epoch: i64,
    /// The dossier.
    pub dossier_uid: String,
    /// When it was made, microseconds.
    pub offered_at: i64,
    /// By when it should be accepted, microseconds.
    pub hand_over_due: i64,
}

/// How many open offers a unit has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenOffers {
    /// Those that are to be delivered.
    pub to_be_delivered: u64,
    /// Dead letters.
    pub dead_letters: u64,
    /// Those that wait for the clocks of their dossiers.
    pub on_hold: u64,
}

/// Which dead letters to list.
#[derive(Clone, Debug)]
pub struct DeadLetters {
    /// Offered to this unit.
    pub unit: String,
    /// Only those after this row of the list, whose `due` is when it should be accepted.
    pub after: Option<After>,
    /// At most so many.
    pub limit: u64,
}

/// The units that have offers to be delivered.
///
/// # Errors
/// When the store does not answer.
pub async fn units_with_offers(db: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    let query = Statement::from_string(db.get_database_backend(), UNITS);
    let rows = db.query_all_raw(query).await?;
    rows.iter().map(|row| row.try_get("", "uid")).collect()
}

/// Some of the offers to a unit that are to be delivered, the earliest due first, from this place on.
///
/// # Errors
/// When the store does not answer.
pub async fn open_offers(
    db: &impl ConnectionTrait,
    unit: &str,
    from: &Mark,
    limit: u64,
) -> Result<Vec<OpenOffer>, DbErr> {
    let after = (from.due, from.key.as_str());
    first_due(Entity::find(), unit, false, Some(after))
        .select_only()
        .columns(OF_AN_OFFER)
        .limit(limit)
        .into_model()
        .all(db)
        .await
}

/// The offers to a unit that are to be delivered, of these dossiers, in no order.
///
/// # Errors
/// When the store does not answer.
pub async fn open_offers_of(
    db: &impl ConnectionTrait,
    unit: &str,
    dossiers: &BTreeSet<&str>,
) -> Result<Vec<OpenOffer>, DbErr> {
    of_dossiers(db, unit, dossiers)
        .select_only()
        .columns(OF_AN_OFFER)
        .into_model()
        .all(db)
        .await
}

/// The dead letters of a unit in scope, the earliest due first.
///
/// # Errors
/// When the store does not answer.
pub async fn dead_letters(
    (db, ring): (&impl ConnectionTrait, &Keyring),
    scope: &Scope,
    letters: &DeadLetters,
) -> Result<Vec<Transfer>, DbErr> {
    let after = letters.after.as_ref();
    let after = after.map(|after| (after.due, after.uid.as_str()));
    let select = first_due(scoped(scope), &letters.unit, true, after);
    domain(select.limit(letters.limit), db, ring).await
}

/// The dossiers of the dead letters of a unit, as many as are delivered anew at once.
///
/// # Errors
/// When the store does not answer.
pub async fn dossiers_of_dead_letters(
    db: &impl ConnectionTrait,
    unit: &str,
) -> Result<Vec<String>, DbErr> {
    first_due(Entity::find(), unit, true, None)
        .select_only()
        .column(Column::DossierUid)
        .limit(REDRIVEN_AT_ONCE)
        .into_tuple()
        .all(db)
        .await
}

/// How many open offers a unit has.
///
/// # Errors
/// When the store does not answer.
pub async fn open_offer_counts(db: &impl ConnectionTrait, unit: &str) -> Result<OpenOffers, DbErr> {
    let counted = Entity::find()
        .select_only()
        .columns([Column::DeadLetter, Column::OnHold])
        .column_as(Column::Uid.count(), "offers")
        .filter(Column::State.eq(OFFERED))
        .filter(Column::ToUnit.eq(unit))
        .group_by(Column::DeadLetter)
        .group_by(Column::OnHold)
        .into_tuple::<(bool, bool, i64)>()
        .all(db)
        .await?;
    let mut open = OpenOffers::default();
    for (dead_letter, on_hold, count) in counted {
        let of_kind = match (dead_letter, on_hold) {
            (true, _) => &mut open.dead_letters,
            (false, true) => &mut open.on_hold,
            (false, false) => &mut open.to_be_delivered,
        };
        *of_kind += count.unsigned_abs();
    }
    Ok(open)
}

/// By the dossiers, of which each has a few: `SQLite` would rather go through all that is open at the unit, so that it is not shown
/// the columns which an index of that begins with.
fn of_dossiers(db: &impl ConnectionTrait, unit: &str, dossiers: &BTreeSet<&str>) -> Select<Entity> {
    let state = Expr::column(Column::State).add(0);
    let to_unit = Func::coalesce([Expr::column(Column::ToUnit), Expr::val("")]);
    Entity::find()
        .filter(among(db, Column::DossierUid, dossiers.iter().copied()))
        .filter(state.eq(OFFERED))
        .filter(to_unit.eq(unit))
        .filter(Column::DeadLetter.eq(false))
        .filter(Column::OnHold.eq(false))
}

fn first_due(
    select: Select<Entity>,
    unit: &str,
    dead_letters: bool,
    after: Option<(i64, &str)>,
) -> Select<Entity> {
    let select = select
        .filter(Column::State.eq(OFFERED))
        .filter(Column::DeadLetter.eq(dead_letters))
        .filter(Column::OnHold.eq(false))
        .filter(Column::ToUnit.eq(unit))
        .order_by_asc(Column::HandOverDue)
        .order_by_asc(Column::Uid);
    let Some((due, uid)) = after else {
        return select;
    };
    let row = Expr::tuple([Expr::column(Column::HandOverDue), Expr::column(Column::Uid)]);
    select.filter(row.gt(Expr::tuple([Expr::val(due), Expr::val(uid)])))
}

/// How `SQLite` finds the units.
#[cfg(test)]
pub async fn plan_of_units(db: &impl ConnectionTrait) -> Result<String, DbErr> {
    plan(db, Statement::from_string(db.get_database_backend(), UNITS)).await
}

#[cfg(test)]
async fn plan(db: &impl ConnectionTrait, mut query: Statement) -> Result<String, DbErr> {
    query.sql.insert_str(0, "EXPLAIN QUERY PLAN ");
    let rows = db.query_all_raw(query).await?;
    let lines: Result<Vec<String>, DbErr> =
        rows.iter().map(|row| row.try_get("", "detail")).collect();
    Ok(lines?.join("\n"))
}
