//! How units stand to which step of which dossier, as routing told.

use std::collections::BTreeSet;

use kit::clock;
use kit::db::{Sink, among};
use sea_orm::sea_query::{Query, SelectStatement};
use sea_orm::{ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _};

use crate::custody::{Custodian, Custody, Purpose, Standing};

mod entity {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "custody")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub transfer_uid: String,
        pub dossier_uid: String,
        pub unit_uid: String,
        pub epoch: i64,
        pub purpose: i32,
        pub standing: i32,
        pub since: i64,
        /// None once its work is done, as the next.
        pub custodian: Option<String>,
        pub custodian_since: Option<i64>,
        /// What the step is called, where it is outside the limit.
        pub outside: Option<String>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

const WORK: i32 = 0;
const DECIDE: i32 = 1;
const RETURN: i32 = 2;
const ADVISE: i32 = 3;

const OFFERED: i32 = 1;
const HOLDS: i32 = 2;
const HELD: i32 = 3;
const LEFT: i32 = 4;

/// The custodies of these dossiers.
///
/// # Errors
/// When the store does not answer.
pub async fn of(
    db: &impl ConnectionTrait,
    dossiers: &BTreeSet<&str>,
) -> Result<Vec<Custody>, DbErr> {
    if dossiers.is_empty() {
        return Ok(Vec::new());
    }
    let rows = entity::Entity::find()
        .filter(among(
            db,
            entity::Column::DossierUid,
            dossiers.iter().copied(),
        ))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(custody).collect())
}

/// The dossiers of which a step stands so to one of these units.
pub(super) fn of_units(standing: Standing, units: &BTreeSet<String>) -> SelectStatement {
    Query::select()
        .column(entity::Column::DossierUid)
        .from(entity::Entity)
        .and_where(entity::Column::UnitUid.is_in(units))
        .and_where(entity::Column::Standing.eq(number_of(standing)))
        .to_owned()
}

pub(super) async fn save<'a>(
    sink: &impl Sink,
    custodies: impl Iterator<Item = &'a Custody>,
) -> Result<(), DbErr> {
    let over = [
        entity::Column::UnitUid,
        entity::Column::Epoch,
        entity::Column::Standing,
        entity::Column::Since,
        entity::Column::Custodian,
        entity::Column::CustodianSince,
        entity::Column::Outside,
    ];
    sink.put::<entity::Entity>(custodies.map(row).collect(), &over)
        .await
}

fn custody(row: entity::Model) -> Custody {
    let custodian = row.custodian.zip(row.custodian_since);
    Custody {
        transfer: row.transfer_uid,
        dossier: row.dossier_uid,
        unit: row.unit_uid,
        epoch: row.epoch,
        purpose: match row.purpose {
            DECIDE => Purpose::Decide,
            RETURN => Purpose::Return,
            ADVISE => Purpose::Advise,
            _ => Purpose::Work,
        },
        outside: row.outside,
        standing: match row.standing {
            OFFERED => Standing::Offered,
            HOLDS => Standing::Holds,
            HELD => Standing::Held,
            _ => Standing::Left,
        },
        since: clock::from_micros(row.since),
        custodian: custodian.map(|(unit, since)| Custodian {
            unit,
            since: clock::from_micros(since),
        }),
    }
}

fn row(custody: &Custody) -> entity::Model {
    let custodian = custody.custodian.as_ref();
    entity::Model {
        transfer_uid: custody.transfer.clone(),
        dossier_uid: custody.dossier.clone(),
        unit_uid: custody.unit.clone(),
        epoch: custody.epoch,
        purpose: match custody.purpose {
            Purpose::Work => WORK,
            Purpose::Decide => DECIDE,
            Purpose::Return => RETURN,
            Purpose::Advise => ADVISE,
        },
        standing: number_of(custody.standing),
        since: clock::micros(custody.since),
        custodian: custodian.map(|of| of.unit.clone()),
        custodian_since: custodian.map(|of| clock::micros(of.since)),
        outside: custody.outside.clone(),
    }
}

fn number_of(standing: Standing) -> i32 {
    match standing {
        Standing::Offered => OFFERED,
        Standing::Holds => HOLDS,
        Standing::Held => HELD,
        Standing::Left => LEFT,
    }
}
