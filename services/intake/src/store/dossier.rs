//! The dossiers.

mod clock;
mod coded;
mod entity;
mod list;
mod numbers;
mod personal;
mod upkeep;
mod words;

use std::collections::{BTreeSet, HashMap};

use kit::authority::{Relation, Scope};
use kit::clock::Moment;
use kit::db::{Sink, among};
use kit::log::{Keyed, keyed_as};
use kit::seal::Keyring;
use sea_orm::sea_query::Condition;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, FromQueryResult, IdenStatic as _,
    Iterable as _, JoinType, QueryFilter as _, QueryOrder as _, QueryResult, QuerySelect as _,
    Select, SelectModel, Selector,
};

use super::custody;
use crate::code::DossierCode;
use crate::custody::Standing;
use crate::dossier::Dossier;
pub(super) use clock::save as save_clocks;
pub use clock::{left, reaching, version_before};
pub use coded::coded;
use entity::{Column, Entity, Model};
pub use list::{After, Filter, Pressing, Text, list};
pub use upkeep::{inspect, rehash};
pub use words::of as words_of;

/// These dossiers, locked for a change in the order of their uids.
///
/// # Errors
/// When the store does not answer.
pub async fn all(
    db: &impl ConnectionTrait,
    ring: &Keyring,
    uids: &BTreeSet<&str>,
) -> Result<Vec<Dossier>, DbErr> {
    let select = Entity::find()
        .filter(among(db, Column::Uid, uids.iter().copied()))
        .order_by_asc(Column::Uid)
        .lock_exclusive();
    domain(select, db, ring).await
}

/// The dossier in scope with this uid.
///
/// # Errors
/// When the store does not answer.
pub async fn find(
    (db, ring): (&impl ConnectionTrait, &Keyring),
    scope: &Scope,
    uid: &str,
) -> Result<Option<Dossier>, DbErr> {
    let found = domain(scoped(scope).filter(Column::Uid.eq(uid)), db, ring).await?;
    Ok(found.into_iter().next())
}

/// The dossier in scope with this code.
///
/// # Errors
/// When the store does not answer.
pub async fn find_by_code(
    (db, ring): (&impl ConnectionTrait, &Keyring),
    scope: &Scope,
    code: &DossierCode,
) -> Result<Option<Dossier>, DbErr> {
    let select = scoped(scope).filter(Column::Code.eq(code.as_str()));
    let found = domain(select, db, ring).await?;
    Ok(found.into_iter().next())
}

/// A dossier with the same content as another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Twin {
    /// Its code.
    pub code: String,
    /// The unit whose desk has it.
    pub receiving: String,
    /// The party that it is of.
    pub party: Option<String>,
}

/// The dossiers with these contents, the oldest first.
///
/// # Errors
/// When the store does not answer.
pub async fn same_content(
    db: &impl ConnectionTrait,
    ring: &Keyring,
    digests: BTreeSet<Vec<u8>>,
) -> Result<HashMap<Vec<u8>, Vec<Twin>>, DbErr> {
    let mut contents: HashMap<Vec<u8>, Vec<u8>> = HashMap::new();
    for digest in digests {
        let hashes = ring.blinds(CONTENT, &digest).into_iter();
        contents.extend(hashes.map(|hash| (hash.into_bytes(), digest.clone())));
    }
    let rows: Vec<(Vec<u8>, String, String, Option<String>)> = Entity::find()
        .select_only()
        .columns([
            Column::ContentDigest,
            Column::Code,
            Column::ReceivingUnit,
            Column::PartyUid,
        ])
        .filter(among(db, Column::ContentDigest, contents.keys().cloned()))
        .order_by_asc(Column::SubmittedAt)
        .limit(MOST_TWINS)
        .into_tuple()
        .all(db)
        .await?;
    let mut twins: HashMap<Vec<u8>, Vec<Twin>> = HashMap::new();
    for (hash, code, receiving, party) in rows {
        let Some(digest) = contents.get(&hash) else {
            continue;
        };
        twins.entry(digest.clone()).or_default().push(Twin {
            code,
            receiving,
            party,
        });
    }
    Ok(twins)
}

/// What the keyed hashes of contents are hashes of.
const CONTENT: &str = "dossier.content_digest";

/// More than so many with one content are not looked at for a warning.
const MOST_TWINS: u64 = 1_000;

