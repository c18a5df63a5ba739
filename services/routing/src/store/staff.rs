//! Officers and their positions, as identity tells of them.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use kit::db::{Sink, among};
use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

use crate::staff::{Officer, Position, Staff};

mod officer {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "officer")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub subject: String,
        pub disabled: bool,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod position {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "position")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub uid: String,
        pub subject: String,
        pub unit: String,
        pub role: String,
        /// `YYYY-MM-DD`.
        pub first_day: String,
        /// The same; none while it goes on.
        pub last_day: Option<String>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// These officers with their positions. The officers are locked, in order: who is given work and whose position ends is decided
/// one after the other.
pub(crate) async fn lock(
    db: &impl ConnectionTrait,
    subjects: &BTreeSet<&str>,
) -> Result<Staff, DbErr> {
    let mut staff = Staff::default();
    if subjects.is_empty() {
        return Ok(staff);
    }
    let named = among(db, officer::Column::Subject, subjects.iter().copied());
    let officers = officer::Entity::find()
        .filter(named)
        .order_by_asc(officer::Column::Subject)
        .lock_exclusive();
    for row in officers.all(db).await? {
        staff.put_officer(Officer {
            subject: row.subject,
            disabled: row.disabled,
        });
    }
    let of_them = among(db, position::Column::Subject, subjects.iter().copied());
    let positions = position::Entity::find().filter(of_them);
    for row in positions.all(db).await? {
        staff.put_position(position_of(row)?);
    }
    Ok(staff)
}

pub(super) async fn save(
    sink: &impl Sink,
    officers: impl Iterator<Item = &Officer>,
    positions: impl Iterator<Item = &Position>,
) -> Result<(), DbErr> {
    let officers = officers.map(|officer| officer::Model {
        subject: officer.subject.clone(),
        disabled: officer.disabled,
    });
    let positions = positions.map(|position| position::Model {
        uid: position.uid.clone(),
        subject: position.subject.clone(),
        unit: position.unit.clone(),
        role: position.role.as_str().to_owned(),
        first_day: position.first.to_string(),
        last_day: position.last.map(|day| day.to_string()),
    });
    let over = [officer::Column::Disabled];
    sink.put::<officer::Entity>(officers.collect(), &over)
        .await?;
    let over = [position::Column::FirstDay, position::Column::LastDay];
    sink.put::<position::Entity>(positions.collect(), &over)
        .await
}

fn position_of(row: position::Model) -> Result<Position, DbErr> {
    let unreadable = |what| DbErr::Type(format!("a position's row cannot be read: {what}"));
    let day = |text: &str| text.parse::<NaiveDate>().map_err(|_| unreadable("a day"));
    Ok(Position {
        uid: row.uid,
        subject: row.subject,
        unit: row.unit,
        role: row.role.parse().map_err(|()| unreadable("role"))?,
        first: day(&row.first_day)?,
        last: row.last_day.as_deref().map(day).transpose()?,
    })
}
