//! Saved replies: what makes a repeated call safe for 15 days, Tết included. What one tells of a person is sealed under the data
//! key of that subject.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use sea_orm::{ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _};

use super::About;
use super::job::{Call, Replied};
use crate::clock;
use crate::db::{Sink, pairs_among};
use crate::log::data_keys;
use crate::seal::{self, DataKey, Keyring, Place};

const KEPT: Duration = Duration::from_hours(15 * 24);
/// What the keyed hashes of contents are hashes of.
const CONTENT: &str = "reply.digest";

mod entity {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "reply")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub caller: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub request_id: String,
        /// A keyed hash of the content.
        pub digest: Vec<u8>,
        /// Whom it tells something personal of; the body is sealed then.
        pub subject: Option<String>,
        pub body: Vec<u8>,
        pub positions: String,
        pub saved_at: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The reply of a request id.
pub(super) struct Saved {
    digest: Digest,
    pub reply: Reply,
}

enum Digest {
    Plain(Vec<u8>),
    Keyed(Vec<u8>),
}

/// Where the reply is.
pub(super) enum Reply {
    Stored(Replied),
    /// What it told of a person cannot be read any more.
    Erased,
    /// Given by this job of the batch that is being decided.
    InBatch(usize),
}

/// A reply to save.
pub(super) struct Fresh<'a> {
    pub call: &'a Call,
    pub replied: &'a Replied,
    pub about: Option<&'a About>,
}

impl Saved {
    pub fn fresh(call: &Call, index: usize) -> Self {
        Self {
            digest: Digest::Plain(call.digest.clone()),
            reply: Reply::InBatch(index),
        }
    }

    pub fn index(&self) -> Option<usize> {
        match self.reply {
            Reply::InBatch(index) => Some(index),
            Reply::Stored(_) | Reply::Erased => None,
        }
    }

    /// Whether it was given to a call with this content. Where the key of the hash is gone, the id is believed.
    pub fn is_of(&self, ring: &Keyring, call: &Call) -> bool {
        match &self.digest {
            Digest::Plain(digest) => *digest == call.digest,
            Digest::Keyed(digest) => ring.is_of(digest, CONTENT, &call.digest).unwrap_or(true),
        }
    }
}

/// The saved replies of these calls by caller and request id.
pub(super) async fn find(
    db: &impl ConnectionTrait,
    ring: &Keyring,
    calls: &[&Call],
) -> Result<HashMap<(String, String), Saved>, DbErr> {
    if calls.is_empty() {
        return Ok(HashMap::new());
    }
    let keys = calls
        .iter()
        .map(|call| (call.caller.clone(), call.request_id.clone()));
    let columns = [entity::Column::Caller, entity::Column::RequestId];
    let rows = entity::Entity::find()
        .filter(pairs_among(db, columns, keys))
        .all(db)
        .await?;
    let subjects: BTreeSet<&str> = rows
        .iter()
        .filter_map(|row| row.subject.as_deref())
        .collect();
    let keys = data_keys(db, ring, subjects).await?;
    let mut saved = HashMap::with_capacity(rows.len());
    for row in rows {
        let key = row.subject.as_ref().and_then(|subject| keys.get(subject));
        let key = key
            .map(|key| key.as_ref().map_err(Clone::clone))
            .transpose()?;
        let reply = row.reply(key)?;
        let digest = Digest::Keyed(row.digest);
        saved.insert((row.caller, row.request_id), Saved { digest, reply });
    }
    Ok(saved)
}

impl entity::Model {
    /// The reply; its key is that of the subject, none where that was erased.
    fn reply(&self, key: Option<&DataKey>) -> Result<Reply, seal::Error> {
        let body = match (&self.subject, key) {
            (None, _) => self.body.clone(),
            (Some(_), None) => return Ok(Reply::Erased),
            (Some(_), Some(key)) => {
                key.open(place(&name(&self.caller, &self.request_id)), &self.body)?
            }
        };
        Ok(Reply::Stored(Replied {
            body,
            positions: self.positions.parse().unwrap_or_default(),
        }))
    }
}

/// The reply that one call had, if it is among these.
pub(super) fn of(
    saved: &HashMap<(String, String), Saved>,
    ring: &Keyring,
    call: &Call,
) -> Option<Replied> {
    let key = (call.caller.clone(), call.request_id.clone());
    let saved = saved.get(&key).filter(|saved| saved.is_of(ring, call))?;
    match &saved.reply {
        Reply::Stored(replied) => Some(replied.clone()),
        Reply::Erased | Reply::InBatch(_) => None,
    }
}

/// Saves the replies of a batch.
pub(super) async fn save(
    sink: &impl Sink,
    ring: &Keyring,
    replies: impl Iterator<Item = Fresh<'_>>,
) -> Result<(), DbErr> {
    let saved_at = clock::micros(clock::real());
    let mut rows = Vec::new();
    for fresh in replies {
        rows.push(fresh.row(ring, saved_at)?);
    }
    sink.put::<entity::Entity>(rows, &[]).await
}

impl Fresh<'_> {
    fn row(&self, ring: &Keyring, saved_at: i64) -> Result<entity::Model, seal::Error> {
        let Call {
            caller,
            request_id,
            digest,
        } = self.call;
        let (body, about) = (&self.replied.body, self.about);
        let sealed = about.map(|about| about.key.seal(place(&name(caller, request_id)), body));
        Ok(entity::Model {
            caller: caller.clone(),
            request_id: request_id.clone(),
            digest: ring.blind(CONTENT, digest)?.into_bytes(),
            subject: about.map(|about| about.subject.clone()),
            body: sealed.unwrap_or_else(|| body.clone()),
            positions: self.replied.positions.to_string(),
            saved_at,
        })
    }
}

fn name(caller: &str, request_id: &str) -> String {
    // A request id has no space.
    format!("{request_id} {caller}")
}

fn place(name: &str) -> Place<'_> {
    Place {
        table: "reply",
        column: "body",
        row: name,
    }
}

/// Removes replies that nobody may ask for any more.
pub(super) async fn prune(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    let before = clock::micros(clock::real() - KEPT);
    entity::Entity::delete_many()
        .filter(entity::Column::SavedAt.lt(before))
        .exec(db)
        .await?;
    Ok(())
}
