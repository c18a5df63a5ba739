//! The table `officer`: the one place for officers' names.

use kit::authority::{Relation, Scope};
use kit::db::{Sink, among};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter,
    QueryOrder as _, QuerySelect as _, Select,
};

use super::{position, unreadable};
use crate::officer::{Name, Officer, Page};
use crate::subject::Subject;
use crate::unit;

pub(super) mod entity {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "officer")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub subject: String,
        pub name: String,
        pub unit_uid: Option<String>,
        pub standing: String,
        pub revision: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

use entity::{Column, Entity, Model};

/// One officer, if it is within the caller's scope.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    scope: &Scope,
    subject: &Subject,
) -> Result<Option<Officer>, DbErr> {
    let row = within(scope)
        .filter(Column::Subject.eq(subject.as_str()))
        .one(db)
        .await?;
    row.map(Officer::try_from).transpose()
}

/// A page in order of subject, with one officer more than its size when another page follows.
pub(crate) async fn page(
    db: &impl ConnectionTrait,
    scope: &Scope,
    page: &Page,
) -> Result<Vec<Officer>, DbErr> {
    let mut query = within(scope);
    if let Some(after) = &page.after {
        query = query.filter(Column::Subject.gt(after.as_str()));
    }
    if page.unit.is_some() || page.role.is_some() {
        let held = position::holders(scope, page);
        query = query.filter(Column::Subject.in_subquery(held));
    }
    let rows = query
        .order_by_asc(Column::Subject)
        .limit(page.size + 1)
        .all(db)
        .await?;
    rows.into_iter().map(Officer::try_from).collect()
}

/// Every query of a caller starts here.
fn within(scope: &Scope) -> Select<Entity> {
    Entity::find().filter(scope.condition(|relation, names| {
        match relation {
            Relation::Own => Some(
                Condition::any()
                    .add(Column::UnitUid.is_in(names))
                    .add(Column::Subject.in_subquery(position::holders_at(names))),
            ),
            Relation::Itself => Some(Condition::all().add(Column::Subject.is_in(names))),
            _ => None,
        }
    }))
}

/// Those of these officers that exist, locked in order of subject.
pub(crate) async fn lock<'a>(
    db: &impl ConnectionTrait,
    subjects: impl IntoIterator<Item = &'a Subject>,
) -> Result<Vec<Officer>, DbErr> {
    let wanted = subjects.into_iter().map(Subject::as_str);
    let rows = Entity::find()
        .filter(among(db, Column::Subject, wanted))
        .order_by_asc(Column::Subject)
        .lock_exclusive()
        .all(db)
        .await?;
    rows.into_iter().map(Officer::try_from).collect()
}

/// Writes new officers, none of whom may be there.
pub(crate) async fn insert(sink: &impl Sink, officers: &[&Officer]) -> Result<(), DbErr> {
    let rows = officers.iter().map(|officer| Model::from(*officer));
    sink.put::<Entity>(rows.collect(), &[]).await
}

/// Writes officers over those that are there.
pub(crate) async fn save(sink: &impl Sink, officers: &[&Officer]) -> Result<(), DbErr> {
    let rows = officers.iter().map(|officer| Model::from(*officer));
    let over = [Column::Name, Column::Standing, Column::Revision];
    sink.put::<Entity>(rows.collect(), &over).await
}

impl TryFrom<Model> for Officer {
    type Error = DbErr;

    fn try_from(row: Model) -> Result<Self, DbErr> {
        let subject = row.subject.parse();
        let standing = row.standing.parse();
        Ok(Self {
            subject: subject.map_err(|()| unreadable("officer.subject"))?,
            name: Name::new(row.name),
            unit: row.unit_uid.map(unit::Uid::new),
            standing: standing.map_err(|()| unreadable("officer.standing"))?,
            revision: row.revision,
        })
    }
}

impl From<&Officer> for Model {
    fn from(officer: &Officer) -> Self {
        Self {
            subject: officer.subject.to_string(),
            name: officer.name.as_str().to_owned(),
            unit_uid: officer.unit.as_ref().map(ToString::to_string),
            standing: officer.standing.as_str().to_owned(),
            revision: officer.revision,
        }
    }
}