/// Every code with the desk that gave it out, for checks.
///
/// # Errors
/// When the store does not answer.
pub async fn codes(db: &impl ConnectionTrait) -> Result<Vec<(String, DossierCode)>, DbErr> {
    let rows: Vec<(String, String)> = Entity::find()
        .select_only()
        .columns([Column::ReceivingUnit, Column::Code])
        .into_tuple()
        .all(db)
        .await?;
    let row = |(unit, code)| (unit, DossierCode::stored(code));
    Ok(rows.into_iter().map(row).collect())
}

/// The dossiers that some unit must be responsible for: received, in processing, waiting for the applicant, or with a result under
/// way.
///
/// # Errors
/// When the store does not answer.
pub async fn in_flight(db: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::Uid)
        .filter(Column::State.is_in([2, 4, 5, 6, 9]))
        .into_tuple()
        .all(db)
        .await
}

/// Some of the dossiers whose next alarm rings up to a time (microseconds), by an index.
///
/// # Errors
/// When the store does not answer.
pub async fn alarmed(
    db: &impl ConnectionTrait,
    until: i64,
    most: u64,
) -> Result<Vec<String>, DbErr> {
    clock::Entity::find()
        .select_only()
        .column(clock::Column::DossierUid)
        .filter(clock::Column::AlarmAt.lte(until))
        .order_by_asc(clock::Column::AlarmAt)
        .limit(most)
        .into_tuple()
        .all(db)
        .await
}

pub(super) async fn save<'a>(
    sink: &impl Sink,
    ring: &Keyring,
    dossiers: impl Iterator<Item = &'a Dossier>,
) -> Result<(), DbErr> {
    let rows = dossiers.map(|dossier| Model::from_domain(dossier, ring));
    let rows: Result<Vec<_>, DbErr> = rows.collect();
    sink.put::<Entity>(rows?, &entity::MAY_CHANGE).await
}

/// Every query over dossiers starts here.
fn scoped(scope: &Scope) -> Select<Entity> {
    Entity::find().filter(scope.condition(related))
}

/// The dossiers to which one of these units or parties stands so.
fn related(relation: Relation, names: &BTreeSet<String>) -> Option<Condition> {
    let of_step = |standing| Column::Uid.in_subquery(custody::of_units(standing, names));
    let related = match relation {
        Relation::Owner => Column::PartyUid.is_in(names),
        Relation::Receiving => Column::ReceivingUnit.is_in(names),
        Relation::Competent => Column::CompetentUnit.is_in(names),
        Relation::Returning => Column::ReturningUnit.is_in(names),
        Relation::Offered => of_step(Standing::Offered),
        Relation::Holder => of_step(Standing::Holds),
        Relation::PastHolder => of_step(Standing::Held),
        Relation::Any
        | Relation::Own
        | Relation::Itself
        | Relation::Sender
        | Relation::Escalated => return None,
    };
    Some(Condition::all().add(related))
}

/// A dossier's row and its clock's.
#[derive(Clone, Debug)]
struct Row {
    dossier: Model,
    clock: clock::Model,
}

impl FromQueryResult for Row {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        Ok(Self {
            dossier: Model::from_query_result(row, prefix)?,
            clock: clock::Model::from_query_result(row, CLOCK)?,
        })
    }
}

/// What the columns of the clock's row begin with in a query over both.
const CLOCK: &str = "clock_";

/// A query over dossiers with their clocks.
fn with_clock(select: Select<Entity>) -> Select<Entity> {
    let clock_of = Entity::belongs_to(clock::Entity)
        .from(Column::Uid)
        .to(clock::Column::DossierUid);
    let select = select.join(JoinType::InnerJoin, clock_of.into());
    clock::Column::iter().fold(select, |select, column| {
        select.column_as(column, format!("{CLOCK}{}", column.as_str()))
    })
}

fn keyed(select: Select<Entity>) -> Selector<SelectModel<Keyed<Row>>> {
    keyed_as(with_clock(select), Column::Uid)
}

async fn domain(
    select: Select<Entity>,
    db: &impl ConnectionTrait,
    ring: &Keyring,
) -> Result<Vec<Dossier>, DbErr> {
    let rows = keyed(select).all(db).await?;
    let dossiers = rows.into_iter().map(|found| {
        let key = found.key(ring, &found.row.dossier.uid)?;
        let Row { dossier, clock } = found.row;
        dossier.into_domain(&clock, key)
    });
    dossiers.collect()
}

fn bad_row(what: &str) -> DbErr {
    DbErr::Type(format!("a dossier's row cannot be read: {what}"))
}

fn micros(moment: Moment) -> i64 {
    kit::clock::micros(moment)
}
