//! Identity: the units of the province, the parties that apply, and who may call.
//!
//! It owns four tables. `unit` and `unit_period` have the units with their validity, dated descriptions and successors; `party`
//! has citizens and businesses, and is the only place for their names and numbers; `principal` has those who may have tokens,
//! with their keys. Units and principals come from files ([`read`], [`import`]), units also from the province's administrator,
//! parties from files and from desks. Changes of units and parties are told in its log. It consumes no other log.

mod error;
mod grpc;
mod import;
mod ledger;
mod migration;
mod party;
mod principal;
mod register;
mod settings;
mod store;
mod token;
mod unit;
mod wire;

use std::collections::HashMap;
use std::sync::Arc;

use kit::clock::Clock;
use kit::consumer::Progress;
use kit::db::Db;
use kit::failure::Failure;
use kit::log::Cause;
use kit::serve::{Ground, Mounted, Pages};
use kit::watch::Watches;
use kit::writer::{self, Step, Writer};
use proto::identity::v1::event_service_server::EventServiceServer;
use proto::identity::v1::party_service_server::PartyServiceServer;
use proto::identity::v1::token_service_server::TokenServiceServer;
use proto::identity::v1::unit_service_server::UnitServiceServer;
use sea_orm::{DatabaseConnection, DbErr};
use sea_orm_migration::SchemaManager;
use tonic::service::Routes;

pub use error::Error;
pub use import::{Files, Province, read};
pub use register::Register;
pub use settings::Settings;

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
    let writer = ground.write(Arc::new(ledger::Identity));
    let watches = Watches::start(&ground, &writer);
    let progress = Progress::of_nothing();
    Ok(Mounted {
        name: NAME,
        routes: routes(ground.db, (writer, watches), settings),
        http: Pages::new(),
        progress,
        ready: Box::pin(std::future::ready(())),
    })
}

fn routes(
    db: Db,
    (writer, watches): (Writer<ledger::Identity>, Watches),
    settings: Settings,
) -> Routes {
    let known = store::register::Units::new(db.clone());
    let units = grpc::Units {
        known: known.clone(),
        writer: writer.clone(),
        watches,
    };
    let parties = grpc::Parties {
        db: db.clone(),
        writer,
    };
    let tokens = grpc::Tokens {
        db: db.clone(),
        units: known,
        settings,
    };
    Routes::new(UnitServiceServer::new(units))
        .add_service(PartyServiceServer::new(parties))
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

/// All units that a store has, for what is imported on top of them; a store without a schema has none.
///
/// # Errors
/// When the store does not answer.
pub async fn units(db: &DatabaseConnection) -> Result<Register, DbErr> {
    if SchemaManager::new(db).has_table("unit").await? {
        return store::unit::all(db).await;
    }
    Ok(Register::default())
}

/// The last names of all units by uid, for the operator.
///
/// # Errors
/// When the store does not answer.
pub async fn unit_names(db: &DatabaseConnection) -> Result<HashMap<String, String>, DbErr> {
    let register = units(db).await?;
    let name = |unit: &unit::Unit| {
        let last = unit.on(chrono::NaiveDate::MAX);
        (unit.uid.to_string(), last.name.clone())
    };
    Ok(register.units().map(name).collect())
}
