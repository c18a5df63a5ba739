//! Identity: the units of the province, the parties that apply, and who may call.
//!
//! It owns three tables. `unit` has the units with their validity and successors; `party` has citizens and businesses, and is
//! the only place for their names and numbers; `principal` has those who may have tokens, with their keys. Units and
//! principals come from files ([`read`], [`import`]), parties from files and from desks. Changes of units and parties are
//! told in its log. It consumes no other log.

mod client;
mod error;
mod grpc;
mod import;
mod issuing;
mod jose;
mod ledger;
mod migration;
mod oauth;
mod party;
mod principal;
pub mod provider;
mod revoking;
mod settings;
mod signing;
mod store;
mod subject;
mod succession;
mod token;
mod unit;
mod wire;

use std::collections::HashMap;
use std::sync::Arc;

use kit::access;
use kit::clock::Clock;
use kit::consumer::Progress;
use kit::db::Db;
use kit::failure::Failure;
use kit::log::Cause;
use kit::serve::{Ground, Mounted};
use kit::writer::{self, Step, Writer};
use proto::identity::v1::client_service_server::ClientServiceServer;
use proto::identity::v1::event_service_server::EventServiceServer;
use proto::identity::v1::party_service_server::PartyServiceServer;
use proto::identity::v1::token_service_server::TokenServiceServer;
use proto::identity::v1::unit_service_server::UnitServiceServer;
use sea_orm::{ConnectionTrait, DbErr};
use tonic::service::Routes;

pub use error::Error;
pub use import::{Files, Province, read};
use issuing::Issuing;
use provider::Providers;
use revoking::Revoking;
pub use settings::Settings;
pub use signing::Signing;

/// The name of the service, in its log and its package.
const NAME: &str = "identity";

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
pub async fn start(ground: Ground, settings: Settings) -> Result<Mounted, Error> {
    kit::migration::ready::<migration::Migrator>(NAME, &ground.db).await?;
    let providers = Providers::new(settings.providers.clone()).map_err(Error::Provider)?;
    let access = ground.record(NAME);
    let writer = ground.write(Arc::new(ledger::Identity));
    let signing = settings.signing.clone().follow(ground.stop.clone());
    ground.tasks.spawn(signing);
    let forget = revoking::forget(ground.db.clone(), ground.stop.clone());
    ground.tasks.spawn(forget);
    let db = ground.db;
    let issuing = Arc::new(Issuing {
        db: db.clone(),
        writer: writer.clone(),
        settings: settings.clone(),
        providers,
        access: access.clone(),
    });
    let revoking = Arc::new(Revoking {
        db: db.clone(),
        writer: writer.clone(),
        settings,
    });
    let tokens = grpc::Tokens {
        issuing: Arc::clone(&issuing),
        revoking: Arc::clone(&revoking),
    };
    Ok(Mounted {
        name: NAME,
        routes: routes(db, writer, access.clone(), tokens),
        http: oauth::pages(issuing, revoking),
        access,
        progress: Progress::of_nothing(),
        ready: Box::pin(std::future::ready(())),
    })
}

fn routes(
    db: Db,
    writer: Writer<ledger::Identity>,
    access: access::Log,
    tokens: grpc::Tokens,
) -> Routes {
    let units = grpc::Units { db: db.clone() };
    let parties = grpc::Parties {
        db: db.clone(),
        writer: writer.clone(),
        access,
    };
    let clients = grpc::Clients {
        db: db.clone(),
        writer,
    };
    Routes::new(UnitServiceServer::new(units))
        .add_service(PartyServiceServer::new(parties))
        .add_service(ClientServiceServer::new(clients))
        .add_service(TokenServiceServer::new(tokens))
        .add_service(EventServiceServer::new(grpc::Events(db)))
}

/// Takes a province in: all of it or nothing. What is unchanged makes no event, so it may be done again.
///
/// # Errors
/// `UNIT_NOT_FOUND` when a caller belongs to a unit that neither the files nor the store have; a store that does not answer.
pub async fn import(db: Db, province: Province) -> Result<(), Failure> {
    migrate(&db).await.map_err(Error::from)?;
    let step = Step {
        act: ledger::Act::Import(province),
        cause: Cause {
            actor: NAME.to_owned(),
            at: Clock::system().civil(),
            traceparent: kit::telemetry::traceparent(),
        },
    };
    writer::once(ledger::Identity, db, step).await?;
    Ok(())
}

/// The names of all units by uid, for the operator.
///
/// # Errors
/// When the store does not answer.
pub async fn unit_names(db: &impl ConnectionTrait) -> Result<HashMap<String, String>, DbErr> {
    store::unit::names(db).await
}
