//! What units have: while the suite serves, and may yet pass it on.

use std::collections::HashSet;
use std::time::Duration;

use kit::clock;
use sea_orm::{DatabaseConnection, QueryResult};

use super::{get, rows};
use crate::faults::cluster::Cluster;
use crate::pair::connect;

/// How long it may take until all that a unit had is its successor's: longer than a service needs that missed its end.
const PASSED_ON_WITHIN: Duration = Duration::from_secs(45);
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// What a unit has: it is responsible for it, or is offered it.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The unit.
    pub unit: String,
    /// The transfer.
    pub transfer: String,
    /// The dossier.
    pub dossier: String,
}

impl Kept {
    /// What these units have. It is looked again and again until that is nothing, or should be.
    pub async fn by(units: &HashSet<String>, cluster: &Cluster) -> Vec<Self> {
        let routing = connect(&format!("{}_routing", cluster.store().await)).await;
        let began = clock::monotonic();
        loop {
            let mut kept = by_all(&routing).await;
            kept.retain(|kept| units.contains(&kept.unit));
            if kept.is_empty() || began.elapsed() > PASSED_ON_WITHIN {
                return kept;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}

async fn by_all(routing: &DatabaseConnection) -> Vec<Kept> {
    let query = "SELECT dossier_uid, transfer_uid, custodian AS unit FROM holding WHERE until IS NULL \
        UNION SELECT dossier_uid, uid, to_unit FROM transfer WHERE state = 1";
    let kept = |row: &QueryResult| Kept {
        unit: get(row, "unit"),
        transfer: get(row, "transfer_uid"),
        dossier: get(row, "dossier_uid"),
    };
    rows(routing, query).await.iter().map(kept).collect()
}
