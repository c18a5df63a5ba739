//! Programs of two versions on one schema.

use kit::migration;
use sea_orm::ConnectionTrait as _;
use sea_orm_migration::prelude::*;

use crate::counter::Service;

/// The program of today.
struct Today;

impl MigratorTrait for Today {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(migration::Mechanisms),
            Box::new(migration::Replicas),
        ]
    }
}

/// The next version, which adds a column.
struct Tomorrow;

impl MigratorTrait for Tomorrow {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = Today::migrations();
        migrations.push(Box::new(Expand));
        migrations
    }
}

struct Expand;

impl MigrationName for Expand {
    fn name(&self) -> &'static str {
        "m0004_expand"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Expand {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = ColumnDef::new("note").string().null().take();
        let table = Table::alter().table("place").add_column(column).take();
        manager.alter_table(table).await
    }
}

#[tokio::test]
async fn a_schema_that_many_migrate_at_once_is_migrated_once() {
    let folder = tempfile::tempdir().unwrap();
    let (_stores, db) = kit::testing::open(folder.path(), "schema").await.unwrap();
    if !db.is_shared() {
        return;
    }
    // As many processes, each with connections of its own.
    let mut programs = vec![db];
    for _ in 1..4 {
        let (_, db) = kit::testing::open(folder.path(), "schema").await.unwrap();
        programs.push(db);
    }
    let all = programs.iter().map(migration::up::<Today>);
    let migrated = futures::future::join_all(all).await;
    assert!(migrated.iter().all(Result::is_ok), "{migrated:?}");
}

#[tokio::test]
async fn a_program_runs_on_the_schema_of_the_next_version() {
    let folder = tempfile::tempdir().unwrap();
    let (_stores, db) = kit::testing::open(folder.path(), "schema").await.unwrap();
    migration::up::<Tomorrow>(&db).await.unwrap();
    migration::up::<Today>(&db).await.unwrap();
    migration::ready::<Today>("schema", &db).await.unwrap();
}

#[tokio::test]
async fn a_service_works_on_though_its_tables_get_new_columns() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(&folder, 16).await;
    service.add("1", "a", 1).await.unwrap();
    let expand = "ALTER TABLE reply ADD COLUMN note varchar";
    service.db.write().execute_unprepared(expand).await.unwrap();
    service.add("2", "a", 1).await.unwrap();
    assert_eq!(service.value("a").await, 2);
}
