//! Many rows at once, written and looked for.
//!
//! On `PostgreSQL` the values of a column go over as one array, so that a statement has one text however many rows there are:
//! it is prepared and planned once, not once for each size that a batch may have.

use std::future::Future;

use sea_orm::sea_query::extension::postgres::PgFunc;
use sea_orm::sea_query::{Asterisk, Expr, ExprTrait as _, Func, OnConflict, Query};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait,
    IdenStatic as _, IntoActiveModel, Iterable as _, PrimaryKeyToColumn, QueryTrait as _,
    Statement, Value,
};

/// How many rows one statement writes: `SQLite` takes 32,766 values in one, and no table has 65 columns.
const AT_ONCE: usize = 500;

/// Where rows are written.
pub trait Sink: Sync {
    /// Writes rows, each with a key of its own. Of one that is there already the columns `over` are written anew; where `over` is
    /// empty, none may be there.
    ///
    /// # Errors
    /// When the store refuses or does not answer.
    fn put<E>(
        &self,
        rows: Vec<E::Model>,
        over: &[E::Column],
    ) -> impl Future<Output = Result<(), DbErr>> + Send
    where
        E: EntityTrait,
        E::Model: IntoActiveModel<E::ActiveModel>;
}

impl<C: ConnectionTrait> Sink for C {
    async fn put<E>(&self, rows: Vec<E::Model>, over: &[E::Column]) -> Result<(), DbErr>
    where
        E: EntityTrait,
        E::Model: IntoActiveModel<E::ActiveModel>,
    {
        let statements = statements::<E>(self.get_database_backend(), rows, over);
        for statement in statements {
            self.execute_raw(statement).await?;
        }
        Ok(())
    }
}

/// Whether a column has one of these values, none of which is NULL. It gives no order: whoever locks must sort.
pub fn among<C, V>(
    db: &impl ConnectionTrait,
    column: C,
    values: impl IntoIterator<Item = V>,
) -> Expr
where
    C: ColumnTrait,
    V: Into<Value>,
{
    let values: Vec<Value> = values.into_iter().map(Into::into).collect();
    let column = Expr::col(column.as_column_ref());
    if db.get_database_backend() != DbBackend::Postgres {
        return column.is_in(values);
    }
    match array(values) {
        Some(array) => column.eq(PgFunc::any(Expr::val(array))),
        None => Expr::val(false),
    }
}

/// Whether two columns together have one of these pairs of values, none of which is NULL. It gives no order: whoever locks must
/// sort.
pub fn pairs_among<C, V, W>(
    db: &impl ConnectionTrait,
    columns: [C; 2],
    pairs: impl IntoIterator<Item = (V, W)>,
) -> Expr
where
    C: ColumnTrait,
    V: Into<Value>,
    W: Into<Value>,
{
    let pairs = pairs
        .into_iter()
        .map(|(first, second)| (first.into(), second.into()));
    let columns = Expr::tuple(columns.map(|column| Expr::col(column.as_column_ref())));
    if db.get_database_backend() != DbBackend::Postgres {
        let pairs: Vec<(Value, Value)> = pairs.collect();
        return columns.in_tuples(pairs);
    }
    let (firsts, seconds): (Vec<Value>, Vec<Value>) = pairs.unzip();
    let (Some(firsts), Some(seconds)) = (array(firsts), array(seconds)) else {
        return Expr::val(false);
    };
    let unnest = Func::cust("UNNEST").args([Expr::val(firsts), Expr::val(seconds)]);
    let mut wanted = Query::select();
    wanted.column(Asterisk).from_function(unnest, "pair");
    columns.in_subquery(wanted)
}

/// An array of values of one type; `None` when there are none.
fn array(values: Vec<Value>) -> Option<Value> {
    let of = values.first()?.array_type();
    Some(Value::Array(of, Some(Box::new(values))))
}

fn key<E: EntityTrait>() -> impl Iterator<Item = E::Column> {
    E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column)
}

fn statements<E>(backend: DbBackend, rows: Vec<E::Model>, over: &[E::Column]) -> Vec<Statement>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
{
    let write = match backend {
        DbBackend::Postgres => arrays::<E>,
        _ => values::<E>,
    };
    let rows = rows.into_iter().map(IntoActiveModel::into_active_model);
    let mut rows: Vec<E::ActiveModel> = rows.collect();
    let mut statements = Vec::new();
    while !rows.is_empty() {
        let rest = rows.split_off(rows.len().min(AT_ONCE));
        statements.push(write(rows, over));
        rows = rest;
    }
    statements
}

