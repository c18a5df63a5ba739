//! What the stores hold after a run, read past the services with queries of our own.

mod kept;

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::path::Path;

use kit::seal::Keyring;
use prost_types::Any;
use proto::intake::v1::DossierChange;
use proto::intake::v1::dossier_change::Change;
use proto::routing::v1::{Transfer, TransferChange, TransferEvent};
use sea_orm::{
    ConnectionTrait as _, DatabaseConnection, DbBackend, QueryResult, Statement, TryGetable,
};

use super::cluster::Cluster;
use super::crowd::Came;
use super::mail::Left;
use super::plan::Plan;
use super::promise::Promise;
use super::record::Act;
use crate::pair::connect;

pub use self::kept::Kept;

/// Everything that is checked.
pub struct Evidence {
    /// The run was long enough, and nothing was built wrong in it: everything that is planned was played.
    pub is_ordinary: bool,
    /// What the callers asked for and were answered.
    pub acts: Vec<Act>,
    /// Why journeys ended that should not have.
    pub refused: Vec<(usize, String)>,
    /// The journeys that did not end.
    pub unfinished: Vec<usize>,
    /// How offers came while there was a crowd.
    pub came: Came,
    /// How it went with offers that were acknowledged and left lying.
    pub left: Left,
    /// When results are due, as desks were told.
    pub promises: Vec<Promise>,
    /// The replicas that did not end in order in time, each as often as that was so.
    pub cut_short: Vec<String>,
    /// What callers were told that makes no sense, in words.
    pub odd: Vec<String>,
    /// Intake's log in the order of its shards and numbers.
    pub intake: Vec<Row<Change>>,
    /// Routing's log in that order.
    pub routing: Vec<Row<Moved>>,
    /// The dossiers.
    pub dossiers: Vec<Dossier>,
    /// The last number of each desk and day.
    pub numbers: Vec<(String, String, i64)>,
    /// The numbers of each desk and day that are void.
    pub void: Vec<(String, String, RangeInclusive<i64>)>,
    /// What was set aside for counters that work offline: the unit, what its codes begin with, and their numbers.
    pub blocks: Vec<(String, String, RangeInclusive<i64>)>,
    /// Blocks of codes that nobody has given back.
    pub reserved: Vec<(String, String, RangeInclusive<i64>)>,
    /// Under which code of which system which dossier was handed in.
    pub origins: Vec<(String, String, String)>,
    /// The versions of the calendar, and by what each was announced.
    pub calendar: Vec<(i64, String)>,
    /// The units that have ended.
    pub ended: Vec<String>,
    /// What such units had when all else was over.
    pub kept: Vec<Kept>,
    /// The transfers whose paper is on its way.
    pub travelling: Vec<String>,
    /// Who was responsible for which transfer, in order: transfer, custodian, since, until.
    pub holdings: Vec<Holding>,
    /// Dossiers with an open route, and transfers that have not ended.
    pub open: Vec<String>,
    /// Transfers that intake still believes to be held.
    pub held: Vec<String>,
    /// Events that a service has not taken in or has put aside, in words.
    pub behind: Vec<String>,
    /// What the audit of the hash chains found.
    pub breaks: Vec<kit::log::Break>,
    /// What `motcua check` said where it was not content.
    pub check: Option<String>,
}

/// One event.
pub struct Row<C> {
    /// Its shard.
    pub shard: i32,
    /// Its number.
    pub seq: i64,
    /// The dossier.
    pub dossier: String,
    /// Civil time in microseconds.
    pub at: i64,
    /// What happened; nothing where it cannot be read.
    pub change: Option<C>,
}

/// What happened to a transfer.
pub struct Moved {
    /// What.
    pub event: TransferEvent,
    /// The transfer after it.
    pub transfer: Transfer,
    /// Who is responsible after it.
    pub custodian: String,
}

/// A dossier's row.
pub struct Dossier {
    /// Its uid.
    pub uid: String,
    /// Its code.
    pub code: String,
    /// Its state's number.
    pub state: i32,
    /// The desk.
    pub desk: String,
    /// Who decides.
    pub competent: String,
    /// Whose desk returns the result.
    pub returning: String,
    /// The procedure.
    pub procedure: String,
}

/// One stretch of responsibility.
pub struct Holding {
    /// The transfer.
    pub transfer: String,
    /// The dossier.
    pub dossier: String,
    /// From when, microseconds.
    pub since: i64,
    /// Until when; nothing while it lasts.
    pub until: Option<i64>,
}

