//! The last number that each desk gave out on each day: what makes codes unique and whole.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use kit::db::{Sink, pairs_among};
use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

use crate::change::LastNumber;

mod entity {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "dossier_number")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub unit_uid: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub date: String,
        pub last: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The last numbers of these desks on these days, locked in order; desks that gave out none are left out.
///
/// # Errors
/// When the store does not answer.
pub async fn last(
    db: &impl ConnectionTrait,
    desks: &BTreeSet<(String, NaiveDate)>,
) -> Result<HashMap<(String, NaiveDate), u32>, DbErr> {
    if desks.is_empty() {
        return Ok(HashMap::new());
    }
    let keys = desks
        .iter()
        .map(|(unit, date)| (unit.clone(), date.to_string()));
    let columns = [entity::Column::UnitUid, entity::Column::Date];
    let rows = entity::Entity::find()
        .filter(pairs_among(db, columns, keys))
        .order_by_asc(entity::Column::UnitUid)
        .order_by_asc(entity::Column::Date)
        .lock_exclusive()
        .all(db)
        .await?;
    Ok(rows.into_iter().filter_map(by_desk).collect())
}

/// The last number of every desk and day.
///
/// # Errors
/// When the store does not answer.
pub async fn all(db: &impl ConnectionTrait) -> Result<HashMap<(String, NaiveDate), u32>, DbErr> {
    let rows = entity::Entity::find().all(db).await?;
    Ok(rows.into_iter().filter_map(by_desk).collect())
}

/// Of a desk and day the last counts. Where there was none, none may be there: the schema says so to replicas that are both first.
pub(super) async fn save(sink: &impl Sink, numbers: Vec<&LastNumber>) -> Result<(), DbErr> {
    let mut desks: BTreeMap<(&str, NaiveDate), (bool, u32)> = BTreeMap::new();
    for last in numbers {
        let desk = desks.entry((&last.unit, last.date));
        desk.or_insert((last.is_new, last.number)).1 = last.number;
    }
    let (mut new, mut raised) = (Vec::new(), Vec::new());
    for ((unit, date), (is_new, last)) in desks {
        let rows = if is_new { &mut new } else { &mut raised };
        rows.push(entity::Model {
            unit_uid: unit.to_owned(),
            date: date.to_string(),
            last: last.into(),
        });
    }
    sink.put::<entity::Entity>(new, &[]).await?;
    sink.put::<entity::Entity>(raised, &[entity::Column::Last])
        .await
}

fn by_desk(row: entity::Model) -> Option<((String, NaiveDate), u32)> {
    Some((
        (row.unit_uid, row.date.parse().ok()?),
        row.last.try_into().ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use kit::db::is_lost_race;
    use kit::testing;

    use super::*;
    use crate::migration::Migrator;

    fn last(number: u32, is_new: bool) -> LastNumber {
        LastNumber {
            unit: "desk".to_owned(),
            date: "2017-08-28".parse().unwrap(),
            number,
            is_new,
        }
    }

    #[tokio::test]
    async fn of_two_that_are_both_first_at_a_desk_on_a_day_one_has_to_decide_again() {
        let folder = tempfile::tempdir().unwrap();
        let (_stores, db) = testing::open(folder.path(), "intake").await.unwrap();
        kit::migration::up::<Migrator>(&db).await.unwrap();
        let tx = db.begin().await.unwrap();
        save(&tx, vec![&last(1, true), &last(20, false)])
            .await
            .unwrap();
        save(&tx, vec![&last(21, false)]).await.unwrap();
        let desk = ("desk".to_owned(), last(0, true).date);
        assert_eq!(all(&tx).await.unwrap(), HashMap::from([(desk, 21)]));
        let error = save(&tx, vec![&last(1, true)]).await.unwrap_err();
        assert!(is_lost_race(&error), "{error}");
    }
}
