//! The transfers.

mod entity;

use std::collections::BTreeSet;

use kit::authority::{Relation, Scope};
use kit::clock;
use kit::db::{Sink, among};
use sea_orm::sea_query::{Condition, Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, Select,
};

use crate::transfer::Transfer;
use entity::{ACCEPTED, CANCELLED, COMPLETED, Column, DECLINED, Entity, Model, OFFERED};

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

/// All transfers of these dossiers in order of their first offer.
///
/// # Errors
/// When the store does not answer.
pub async fn of_dossiers(
    db: &impl ConnectionTrait,
    dossiers: &BTreeSet<String>,
) -> Result<Vec<Transfer>, DbErr> {
    let select = Entity::find()
        .filter(among(db, Column::DossierUid, dossiers))
        .order_by_asc(Column::OfferedAt)
        .order_by_asc(Column::Uid);
    domain(select, db).await
}

/// The transfer in scope with this uid.
///
/// # Errors
/// When the store does not answer.
pub async fn find(
    db: &impl ConnectionTrait,
    scope: &Scope,
    uid: &str,
) -> Result<Option<Transfer>, DbErr> {
    let found = domain(scoped(scope).filter(Column::Uid.eq(uid)), db).await?;
    Ok(found.into_iter().next())
}

/// The transfers in scope with these uids.
///
/// # Errors
/// When the store does not answer.
pub async fn by_uids(
    db: &impl ConnectionTrait,
    scope: &Scope,
    uids: &[&str],
) -> Result<Vec<Transfer>, DbErr> {
    domain(
        scoped(scope).filter(among(db, Column::Uid, uids.iter().copied())),
        db,
    )
    .await
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
    db: &impl ConnectionTrait,
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
    domain(select, db).await
}

/// The open offers to a unit, the earliest due first.
///
/// # Errors
/// When the store does not answer.
pub async fn open_offers(
    db: &impl ConnectionTrait,
    unit: &str,
    limit: u64,
) -> Result<Vec<Transfer>, DbErr> {
    let select = Entity::find()
        .filter(Column::ToUnit.eq(unit))
        .filter(Column::State.eq(OFFERED))
        .order_by_asc(Column::HandOverDue)
        .order_by_asc(Column::Uid)
        .limit(limit);
    domain(select, db).await
}

/// How many open offers each unit has.
///
/// # Errors
/// When the store does not answer.
pub async fn open_offer_counts(db: &impl ConnectionTrait) -> Result<Vec<(String, i64)>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::ToUnit)
        .column_as(Column::Uid.count(), "open")
        .filter(Column::State.eq(OFFERED))
        .group_by(Column::ToUnit)
        .into_tuple()
        .all(db)
        .await
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
    match scope {
        Scope::Everything => Entity::find(),
        Scope::Of(known) => Entity::find().filter(known.iter().fold(
            Condition::any().add(Expr::val(false)),
            |any, (relation, names)| match related(*relation, names) {
                Some(related) => any.add(related),
                None => any,
            },
        )),
    }
}

/// The transfers to which one of these units stands so.
fn related(relation: Relation, units: &BTreeSet<String>) -> Option<Expr> {
    let in_state = |states: &[i32]| {
        let states = Column::State.is_in(states.iter().copied());
        Some(Column::ToUnit.is_in(units).and(states))
    };
    match relation {
        Relation::Sender => Some(Column::FromUnit.is_in(units)),
        Relation::Offered => in_state(&[OFFERED]),
        Relation::Holder => in_state(&[ACCEPTED]),
        Relation::PastHolder => in_state(&[COMPLETED, CANCELLED]),
        Relation::Any
        | Relation::Own
        | Relation::Owner
        | Relation::Receiving
        | Relation::Competent
        | Relation::Returning => None,
    }
}

async fn domain(select: Select<Entity>, db: &impl ConnectionTrait) -> Result<Vec<Transfer>, DbErr> {
    let rows = select.all(db).await?;
    rows.into_iter().map(Model::into_domain).collect()
}

fn micros(moment: clock::Moment) -> i64 {
    clock::micros(moment)
}
