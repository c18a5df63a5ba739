//! Identity: the units of the province, the parties that apply, and who may call.
//!
//! It owns these tables. `unit` and `unit_period` have the units with their validity, dated descriptions and successors; `party`
//! has whomever dossiers are for, and is the only place for names and numbers, which are sealed; `party_number` finds them by
//! keyed hashes; `proxy_grant` says who acts for whom; `officer` is the only place for officers' names, `position` has their
//! roles at units by days, `password` and `tries` what they sign in with where there is no `OpenID` provider; `client` has
//! the other systems with their keys; `revocation` and `assertion` what was taken back and what was taken once. Units and officers
//! come from files ([`read`], [`import`]) and from administrators, parties from desks and from their first sign-in. Changes are told
//! in its log. It consumes no other log.

mod administrator;
pub mod check;
mod client;
mod ending;
mod error;
mod fault;
mod grpc;
mod import;
mod issuing;
mod jose;
mod ledger;
mod migration;
mod oauth;
mod officer;
mod party;
mod password;
mod position;
pub mod provider;
mod proxy;
mod readiness;
mod register;
mod revoking;
mod settings;
mod signing;
mod staff;
mod store;
mod subject;
mod token;
mod tries;
mod unit;
pub mod upkeep;
mod wire;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use chrono::NaiveDate;
use kit::access;
use kit::clock::Clock;
use kit::consumer::Progress;
use kit::db::Db;
use kit::failure::Failure;
use kit::log::Cause;
use kit::rate::Rate;
use kit::seal::Keyring;
use kit::serve::{Ground, Mounted, Services};
use kit::watch::Watches;
use kit::writer::{self, Step, Writer};
use proto::identity::v1::client_service_server::ClientServiceServer;
use proto::identity::v1::event_service_server::EventServiceServer;
use proto::identity::v1::officer_service_server::OfficerServiceServer;
use proto::identity::v1::party_service_server::PartyServiceServer;
use proto::identity::v1::token_service_server::TokenServiceServer;
use proto::identity::v1::unit_service_server::UnitServiceServer;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr};
use sea_orm_migration::SchemaManager;

pub use administrator::{NewAdministrator, create_administrator};
pub use error::Error;
pub use import::{Files, Province, read};
use issuing::Issuing;
use password::Pool;
use provider::Providers;
pub use proxy::Reach as ProxyReach;
pub use register::Register;
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
    let writer = ground.write(Arc::new(ledger::Identity(ground.db.ring().clone())));
    let watches = Watches::start(&ground, &writer);
    let signing = settings.signing.clone().follow(ground.stop.clone());
    ground.tasks.spawn(signing);
    let forget = revoking::forget(ground.db.clone(), ground.stop.clone());
    ground.tasks.spawn(forget);
    let db = ground.db;
    let units = store::register::Units::new(db.clone());
    let issuing = Arc::new(Issuing {
        db: db.clone(),
        units: units.clone(),
        writer: writer.clone(),
        settings: settings.clone(),
        providers,
        access: access.clone(),
        rate: Rate::new(issuing::PER_SECOND, issuing::AT_ONCE),
    });
    let revoking = Arc::new(Revoking {
        db: db.clone(),
        writer: writer.clone(),
        settings,
    });
    let pool = Pool::start().map_err(Error::Threads)?;
    let (stop, clock) = (ground.stop, ground.clock);
    let ending = ending::watch(db.clone(), writer.clone(), clock);
    ground
        .tasks
        .spawn(async move { stop.run_until_cancelled(ending).await });
    let sign_ins = grpc::SignIns {
        issuing: Arc::clone(&issuing),
        pool: pool.clone(),
    };
    let tokens = grpc::Tokens {
        issuing: Arc::clone(&issuing),
        revoking: Arc::clone(&revoking),
        sign_ins,
    };
    let officers = grpc::Officers {
        db: db.clone(),
        writer: writer.clone(),
        pool,
        holders: issuing.providers.password_holders(),
        units: units.clone(),
        access: access.clone(),
    };
    Ok(Mounted {
        name: NAME,
        rpcs: rpcs((db, units), (writer, watches), access.clone(), tokens)
            .with(OfficerServiceServer::new(officers)),
        http: oauth::pages(issuing, revoking),
        access,
        progress: Progress::of_nothing(),
        ready: Box::pin(std::future::ready(())),
    })
}

fn rpcs(
    (db, known): (Db, store::register::Units),
    (writer, watches): (Writer<ledger::Identity>, Watches),
    access: access::Log,
    tokens: grpc::Tokens,
) -> Services {
    let units = grpc::Units {
        known,
        writer: writer.clone(),
        watches,
    };
    let parties = grpc::Parties {
        db: db.clone(),
        writer: writer.clone(),
        access,
    };
    let clients = grpc::Clients {
        db: db.clone(),
        writer,
    };
    Services::new()
        .with(UnitServiceServer::new(units))
        .with(PartyServiceServer::new(parties))
        .with(ClientServiceServer::new(clients))
        .with(TokenServiceServer::new(tokens))
        .with(EventServiceServer::new(grpc::Events(db)))
}

/// Takes a province in: all of it or nothing. What is unchanged makes no event, so it may be done again.
///
/// # Errors
/// `POSITIONS_REFUSED` with every line of officers and positions that the store does not bear; a store that does not answer.
pub async fn import(db: Db, province: Province) -> Result<(), Failure> {
    migrate(&db).await.map_err(Error::from)?;
    let ledger = ledger::Identity(db.ring().clone());
    writer::once(ledger, db, by_hand(ledger::Act::Import(province))).await?;
    Ok(())
}

/// Whether these provinces could be taken in one after the other, as the store is now; keeps nothing.
///
/// # Errors
/// Those of [`import`].
pub async fn try_import(
    (db, ring): (&DatabaseConnection, &Keyring),
    provinces: Vec<Province>,
) -> Result<(), Failure> {
    let steps = provinces.into_iter().map(ledger::Act::Import).map(by_hand);
    let steps: Vec<Step<ledger::Act>> = steps.collect();
    ledger::try_out((db, ring), &steps).await?;
    Ok(())
}

/// An act of the operator.
fn by_hand(act: ledger::Act) -> Step<ledger::Act> {
    Step {
        act,
        cause: Cause::unasked(NAME, Clock::system().civil()),
    }
}

/// The party with this uid and all that are the same person or organisation by merges.
///
/// # Errors
/// When the store does not answer.
pub async fn parties_of(db: &impl ConnectionTrait, uid: &str) -> Result<BTreeSet<String>, DbErr> {
    let parties = store::party::parties_of(db, &party::Uid::new(uid)).await?;
    Ok(parties.iter().map(ToString::to_string).collect())
}

/// For whom a party may act on a day, and for what: by proxies of its own and of what it was merged with. Each grantor is told with
/// all that it was merged with.
///
/// # Errors
/// When the store does not answer.
pub async fn represented_by(
    db: &impl ConnectionTrait,
    uid: &str,
    day: NaiveDate,
) -> Result<Vec<Represented>, DbErr> {
    let acting = store::party::parties_of(db, &party::Uid::new(uid)).await?;
    let mut represented = Vec::new();
    for (grantor, reach) in store::proxy::held_on(db, &acting, day).await? {
        let parties = store::party::parties_of(db, &grantor).await?;
        represented.push(Represented {
            parties: parties.iter().map(ToString::to_string).collect(),
            reach,
        });
    }
    Ok(represented)
}

/// Somebody for whom another may act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Represented {
    /// The uids of the party.
    pub parties: BTreeSet<String>,
    /// What for.
    pub reach: proxy::Reach,
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