impl Evidence {
    /// Reads the stores. Nothing serves any more.
    pub async fn read(cluster: &Cluster, acts: Vec<Act>) -> Self {
        let base = cluster.store().await;
        let store = |service: &str| format!("{base}_{service}");
        let intake = connect(&store("intake")).await;
        let routing = connect(&store("routing")).await;
        let owners = Owners {
            identity: connect(&store("identity")).await,
            catalogue: connect(&store("catalogue")).await,
            intake: intake.clone(),
            routing: routing.clone(),
        };
        Self {
            is_ordinary: false,
            acts,
            refused: Vec::new(),
            unfinished: Vec::new(),
            came: Came::default(),
            left: Left::default(),
            promises: Vec::new(),
            cut_short: cluster.cut_short(),
            odd: Vec::new(),
            intake: log(&intake, |any| any.to_msg::<DossierChange>().ok()?.change).await,
            routing: log(&routing, moved).await,
            dossiers: dossiers(&intake).await,
            numbers: numbers(&intake).await,
            void: ranges(&intake, "void_number").await,
            blocks: blocks(&intake).await,
            reserved: ranges(&intake, "code_block WHERE returned_at IS NULL").await,
            origins: origins(&intake).await,
            calendar: calendar(&owners.catalogue).await,
            ended: ended(&owners.identity).await,
            kept: Vec::new(),
            travelling: travelling(&routing).await,
            holdings: holdings(&routing).await,
            open: open(&routing).await,
            held: held(&intake).await,
            behind: owners.behind().await,
            breaks: owners.breaks(&cluster.keys()).await,
            check: None,
        }
    }

    /// The dossier of each journey, as the callers were told.
    pub fn dossier_of(&self) -> HashMap<usize, &str> {
        let told = self
            .acts
            .iter()
            .filter_map(|act| Some((act.journey, act.told()?)))
            .filter(|(_, told)| !told.dossier.is_empty());
        told.map(|(journey, told)| (journey, told.dossier.as_str()))
            .collect()
    }

    /// The journey of each dossier.
    pub fn journey_of(&self) -> HashMap<&str, usize> {
        let dossiers = self.dossier_of().into_iter();
        dossiers
            .map(|(journey, dossier)| (dossier, journey))
            .collect()
    }
}

/// In how many words a plan is told to a reader of a red run.
pub fn told(plan: &Plan<'_>) -> String {
    let how = if plan.citizen.is_some() {
        "online"
    } else {
        "at the counter"
    };
    format!(
        "journey {}: procedure {} (route {}) handed in {how} at {}, fate {:?}",
        plan.number, plan.procedure.code, plan.procedure.route, plan.desk, plan.fate
    )
}

async fn rows(store: &DatabaseConnection, query: &str) -> Vec<QueryResult> {
    let statement = Statement::from_string(DbBackend::Postgres, query);
    let rows = store.query_all_raw(statement).await;
    rows.unwrap_or_else(|error| panic!("{query}: {error}"))
}

fn get<T: TryGetable>(row: &QueryResult, column: &str) -> T {
    let value = row.try_get("", column);
    value.unwrap_or_else(|error| panic!("{column}: {error}"))
}

async fn log<C>(store: &DatabaseConnection, read: fn(&Any) -> Option<C>) -> Vec<Row<C>> {
    let query = "SELECT shard, seq, subject, occurred_at, type_url, change FROM log_event ORDER BY shard, seq";
    let event = |row: &QueryResult| Row {
        shard: get(row, "shard"),
        seq: get(row, "seq"),
        dossier: get(row, "subject"),
        at: get(row, "occurred_at"),
        change: read(&Any {
            type_url: get(row, "type_url"),
            value: get(row, "change"),
        }),
    };
    rows(store, query).await.iter().map(event).collect()
}

fn moved(any: &Any) -> Option<Moved> {
    let change = any.to_msg::<TransferChange>().ok()?;
    Some(Moved {
        event: change.event(),
        transfer: change.transfer?,
        custodian: change.custodian_uid,
    })
}

async fn dossiers(store: &DatabaseConnection) -> Vec<Dossier> {
    let query = "SELECT uid, code, state, receiving_unit, competent_unit, returning_unit, procedure_code FROM dossier";
    let dossier = |row: &QueryResult| Dossier {
        uid: get(row, "uid"),
        code: get(row, "code"),
        state: get(row, "state"),
        desk: get(row, "receiving_unit"),
        competent: get(row, "competent_unit"),
        returning: get(row, "returning_unit"),
        procedure: get(row, "procedure_code"),
    };
    rows(store, query).await.iter().map(dossier).collect()
}

async fn numbers(store: &DatabaseConnection) -> Vec<(String, String, i64)> {
    let query = "SELECT unit_uid, date, last FROM dossier_number";
    let number = |row: &QueryResult| (get(row, "unit_uid"), get(row, "date"), get(row, "last"));
    rows(store, query).await.iter().map(number).collect()
}

async fn ranges(
    store: &DatabaseConnection,
    from: &str,
) -> Vec<(String, String, RangeInclusive<i64>)> {
    let query = format!("SELECT unit_uid, date, first, last FROM {from}");
    let range = |row: &QueryResult| {
        let numbers = get::<i64>(row, "first")..=get(row, "last");
        (get(row, "unit_uid"), get(row, "date"), numbers)
    };
    rows(store, &query).await.iter().map(range).collect()
}

