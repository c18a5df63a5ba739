//! Routing owns custody: routes, transfers between units, and who is responsible for every branch at every moment.
//!
//! A step is *offered* to one unit, which *accepts* or *declines* it; until acceptance commits the sender is responsible. An
//! accepted step is *completed* by its holder, or by intake's decision and return of the result, and not while it waits for the
//! applicant; a dossier that is withdrawn or stopped *recalls* its offers and *cancels* its accepted steps. What the sender
//! *recalls* and the holder *returns* is the sender's to offer again; a dossier that is *sent back* goes the way since a step
//! once more. An offer that was brought to its unit too often is a *dead letter*, which stays open. What opens while the applicant is
//! waited for is offered *on hold*: nobody is brought it or accepts it before the clock of the dossier goes on. A step outside the
//! limit stops that clock too, and keeps nothing back.
//! Where the version of the procedure in force has another unit rule for a step that is offered for the first time, that counts; all
//! else of it stays as the dossier's own version has it.
//!
//! Within a unit an officer may *claim* a transfer or be *assigned* it, which moves no custody. What is late *escalates* to the
//! unit's leaders, then to the unit above. What goes to a unit with a linked system must reach that system, and be acknowledged
//! by it, in the time that its link has. A step that waits for paper has no time before that is received; paper that is late escalates
//! to the leaders of its sender.
//!
//! Tables: `route`, `transfer`, `holding` (who was responsible from when until when), `officer` and `position` (who may be given
//! work, without names), and those of [`kit::migration`]. It takes in the logs of identity (units, officers, positions), the catalogue (procedures with their routes, calendars) and intake (the life of dossiers).

mod act;
mod alarms;
mod change;
pub mod check;
mod error;
pub mod fill;
mod grpc;
mod journey;
mod ledger;
mod link;
mod migration;
#[cfg(feature = "model")]
pub mod model;
mod offers;
mod paper;
mod reading;
mod route;
mod settings;
mod staff;
mod store;
mod stream;
mod succession;
mod transfer;
mod wire;

use std::sync::Arc;

use kit::access;
use kit::clock::Moment;
use kit::consumer::{Interpret, Progress};
use kit::db::Db;
use kit::reckoning::Reckoning;
use kit::seal::Keyring;
use kit::serve::{Ground, Mounted, Pages, Services, StartError};
use kit::writer::Writer;
use proto::routing::v1 as pb;
use proto::routing::v1::event_service_server::EventServiceServer;
use proto::routing::v1::queue_service_server::QueueServiceServer;
use proto::routing::v1::transfer_service_server::TransferServiceServer;
use sea_orm::{ConnectionTrait, DbErr};

pub use error::Error;
pub use link::{Limits as LinkLimits, Malformed as MalformedLinkLimits};
pub use settings::Settings;

use act::Act;
use alarms::Alarms;
use grpc::{Queues, Transfers};
use ledger::Routing;
use offers::Offers;
use succession::Succession;

const NAME: &str = "routing";

kit::event_service!(proto::routing::v1, NAME);

/// Brings the store to the present schema.
///
/// # Errors
/// When the store refuses.
pub async fn migrate(db: &Db) -> Result<(), DbErr> {
    kit::migration::up::<migration::Migrator>(db).await
}

/// Starts routing: its writer, its consumers, its rpcs, and the lanes of units. Links keep these limits (R12).
///
/// # Errors
/// When the store refuses or another service's address is missing.
pub async fn start(ground: Ground, settings: Settings) -> Result<Mounted, StartError> {
    kit::migration::ready::<migration::Migrator>(NAME, &ground.db).await?;
    let progress = Progress::load(&["identity", "catalogue", "intake"], &ground.db).await?;
    let access = ground.record(NAME);
    let links = settings.links.clone();
    let ledger = Arc::new(Routing::new(ground.queue.clone(), ground.db.ring(), links));
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
    watch_time(&ground, &writer, &ledger);
    let rpcs = rpcs(&ground, &writer, &access, &settings);
    Ok(Mounted {
        name: NAME,
        rpcs,
        http: Pages::new(),
        access,
        progress,
        ready,
    })
}

fn rpcs(
    ground: &Ground,
    writer: &Writer<Routing>,
    access: &access::Log,
    settings: &Settings,
) -> Services {
    let offers = Offers {
        db: ground.db.clone(),
        queue: ground.queue.clone(),
        writer: writer.clone(),
        clock: ground.clock.clone(),
        most_deliveries: settings.most_deliveries,
    };
    let transfers = Transfers {
        db: ground.db.clone(),
        writer: writer.clone(),
        offers,
        access: access.clone(),
        tasks: ground.tasks.clone(),
        stop: ground.stop.clone(),
    };
    let queues = Queues {
        db: ground.db.clone(),
        writer: writer.clone(),
        queue: ground.queue.clone(),
        access: access.clone(),
    };
    Services::new()
        .with(TransferServiceServer::new(transfers))
        .with(QueueServiceServer::new(queues))
        .with(EventServiceServer::new(Events(ground.db.clone())))
}

/// Starts what is done when time comes, or the calendar or the units change.
fn watch_time(ground: &Ground, own: &Writer<Routing>, ledger: &Arc<Routing>) {
    let writer = ground.write_beside(own, Arc::clone(ledger));
    let alarms = Alarms {
        db: ground.db.clone(),
        writer: writer.clone(),
        clock: ground.clock.clone(),
    };
    let reckoning = Reckoning {
        db: ground.db.clone(),
        writer: writer.clone(),
        ledger: Arc::clone(ledger),
        clock: ground.clock.clone(),
    };
    let succession = Succession {
        db: ground.db.clone(),
        writer,
        ledger: Arc::clone(ledger),
        clock: ground.clock.clone(),
    };
    let stop = ground.stop.clone();
    let all = async move { tokio::join!(reckoning.follow(), alarms.follow(), succession.follow()) };
    ground
        .tasks
        .spawn(async move { stop.run_until_cancelled(all).await });
}

/// The whole journey of a dossier as the store has it at a time.
///
/// # Errors
/// When the store does not answer.
pub async fn journey(
    (db, ring): (&impl ConnectionTrait, &Keyring),
    dossier: &str,
    now: Moment,
) -> Result<pb::GetRouteResponse, DbErr> {
    let holdings = store::holdings(db, dossier).await?;
    let transfers = store::of_dossier((db, ring), dossier).await?;
    let still = store::standing_still(db, &transfers).await?;
    let transfers = transfers.iter();
    Ok(pb::GetRouteResponse {
        branches: holdings.iter().map(wire::reply::branch).collect(),
        transfers: transfers
            .map(|transfer| wire::reply::standing(transfer, &still, now))
            .collect(),
    })
}