/// The statement that writes rows one by one.
fn values<E: EntityTrait>(rows: Vec<E::ActiveModel>, over: &[E::Column]) -> Statement {
    let mut insert = E::insert_many(rows);
    if !over.is_empty() {
        let mut replace = OnConflict::columns(key::<E>());
        insert = insert.on_conflict(replace.update_columns(over.iter().copied()).to_owned());
    }
    insert.build(DbBackend::Sqlite)
}

/// The statement that writes rows from one array for each column, and one more where it may be NULL: whether it is not.
fn arrays<E: EntityTrait>(mut rows: Vec<E::ActiveModel>, over: &[E::Column]) -> Statement {
    let (mut fields, mut taken, mut given, mut values) = (vec![], vec![], vec![], vec![]);
    for column in E::Column::iter() {
        let name = quoted(column);
        // A row has a value in every column.
        let cells = rows.iter_mut();
        let cells = cells.filter_map(|row| row.take(column).into_value());
        if column.def().is_null() {
            let (present, cells): (Vec<Value>, Vec<Value>) = cells.map(told_apart).unzip();
            let flag = format!("\"{}?\"", column.as_str());
            taken.push(format!("CASE WHEN {flag} THEN {name} END"));
            given.extend([name.clone(), flag]);
            values.extend([array(cells), array(present)].into_iter().flatten());
        } else {
            taken.push(name.clone());
            given.push(name.clone());
            values.extend(array(cells.collect()));
        }
        fields.push(name);
    }
    let arrays = (1..=values.len()).map(|number| format!("${number}"));
    let text = format!(
        "INSERT INTO \"{}\" ({}) SELECT {} FROM UNNEST({}) AS given({}){}",
        E::default().table_name(),
        fields.join(", "),
        taken.join(", "),
        arrays.collect::<Vec<_>>().join(", "),
        given.join(", "),
        anew::<E>(over),
    );
    Statement::from_sql_and_values(DbBackend::Postgres, text, values)
}

/// Whether there is a value, and it, or one that stands in its place in an array.
fn told_apart(cell: Value) -> (Value, Value) {
    if cell == cell.as_null() {
        return (false.into(), cell.dummy_value());
    }
    (true.into(), cell)
}

/// What is done where a row is there already.
fn anew<E: EntityTrait>(over: &[E::Column]) -> String {
    if over.is_empty() {
        return String::new();
    }
    let keys: Vec<String> = key::<E>().map(quoted).collect();
    let anew = over.iter().map(|column| {
        let name = quoted(*column);
        format!("{name} = EXCLUDED.{name}")
    });
    let anew: Vec<String> = anew.collect();
    let (keys, anew) = (keys.join(", "), anew.join(", "));
    format!(" ON CONFLICT ({keys}) DO UPDATE SET {anew}")
}

fn quoted(column: impl ColumnTrait) -> String {
    format!("\"{}\"", column.as_str())
}

#[cfg(test)]
mod tests {
    use sea_orm::{QueryFilter as _, QueryOrder as _};
    use tempfile::TempDir;

    use super::*;
    use crate::db::copying::Copying;
    use crate::db::{Db, Stores, is_lost_race};

    mod entity {
        use sea_orm::entity::prelude::*;

        #[sea_orm::model]
        #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
        #[sea_orm(table_name = "thing")]
        pub struct Model {
            #[sea_orm(primary_key, auto_increment = false)]
            pub shelf: String,
            #[sea_orm(primary_key, auto_increment = false)]
            pub place: i32,
            pub label: Option<String>,
            pub content: Option<Vec<u8>>,
            pub weight: Option<i64>,
            pub sold: bool,
        }

        impl ActiveModelBehavior for ActiveModel {}
    }

    use entity::{Column, Entity, Model};

    struct Shop {
        db: Db,
        _stores: Stores,
        _folder: TempDir,
    }

    impl Shop {
        async fn open() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let (stores, db) = crate::testing::open(folder.path(), "shop").await.unwrap();
            let bytes = if db.is_shared() { "bytea" } else { "blob" };
            let table = format!(
                "CREATE TABLE thing (shelf varchar NOT NULL, place int NOT NULL, label varchar, content {bytes}, \
                 weight bigint, sold boolean NOT NULL, PRIMARY KEY (shelf, place))"
            );
            db.write().execute_unprepared(&table).await.unwrap();
            Self {
                db,
                _stores: stores,
                _folder: folder,
            }
        }

        async fn put(&self, rows: &[Model], over: &[Column]) -> Result<(), DbErr> {
            self.db.write().put::<Entity>(rows.to_vec(), over).await
        }

