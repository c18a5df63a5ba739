//! The data keys of subjects, which stand with their chains.

use std::collections::{BTreeSet, HashMap};

use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, FromQueryResult,
    QueryFilter as _, QueryOrder as _, QueryResult, QuerySelect as _, Select, SelectModel,
    Selector,
};

use super::entity::chain::{Column, Entity, Model};
use crate::db::{Db, Sink, among};
use crate::seal::{DataKey, Error, Inspection, Keyring};

/// The name of the column that [`keyed`] adds.
const DATA_KEY: &str = "data_key";
/// How many keys are wrapped anew in one transaction: whoever changes one of these subjects waits for so many.
const AT_ONCE: u64 = 200;
/// How many rows are inspected at once.
const PAGE: u64 = 1_000;

/// The rows of a query, each with the data key of the subject that this column names.
pub fn keyed<E: EntityTrait>(
    select: Select<E>,
    subject: E::Column,
) -> Selector<SelectModel<Keyed<E::Model>>> {
    keyed_as(select, subject)
}

/// The same for a query whose rows are more than those of its table.
pub fn keyed_as<E: EntityTrait, M: FromQueryResult>(
    select: Select<E>,
    subject: E::Column,
) -> Selector<SelectModel<Keyed<M>>> {
    let mut key = Query::select();
    let is_it = Expr::col((Entity, Column::Subject)).eq(Expr::col(subject.as_column_ref()));
    key.column((Entity, Column::DataKey))
        .from(Entity)
        .and_where(is_it);
    let key = Expr::SubQuery(None, Box::new(key.into()));
    select.expr_as(key, DATA_KEY).into_model()
}

/// Opens what is sealed in every row of a query, a page at a time in order of the column `uid`. `open` notes what it found and
/// gives back the uid of the row; the column `subject` names whose data key is the row's.
///
/// # Errors
/// When the store does not answer.
pub async fn inspect<E: EntityTrait>(
    db: &impl ConnectionTrait,
    select: Select<E>,
    (uid, subject): (E::Column, E::Column),
    mut open: impl FnMut(Keyed<E::Model>, &mut Inspection) -> String,
) -> Result<Inspection, DbErr> {
    let (mut found, mut last) = (Inspection::default(), String::new());
    loop {
        let page = select
            .clone()
            .filter(uid.gt(last.as_str()))
            .order_by_asc(uid)
            .limit(PAGE);
        let page = keyed(page, subject).all(db).await?;
        if page.is_empty() {
            return Ok(found);
        }
        for row in page {
            last = open(row, &mut found);
        }
    }
}

/// A row with the data key of its subject.
#[derive(Clone, Debug)]
pub struct Keyed<M> {
    /// The row.
    pub row: M,
    wrapped: Option<Vec<u8>>,
}

impl<M: FromQueryResult> FromQueryResult for Keyed<M> {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        Ok(Self {
            row: M::from_query_result(row, prefix)?,
            wrapped: row.try_get(prefix, DATA_KEY)?,
        })
    }
}

impl<M> Keyed<M> {
    /// The key; `None` where the subject was erased.
    ///
    /// # Errors
    /// When it does not open.
    pub fn key(&self, ring: &Keyring, subject: &str) -> Result<Option<DataKey>, Error> {
        let wrapped = self.wrapped.as_ref();
        wrapped
            .map(|wrapped| ring.unwrap(subject, wrapped))
            .transpose()
    }
}

/// The data keys of these subjects; those that were erased are left out.
///
/// # Errors
/// When the store does not answer.
pub async fn data_keys(
    db: &impl ConnectionTrait,
    ring: &Keyring,
    subjects: BTreeSet<&str>,
) -> Result<HashMap<String, Result<DataKey, Error>>, DbErr> {
    if subjects.is_empty() {
        return Ok(HashMap::new());
    }
    let chains = Entity::find()
        .filter(among(db, Column::Subject, subjects))
        .all(db)
        .await?;
    let keys = chains.into_iter().filter_map(|chain| {
        let key = ring.unwrap(&chain.subject, &chain.data_key?);
        Some((chain.subject, key))
    });
    Ok(keys.collect())
}

/// Makes sure that a store was sealed under the keys of this ring, by opening one of its data keys.
///
/// # Errors
/// When it does not open, or the store does not answer.
pub(crate) async fn must_open(db: &Db) -> Result<(), DbErr> {
    let chain = Entity::find()
        .filter(Column::DataKey.is_not_null())
        .order_by_asc(Column::Subject)
        .one(db.read())
        .await?;
    if let Some((subject, wrapped)) = chain.and_then(|chain| Some((chain.subject, chain.data_key?)))
    {
        db.ring().unwrap(&subject, &wrapped)?;
    }
    Ok(())
}

/// Drops the data keys of subjects: what is personal about them cannot be read any more.
///
/// # Errors
/// When the store refuses.
pub async fn erase(sink: &impl Sink, subjects: BTreeSet<&str>) -> Result<(), DbErr> {
    // Each has a chain, whose hash stays.
    let chains = subjects.into_iter().map(|subject| Model {
        subject: subject.to_owned(),
        hash: Vec::new(),
        data_key: None,
    });
    sink.put::<Entity>(chains.collect(), &[Column::DataKey])
        .await
}

/// Wraps every data key of a store under the newest key of the ring, a few at a time, and says how many were not yet.
///
/// # Errors
/// When the store does not answer, or a key does not open.
pub async fn rewrap(db: &Db) -> Result<usize, DbErr> {
    let (mut last, mut wrapped) = (String::new(), 0);
    loop {
        let tx = db.begin().await?;
        let chains = Entity::find()
            .filter(Column::Subject.gt(last.as_str()))
            .filter(Column::DataKey.is_not_null())
            .order_by_asc(Column::Subject)
            .limit(AT_ONCE)
            .lock_exclusive()
            .all(&tx)
            .await?;
        let Some(end) = chains.last() else {
            tx.rollback().await?;
            return Ok(wrapped);
        };
        last.clone_from(&end.subject);
        wrapped += wrap_anew(&tx, db.ring(), chains).await?;
        tx.commit().await?;
    }
}

async fn wrap_anew(
    tx: &DatabaseTransaction,
    ring: &Keyring,
    chains: Vec<Model>,
) -> Result<usize, DbErr> {
    let mut anew = Vec::new();
    for chain in chains {
        let Some(wrapped) = &chain.data_key else {
            continue;
        };
        if !ring.is_newest(wrapped)? {
            let key = ring.unwrap(&chain.subject, wrapped)?;
            let data_key = Some(ring.wrap(&chain.subject, &key)?);
            anew.push(Model { data_key, ..chain });
        }
    }
    let count = anew.len();
    tx.put::<Entity>(anew, &[Column::DataKey]).await?;
    Ok(count)
}
