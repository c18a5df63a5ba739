//! The table `proxy_grant`: who acts for whom.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use kit::clock;
use kit::db::{Sink, among};
use kit::log::{self, keyed};
use kit::seal::{self, DataKey, Inspection, Keyring, Place};
use sea_orm::sea_query::Condition;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, Select,
};

use super::unreadable;
use crate::party::Uid;
use crate::proxy::{Proxy, Reach};

mod entity {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "proxy_grant")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub uid: String,
        pub grantor_uid: String,
        pub proxy_uid: String,
        /// `YYYY-MM-DD`.
        pub first_day: String,
        pub last_day: String,
        /// Codes with spaces between; none where it is for all or for one dossier.
        pub procedures: Option<String>,
        pub dossier_uid: Option<String>,
        pub recorded_by: String,
        pub recorded_at: i64,
        /// Sealed under the grantor's data key.
        pub evidence: Option<Vec<u8>>,
        pub revoked_at: Option<i64>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

use entity::{Column, Entity, Model};

/// How many of a party are listed.
const MOST: u64 = 500;

/// These grants, locked in the order of their uids.
pub(crate) async fn lock(
    (db, ring): (&impl ConnectionTrait, &Keyring),
    uids: &BTreeSet<&str>,
) -> Result<Vec<Proxy>, DbErr> {
    if uids.is_empty() {
        return Ok(Vec::new());
    }
    let select = Entity::find()
        .filter(among(db, Column::Uid, uids.iter().copied()))
        .order_by_asc(Column::Uid)
        .lock_exclusive();
    domain(select, db, ring).await
}

/// The grants by and to these parties, the newest first.
pub(crate) async fn of_parties(
    (db, ring): (&impl ConnectionTrait, &Keyring),
    parties: &BTreeSet<Uid>,
) -> Result<Vec<Proxy>, DbErr> {
    let uids = || parties.iter().map(Uid::as_str);
    let either = Condition::any()
        .add(among(db, Column::GrantorUid, uids()))
        .add(among(db, Column::ProxyUid, uids()));
    let select = Entity::find()
        .filter(either)
        .order_by_desc(Column::RecordedAt)
        .order_by_desc(Column::Uid)
        .limit(MOST);
    domain(select, db, ring).await
}

/// For whom these parties act on a day, and for what.
pub(crate) async fn held_on(
    db: &impl ConnectionTrait,
    parties: &BTreeSet<Uid>,
    day: NaiveDate,
) -> Result<Vec<(Uid, Reach)>, DbErr> {
    let rows = Entity::find()
        .filter(among(db, Column::ProxyUid, parties.iter().map(Uid::as_str)))
        .filter(Column::RevokedAt.is_null())
        .filter(Column::FirstDay.lte(day.to_string()))
        .filter(Column::LastDay.gte(day.to_string()))
        .order_by_asc(Column::Uid)
        .all(db)
        .await?;
    let held = rows.into_iter().map(|row| {
        let reach = reach(row.dossier_uid, row.procedures);
        (Uid::new(row.grantor_uid), reach)
    });
    Ok(held.collect())
}

/// Writes grants over those that are there.
pub(crate) async fn save(sink: &impl Sink, proxies: &[&Proxy]) -> Result<(), DbErr> {
    let rows = proxies.iter().map(|proxy| row(proxy)).collect();
    sink.put::<Entity>(rows, &[Column::RevokedAt]).await
}

/// Opens the evidence of every grant that has one.
pub(crate) async fn inspect(
    db: &impl ConnectionTrait,
    ring: &Keyring,
) -> Result<Inspection, DbErr> {
    let select = Entity::find().filter(Column::Evidence.is_not_null());
    let columns = (Column::Uid, Column::GrantorUid);
    log::inspect(db, select, columns, |keyed, found| {
        let key = keyed.key(ring, &keyed.row.grantor_uid);
        let opened = key.and_then(|key| open(&keyed.row, key.as_ref()));
        found.note(format_args!("proxy {}", keyed.row.uid), opened);
        keyed.row.uid
    })
    .await
}

async fn domain(
    select: Select<Entity>,
    db: &impl ConnectionTrait,
    ring: &Keyring,
) -> Result<Vec<Proxy>, DbErr> {
    let rows = keyed(select, Column::GrantorUid).all(db).await?;
    let proxies = rows.into_iter().map(|found| {
        let key = found.key(ring, &found.row.grantor_uid)?;
        proxy(found.row, key)
    });
    proxies.collect()
}

/// The evidence; nothing where there is none or its key was erased.
fn open(row: &Model, key: Option<&DataKey>) -> Result<Option<String>, seal::Error> {
    let Some((sealed, key)) = row.evidence.as_ref().zip(key) else {
        return Ok(None);
    };
    let evidence = String::from_utf8(key.open(place(&row.uid), sealed)?);
    evidence.map(Some).map_err(|_| seal::Error::Altered)
}

fn place(uid: &str) -> Place<'_> {
    Place {
        table: "proxy_grant",
        column: "evidence",
        row: uid,
    }
}

fn proxy(row: Model, key: Option<DataKey>) -> Result<Proxy, DbErr> {
    let evidence = open(&row, key.as_ref())?.unwrap_or_default();
    let day = |text: &str| {
        text.parse()
            .map_err(|_| unreadable("proxy_grant.first_day"))
    };
    Ok(Proxy {
        grantor: Uid::new(row.grantor_uid),
        acting: Uid::new(row.proxy_uid),
        first_day: day(&row.first_day)?,
        last_day: day(&row.last_day)?,
        reach: reach(row.dossier_uid, row.procedures),
        recorded_by: row.recorded_by,
        recorded_at: clock::from_micros(row.recorded_at),
        evidence,
        revoked_at: row.revoked_at.map(clock::from_micros),
        uid: row.uid,
        key,
    })
}

fn reach(dossier: Option<String>, procedures: Option<String>) -> Reach {
    let codes = |text: String| text.split(' ').map(str::to_owned).collect();
    match (dossier, procedures) {
        (Some(dossier), _) => Reach::Dossier(dossier),
        (None, Some(procedures)) => Reach::Procedures(codes(procedures)),
        (None, None) => Reach::All,
    }
}

fn row(proxy: &Proxy) -> Model {
    let (procedures, dossier_uid) = match &proxy.reach {
        Reach::All => (None, None),
        Reach::Procedures(codes) => (Some(codes.join(" ")), None),
        Reach::Dossier(dossier) => (None, Some(dossier.clone())),
    };
    let evidence = Some(proxy.evidence.as_bytes()).filter(|evidence| !evidence.is_empty());
    let sealed = evidence.zip(proxy.key.as_ref());
    Model {
        evidence: sealed.map(|(evidence, key)| key.seal(place(&proxy.uid), evidence)),
        uid: proxy.uid.clone(),
        grantor_uid: proxy.grantor.to_string(),
        proxy_uid: proxy.acting.to_string(),
        first_day: proxy.first_day.to_string(),
        last_day: proxy.last_day.to_string(),
        procedures,
        dossier_uid,
        recorded_by: proxy.recorded_by.clone(),
        recorded_at: clock::micros(proxy.recorded_at),
        revoked_at: proxy.revoked_at.map(clock::micros),
    }
}
