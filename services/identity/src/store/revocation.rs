//! The tables `revocation`, of tokens that were taken back, and `assertion`, of those that were taken once.

use kit::caller::Revoked;
use kit::db::Sink;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _,
};

use crate::token::Revocation;

mod entity {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "revocation")]
    pub struct Model {
        /// `token` or `subject`.
        #[sea_orm(primary_key, auto_increment = false)]
        pub kind: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        /// What was issued up to this second is void.
        pub issued_until: i64,
        /// The second after which it need not be known any more.
        pub ends: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod assertion {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "assertion")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub subject: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub jti: String,
        /// The second after which it is refused for its age.
        pub ends: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

use entity::{Column, Entity, Model};

const TOKEN: &str = "token";
const SUBJECT: &str = "subject";

/// What is taken back and could otherwise still be used.
pub(crate) async fn in_force(db: &impl ConnectionTrait, now: i64) -> Result<Revoked, DbErr> {
    let rows = Entity::find().filter(Column::Ends.gte(now)).all(db).await?;
    let mut revoked = Revoked::default();
    for row in rows {
        if row.kind == SUBJECT {
            revoked.insert(&row.name, row.issued_until);
        } else {
            revoked.tokens.insert(row.name);
        }
    }
    Ok(revoked)
}

/// Writes what is taken back.
pub(crate) async fn save(sink: &impl Sink, revocations: &[&Revocation]) -> Result<(), DbErr> {
    let rows = revocations.iter().map(|revocation| match revocation {
        Revocation::Token { name, ends } => Model {
            kind: TOKEN.to_owned(),
            name: name.clone(),
            issued_until: 0,
            ends: *ends,
        },
        Revocation::Subject {
            subject,
            issued_until,
            ends,
        } => Model {
            kind: SUBJECT.to_owned(),
            name: subject.clone(),
            issued_until: *issued_until,
            ends: *ends,
        },
    });
    let over = [Column::IssuedUntil, Column::Ends];
    sink.put::<Entity>(rows.collect(), &over).await
}

/// Takes an assertion, unless it was taken before.
pub(crate) async fn take(
    db: &impl ConnectionTrait,
    subject: &str,
    jti: &str,
    ends: i64,
) -> Result<bool, DbErr> {
    let row = assertion::ActiveModel {
        subject: Set(subject.to_owned()),
        jti: Set(jti.to_owned()),
        ends: Set(ends),
    };
    let inserted = assertion::Entity::insert(row)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(db)
        .await?;
    Ok(inserted == 1)
}

/// Forgets what time has made void.
pub(crate) async fn forget(db: &impl ConnectionTrait, now: i64) -> Result<(), DbErr> {
    assertion::Entity::delete_many()
        .filter(assertion::Column::Ends.lt(now))
        .exec(db)
        .await?;
    Entity::delete_many()
        .filter(Column::Ends.lt(now))
        .exec(db)
        .await?;
    Ok(())
}
