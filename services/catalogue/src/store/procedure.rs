//! The tables `procedure` and `procedure_version`.

mod entity;

use std::collections::{BTreeSet, HashMap};

use kit::db::{Sink, among};
use sea_orm::sea_query::{Expr, ExprTrait as _, Func};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait as _,
    Iterable as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, Select,
};

use self::entity::{procedure, version};
use crate::entry::{Draft, Entry, Version};
use crate::procedure::Code;
use crate::route::UnitUid;

/// Those of these procedures that exist. Nobody else changes any before this transaction ends.
pub(crate) async fn lock(
    tx: &DatabaseTransaction,
    codes: &BTreeSet<&Code>,
) -> Result<Vec<Entry>, DbErr> {
    if tx.get_database_backend() == DbBackend::Postgres {
        // A procedure that is not there yet has no row to lock, and all this is seldom.
        tx.execute_unprepared("LOCK TABLE procedure IN SHARE ROW EXCLUSIVE MODE")
            .await?;
    }
    let codes: Vec<String> = codes.iter().map(ToString::to_string).collect();
    read(tx, Some(&codes)).await
}

/// These procedures with all their versions; all where none are named.
pub(crate) async fn read(
    db: &impl ConnectionTrait,
    codes: Option<&[String]>,
) -> Result<Vec<Entry>, DbErr> {
    let (mut rows, mut versions) = (procedure::Entity::find(), version::Entity::find());
    if let Some(codes) = codes {
        rows = rows.filter(among(db, procedure::Column::Code, codes));
        versions = versions.filter(among(db, version::Column::Code, codes));
    }
    entries(rows.all(db).await?, versions, db).await
}

async fn entries(
    rows: Vec<procedure::Model>,
    versions: Select<version::Entity>,
    db: &impl ConnectionTrait,
) -> Result<Vec<Entry>, DbErr> {
    let versions = versions
        .order_by_asc(version::Column::Number)
        .all(db)
        .await?;
    let mut by_code: HashMap<String, Vec<version::Model>> = HashMap::with_capacity(rows.len());
    for row in versions {
        by_code.entry(row.code.clone()).or_default().push(row);
    }
    let entry = |row: procedure::Model| {
        let versions = by_code.remove(&row.code).unwrap_or_default();
        entry(&row, versions)
    };
    rows.into_iter().map(entry).collect()
}

fn entry(row: &procedure::Model, versions: Vec<version::Model>) -> Result<Entry, DbErr> {
    let mut entry = Entry {
        code: row
            .code
            .parse()
            .map_err(|()| unreadable("procedure.code"))?,
        revision: row.revision,
        online: json(&row.online)?,
        versions: Vec::new(),
        draft: None,
        discarded: 0,
    };
    for row in versions {
        if row.body.is_empty() {
            entry.discarded = row.revision;
            continue;
        }
        let procedure = json(&row.body)?;
        match row.effective_from {
            Some(from) => entry.versions.push(Version {
                number: row.number,
                from,
                until: row.retired_from,
                procedure,
            }),
            None => {
                entry.draft = Some(Draft {
                    number: row.number,
                    revision: row.revision,
                    procedure,
                });
            }
        }
    }
    Ok(entry)
}

fn json<T: for<'a> serde::Deserialize<'a>>(text: &str) -> Result<T, DbErr> {
    serde_json::from_str(text).map_err(|error| DbErr::Json(error.to_string()))
}

fn unreadable(column: &str) -> DbErr {
    DbErr::Type(format!("{column} is not what this version writes"))
}

/// How many procedures there are, and the sum of their revisions: every change of any of them raises it.
pub(crate) async fn state(db: &impl ConnectionTrait) -> Result<(i64, i64), DbErr> {
    let count = Expr::col(procedure::Column::Code).count();
    let sum = Expr::col(procedure::Column::Revision).sum();
    let found = procedure::Entity::find()
        .select_only()
        .expr(count)
        .expr(Func::coalesce([sum.cast_as("bigint"), Expr::val(0_i64)]))
        .into_tuple::<(i64, i64)>()
        .one(db)
        .await?;
    Ok(found.unwrap_or_default())
}

