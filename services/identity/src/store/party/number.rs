//! The table `party_number`: a keyed hash of each number, under every key of the ring.

use std::collections::BTreeSet;

use kit::db::{Sink, among};
use kit::identity_number::IdentityNumber;
use kit::seal::{Blind, Keyring};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QuerySelect as _};

use crate::party::Party;

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

/// The uids of the parties that have these numbers.
pub(super) async fn holders(
    db: &impl ConnectionTrait,
    ring: &Keyring,
    numbers: impl IntoIterator<Item = &IdentityNumber>,
) -> Result<BTreeSet<String>, DbErr> {
    let hashes = numbers.into_iter().flat_map(|number| hashes(ring, number));
    let hashes: Vec<Vec<u8>> = hashes.map(Blind::into_bytes).collect();
    if hashes.is_empty() {
        return Ok(BTreeSet::new());
    }
    let uids: Vec<String> = Entity::find()
        .select_only()
        .column(Column::PartyUid)
        .filter(among(db, Column::Hash, hashes))
        .into_tuple()
        .all(db)
        .await?;
    Ok(uids.into_iter().collect())
}

/// Writes the hashes of new parties; one that is there is of somebody who was quicker.
pub(super) async fn insert(
    sink: &impl Sink,
    ring: &Keyring,
    parties: &[&Party],
) -> Result<(), DbErr> {
    let rows = parties.iter().flat_map(|party| rows(ring, party));
    sink.put::<Entity>(rows.collect(), &[]).await
}

/// Writes what is missing of the hashes of a party, takes out those of keys that are gone, and says whether there were any.
pub(super) async fn renew(
    db: &impl ConnectionTrait,
    ring: &Keyring,
    party: &Party,
) -> Result<bool, DbErr> {
    let wanted: BTreeSet<Vec<u8>> = rows(ring, party).map(|row| row.hash).collect();
    let there = Entity::find().filter(of(party)).all(db).await?;
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

fn of(party: &Party) -> sea_orm::sea_query::Expr {
    use sea_orm::ColumnTrait as _;
    Column::PartyUid.eq(party.uid.as_str())
}

fn rows(ring: &Keyring, party: &Party) -> impl Iterator<Item = Model> {
    let uid = party.uid.to_string();
    let hashes = hashes(ring, &party.particulars.number).into_iter();
    hashes.map(move |hash| Model {
        hash: hash.into_bytes(),
        party_uid: uid.clone(),
    })
}

fn hashes(ring: &Keyring, number: &IdentityNumber) -> Vec<Blind> {
    let text = format!("{} {}", number.kind().as_str(), number.value());
    ring.blinds(NUMBER, text.as_bytes())
}
