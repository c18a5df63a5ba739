//! Intake owns dossiers: what was handed in, the legal clock, decisions, and their history.
//!
//! A dossier is *submitted* online or *received* at a counter; from reception on the clock runs and its appointment is
//! promised. Routing carries it between units; intake hears who holds it and lets only the holder decide. A holder may have to
//! ask for a *supplement* or a *payment*, and the clock stands still meanwhile, as it does while nothing is under way but steps that
//! the limit does not count. The result is *ready* with the decision and *returned* by the desk; a dossier can be *refused* before
//! reception, *withdrawn* or *stopped* before the decision.
//!
//! Tables: `dossier`, `origin` (codes of other systems), `dossier_number` (the last number of a desk and day), `code_block`
//! and `void_number` (numbers for counters that work offline, and numbers that no dossier has), `custody` (a copy of what routing says), and
//! those of [`kit::migration`]. It takes in the logs of identity (units), the catalogue (procedures, calendars) and routing
//! (custody).

mod act;
mod alarms;
mod block;
mod change;
pub mod check;
mod code;
mod custody;
mod dossier;
mod error;
mod filing;
pub mod fill;
mod grpc;
mod law;
mod ledger;
mod migration;
#[cfg(feature = "model")]
pub mod model;
mod reference;
mod store;
pub mod upkeep;
mod wire;

use std::sync::Arc;

use kit::consumer::{Interpret, Progress};
use kit::db::Db;
use kit::reckoning::Reckoning;
use kit::serve::{Ground, Mounted, Pages, Services, StartError};
use kit::watch::Watches;
use proto::intake::v1::dossier_service_server::DossierServiceServer;
use proto::intake::v1::event_service_server::EventServiceServer;
use proto::intake::v1::payment_service_server::PaymentServiceServer;
use sea_orm::DbErr;

pub use code::DossierCode;
pub use error::Error;
pub use store::find_by_code;
pub use wire::reply::dossier as to_message;

use act::Act;
use alarms::Alarms;
use grpc::{Dossiers, Payments, Tracking};
use ledger::Intake;

const NAME: &str = "intake";

kit::event_service!(proto::intake::v1, NAME);

/// Brings the store to the present schema.
///
/// # Errors
/// When the store refuses.
pub async fn migrate(db: &Db) -> Result<(), DbErr> {
    kit::migration::up::<migration::Migrator>(db).await
}

/// Starts intake: its writer, its consumers, its rpcs.
///
/// # Errors
/// When the store refuses or another service's address is missing.
pub async fn start(ground: Ground) -> Result<Mounted, StartError> {
    kit::migration::ready::<migration::Migrator>(NAME, &ground.db).await?;
    let progress = Progress::load(&["identity", "catalogue", "routing"], &ground.db).await?;
    let ledger = Arc::new(Intake::new(ground.db.ring()));
    let access = ground.record(NAME);
    let writer = ground.write(Arc::clone(&ledger));
    let sources: [(&'static str, Interpret<Act>); 3] = [
        ("identity", wire::event::from_identity),
        ("catalogue", wire::event::from_catalogue),
        ("routing", wire::event::from_routing),
    ];
    let ready = ground.consume(&writer, &progress, &sources)?;
    let beside = ground.write_beside(&writer, Arc::clone(&ledger));
    let reckoning = Reckoning {
        db: ground.db.clone(),
        writer: beside.clone(),
        ledger: Arc::clone(&ledger),
        clock: ground.clock.clone(),
    };
    let alarms = Alarms {
        db: ground.db.clone(),
        writer: beside,
        clock: ground.clock.clone(),
    };
    let (stop, also_stop) = (ground.stop.clone(), ground.stop.clone());
    ground
        .tasks
        .spawn(async move { stop.run_until_cancelled(reckoning.follow()).await });
    ground
        .tasks
        .spawn(async move { also_stop.run_until_cancelled(alarms.follow()).await });
    let watches = Watches::start(&ground, &writer);
    let dossiers = Dossiers {
        db: ground.db.clone(),
        writer,
        ledger,
        progress: progress.clone(),
        access: access.clone(),
        routing: ground.log_of("routing", NAME)?,
        watches,
        tracking: Tracking::new(),
    };
    let rpcs = Services::new()
        .with(DossierServiceServer::new(dossiers.clone()))
        .with(PaymentServiceServer::new(Payments(dossiers)))
        .with(EventServiceServer::new(Events(ground.db)));
    Ok(Mounted {
        name: NAME,
        rpcs,
        http: Pages::new(),
        access,
        progress,
        ready,
    })
}
