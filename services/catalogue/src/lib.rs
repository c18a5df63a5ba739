//! Catalogue: the administrative procedures of the province, and its working calendar.
//!
//! It owns these tables. `procedure` has every procedure with the version in force: components, case, limit, fee and route;
//! versions of before stand in the log. `calendar_version` has every version of the calendar, office hours and the days that
//! differ from them, and `calendar` says which is in force. Both come from files ([`read`], [`import`]), the calendar also from
//! the province's administrator, and what they publish is told in the log. It consumes no other log.

mod calendar;
mod error;
mod grpc;
mod import;
mod ledger;
mod migration;
mod procedure;
mod route;
mod store;
mod wire;

use std::sync::Arc;

use kit::clock::Clock;
use kit::consumer::Progress;
use kit::db::Db;
use kit::failure::Failure;
use kit::log::Cause;
use kit::serve::{Ground, Mounted, Pages};
use kit::watch::Watches;
use kit::writer::{self, Step};
use proto::catalogue::v1::calendar_service_server::CalendarServiceServer;
use proto::catalogue::v1::event_service_server::EventServiceServer;
use proto::catalogue::v1::procedure_service_server::ProcedureServiceServer;
use sea_orm::DbErr;
use tonic::service::Routes;

pub use error::Error;
pub use import::{Catalogue, Files, read};

/// The name of the service, in its log and its package.
const NAME: &str = "catalogue";

/// Brings the store to the schema of this version; does nothing when it is there.
///
/// # Errors
/// When the store does not answer or a migration fails.
pub async fn migrate(db: &Db) -> Result<(), DbErr> {
    kit::migration::up::<migration::Migrator>(db).await
}

/// Migrates the store, starts the writer, and makes the service ready to be mounted.
///
/// # Errors
/// When the store cannot be used.
pub async fn start(ground: Ground) -> Result<Mounted, Error> {
    kit::migration::ready::<migration::Migrator>(NAME, &ground.db).await?;
    let access = ground.record(NAME);
    let writer = ground.write(Arc::new(ledger::Catalogue));
    let watches = Watches::start(&ground, &writer);
    let db = ground.db;
    let progress = Progress::load(&[], &db).await?;
    let routes = Routes::new(ProcedureServiceServer::new(grpc::Procedures {
        db: db.clone(),
    }))
    .add_service(CalendarServiceServer::new(grpc::Calendars {
        db: db.clone(),
        writer,
        watches,
    }))
    .add_service(EventServiceServer::new(grpc::Events(db)));
    Ok(Mounted {
        name: NAME,
        routes,
        http: Pages::new(),
        access,
        progress,
        ready: Box::pin(std::future::ready(())),
    })
}

/// Takes files in: all of them or nothing. What is unchanged makes no event, so it may be done again; what changed becomes
/// the next version, in force from today.
///
/// # Errors
/// A store that does not answer.
pub async fn import(db: Db, catalogue: Catalogue) -> Result<(), Failure> {
    migrate(&db).await.map_err(Error::from)?;
    let step = Step {
        act: ledger::Act::Import(catalogue),
        cause: Cause {
            actor: NAME.to_owned(),
            at: Clock::system().civil(),
            traceparent: kit::telemetry::traceparent(),
        },
    };
    writer::once(ledger::Catalogue, db, step).await?;
    Ok(())
}
