//! Catalogue: the administrative procedures of the province, and its working calendar.
//!
//! A procedure is published in versions: *draft*, *published* from a day, *retired* when the next begins or the procedure ends.
//! Tables: `procedure` (how far it is online, and what it is found by), `procedure_version` (what each version says),
//! `calendar_version` (every version of the calendar: office hours and the days that differ from them), `calendar` (which of them
//! is in force), and those of [`kit::migration`]. Whoever reads procedures gets them from memory, which follows the store. Work on
//! either is done by rpcs; a deployment begins with files ([`read`], [`import`]). What is published is told in the log. It takes in
//! the log of identity (units), which the rules of routes are checked against.

mod calendar;
mod check;
mod difference;
mod entry;
mod error;
mod exchange;
mod fault;
mod grpc;
mod import;
mod ledger;
mod migration;
mod procedure;
mod route;
mod shelf;
mod store;
mod wire;

use std::sync::Arc;

use kit::clock::Clock;
use kit::consumer::{Interpret, Progress};
use kit::db::Db;
use kit::failure::Failure;
use kit::log::Cause;
use kit::serve::{Ground, Mounted, Pages, Services, StartError};
use kit::watch::Watches;
use kit::writer::{self, Step};
use proto::catalogue::v1::calendar_service_server::CalendarServiceServer;
use proto::catalogue::v1::event_service_server::EventServiceServer;
use proto::catalogue::v1::procedure_service_server::ProcedureServiceServer;
use sea_orm::DbErr;

pub use error::Error;
pub use import::{Catalogue, Files, UnitKinds, read};

use store::known::Known;

/// The name of the service, in its log and its package.
const NAME: &str = "catalogue";

/// Brings the store to the schema of this version; does nothing when it is there.
///
/// # Errors
/// When the store does not answer or a migration fails.
pub async fn migrate(db: &Db) -> Result<(), DbErr> {
    kit::migration::up::<migration::Migrator>(db).await
}

/// Starts the catalogue: its writer, its consumer, its rpcs.
///
/// # Errors
/// When the store refuses or identity's address is missing.
pub async fn start(ground: Ground) -> Result<Mounted, StartError> {
    kit::migration::ready::<migration::Migrator>(NAME, &ground.db).await?;
    let progress = Progress::load(&["identity"], &ground.db).await?;
    let access = ground.record(NAME);
    let known = Known::new(ground.db.clone());
    let ledger = ledger::Catalogue {
        known: Some(known.clone()),
    };
    let writer = ground.write(Arc::new(ledger));
    let watches = Watches::start(&ground, &writer);
    let identity: (&'static str, Interpret<ledger::Act>) = ("identity", wire::event::from_identity);
    let ready = ground.consume(&writer, &progress, &[identity])?;
    let (stop, looking) = (ground.stop.clone(), known.clone().look_for_others());
    ground
        .tasks
        .spawn(async move { stop.run_until_cancelled(looking).await });
    let procedures = grpc::Procedures {
        db: ground.db.clone(),
        known,
        watches: watches.clone(),
        writer: writer.clone(),
    };
    let calendars = grpc::Calendars {
        db: ground.db.clone(),
        writer,
        watches,
    };
    let rpcs = Services::new()
        .with(ProcedureServiceServer::new(procedures))
        .with(CalendarServiceServer::new(calendars))
        .with(EventServiceServer::new(grpc::Events(ground.db)));
    Ok(Mounted {
        name: NAME,
        rpcs,
        http: Pages::new(),
        access,
        progress,
        ready,
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
        act: ledger::Act::Files(catalogue),
        cause: Cause::unasked(NAME, Clock::system().civil()),
    };
    writer::once(ledger::Catalogue { known: None }, db, step).await?;
    Ok(())
}
