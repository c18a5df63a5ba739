//! Local copies of what other services own: whole objects by kind and key, written by the consumer that brings them.

mod calendar;
mod reference;
mod units;

use std::collections::{BTreeMap, BTreeSet};

use prost::Message;
use proto::event::v1::Event;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _,
};

use crate::db::{Sink, pairs_among};

pub use calendar::{CalendarCache, Calendars, calendars};
pub use reference::{calendar_key, from_catalogue, from_identity, procedures, version_key};
pub use units::{Unit, UnitKind, UnitTable};

/// The kind of a copied unit; its key is the uid.
pub const UNIT: &str = "unit";
/// The kind of a copied procedure: under its code a `ProcedureChanged`, under a [`version_key`] the `Procedure` of one version.
pub const PROCEDURE: &str = "procedure";
/// The kind of a copied calendar; its key is the calendar's.
pub const CALENDAR: &str = "calendar";
/// The key of the calendar that all units share.
pub const PROVINCE_CALENDAR: &str = "province";

mod entity {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "copy")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub kind: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: String,
        pub body: Vec<u8>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Names one copy: its kind and its key.
pub type Name = (&'static str, String);

/// The name of the calendar that all units share.
#[must_use]
pub fn calendar_name() -> Name {
    (CALENDAR, PROVINCE_CALENDAR.to_owned())
}

/// One copy as it stands in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copy {
    /// What it is: `unit`, `procedure` …
    pub kind: &'static str,
    /// Which one.
    pub key: String,
    /// The encoded protobuf message.
    pub body: Vec<u8>,
}

impl Copy {
    /// The copy of a message.
    pub fn new(kind: &'static str, key: impl Into<String>, message: &impl Message) -> Self {
        Self {
            kind,
            key: key.into(),
            body: message.encode_to_vec(),
        }
    }
}

/// The encoded change in an event.
#[must_use]
pub fn change_of(event: &Event) -> &[u8] {
    event
        .change
        .as_ref()
        .map_or(&[], |any| any.value.as_slice())
}

/// Whether an event tells of this kind of change; a log may tell of several.
#[must_use]
pub fn tells_of<M: prost::Name>(event: &Event) -> bool {
    let type_url = event.change.as_ref().map(|any| any.type_url.as_str());
    let told = type_url.and_then(|url| url.rsplit('/').next());
    told == Some(M::full_name().as_str())
}

/// Loads copies of several kinds at once; those that do not exist are left out.
///
/// # Errors
/// When the store does not answer.
pub async fn load(db: &impl ConnectionTrait, names: &BTreeSet<Name>) -> Result<Vec<Copy>, DbErr> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let wanted = names
        .iter()
        .map(|(kind, key)| ((*kind).to_owned(), key.clone()));
    let columns = [entity::Column::Kind, entity::Column::Key];
    let rows = entity::Entity::find()
        .filter(pairs_among(db, columns, wanted))
        .all(db)
        .await?;
    let kind_of = |kind: &str| names.iter().map(|name| name.0).find(|name| *name == kind);
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            Some(Copy {
                kind: kind_of(&row.kind)?,
                key: row.key,
                body: row.body,
            })
        })
        .collect())
}

/// All copies of one kind.
///
/// # Errors
/// When the store does not answer.
pub async fn all(db: &impl ConnectionTrait, kind: &'static str) -> Result<Vec<Copy>, DbErr> {
    let rows = entity::Entity::find()
        .filter(entity::Column::Kind.eq(kind))
        .order_by_asc(entity::Column::Key)
        .all(db)
        .await?;
    let copy = |row: entity::Model| Copy {
        kind,
        key: row.key,
        body: row.body,
    };
    Ok(rows.into_iter().map(copy).collect())
}

/// Writes copies over those that are there; of several with one name the last counts.
///
/// # Errors
/// When the store does not answer.
pub async fn save(sink: &impl Sink, copies: &[&Copy]) -> Result<(), DbErr> {
    let last: BTreeMap<_, _> = copies
        .iter()
        .map(|copy| ((copy.kind, &copy.key), copy))
        .collect();
    let rows = last.into_values().map(|copy| entity::Model {
        kind: copy.kind.to_owned(),
        key: copy.key.clone(),
        body: copy.body.clone(),
    });
    sink.put::<entity::Entity>(rows.collect(), &[entity::Column::Body])
        .await
}
