//! `motcua check`: do the services' stores say the same, is every offer accounted for, are history and access logs as they were
//! written?
//!
//! It may run while the suite serves: it takes the producers' positions, waits until the consumers have passed them, and
//! compares up to there.

mod access;
mod history;
mod positions;

use std::process::ExitCode;

use clap::Args;
use comfy_table::{Table, presets};
use kit::db;
use kit::seal::{self, Inspection, Keyring};
use routing::check::{Custody, Offers};
use sea_orm::{
    AccessMode, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, IsolationLevel,
    TransactionTrait as _,
};

use crate::stores::StoreOptions;
use access::AccessLogs;
use history::History;

/// Which suite to check.
#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    stores: StoreOptions,
    /// Show every pair of units, not the sums only.
    #[arg(long)]
    pairs: bool,
}

/// Why it could not be checked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A store.
    #[error(transparent)]
    Store(#[from] db::Error),
    /// The keys by which personal data are sealed.
    #[error(transparent)]
    Seal(#[from] seal::Error),
    /// A query.
    #[error("a store does not answer: {0}")]
    Query(#[from] DbErr),
    /// Consumers stand still.
    #[error("{0}")]
    Behind(String),
}

/// The stores that are compared, and the keys by which what is personal in them is sealed.
struct Stores {
    identity: DatabaseConnection,
    intake: DatabaseConnection,
    routing: DatabaseConnection,
    ring: Keyring,
}

/// What was found.
struct Findings {
    custody: Custody,
    codes: intake::check::Codes,
    history: History,
    access: AccessLogs,
    parked: usize,
    personal: Inspection,
}

/// Prints what it found; the exit code is 0 only if everything adds up.
///
/// # Errors
/// When a store cannot be read, or a consumer does not get on.
pub async fn run(options: Options) -> Result<ExitCode, Error> {
    let place = options.stores.place();
    let stores = Stores {
        identity: place.open_read_only("identity").await?,
        intake: place.open_read_only("intake").await?,
        routing: place.open_read_only("routing").await?,
        ring: options.stores.keys().ring_as_it_is()?,
    };
    // Before the positions are taken: routing has heard of all of these when it has passed them.
    let in_flight = intake::check::in_flight(&stores.intake).await?;
    let reach = positions::wait_for_consumers(&stores).await?;
    let routing = snapshot(&stores.routing).await?;
    let mut custody = routing::check::custody(&routing).await?;
    custody.without_custodian += routing::check::unattended(&routing, &in_flight).await?;
    routing.rollback().await?;
    let intake = snapshot(&stores.intake).await?;
    let codes = intake::check::codes(&intake).await?;
    intake.rollback().await?;
    let parked = kit::writer::list_parked(&stores.intake).await?.len()
        + kit::writer::list_parked(&stores.routing).await?.len();
    let findings = Findings {
        custody,
        codes,
        history: history::check(&stores, &reach).await?,
        access: access::check(&place).await?,
        parked,
        personal: personal(&stores).await?,
    };
    print(&findings, options.pairs);
    Ok(if findings.add_up() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// A transaction that sees one moment in all that it reads, as every one of SQLite does.
async fn snapshot(db: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let one_moment = match db.get_database_backend() {
        DbBackend::Postgres => Some(IsolationLevel::RepeatableRead),
        _ => None,
    };
    let reads = one_moment.as_ref().map(|_| AccessMode::ReadOnly);
    db.begin_with_config(one_moment, reads).await
}

/// Whether what is personal opens, wherever it is kept.
async fn personal(stores: &Stores) -> Result<Inspection, DbErr> {
    let ring = &stores.ring;
    let parties = identity::check::personal(&stores.identity, ring).await?;
    let dossiers = intake::check::personal(&stores.intake, ring).await?;
    let transfers = routing::check::personal(&stores.routing, ring).await?;
    Ok(parties.and(dossiers).and(transfers))
}

impl Findings {
    fn unbalanced(&self) -> usize {
        self.custody
            .pairs
            .values()
            .filter(|offers| !offers.add_up())
            .count()
    }

    fn add_up(&self) -> bool {
        let Custody {
            without_custodian,
            with_two,
            offered_twice,
            differing,
            ..
        } = self.custody;
        let custody = without_custodian + with_two + offered_twice + differing;
        let wrong = custody + self.codes.missing + self.codes.twice;
        let readable = self.personal.unreadable.is_empty();
        wrong + self.unbalanced() + self.parked == 0
            && self.history.is_whole()
            && self.access.are_whole()
            && readable
    }
}

fn print(findings: &Findings, pairs: bool) {
    if pairs {
        println!("{}", pair_table(&findings.custody));
    }
    let sum = sum(&findings.custody);
    println!(
        "offers: {} = accepted {} + declined {} + recalled {} + re-homed {} + open {}, over {} pairs of units, unbalanced {}",
        sum.offered,
        sum.accepted,
        sum.declined,
        sum.recalled,
        sum.rehomed,
        sum.open,
        findings.custody.pairs.len(),
        findings.unbalanced(),
    );
    println!("history: {}", findings.history);
    for line in findings.history.breaks().chain(findings.history.seals()) {
        println!("  {line}");
    }
    let personal = &findings.personal;
    println!(
        "personal data: opened {}, erased {}, unreadable {}",
        personal.opened,
        personal.erased,
        personal.unreadable.len()
    );
    for unreadable in &personal.unreadable {
        println!("  {unreadable}");
    }
    println!("access logs: {}", findings.access);
    for fault in findings.access.faults() {
        println!("  {fault}");
    }
    println!(
        "log and tables differ {}, parked events {}",
        findings.custody.differing, findings.parked
    );
    let codes = &findings.codes;
    println!(
        "codes: dossiers {}, void {}, reserved {}, with more digits than their rule set has {}",
        codes.dossiers, codes.void, codes.reserved, codes.grown
    );
    println!(
        "without custodian {}, with two {}, offered twice {}, codes missing {}, twice {}",
        findings.custody.without_custodian,
        findings.custody.with_two,
        findings.custody.offered_twice,
        codes.missing,
        codes.twice,
    );
}

fn sum(custody: &Custody) -> Offers {
    custody
        .pairs
        .values()
        .fold(Offers::default(), |sum, offers| Offers {
            offered: sum.offered + offers.offered,
            accepted: sum.accepted + offers.accepted,
            declined: sum.declined + offers.declined,
            recalled: sum.recalled + offers.recalled,
            rehomed: sum.rehomed + offers.rehomed,
            open: sum.open + offers.open,
        })
}

fn pair_table(custody: &Custody) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header([
        "from", "to", "offered", "accepted", "declined", "recalled", "re-homed", "open",
    ]);
    for ((from, to), offers) in &custody.pairs {
        let counts = [
            offers.offered,
            offers.accepted,
            offers.declined,
            offers.recalled,
            offers.rehomed,
            offers.open,
        ];
        let units = [from.clone(), to.clone()];
        table.add_row(
            units
                .into_iter()
                .chain(counts.map(|count| count.to_string())),
        );
    }
    table
}
