//! Routing owns custody: routes, transfers between units, and who is responsible for every branch at every moment.
//!
//! A step is *offered* to one unit, which *accepts* or *declines* it; until acceptance commits the sender is responsible. An
//! accepted step is *completed* by its holder, or by intake's decision and return of the result, and not while it waits for the
//! applicant; a dossier that is withdrawn or stopped *recalls* its offers and *cancels* its accepted steps.
//!
//! Tables: `route`, `transfer`, `holding` (who was responsible from when until when), and those of [`kit::migration`]. It takes
//! in the logs of identity (units), the catalogue (procedures with their routes, calendars) and intake (the life of dossiers).

mod act;
mod change;
pub mod check;
mod error;
pub mod fill;
mod grpc;
mod journey;
mod ledger;
mod migration;
#[cfg(feature = "model")]
pub mod model;
mod offers;
mod reckoning;
mod route;
mod store;
mod transfer;
mod wire;

use std::sync::Arc;

use kit::consumer::{Interpret, Progress};
use kit::db::Db;
use kit::seal::Keyring;
use kit::serve::{Ground, Mounted, Pages, StartError};
use proto::routing::v1 as pb;
use proto::routing::v1::event_service_server::EventServiceServer;
use proto::routing::v1::transfer_service_server::TransferServiceServer;
use sea_orm::{ConnectionTrait, DbErr};
use tonic::service::Routes;

pub use error::Error;

use act::Act;
use grpc::Transfers;
use ledger::Routing;
use reckoning::Reckoning;

const NAME: &str = "routing";

kit::event_service!(proto::routing::v1, NAME);

/// Brings the store to the present schema.
///
/// # Errors
/// When the store refuses.
pub async fn migrate(db: &Db) -> Result<(), DbErr> {
    kit::migration::up::<migration::Migrator>(db).await
}

/// Starts routing: its writer, its consumers, its rpcs, and the lanes of units.
///
/// # Errors
/// When the store refuses or another service's address is missing.
pub async fn start(ground: Ground) -> Result<Mounted, StartError> {
    kit::migration::ready::<migration::Migrator>(NAME, &ground.db).await?;
    let progress = Progress::load(&["identity", "catalogue", "intake"], &ground.db).await?;
    let access = ground.record(NAME);
    let ledger = Arc::new(Routing::new(ground.queue.clone(), ground.db.ring()));
    let writer = ground.write(Arc::clone(&ledger));
    let sources: [(&'static str, Interpret<Act>); 3] = [
        ("identity", wire::event::from_identity),
        ("catalogue", wire::event::from_catalogue),
        ("intake", wire::event::from_intake),
    ];
    let ready = ground.consume(&writer, &progress, &sources)?;
    let (stop, lanes) = (
        ground.stop.clone(),
        offers::keep_lanes_full(ground.db.clone(), ground.queue.clone()),
    );
    ground
        .tasks
        .spawn(async move { stop.run_until_cancelled(lanes).await });
    let reckoning = Reckoning {
        db: ground.db.clone(),
        writer: ground.write_beside(&writer, Arc::clone(&ledger)),
        ledger,
        clock: ground.clock.clone(),
    };
    let stop = ground.stop.clone();
    ground
        .tasks
        .spawn(async move { stop.run_until_cancelled(reckoning.follow()).await });
    let transfers = Transfers {
        db: ground.db.clone(),
        writer,
        queue: ground.queue,
        stop: ground.stop,
    };
    let routes = Routes::new(TransferServiceServer::new(transfers))
        .add_service(EventServiceServer::new(Events(ground.db)));
    Ok(Mounted {
        name: NAME,
        routes,
        http: Pages::new(),
        access,
        progress,
        ready,
    })
}

/// The whole journey of a dossier as the store has it.
///
/// # Errors
/// When the store does not answer.
pub async fn journey(
    db: &impl ConnectionTrait,
    ring: &Keyring,
    dossier: &str,
) -> Result<pb::GetRouteResponse, DbErr> {
    let holdings = store::holdings(db, dossier).await?;
    let transfers = store::of_dossier((db, ring), dossier).await?;
    let suspended = store::suspended(db, &transfers).await?;
    let transfers = transfers.iter();
    Ok(pb::GetRouteResponse {
        branches: holdings.iter().map(wire::reply::branch).collect(),
        transfers: transfers
            .map(|transfer| wire::reply::standing(transfer, &suspended))
            .collect(),
    })
}
