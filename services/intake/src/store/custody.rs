//! How units stand to which step of which dossier, as routing told.

use std::collections::BTreeSet;

use kit::db::{Sink, among};
use sea_orm::sea_query::{Query, SelectStatement};
use sea_orm::{ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _};

use crate::custody::{Custody, Purpose, Standing};

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
    ];
    sink.put::<entity::Entity>(custodies.map(row).collect(), &over)
        .await
}

fn custody(row: entity::Model) -> Custody {
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
        standing: match row.standing {
            OFFERED => Standing::Offered,
            HOLDS => Standing::Holds,
            HELD => Standing::Held,
            _ => Standing::Left,
        },
    }
}

fn row(custody: &Custody) -> entity::Model {
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
