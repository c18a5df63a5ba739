//! The table `officer`: the one place for officers' names.

use kit::authority::{Relation, Scope};
use kit::db::{Sink, among};
use kit::log::{self, Keyed, keyed};
use kit::seal::{self, Inspection, Keyring, Place};
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
        /// Sealed under the officer's data key.
        pub name: Vec<u8>,
        pub unit_uid: Option<String>,
        pub standing: String,
        pub revision: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

use entity::{Column, Entity, Model};

/// One officer, if it is within the caller's scope.
pub(crate) async fn find(
    (db, ring): (&impl ConnectionTrait, &Keyring),
    scope: &Scope,
    subject: &Subject,
) -> Result<Option<Officer>, DbErr> {
    let select = within(scope).filter(Column::Subject.eq(subject.as_str()));
    let found = domain(select, db, ring).await?;
    Ok(found.into_iter().next())
}

/// A page in order of subject, with one officer more than its size when another page follows.
pub(crate) async fn page(
    (db, ring): (&impl ConnectionTrait, &Keyring),
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
    let query = query.order_by_asc(Column::Subject).limit(page.size + 1);
    domain(query, db, ring).await
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
    (db, ring): (&impl ConnectionTrait, &Keyring),
    subjects: impl IntoIterator<Item = &'a Subject>,
) -> Result<Vec<Officer>, DbErr> {
    let wanted = subjects.into_iter().map(Subject::as_str);
    let select = Entity::find()
        .filter(among(db, Column::Subject, wanted))
        .order_by_asc(Column::Subject)
        .lock_exclusive();
    domain(select, db, ring).await
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

/// Opens the name of every officer.
pub(crate) async fn inspect(
    db: &impl ConnectionTrait,
    ring: &Keyring,
) -> Result<Inspection, DbErr> {
    let columns = (Column::Subject, Column::Subject);
    log::inspect(db, Entity::find(), columns, |keyed, found| {
        let subject = keyed.row.subject.clone();
        let opened = officer(keyed, ring).map(Some);
        found.note(format_args!("officer {subject}"), opened);
        subject
    })
    .await
}

async fn domain(
    select: Select<Entity>,
    db: &impl ConnectionTrait,
    ring: &Keyring,
) -> Result<Vec<Officer>, DbErr> {
    let rows = keyed(select, Column::Subject).all(db).await?;
    rows.into_iter().map(|found| officer(found, ring)).collect()
}

/// The officer of a row and its data key.
fn officer(found: Keyed<Model>, ring: &Keyring) -> Result<Officer, DbErr> {
    // Nothing drops the key of an officer; one that is missing was taken away past the suite.
    let key = found.key(ring, &found.row.subject)?;
    let key = key.ok_or(seal::Error::Altered)?;
    let row = found.row;
    let name = String::from_utf8(key.open(place(&row.subject), &row.name)?);
    let subject = row.subject.parse();
    let standing = row.standing.parse();
    Ok(Officer {
        subject: subject.map_err(|()| unreadable("officer.subject"))?,
        name: Name::new(name.map_err(|_| unreadable("officer.name"))?),
        unit: row.unit_uid.map(unit::Uid::new),
        standing: standing.map_err(|()| unreadable("officer.standing"))?,
        revision: row.revision,
        key,
    })
}

fn place(subject: &str) -> Place<'_> {
    Place {
        table: "officer",
        column: "name",
        row: subject,
    }
}

impl From<&Officer> for Model {
    fn from(officer: &Officer) -> Self {
        let (subject, name) = (officer.subject.as_str(), officer.name.as_str());
        Self {
            subject: subject.to_owned(),
            name: officer.key.seal(place(subject), name.as_bytes()),
            unit_uid: officer.unit.as_ref().map(ToString::to_string),
            standing: officer.standing.as_str().to_owned(),
            revision: officer.revision,
        }
    }
}