        async fn those(&self, filter: Expr) -> Vec<Model> {
            let found = Entity::find().filter(filter);
            let found = found
                .order_by_asc(Column::Shelf)
                .order_by_asc(Column::Place);
            found.all(self.db.read()).await.unwrap()
        }

        async fn all(&self) -> Vec<Model> {
            self.those(Expr::val(true)).await
        }
    }

    fn full(shelf: &str, place: i32) -> Model {
        Model {
            shelf: shelf.to_owned(),
            place,
            label: Some("Đắk \\ 'Lắk'\t\"x\"\r\n".to_owned()),
            content: Some(vec![0, 1, b'\\', 255]),
            weight: Some(i64::MIN),
            sold: true,
        }
    }

    fn empty(shelf: &str, place: i32) -> Model {
        Model {
            label: None,
            content: None,
            weight: None,
            sold: false,
            ..full(shelf, place)
        }
    }

    fn blank(shelf: &str, place: i32) -> Model {
        Model {
            label: Some(String::new()),
            content: Some(Vec::new()),
            weight: Some(0),
            ..empty(shelf, place)
        }
    }

    #[tokio::test]
    async fn what_is_written_is_read_back_and_nothing_is_not_the_same_as_blank() {
        let shop = Shop::open().await;
        let rows = [full("a", 1), empty("a", 2), blank("a", 3)];
        shop.put(&rows, &[]).await.unwrap();
        assert_eq!(shop.all().await, rows);
    }

    #[tokio::test]
    async fn a_column_may_be_without_any_value() {
        let shop = Shop::open().await;
        let rows = [empty("a", 1), empty("a", 2)];
        shop.put(&rows, &[]).await.unwrap();
        assert_eq!(shop.all().await, rows);
    }

    #[tokio::test]
    async fn only_the_named_columns_of_a_row_that_is_there_are_written_anew() {
        let shop = Shop::open().await;
        shop.put(&[full("a", 1)], &[]).await.unwrap();
        let over = [Column::Label, Column::Weight];
        shop.put(&[empty("a", 1), blank("a", 2)], &over)
            .await
            .unwrap();
        let mixed = Model {
            label: None,
            weight: None,
            ..full("a", 1)
        };
        assert_eq!(shop.all().await, [mixed, blank("a", 2)]);
    }

    #[tokio::test]
    async fn a_row_that_must_not_be_there_is_refused() {
        let shop = Shop::open().await;
        shop.put(&[full("a", 1)], &[]).await.unwrap();
        let again = shop.put(&[empty("a", 1)], &[]).await.unwrap_err();
        assert!(is_lost_race(&again), "{again}");
        assert_eq!(shop.all().await, [full("a", 1)]);
    }

    #[tokio::test]
    async fn more_rows_than_one_statement_takes_are_written() {
        let shop = Shop::open().await;
        let count = i32::try_from(AT_ONCE).unwrap() + 1;
        let rows: Vec<Model> = (0..count).map(|place| blank("a", place)).collect();
        shop.put(&rows, &[]).await.unwrap();
        assert_eq!(shop.all().await, rows);
        shop.put(&[], &[]).await.unwrap();
    }

    #[tokio::test]
    async fn rows_are_found_by_one_column_and_by_two() {
        let shop = Shop::open().await;
        let rows = [full("a", 1), full("a", 2), full("b'\\", 1), full("Đ", 2)];
        shop.put(&rows, &[]).await.unwrap();
        let db = shop.db.read();
        let shelves = ["b'\\", "Đ", "nowhere"];
        let found = shop.those(among(db, Column::Shelf, shelves)).await;
        assert_eq!(found, rows[2..]);
        let none: [&str; 0] = [];
        assert!(shop.those(among(db, Column::Shelf, none)).await.is_empty());
        let pairs = [("a", 2), ("Đ", 2), ("Đ", 1)];
        let both = pairs_among(db, [Column::Shelf, Column::Place], pairs);
        assert_eq!(shop.those(both).await, [rows[1].clone(), rows[3].clone()]);
        let none: [(&str, i32); 0] = [];
        let none = pairs_among(db, [Column::Shelf, Column::Place], none);
        assert!(shop.those(none).await.is_empty());
    }

    #[tokio::test]
    async fn a_copy_writes_the_same_rows() {
        let shop = Shop::open().await;
        if !shop.db.is_shared() {
            return;
        }
        let rows = vec![full("a", 1), empty("a", 2), blank("a", 3)];
        let copying = Copying::begin(&shop.db).await.unwrap();
        copying.put::<Entity>(rows.clone(), &[]).await.unwrap();
        copying.commit().await.unwrap();
        assert_eq!(shop.all().await, rows);
    }
}
