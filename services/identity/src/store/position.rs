//! The table `position`.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use kit::authority::{Relation, Scope};
use kit::caller::Role;
use kit::db::{Sink, among};
use sea_orm::sea_query::SelectStatement;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, Iterable as _,
    QueryFilter, QueryOrder as _, QuerySelect as _, QueryTrait as _, Select,
};

use super::{officer, unreadable};
use crate::officer::{Page, Standing};
use crate::position::{ActingFor, Period, Position, Uid};
use crate::subject::Subject;
use crate::unit;

mod entity {
    use chrono::NaiveDate;
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "position")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub uid: String,
        pub subject: String,
        pub role: String,
        pub unit_uid: String,
        pub first_day: NaiveDate,
        pub last_day: Option<NaiveDate>,
        pub acting_for: Option<String>,
        pub acting_position_uid: Option<String>,
        pub tell_on: Option<NaiveDate>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

use entity::{Column, Entity, Model};

/// What an officer's token grants on a day: its roles at units, and for whom it has them where it acts for somebody. Nothing
/// for a disabled officer.
pub(crate) async fn grants(
    db: &impl ConnectionTrait,
    subject: &Subject,
    on: NaiveDate,
) -> Result<Vec<(Role, unit::Uid, Option<Subject>)>, DbErr> {
    let rows = Entity::find()
        .filter(Column::Subject.eq(subject.as_str()))
        .filter(Column::Subject.in_subquery(active()))
        .filter(on_day(on))
        .order_by_asc(Column::Uid)
        .all(db)
        .await?;
    let granted = |row| {
        let position = Position::try_from(row)?;
        let acting_for = position.acting_for.map(|acting| acting.officer);
        Ok((position.role, position.unit, acting_for))
    };
    rows.into_iter().map(granted).collect()
}

/// The positions of these officers that are within the caller's scope; only those of one day, or all.
pub(crate) async fn of(
    db: &impl ConnectionTrait,
    scope: &Scope,
    subjects: impl IntoIterator<Item = &Subject>,
    on: Option<NaiveDate>,
) -> Result<Vec<Position>, DbErr> {
    let subjects = subjects.into_iter().map(Subject::as_str);
    let mut query = within(scope).filter(among(db, Column::Subject, subjects));
    if let Some(day) = on {
        query = query.filter(on_day(day));
    }
    let rows = query
        .order_by_asc(Column::FirstDay)
        .order_by_asc(Column::Uid)
        .all(db)
        .await?;
    rows.into_iter().map(Position::try_from).collect()
}

/// Where active officers have these roles on a day.
pub(crate) async fn roles_held(
    db: &impl ConnectionTrait,
    roles: &[Role],
    on: NaiveDate,
) -> Result<BTreeSet<(unit::Uid, Role)>, DbErr> {
    let rows: Vec<(String, String)> = Entity::find()
        .select_only()
        .columns([Column::UnitUid, Column::Role])
        .distinct()
        .filter(Column::Role.is_in(roles.iter().map(|role| role.as_str())))
        .filter(Column::Subject.in_subquery(active()))
        .filter(on_day(on))
        .into_tuple()
        .all(db)
        .await?;
    let held = |(unit, role): (String, String)| {
        let role = role.parse().map_err(|()| unreadable("position.role"))?;
        Ok((unit::Uid::new(unit), role))
    };
    rows.into_iter().map(held).collect()
}

/// Some of the positions whose end is to be told on this day or was to be before it.
pub(crate) async fn to_be_told(
    db: &impl ConnectionTrait,
    today: NaiveDate,
    most: u64,
) -> Result<Vec<Uid>, DbErr> {
    let uids: Vec<String> = Entity::find()
        .select_only()
        .column(Column::Uid)
        .filter(Column::TellOn.lte(today))
        .order_by_asc(Column::TellOn)
        .limit(most)
        .into_tuple()
        .all(db)
        .await?;
    Ok(uids.into_iter().map(Uid::new).collect())
}

/// The officers whom these positions concern: who holds them, and for whom.
pub(crate) async fn concerned<'a>(
    db: &impl ConnectionTrait,
    uids: impl IntoIterator<Item = &'a Uid>,
) -> Result<BTreeSet<Subject>, DbErr> {
    let uids = uids.into_iter().map(Uid::as_str);
    let rows = Entity::find()
        .filter(among(db, Column::Uid, uids))
        .all(db)
        .await?;
    let mut subjects = BTreeSet::new();
    for row in rows {
        let position = Position::try_from(row)?;
        subjects.extend(position.acting_for.map(|acting| acting.officer));
        subjects.insert(position.officer);
    }
    Ok(subjects)
}

