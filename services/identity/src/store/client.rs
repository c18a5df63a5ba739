//! The table `client`.

use kit::db::{Sink, among};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, Iterable as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::unreadable;
use crate::client::{Client, Reach, Registration};
use crate::jose::SignerKey;
use crate::subject::Subject;
use crate::unit;

mod entity {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "client")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub subject: String,
        pub name: String,
        pub kind: String,
        /// JSON.
        pub rpcs: String,
        /// JSON; `null` for all units.
        pub units: String,
        pub rate_class: String,
        pub certificate_subject: Option<String>,
        /// JSON.
        pub keys: String,
        pub disabled: bool,
        pub revision: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

use entity::{Column, Entity, Model};

/// The client of this name.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    subject: &Subject,
) -> Result<Option<Client>, DbErr> {
    let row = Entity::find_by_id(subject.as_str()).one(db).await?;
    row.map(Client::try_from).transpose()
}

/// Those of these clients that exist and those that are bound to these certificate subjects, locked in order of name.
pub(crate) async fn lock<'a>(
    db: &impl ConnectionTrait,
    subjects: impl IntoIterator<Item = &'a Subject>,
    certificates: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<Client>, DbErr> {
    let named = among(
        db,
        Column::Subject,
        subjects.into_iter().map(Subject::as_str),
    );
    let bound = among(db, Column::CertificateSubject, certificates);
    let rows = Entity::find()
        .filter(Condition::any().add(named).add(bound))
        .order_by_asc(Column::Subject)
        .lock_exclusive()
        .all(db)
        .await?;
    rows.into_iter().map(Client::try_from).collect()
}

/// A page in order of name, with one client more than its size when another page follows.
pub(crate) async fn page(
    db: &impl ConnectionTrait,
    after: Option<&str>,
    size: u64,
) -> Result<Vec<Client>, DbErr> {
    let mut select = Entity::find().order_by_asc(Column::Subject).limit(size + 1);
    if let Some(after) = after {
        select = select.filter(Column::Subject.gt(after));
    }
    let rows = select.all(db).await?;
    rows.into_iter().map(Client::try_from).collect()
}

/// Writes clients over those that are there.
pub(crate) async fn save(sink: &impl Sink, clients: &[&Client]) -> Result<(), DbErr> {
    let rows = clients.iter().map(|client| Model::from(*client));
    let over: Vec<Column> = Column::iter().collect();
    sink.put::<Entity>(rows.collect(), &over).await
}

impl TryFrom<Model> for Client {
    type Error = DbErr;

    fn try_from(row: Model) -> Result<Self, DbErr> {
        let units: Option<Vec<String>> = parse(&row.units, "client.units")?;
        let at = |units: Vec<String>| Reach::At(units.into_iter().map(unit::Uid::new).collect());
        let keys: Vec<String> = parse(&row.keys, "client.keys")?;
        let keys: Result<Vec<_>, _> = keys.iter().map(|key| SignerKey::parse(key)).collect();
        let subject = row.subject.parse();
        let kind = row.kind.parse();
        let rate_class = row.rate_class.parse();
        Ok(Self {
            subject: subject.map_err(|()| unreadable("client.subject"))?,
            registration: Registration {
                name: row.name,
                kind: kind.map_err(|()| unreadable("client.kind"))?,
                rpcs: parse(&row.rpcs, "client.rpcs")?,
                reach: units.map_or(Reach::Everywhere, at),
                rate_class: rate_class.map_err(|()| unreadable("client.rate_class"))?,
                certificate_subject: row.certificate_subject,
            },
            keys: keys.map_err(|_| unreadable("client.keys"))?,
            disabled: row.disabled,
            revision: row.revision,
        })
    }
}

impl From<&Client> for Model {
    fn from(client: &Client) -> Self {
        let registration = &client.registration;
        let units: Option<Vec<&str>> = match &registration.reach {
            Reach::At(units) => Some(units.iter().map(unit::Uid::as_str).collect()),
            Reach::Everywhere => None,
        };
        let keys: Vec<String> = client.keys.iter().map(SignerKey::to_json).collect();
        Self {
            subject: client.subject.to_string(),
            name: registration.name.clone(),
            kind: registration.kind.as_str().to_owned(),
            rpcs: json(&registration.rpcs),
            units: json(&units),
            rate_class: registration.rate_class.as_str().to_owned(),
            certificate_subject: registration.certificate_subject.clone(),
            keys: json(&keys),
            disabled: client.disabled,
            revision: client.revision,
        }
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn parse<T: DeserializeOwned>(text: &str, column: &str) -> Result<T, DbErr> {
    serde_json::from_str(text).map_err(|_| unreadable(column))
}
