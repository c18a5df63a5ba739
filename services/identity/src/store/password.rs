//! The tables `password` and `tries`.

use kit::clock;
use kit::db::{Sink, among};
use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait as _, Iterable as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};

use super::unreadable;
use crate::password::{Credential, Hash};
use crate::subject::Subject;
use crate::tries::Tries;

mod entity {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "password")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub subject: String,
        pub hash: String,
        pub one_time: bool,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod tries {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "tries")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: String,
        pub failures: i32,
        pub last: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The password of an officer.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    subject: &str,
) -> Result<Option<Credential>, DbErr> {
    let row = entity::Entity::find_by_id(subject).one(db).await?;
    Ok(row.map(Credential::from))
}

/// The passwords of these officers, locked in order of subject.
pub(crate) async fn lock<'a>(
    db: &impl ConnectionTrait,
    subjects: impl IntoIterator<Item = &'a Subject>,
) -> Result<Vec<(Subject, Credential)>, DbErr> {
    let wanted = subjects.into_iter().map(Subject::as_str);
    let rows = entity::Entity::find()
        .filter(among(db, entity::Column::Subject, wanted))
        .order_by_asc(entity::Column::Subject)
        .lock_exclusive()
        .all(db)
        .await?;
    let read = |row: entity::Model| {
        let subject = row.subject.parse();
        let subject = subject.map_err(|()| unreadable("password.subject"))?;
        Ok((subject, row.into()))
    };
    rows.into_iter().map(read).collect()
}

/// Writes passwords over those that are there.
pub(crate) async fn save<'a>(
    sink: &impl Sink,
    passwords: impl IntoIterator<Item = (&'a Subject, &'a Credential)>,
) -> Result<(), DbErr> {
    let row = |(subject, credential): (&Subject, &Credential)| entity::Model {
        subject: subject.to_string(),
        hash: credential.hash.as_str().to_owned(),
        one_time: credential.one_time,
    };
    let rows = passwords.into_iter().map(row).collect();
    let over: Vec<_> = entity::Column::iter().collect();
    sink.put::<entity::Entity>(rows, &over).await
}

/// The attempts under these keys, locked in order of key.
pub(crate) async fn lock_tries<'a>(
    db: &impl ConnectionTrait,
    keys: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<(String, Tries)>, DbErr> {
    let rows = tries::Entity::find()
        .filter(among(db, tries::Column::Key, keys))
        .order_by_asc(tries::Column::Key)
        .lock_exclusive()
        .all(db)
        .await?;
    let read = |row: tries::Model| {
        let tries = Tries {
            failures: u32::try_from(row.failures).map_err(|_| unreadable("tries.failures"))?,
            last: clock::from_micros(row.last),
        };
        Ok((row.key, tries))
    };
    rows.into_iter().map(read).collect()
}

/// Writes attempts over those that are there.
pub(crate) async fn save_tries<'a>(
    sink: &impl Sink,
    tried: impl IntoIterator<Item = (&'a String, &'a Tries)>,
) -> Result<(), DbErr> {
    let row = |(key, tries): (&String, &Tries)| tries::Model {
        key: key.clone(),
        failures: i32::try_from(tries.failures).unwrap_or(i32::MAX),
        last: clock::micros(tries.last),
    };
    let rows = tried.into_iter().map(row).collect();
    let over: Vec<_> = tries::Column::iter().collect();
    sink.put::<tries::Entity>(rows, &over).await
}

impl From<entity::Model> for Credential {
    fn from(row: entity::Model) -> Self {
        Self {
            hash: Hash::new(row.hash),
            one_time: row.one_time,
        }
    }
}
