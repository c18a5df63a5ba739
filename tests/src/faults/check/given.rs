//! What the tests of several checks begin with.

use prost_types::Timestamp;
use proto::intake::v1::DossierReceived;
use proto::intake::v1::dossier_change::Change;

use super::super::evidence::Row;

/// Midnight of a day.
pub fn on(day: i64) -> Timestamp {
    Timestamp {
        seconds: day * 86_400,
        nanos: 0,
    }
}

/// A dossier was received whose result is due on this day.
pub fn received(due: i64) -> Change {
    Change::Received(DossierReceived {
        appointment: Some(on(due)),
        ..DossierReceived::default()
    })
}

/// A log with these changes of one dossier.
pub fn log<C>(changes: impl IntoIterator<Item = C>) -> Vec<Row<C>> {
    let row = |(seq, change)| Row {
        shard: 0,
        seq,
        dossier: "dossier".to_owned(),
        at: 0,
        change: Some(change),
    };
    (1..).zip(changes).map(row).collect()
}
