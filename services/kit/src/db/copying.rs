//! Many new rows by COPY, in one transaction.

use std::fmt::Write as _;
use std::sync::Arc;

use sea_orm::sqlx::{self, Postgres, Transaction};
use sea_orm::{
    DbErr, EntityTrait, IdenStatic as _, IntoActiveModel, Iterable as _, ModelTrait as _,
    RuntimeErr, Value,
};
use tokio::sync::Mutex;

use super::{Db, Sink};

/// A transaction that takes rows by COPY. None of them may be there already.
pub(crate) struct Copying(Mutex<Transaction<'static, Postgres>>);

impl Copying {
    /// Begins in a `PostgreSQL` store.
    pub async fn begin(db: &Db) -> Result<Self, DbErr> {
        let pool = db.write().get_postgres_connection_pool();
        let mut transaction = pool.begin().await.map_err(failed)?;
        // It takes much longer than any call of a service.
        let unhurried = [
            "SET LOCAL idle_in_transaction_session_timeout = 0",
            "SET LOCAL statement_timeout = 0",
        ];
        for set in unhurried {
            let done = sqlx::query(set).execute(&mut *transaction).await;
            done.map_err(failed)?;
        }
        Ok(Self(Mutex::new(transaction)))
    }

    /// Takes all rows out of a table, so that others may be put in their place.
    pub async fn clear<E: EntityTrait>(&self) -> Result<(), DbErr> {
        let table = E::default().table_name();
        let clear = sqlx::AssertSqlSafe(format!("DELETE FROM \"{table}\""));
        let mut transaction = self.0.lock().await;
        let cleared = sqlx::query(clear).execute(&mut **transaction).await;
        cleared.map(|_| ()).map_err(failed)
    }

    /// Ends it: either all rows are there now, or none.
    pub async fn commit(self) -> Result<(), DbErr> {
        self.0.into_inner().commit().await.map_err(failed)
    }
}

impl Sink for Copying {
    async fn put<E>(&self, rows: Vec<E::Model>, _over: &[E::Column]) -> Result<(), DbErr>
    where
        E: EntityTrait,
        E::Model: IntoActiveModel<E::ActiveModel>,
    {
        if rows.is_empty() {
            return Ok(());
        }
        let (statement, text) = (statement::<E>(), text::<E>(&rows)?);
        let mut transaction = self.0.lock().await;
        let mut copy = transaction.copy_in_raw(&statement).await.map_err(failed)?;
        copy.send(text.into_bytes()).await.map_err(failed)?;
        copy.finish().await.map_err(failed)?;
        Ok(())
    }
}

fn failed(error: sqlx::Error) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(Arc::new(error)))
}

fn statement<E: EntityTrait>() -> String {
    let columns = E::Column::iter().map(|column| format!("\"{}\"", column.as_str()));
    let columns: Vec<String> = columns.collect();
    let table = E::default().table_name();
    format!("COPY \"{table}\" ({}) FROM STDIN", columns.join(", "))
}

/// Rows in the text format of COPY.
fn text<E: EntityTrait>(rows: &[E::Model]) -> Result<String, DbErr> {
    let mut text = String::new();
    for row in rows {
        for (place, column) in E::Column::iter().enumerate() {
            if place > 0 {
                text.push('\t');
            }
            cell(&mut text, &row.get(column))?;
        }
        text.push('\n');
    }
    Ok(text)
}

fn cell(text: &mut String, value: &Value) -> Result<(), DbErr> {
    let written = match value {
        Value::Bool(Some(value)) => write!(text, "{value}"),
        Value::Int(Some(value)) => write!(text, "{value}"),
        Value::BigInt(Some(value)) => write!(text, "{value}"),
        Value::String(Some(value)) => {
            for letter in value.chars() {
                match letter {
                    '\\' => text.push_str("\\\\"),
                    '\t' => text.push_str("\\t"),
                    '\n' => text.push_str("\\n"),
                    '\r' => text.push_str("\\r"),
                    letter => text.push(letter),
                }
            }
            Ok(())
        }
        Value::Bytes(Some(bytes)) => {
            text.push_str("\\\\x");
            bytes.iter().try_for_each(|byte| write!(text, "{byte:02x}"))
        }
        value if *value == value.as_null() => text.write_str("\\N"),
        other => {
            return Err(DbErr::Type(format!(
                "COPY is not taught to write {other:?}"
            )));
        }
    };
    written.map_err(|error| DbErr::Custom(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: impl Into<Value>) -> String {
        let mut text = String::new();
        cell(&mut text, &value.into()).unwrap();
        text
    }

    #[test]
    fn every_kind_of_value_is_written_as_copy_reads_it() {
        assert_eq!(written("a\tb\nc\\d"), "a\\tb\\nc\\\\d");
        assert_eq!(written(vec![0_u8, 255]), "\\\\x00ff");
        assert_eq!(written(None::<String>), "\\N");
        assert_eq!(written(None::<i64>), "\\N");
        assert_eq!(
            (written(-7_i64), written(true)),
            ("-7".into(), "true".into())
        );
    }
}
