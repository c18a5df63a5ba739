//! The tables `unit` and `unit_period`.

mod entity;
mod succession;

use std::collections::HashMap;

use kit::db::Sink;
use sea_orm::sea_query::{Expr, ExprTrait as _, Func};
use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait as _, Iterable as _, QueryOrder as _, QuerySelect as _,
};

use self::entity::{period, unit};
use super::unreadable;
use crate::register::Register;
use crate::unit::{End, Period, Uid, Unit};

/// All units.
pub(crate) async fn all(db: &impl ConnectionTrait) -> Result<Register, DbErr> {
    let rows = unit::Entity::find().all(db).await?;
    let periods = period::Entity::find()
        .order_by_asc(period::Column::ValidFrom)
        .all(db)
        .await?;
    let mut by_unit: HashMap<String, Vec<Period>> = HashMap::new();
    for row in periods {
        let of_unit = by_unit.entry(row.unit_uid.clone()).or_default();
        of_unit.push(row.into());
    }
    let mut register = Register::default();
    for row in rows {
        let periods = by_unit.remove(&row.uid).unwrap_or_default();
        register.put(stored(row, periods)?);
    }
    Ok(register)
}

/// All units, of which those that exist are locked: of several imports one goes on.
pub(crate) async fn lock_all(db: &impl ConnectionTrait) -> Result<Register, DbErr> {
    unit::Entity::find()
        .select_only()
        .column(unit::Column::Uid)
        .order_by_asc(unit::Column::Uid)
        .lock_exclusive()
        .into_tuple::<String>()
        .all(db)
        .await?;
    // What another import has written meanwhile is seen only now.
    all(db).await
}

/// How many units there are, and the sum of their revisions: every change of any unit raises it.
pub(crate) async fn version(db: &impl ConnectionTrait) -> Result<(i64, i64), DbErr> {
    let count = Expr::col(unit::Column::Uid).count();
    let sum = Expr::col(unit::Column::Revision).sum();
    let found = unit::Entity::find()
        .select_only()
        .expr(count)
        .expr(Func::coalesce([sum.cast_as("bigint"), Expr::val(0_i64)]))
        .into_tuple::<(i64, i64)>()
        .one(db)
        .await?;
    Ok(found.unwrap_or_default())
}

/// Writes units over those that are there.
pub(crate) async fn save(sink: &impl Sink, units: &[&Unit]) -> Result<(), DbErr> {
    let rows = units.iter().map(|unit| unit::Model::try_from(*unit));
    let rows = rows.collect::<Result<Vec<_>, DbErr>>()?;
    let over: Vec<unit::Column> = unit::Column::iter().collect();
    sink.put::<unit::Entity>(rows, &over).await?;
    let rows = units
        .iter()
        .flat_map(|unit| unit.periods().map(|period| row(&unit.uid, period)));
    let over: Vec<period::Column> = period::Column::iter().collect();
    sink.put::<period::Entity>(rows.collect(), &over).await
}

fn stored(row: unit::Model, periods: Vec<Period>) -> Result<Unit, DbErr> {
    let mut periods = periods.into_iter();
    let first = periods.next();
    let succession = row.succession.as_deref().map(succession::read);
    let succession = succession
        .transpose()
        .map_err(|_| unreadable("unit.succession"))?;
    Ok(Unit {
        uid: Uid::new(row.uid),
        kind: row.kind.parse().map_err(|()| unreadable("unit.kind"))?,
        first: first.ok_or_else(|| unreadable("unit_period.unit_uid"))?,
        later: periods.collect(),
        end: row.valid_to.map(|last_day| End {
            last_day,
            succession,
        }),
        revision: row.revision,
    })
}

impl TryFrom<&Unit> for unit::Model {
    type Error = DbErr;

    fn try_from(unit: &Unit) -> Result<Self, DbErr> {
        let end = unit.end.as_ref();
        let succession = end.and_then(|end| end.succession.as_ref());
        let succession = succession.map(succession::write).transpose();
        Ok(Self {
            uid: unit.uid.to_string(),
            kind: unit.kind.as_str().to_owned(),
            valid_to: unit.last_day(),
            succession: succession.map_err(|error| DbErr::Json(error.to_string()))?,
            revision: unit.revision,
        })
    }
}

impl From<period::Model> for Period {
    fn from(row: period::Model) -> Self {
        Self {
            from: row.valid_from,
            code: row.code,
            subtype: row.subtype,
            name: row.name,
            short_name: row.short_name,
            parent: row.parent_uid.map(Uid::new),
            national_code: row.national_code,
        }
    }
}

fn row(unit: &Uid, period: &Period) -> period::Model {
    period::Model {
        unit_uid: unit.to_string(),
        valid_from: period.from,
        code: period.code.clone(),
        subtype: period.subtype.clone(),
        name: period.name.clone(),
        short_name: period.short_name.clone(),
        parent_uid: period.parent.as_ref().map(ToString::to_string),
        national_code: period.national_code.clone(),
    }
}
