//! The table `party_number`: a keyed hash of each number, under every key of the ring.

use std::collections::{BTreeSet, HashMap};

use kit::db::{Sink, among};
use kit::identity_number::IdentityNumber;
use kit::seal::{Blind, Keyring};
use sea_orm::{ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _};

use crate::party::{Party, Uid};

mod entity {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "party_number")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub hash: Vec<u8>,
        pub party_uid: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

use entity::{Column, Entity, Model};

/// What the hashes are hashes of.
const NUMBER: &str = "party_number.hash";

/// Which parties have these numbers.
pub(crate) async fn holders(
    db: &impl ConnectionTrait,
    ring: &Keyring,
    numbers: impl IntoIterator<Item = &IdentityNumber>,
) -> Result<HashMap<IdentityNumber, Uid>, DbErr> {
    let mut wanted: HashMap<Vec<u8>, &IdentityNumber> = HashMap::new();
    for number in numbers {
        let hashes = hashes(ring, number).into_iter();
        wanted.extend(hashes.map(|hash| (hash.into_bytes(), number)));
    }
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = Entity::find()
        .filter(among(db, Column::Hash, wanted.keys().cloned()))
        .all(db)
        .await?;
    let holders = rows.into_iter().filter_map(|row| {
        let number = wanted.get(&row.hash)?;
        Some(((*number).clone(), Uid::new(row.party_uid)))
    });
    Ok(holders.collect())
}

/// Writes the hashes of numbers that are new; one that is there is of somebody who was quicker.
pub(crate) async fn insert(
    sink: &impl Sink,
    ring: &Keyring,
    numbers: &[(&Uid, &IdentityNumber)],
) -> Result<(), DbErr> {
    let rows = numbers
        .iter()
        .flat_map(|(uid, number)| rows(ring, uid, number));
    sink.put::<Entity>(rows.collect(), &[]).await
}

/// Writes what is missing of the hashes of a party, takes out those of keys that are gone, and says whether there were any.
pub(super) async fn renew(
    db: &impl ConnectionTrait,
    ring: &Keyring,
    party: &Party,
) -> Result<bool, DbErr> {
    let numbers = party.particulars.numbers.iter();
    let wanted = numbers.flat_map(|number| rows(ring, &party.uid, number));
    let wanted: BTreeSet<Vec<u8>> = wanted.map(|row| row.hash).collect();
    let there = Entity::find()
        .filter(Column::PartyUid.eq(party.uid.as_str()))
        .all(db)
        .await?;
    let there: BTreeSet<Vec<u8>> = there.into_iter().map(|row| row.hash).collect();
    if there == wanted {
        return Ok(false);
    }
    for stale in there.difference(&wanted) {
        Entity::delete_by_id(stale.clone()).exec(db).await?;
    }
    let missing = wanted.difference(&there).map(|hash| Model {
        hash: hash.clone(),
        party_uid: party.uid.to_string(),
    });
    db.put::<Entity>(missing.collect(), &[]).await?;
    Ok(true)
}

fn rows(ring: &Keyring, uid: &Uid, number: &IdentityNumber) -> impl Iterator<Item = Model> {
    let party_uid = uid.to_string();
    hashes(ring, number).into_iter().map(move |hash| Model {
        hash: hash.into_bytes(),
        party_uid: party_uid.clone(),
    })
}

fn hashes(ring: &Keyring, number: &IdentityNumber) -> Vec<Blind> {
    let text = format!("{} {}", number.kind().as_str(), number.value());
    ring.blinds(NUMBER, text.as_bytes())
}