async fn blocks(store: &DatabaseConnection) -> Vec<(String, String, RangeInclusive<i64>)> {
    let query = "SELECT unit_uid, beginning, first, last FROM code_block";
    let block = |row: &QueryResult| {
        let numbers = get::<i64>(row, "first")..=get(row, "last");
        (get(row, "unit_uid"), get(row, "beginning"), numbers)
    };
    rows(store, query).await.iter().map(block).collect()
}

async fn origins(store: &DatabaseConnection) -> Vec<(String, String, String)> {
    let query = "SELECT system, code, dossier_uid FROM origin";
    let origin = |row: &QueryResult| {
        (
            get(row, "system"),
            get(row, "code"),
            get(row, "dossier_uid"),
        )
    };
    rows(store, query).await.iter().map(origin).collect()
}

async fn calendar(store: &DatabaseConnection) -> Vec<(i64, String)> {
    let query = "SELECT revision, basis FROM calendar_version ORDER BY revision";
    let version = |row: &QueryResult| (get(row, "revision"), get(row, "basis"));
    rows(store, query).await.iter().map(version).collect()
}

async fn ended(store: &DatabaseConnection) -> Vec<String> {
    let found = rows(store, "SELECT uid FROM unit WHERE valid_to IS NOT NULL").await;
    found.iter().map(|row| get(row, "uid")).collect()
}

async fn travelling(store: &DatabaseConnection) -> Vec<String> {
    let found = rows(store, "SELECT uid FROM transfer WHERE paper_travels").await;
    found.iter().map(|row| get(row, "uid")).collect()
}

async fn holdings(store: &DatabaseConnection) -> Vec<Holding> {
    let query = "SELECT transfer_uid, dossier_uid, since, until FROM holding ORDER BY transfer_uid, ordinal";
    let holding = |row: &QueryResult| Holding {
        transfer: get(row, "transfer_uid"),
        dossier: get(row, "dossier_uid"),
        since: get(row, "since"),
        until: get(row, "until"),
    };
    rows(store, query).await.iter().map(holding).collect()
}

async fn open(store: &DatabaseConnection) -> Vec<String> {
    let query = "SELECT dossier_uid FROM route WHERE open \
        UNION SELECT dossier_uid FROM transfer WHERE ended_at IS NULL AND state IN (1, 2, 3) \
        UNION SELECT dossier_uid FROM holding WHERE until IS NULL";
    let found = rows(store, query).await;
    found.iter().map(|row| get(row, "dossier_uid")).collect()
}

async fn held(store: &DatabaseConnection) -> Vec<String> {
    let found = rows(store, "SELECT dossier_uid FROM custody WHERE standing = 2").await;
    found.iter().map(|row| get(row, "dossier_uid")).collect()
}

/// The stores of the services that keep logs or take them in.
struct Owners {
    identity: DatabaseConnection,
    catalogue: DatabaseConnection,
    intake: DatabaseConnection,
    routing: DatabaseConnection,
}

impl Owners {
    fn log_of(&self, source: &str) -> Option<&DatabaseConnection> {
        match source {
            "identity" => Some(&self.identity),
            "catalogue" => Some(&self.catalogue),
            "intake" => Some(&self.intake),
            "routing" => Some(&self.routing),
            _ => None,
        }
    }

    async fn behind(&self) -> Vec<String> {
        let mut behind = Vec::new();
        let fed = [
            ("intake", &self.intake, ["identity", "catalogue", "routing"]),
            (
                "routing",
                &self.routing,
                ["identity", "catalogue", "intake"],
            ),
        ];
        for (consumer, store, sources) in fed {
            let places = rows(store, "SELECT source, shard, seq FROM place").await;
            let place = |source: &str, shard: i32| {
                let mut rows = places.iter();
                let row = rows.find(|row| {
                    get::<String>(row, "source") == source && get::<i32>(row, "shard") == shard
                });
                row.map_or(0, |row| get::<i64>(row, "seq"))
            };
            for source in sources {
                let Some(owner) = self.log_of(source) else {
                    continue;
                };
                for head in rows(owner, "SELECT shard, seq FROM log_head").await {
                    let (shard, head): (i32, i64) = (get(&head, "shard"), get(&head, "seq"));
                    let place = place(source, shard);
                    if place != head {
                        behind.push(format!(
                            "{consumer} is at {place} of {head} events of {source}:{shard}"
                        ));
                    }
                }
            }
            for row in rows(store, "SELECT source, subject, reason FROM parked").await {
                let (source, subject): (String, String) =
                    (get(&row, "source"), get(&row, "subject"));
                let reason: String = get(&row, "reason");
                behind.push(format!(
                    "{consumer} parked an event of {source} about {subject}: {reason}"
                ));
            }
        }
        behind
    }

    async fn breaks(&self, keys: &Path) -> Vec<kit::log::Break> {
        let ring = Keyring::read(&keys.join("data")).expect("the keys can be read");
        let mut breaks = Vec::new();
        for store in [&self.identity, &self.catalogue, &self.intake, &self.routing] {
            let audit = kit::log::audit(store, &ring)
                .await
                .expect("a log can be audited");
            breaks.extend(audit.breaks);
        }
        breaks
    }
}