/// All codes with their revisions.
pub(crate) async fn revisions(db: &impl ConnectionTrait) -> Result<Vec<(String, i64)>, DbErr> {
    procedure::Entity::find()
        .select_only()
        .column(procedure::Column::Code)
        .column(procedure::Column::Revision)
        .into_tuple()
        .all(db)
        .await
}

/// The department that leads most procedures of a field, by field.
pub(crate) async fn departments(
    db: &impl ConnectionTrait,
    fields: &BTreeSet<&str>,
) -> Result<HashMap<String, UnitUid>, DbErr> {
    let count = procedure::Column::Code.count();
    let rows: Vec<(String, String, i64)> = procedure::Entity::find()
        .select_only()
        .column(procedure::Column::Field)
        .column(procedure::Column::LeadUnit)
        .column_as(count, "procedures")
        .filter(among(db, procedure::Column::Field, fields.iter().copied()))
        .group_by(procedure::Column::Field)
        .group_by(procedure::Column::LeadUnit)
        .into_tuple()
        .all(db)
        .await?;
    let mut most: HashMap<String, (i64, String)> = HashMap::new();
    for (field, unit, count) in rows.into_iter().filter(|(_, unit, _)| !unit.is_empty()) {
        let known = most.entry(field).or_default();
        // Of two that lead as many the first in order counts, on every store.
        if count > known.0 || (count == known.0 && unit < known.1) {
            *known = (count, unit);
        }
    }
    let named = |(field, (_, unit))| (field, UnitUid::new(unit));
    Ok(most.into_iter().map(named).collect())
}

/// The procedures whose local code is one of these.
pub(crate) async fn local_codes(
    db: &impl ConnectionTrait,
    codes: &BTreeSet<&str>,
) -> Result<HashMap<String, String>, DbErr> {
    let rows: Vec<(String, String)> = procedure::Entity::find()
        .select_only()
        .column(procedure::Column::LocalCode)
        .column(procedure::Column::Code)
        .filter(among(
            db,
            procedure::Column::LocalCode,
            codes.iter().copied(),
        ))
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().collect())
}

/// Writes procedures over those that are there. Of a published version only its end may differ.
pub(crate) async fn save(sink: &impl Sink, entries: &[&Entry]) -> Result<(), DbErr> {
    let rows = entries.iter().map(|entry| row(entry));
    let over: Vec<procedure::Column> = procedure::Column::iter().collect();
    sink.put::<procedure::Entity>(rows.collect::<Result<_, _>>()?, &over)
        .await?;
    let versions = entries.iter().flat_map(|entry| version_rows(entry));
    let over: Vec<version::Column> = version::Column::iter().collect();
    sink.put::<version::Entity>(versions.collect::<Result<_, _>>()?, &over)
        .await
}

fn row(entry: &Entry) -> Result<procedure::Model, DbErr> {
    let last = entry.versions.last().map(|version| &version.procedure);
    Ok(procedure::Model {
        code: entry.code.to_string(),
        revision: entry.revision,
        online: text(&entry.online)?,
        field: last.map(|last| last.field.clone()).unwrap_or_default(),
        lead_unit: last.map_or_else(String::new, |last| last.lead_unit.as_str().to_owned()),
        local_code: last
            .and_then(|last| last.local_code.as_ref())
            .map(ToString::to_string),
    })
}

fn version_rows(entry: &Entry) -> Vec<Result<version::Model, DbErr>> {
    let code = || entry.code.to_string();
    let published = entry.versions.iter().map(|version| {
        Ok(version::Model {
            code: code(),
            number: version.number,
            effective_from: Some(version.from),
            retired_from: version.until,
            revision: 0,
            body: text(&version.procedure)?,
        })
    });
    let draft = entry.draft.iter().map(|draft| {
        Ok(version::Model {
            code: code(),
            number: draft.number,
            effective_from: None,
            retired_from: None,
            revision: draft.revision,
            body: text(&draft.procedure)?,
        })
    });
    // What was discarded leaves its revision.
    let discarded = (entry.discarded > 0).then(|| {
        Ok(version::Model {
            code: code(),
            number: entry.next_number(),
            effective_from: None,
            retired_from: None,
            revision: entry.discarded,
            body: String::new(),
        })
    });
    published.chain(draft).chain(discarded).collect()
}

fn text(value: &impl serde::Serialize) -> Result<String, DbErr> {
    serde_json::to_string(value).map_err(|error| DbErr::Json(error.to_string()))
}
