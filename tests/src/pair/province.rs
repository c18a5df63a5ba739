//! The province on a PostgreSQL server: imported once for all suites of all test programs, then copied.

use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};

use super::connect;
use crate::program;

const SERVICES: [&str; 4] = ["identity", "catalogue", "intake", "routing"];
/// The databases that are copied.
const PROVINCE: &str = "province";
/// What test programs that need the province at once wait for.
const LOCK: i64 = 218;

/// A base name with databases of its own, and a number that no other suite has: that of its Redis database too, in the half that
/// the tests of single services leave to suites.
pub async fn copy(server: &str) -> (String, i64) {
    let admin = connect(&format!("{server}/postgres")).await;
    import_once(server, &admin).await;
    let number = number(&admin, "SELECT nextval('suites') AS value").await;
    let base = format!("suite_{number}");
    for service in SERVICES {
        let copy = format!("CREATE DATABASE {base}_{service} TEMPLATE {PROVINCE}_{service}");
        execute(&admin, &copy).await;
    }
    admin.close().await.expect("the connection is closed");
    (base, number)
}

async fn import_once(server: &str, admin: &DatabaseConnection) {
    execute(admin, &format!("SELECT pg_advisory_lock({LOCK})")).await;
    let made = "SELECT count(*) AS value FROM pg_class WHERE relname = 'suites'";
    if number(admin, made).await == 0 {
        let store = format!("{server}/{PROVINCE}");
        let province = program::province();
        let migrate = ["migrate", "--store", &store];
        must_succeed(migrate.map(Into::into)).await;
        // Units and procedures are not personal: each suite has keys of its own.
        let keys = tempfile::tempdir().expect("a temporary folder");
        let import = [
            "import".into(),
            "--store".into(),
            store.into(),
            "--keys".into(),
            keys.path().into(),
            province.into(),
        ];
        must_succeed(import).await;
        // Made last: it says that the province is whole.
        execute(admin, "CREATE SEQUENCE suites").await;
    }
    execute(admin, &format!("SELECT pg_advisory_unlock({LOCK})")).await;
}

async fn must_succeed<const N: usize>(arguments: [std::ffi::OsString; N]) {
    let ran = program::run(arguments).await;
    assert_eq!(ran.code, Some(0), "{}{}", ran.output, ran.complaint);
}

async fn execute(admin: &DatabaseConnection, statement: &str) {
    let done = admin.execute_unprepared(statement).await;
    done.unwrap_or_else(|error| panic!("{statement}: {error}"));
}

async fn number(admin: &DatabaseConnection, query: &str) -> i64 {
    let query = Statement::from_string(DbBackend::Postgres, query);
    let row = admin
        .query_one_raw(query)
        .await
        .expect("the server answers");
    let row = row.expect("a count is one row");
    row.try_get("", "value").expect("a count is a number")
}
