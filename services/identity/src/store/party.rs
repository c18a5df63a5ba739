//! The table `party`, the one place for names and identity numbers, and `party_number`, by which they are found.

mod number;
mod personal;
mod upkeep;

use std::collections::{BTreeSet, HashMap};

use kit::authority::{Relation, Scope};
use kit::db::{Sink, among};
use kit::identity_number::IdentityNumber;
use kit::log::keyed;
use kit::seal::{DataKey, Keyring};
use sea_orm::sea_query::Condition;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, Select,
};

use super::unreadable;
use crate::party::{Party, Uid};

mod entity {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "party")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub uid: String,
        pub kind: String,
        /// All that is personal, sealed under the party's data key.
        pub personal: Option<Vec<u8>>,
        pub survivor_uid: Option<String>,
        pub revision: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

use entity::{Column, Entity, Model};
pub(crate) use number::{holders, insert as insert_numbers};
pub(crate) use upkeep::{inspect, rehash};

/// How many merges lie between two parties at most.
const DEEPEST: usize = 16;

/// One party, if it is within the caller's scope: a desk and a client may look up anybody, a citizen only itself.
pub(crate) async fn find(
    (db, ring): (&impl ConnectionTrait, &Keyring),
    scope: &Scope,
    uid: &Uid,
) -> Result<Option<Party>, DbErr> {
    let select = within(scope).filter(Column::Uid.eq(uid.as_str()));
    let found = domain(select, db, ring).await?;
    Ok(found.into_iter().next())
}

/// The party that stands for this one: itself, or the survivor at the end of its merges.
pub(crate) async fn standing_for(
    (db, ring): (&impl ConnectionTrait, &Keyring),
    party: Party,
) -> Result<Party, DbErr> {
    let mut standing = party;
    for _ in 0..DEEPEST {
        let Some(survivor) = &standing.survivor else {
            break;
        };
        let select = Entity::find().filter(Column::Uid.eq(survivor.as_str()));
        let Some(next) = domain(select, db, ring).await?.into_iter().next() else {
            break;
        };
        standing = next;
    }
    Ok(standing)
}

/// The party with this uid and all that were merged into it, also through others. Of one that was merged itself it gives those of
/// its survivor: they are one person.
pub(crate) async fn parties_of(
    db: &impl ConnectionTrait,
    uid: &Uid,
) -> Result<BTreeSet<Uid>, DbErr> {
    let mut root = uid.as_str().to_owned();
    for _ in 0..DEEPEST {
        let survivor: Option<Option<String>> = Entity::find_by_id(root.clone())
            .select_only()
            .column(Column::SurvivorUid)
            .into_tuple()
            .one(db)
            .await?;
        let Some(survivor) = survivor.flatten() else {
            break;
        };
        root = survivor;
    }
    let mut family = merged_into(db, &Uid::new(root.clone())).await?;
    family.insert(Uid::new(root));
    Ok(family)
}

/// All that were merged into a party, also through others.
pub(crate) async fn merged_into(
    db: &impl ConnectionTrait,
    uid: &Uid,
) -> Result<BTreeSet<Uid>, DbErr> {
    let (mut family, mut todo) = (BTreeSet::new(), BTreeSet::from([uid.clone()]));
    while !todo.is_empty() {
        let pointing = pointing_to(db, &todo).await?;
        todo = pointing.difference(&family).cloned().collect();
        family.extend(todo.iter().cloned());
    }
    Ok(family)
}

/// The parties that point to these themselves.
async fn pointing_to(
    db: &impl ConnectionTrait,
    uids: &BTreeSet<Uid>,
) -> Result<BTreeSet<Uid>, DbErr> {
    let pointing: Vec<String> = Entity::find()
        .select_only()
        .column(Column::Uid)
        .filter(among(db, Column::SurvivorUid, uids.iter().map(Uid::as_str)))
        .into_tuple()
        .all(db)
        .await?;
    Ok(pointing.into_iter().map(Uid::new).collect())
}

fn within(scope: &Scope) -> Select<Entity> {
    Entity::find().filter(scope.condition(|relation, parties| {
        let own = (relation == Relation::Own).then(|| Column::Uid.is_in(parties));
        own.map(|own| Condition::all().add(own))
    }))
}

/// These parties, those that they were merged into, and those that were merged into them, locked.
pub(crate) async fn lock(
    (db, ring): (&impl ConnectionTrait, &Keyring),
    uids: BTreeSet<Uid>,
) -> Result<HashMap<Uid, Party>, DbErr> {
    let (mut parties, mut todo) = (HashMap::new(), uids);
    while !todo.is_empty() {
        let select = Entity::find()
            .filter(among(db, Column::Uid, todo.iter().map(Uid::as_str)))
            .order_by_asc(Column::Uid)
            .lock_exclusive();
        let locked = domain(select, db, ring).await?;
        let mut next: BTreeSet<Uid> = locked
            .iter()
            .filter_map(|party| party.survivor.clone())
            .collect();
        let locked: HashMap<Uid, Party> = locked
            .into_iter()
            .map(|party| (party.uid.clone(), party))
            .collect();
        if !locked.is_empty() {
            next.extend(pointing_to(db, &locked.keys().cloned().collect()).await?);
        }
        parties.extend(locked);
        next.retain(|uid| !parties.contains_key(uid));
        todo = next;
    }
    Ok(parties)
}

/// Writes parties over those that are there.
pub(crate) async fn save(sink: &impl Sink, parties: &[&Party]) -> Result<(), DbErr> {
    let rows: Result<Vec<Model>, DbErr> = parties.iter().map(|party| row(party)).collect();
    let over = [Column::Personal, Column::SurvivorUid, Column::Revision];
    sink.put::<Entity>(rows?, &over).await
}

/// The party that has a number.
pub(crate) async fn find_by_number(
    (db, ring): (&impl ConnectionTrait, &Keyring),
    number: &IdentityNumber,
) -> Result<Option<Party>, DbErr> {
    let holders = number::holders(db, ring, [number]).await?;
    let Some(uid) = holders.into_values().next() else {
        return Ok(None);
    };
    find((db, ring), &Scope::Everything, &uid).await
}

async fn domain(
    select: Select<Entity>,
    db: &impl ConnectionTrait,
    ring: &Keyring,
) -> Result<Vec<Party>, DbErr> {
    let rows = keyed(select, Column::Uid).all(db).await?;
    let mut parties = Vec::with_capacity(rows.len());
    for found in rows {
        let key = found.key(ring, &found.row.uid)?;
        parties.extend(party(found.row, key)?);
    }
    Ok(parties)
}

/// The party of a row and its data key; nothing where it was erased.
fn party(row: Model, key: Option<DataKey>) -> Result<Option<Party>, DbErr> {
    let Some((sealed, key)) = row.personal.zip(key) else {
        return Ok(None);
    };
    let kind = row.kind.parse().map_err(|()| unreadable("party.kind"))?;
    Ok(Some(Party {
        particulars: personal::open(&row.uid, kind, &sealed, &key)?,
        uid: Uid::new(row.uid),
        survivor: row.survivor_uid.map(Uid::new),
        revision: row.revision,
        key,
    }))
}

fn row(party: &Party) -> Result<Model, DbErr> {
    Ok(Model {
        uid: party.uid.to_string(),
        kind: party.particulars.kind.as_str().to_owned(),
        personal: Some(personal::seal(party)?),
        survivor_uid: party.survivor.as_ref().map(Uid::to_string),
        revision: party.revision,
    })
}
