//! The table `principal`.

use kit::db::{Sink, among};
use kit::keys::PublicKey;
use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait as _, Iterable as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};

use super::unreadable;
use crate::principal::{Part, Principal, role_of};
use crate::subject::Subject;
use crate::{party, unit};

mod entity {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "principal")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub subject: String,
        pub role: String,
        pub unit_uid: Option<String>,
        pub party_uid: Option<String>,
        pub public_key: Vec<u8>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

use entity::{Column, Entity, Model};

/// The principal of this name.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    subject: &Subject,
) -> Result<Option<Principal>, DbErr> {
    let row = Entity::find_by_id(subject.as_str()).one(db).await?;
    row.map(Principal::try_from).transpose()
}

/// Those of these principals that exist, locked in order of subject.
pub(crate) async fn lock<'a>(
    db: &impl ConnectionTrait,
    subjects: impl IntoIterator<Item = &'a Subject>,
) -> Result<Vec<Principal>, DbErr> {
    let rows = Entity::find()
        .filter(among(
            db,
            Column::Subject,
            subjects.into_iter().map(Subject::as_str),
        ))
        .order_by_asc(Column::Subject)
        .lock_exclusive()
        .all(db)
        .await?;
    rows.into_iter().map(Principal::try_from).collect()
}

/// Writes principals over those that are there.
pub(crate) async fn save(sink: &impl Sink, principals: &[&Principal]) -> Result<(), DbErr> {
    let rows = principals.iter().map(|principal| Model::from(*principal));
    let over: Vec<Column> = Column::iter().collect();
    sink.put::<Entity>(rows.collect(), &over).await
}

impl TryFrom<Model> for Principal {
    type Error = DbErr;

    fn try_from(row: Model) -> Result<Self, DbErr> {
        let role = role_of(&row.role).ok_or_else(|| unreadable("principal.role"))?;
        let part = match (row.unit_uid, row.party_uid) {
            (Some(unit), None) => Part::at_unit(role, unit::Uid::new(unit)),
            (None, Some(party)) => Some(Part::Applicant(party::Uid::new(party))),
            _ => None,
        };
        Ok(Self {
            subject: row
                .subject
                .parse()
                .map_err(|()| unreadable("principal.subject"))?,
            part: part.ok_or_else(|| unreadable("principal.unit_uid"))?,
            public_key: PublicKey::from_bytes(&row.public_key)
                .map_err(|_| unreadable("principal.public_key"))?,
        })
    }
}

impl From<&Principal> for Model {
    fn from(principal: &Principal) -> Self {
        Self {
            subject: principal.subject.to_string(),
            role: principal.part.role().as_str().to_owned(),
            unit_uid: principal.part.unit().map(ToString::to_string),
            party_uid: principal.part.party().map(ToString::to_string),
            public_key: principal.public_key.to_bytes(),
        }
    }
}