/// All positions of these officers and all that are held for them. The officers are locked, so nobody else changes these.
pub(crate) async fn around<'a>(
    db: &impl ConnectionTrait,
    subjects: impl IntoIterator<Item = &'a Subject>,
) -> Result<Vec<Position>, DbErr> {
    let subjects: Vec<&str> = subjects.into_iter().map(Subject::as_str).collect();
    let concerned = Condition::any()
        .add(among(db, Column::Subject, subjects.iter().copied()))
        .add(among(db, Column::ActingFor, subjects.iter().copied()));
    let rows = Entity::find().filter(concerned).all(db).await?;
    rows.into_iter().map(Position::try_from).collect()
}

/// Whether anybody has this role on this day or will have it.
pub(crate) async fn is_anywhere(
    db: &impl ConnectionTrait,
    role: Role,
    today: NaiveDate,
) -> Result<bool, DbErr> {
    let goes_on = Condition::any()
        .add(Column::LastDay.is_null())
        .add(Column::LastDay.gte(today));
    let found = Entity::find()
        .filter(Column::Role.eq(role.as_str()))
        .filter(goes_on)
        .limit(1)
        .one(db)
        .await?;
    Ok(found.is_some())
}

/// Writes positions over those that are there. Those that make room come first.
pub(crate) async fn save(sink: &impl Sink, mut positions: Vec<&Position>) -> Result<(), DbErr> {
    // What is acted in stands before who acts in it, and an earlier period, which may be cut, before a later one.
    positions.sort_by_key(|position| (position.acting_for.is_some(), position.period.first()));
    let rows = positions.into_iter().map(Model::from).collect();
    let over: Vec<Column> = Column::iter().collect();
    sink.put::<Entity>(rows, &over).await
}

/// Who holds a position that a page asks for and its caller may know.
pub(super) fn holders(scope: &Scope, page: &Page) -> SelectStatement {
    let mut query = within(scope).select_only().column(Column::Subject);
    query = query.filter(on_day(page.on));
    if let Some(unit) = &page.unit {
        query = query.filter(Column::UnitUid.eq(unit.as_str()));
    }
    if let Some(role) = page.role {
        query = query.filter(Column::Role.eq(role.as_str()));
    }
    query.into_query()
}

/// Who holds, held or will hold a position at one of these units.
pub(super) fn holders_at(units: &BTreeSet<String>) -> SelectStatement {
    Entity::find()
        .select_only()
        .column(Column::Subject)
        .filter(Column::UnitUid.is_in(units))
        .into_query()
}

/// Every query of a caller starts here.
fn within(scope: &Scope) -> Select<Entity> {
    Entity::find().filter(scope.condition(|relation, names| {
        let related = match relation {
            Relation::Own => Column::UnitUid.is_in(names),
            Relation::Itself => Column::Subject.is_in(names),
            _ => return None,
        };
        Some(Condition::all().add(related))
    }))
}

fn active() -> SelectStatement {
    officer::entity::Entity::find()
        .select_only()
        .column(officer::entity::Column::Subject)
        .filter(officer::entity::Column::Standing.eq(Standing::Active.as_str()))
        .into_query()
}

fn on_day(day: NaiveDate) -> Condition {
    let goes_on = Condition::any()
        .add(Column::LastDay.is_null())
        .add(Column::LastDay.gte(day));
    Condition::all().add(Column::FirstDay.lte(day)).add(goes_on)
}

impl TryFrom<Model> for Position {
    type Error = DbErr;

    fn try_from(row: Model) -> Result<Self, DbErr> {
        let subject = |text: String| text.parse().map_err(|()| unreadable("position.subject"));
        let period = match row.last_day {
            Some(last) => Period::new(row.first_day, None).and_then(|open| open.until(last)),
            None => Period::new(row.first_day, None),
        };
        let acting_for = match (row.acting_for, row.acting_position_uid) {
            (Some(officer), Some(position)) => Some(ActingFor {
                position: Uid::new(position),
                officer: subject(officer)?,
            }),
            _ => None,
        };
        Ok(Self {
            uid: Uid::new(row.uid),
            officer: subject(row.subject)?,
            role: row.role.parse().map_err(|()| unreadable("position.role"))?,
            unit: unit::Uid::new(row.unit_uid),
            period: period.map_err(|_| unreadable("position.last_day"))?,
            acting_for,
            end_told: row.last_day.is_some() && row.tell_on.is_none(),
        })
    }
}

impl From<&Position> for Model {
    fn from(position: &Position) -> Self {
        let acting = position.acting_for.as_ref();
        let told = position.end_told;
        Self {
            uid: position.uid.to_string(),
            subject: position.officer.to_string(),
            role: position.role.as_str().to_owned(),
            unit_uid: position.unit.to_string(),
            first_day: position.period.first(),
            last_day: position.period.last(),
            acting_for: acting.map(|acting| acting.officer.to_string()),
            acting_position_uid: acting.map(|acting| acting.position.to_string()),
            tell_on: position.period.day_after().filter(|_| !told),
        }
    }
}
