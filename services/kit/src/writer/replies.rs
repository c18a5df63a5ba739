//! Saved replies: what makes a repeated call safe for 15 days, Tết included.

use std::collections::HashMap;
use std::time::Duration;

use sea_orm::{ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _};

use super::job::{Call, Replied};
use crate::clock;
use crate::db::{Sink, pairs_among};

const KEPT: Duration = Duration::from_hours(15 * 24);

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
        pub digest: Vec<u8>,
        pub body: Vec<u8>,
        pub positions: String,
        pub saved_at: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The reply of a request id.
pub(super) struct Saved {
    pub digest: Vec<u8>,
    pub reply: Reply,
}

/// Where the reply is.
pub(super) enum Reply {
    Stored(Replied),
    /// Given by this job of the batch that is being decided.
    InBatch(usize),
}

impl Saved {
    pub fn fresh(call: &Call, index: usize) -> Self {
        Self {
            digest: call.digest.clone(),
            reply: Reply::InBatch(index),
        }
    }

    pub fn index(&self) -> Option<usize> {
        match self.reply {
            Reply::InBatch(index) => Some(index),
            Reply::Stored(_) => None,
        }
    }
}

/// The saved replies of these calls by caller and request id.
pub(super) async fn find(
    db: &impl ConnectionTrait,
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
    let saved = |row: entity::Model| {
        let replied = Replied {
            body: row.body,
            positions: row.positions.parse().unwrap_or_default(),
        };
        let saved = Saved {
            digest: row.digest,
            reply: Reply::Stored(replied),
        };
        ((row.caller, row.request_id), saved)
    };
    Ok(rows.into_iter().map(saved).collect())
}

/// The reply that one call had, if it is among these.
pub(super) fn of(saved: &HashMap<(String, String), Saved>, call: &Call) -> Option<Replied> {
    let key = (call.caller.clone(), call.request_id.clone());
    match saved.get(&key) {
        Some(Saved {
            digest,
            reply: Reply::Stored(replied),
        }) if *digest == call.digest => Some(replied.clone()),
        Some(_) | None => None,
    }
}

/// Saves the replies of a batch.
pub(super) async fn save(
    sink: &impl Sink,
    replies: impl Iterator<Item = (&Call, &Replied)>,
) -> Result<(), DbErr> {
    let saved_at = clock::micros(clock::real());
    let rows = replies.map(|(call, replied)| entity::Model {
        caller: call.caller.clone(),
        request_id: call.request_id.clone(),
        digest: call.digest.clone(),
        body: replied.body.clone(),
        positions: replied.positions.to_string(),
        saved_at,
    });
    sink.put::<entity::Entity>(rows.collect(), &[]).await
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
