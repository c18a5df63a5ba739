//! The transfers.

mod entity;
mod offers;
mod personal;

use std::collections::{BTreeSet, HashMap};

use kit::authority::{Relation, Scope};
use kit::clock;
use kit::db::{Sink, among};
use kit::log::keyed;
use kit::seal::{DataKey, Keyring};
use sea_orm::sea_query::{Condition, Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, Select,
};

use crate::transfer::Transfer;
use entity::{ACCEPTED, CANCELLED, COMPLETED, Column, DECLINED, Entity, Model, OFFERED};
#[cfg(test)]
pub use offers::plan_of_units;
pub use offers::{
    DeadLetters, OpenOffer, dead_letters, dossiers_of_dead_letters, open_offer_counts, open_offers,
    units_with_offers,
};
pub use personal::inspect;

/// Which transfers of a unit to list.
#[derive(Clone, Debug)]
pub struct Filter {
    /// The unit that they are offered to, are held by or, where declined, were sent by.
    pub unit: String,
    /// Only those in this state, by its number; otherwise the open ones.
    pub state: Option<i32>,
    /// Only those after this row of the list.
    pub after: Option<After>,
    /// At most so many.
    pub limit: u64,
}

/// A row of the list, the earliest due first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct After {
    /// When its step is due, microseconds.
    pub due: i64,
    /// Its uid.
    pub uid: String,
}

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

/// The work list of a unit in scope, the earliest due first.
///
/// # Errors
/// When the store does not answer.
pub async fn list(
    (db, ring): (&impl ConnectionTrait, &Keyring),
    scope: &Scope,
    filter: &Filter,
) -> Result<Vec<Transfer>, DbErr> {
    let unit = &filter.unit;
    let declined = Condition::all()
        .add(Column::FromUnit.eq(unit))
        .add(Column::State.eq(DECLINED));
    let at_unit = Condition::all()
        .add(Column::ToUnit.eq(unit))
        .add(Column::State.ne(DECLINED));
    let mut select = scoped(scope)
        .filter(Condition::any().add(declined).add(at_unit))
        .order_by_asc(Column::StepDue)
        .order_by_asc(Column::Uid)
        .limit(filter.limit);
    select = match filter.state {
        Some(state) => select.filter(Column::State.eq(state)),
        None => select.filter(Column::State.is_in([OFFERED, ACCEPTED, DECLINED])),
    };
    if let Some(After { due, uid }) = &filter.after {
        let row = Expr::tuple([Expr::column(Column::StepDue), Expr::column(Column::Uid)]);
        let last = Expr::tuple([Expr::val(*due), Expr::val(uid.as_str())]);
        select = select.filter(row.gt(last));
    }
    domain(select, db, ring).await
}

/// The uid and offer epoch of every open offer, for checks.
///
/// # Errors
/// When the store does not answer.
pub async fn open_transfers(db: &impl ConnectionTrait) -> Result<Vec<(String, i64)>, DbErr> {
    Entity::find()
        .select_only()
        .columns([Column::Uid, Column::OfferEpoch])
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
        .filter(Column::State.is_in([OFFERED, ACCEPTED, DECLINED]))
        .into_tuple()
        .all(db)
        .await
}

pub(super) async fn save<'a>(
    sink: &impl Sink,
    transfers: impl Iterator<Item = &'a Transfer>,
) -> Result<(), DbErr> {
    let rows = transfers.map(Model::from_domain).collect();
    sink.put::<Entity>(rows, &entity::MAY_CHANGE).await
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
        Relation::PastHolder => in_state(&[COMPLETED, CANCELLED]),
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

fn micros(moment: clock::Moment) -> i64 {
    clock::micros(moment)
}
