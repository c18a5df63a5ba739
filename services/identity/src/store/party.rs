//! The table `party`: the one place for names and identity numbers.

use kit::authority::{Relation, Scope};
use kit::db::{Sink, pairs_among};
use kit::identity_number::IdentityNumber;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, Select,
};

use super::unreadable;
use crate::party::{Particulars, Party, Uid};

mod entity {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "party")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub uid: String,
        pub kind: String,
        pub name: String,
        pub number_kind: String,
        pub number: String,
        pub revision: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

use entity::{Column, Entity, Model};

/// One party, if it is within the caller's scope: a desk and a client may look up anybody, a citizen only itself.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    scope: &Scope,
    uid: &Uid,
) -> Result<Option<Party>, DbErr> {
    let row = within(scope)
        .filter(Column::Uid.eq(uid.as_str()))
        .one(db)
        .await?;
    row.map(Party::try_from).transpose()
}

fn within(scope: &Scope) -> Select<Entity> {
    match scope {
        Scope::Everything => Entity::find(),
        Scope::Of(known) => Entity::find().filter(match known.get(&Relation::Own) {
            Some(parties) => Column::Uid.is_in(parties),
            None => Expr::val(false),
        }),
    }
}

/// The party that has this number.
pub(crate) async fn by_number(
    db: &impl ConnectionTrait,
    number: &IdentityNumber,
) -> Result<Option<Party>, DbErr> {
    let row = Entity::find()
        .filter(Column::NumberKind.eq(number.kind().as_str()))
        .filter(Column::Number.eq(number.value()))
        .one(db)
        .await?;
    row.map(Party::try_from).transpose()
}

/// The parties that have these numbers, locked in order of number.
pub(crate) async fn lock(
    db: &impl ConnectionTrait,
    numbers: impl IntoIterator<Item = &IdentityNumber>,
) -> Result<Vec<Party>, DbErr> {
    let wanted = numbers
        .into_iter()
        .map(|number| (number.kind().as_str(), number.value()));
    let columns = [Column::NumberKind, Column::Number];
    let rows = Entity::find()
        .filter(pairs_among(db, columns, wanted))
        .order_by_asc(Column::NumberKind)
        .order_by_asc(Column::Number)
        .lock_exclusive()
        .all(db)
        .await?;
    rows.into_iter().map(Party::try_from).collect()
}

/// Writes new parties.
pub(crate) async fn insert(sink: &impl Sink, parties: &[&Party]) -> Result<(), DbErr> {
    let rows = parties.iter().map(|party| Model::from(*party)).collect();
    sink.put::<Entity>(rows, &[]).await
}

impl TryFrom<Model> for Party {
    type Error = DbErr;

    fn try_from(row: Model) -> Result<Self, DbErr> {
        let kind = row.kind.parse().map_err(|()| unreadable("party.kind"))?;
        let number_kind = row
            .number_kind
            .parse()
            .map_err(|()| unreadable("party.number_kind"))?;
        let number = IdentityNumber::parse(number_kind, &row.number, "number")
            .map_err(|_| unreadable("party.number"))?;
        Ok(Self {
            uid: Uid::new(row.uid),
            particulars: Particulars {
                kind,
                name: row.name,
                number,
            },
            revision: row.revision,
        })
    }
}

impl From<&Party> for Model {
    fn from(party: &Party) -> Self {
        let Particulars { kind, name, number } = &party.particulars;
        Self {
            uid: party.uid.to_string(),
            kind: kind.as_str().to_owned(),
            name: name.clone(),
            number_kind: number.kind().as_str().to_owned(),
            number: number.value().to_owned(),
            revision: party.revision,
        }
    }
}
