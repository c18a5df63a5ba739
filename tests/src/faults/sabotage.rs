//! What is broken on purpose, so that a check that cannot turn red is found out.

use rand::RngExt as _;
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};

use super::check::{Finding, Wrong};
use super::dice::Dice;

/// Something that is broken on purpose.
#[derive(Clone, Copy, Debug)]
pub struct Control {
    /// Its name.
    pub name: &'static str,
    /// In one of these ways a run with it is wrong, whatever else follows from it.
    pub gives: &'static [Wrong],
}

impl Control {
    /// What was found of what it does.
    pub fn seen_by(self, findings: &[Finding]) -> Option<&Finding> {
        let mut findings = findings.iter();
        findings.find(|finding| self.gives.contains(&finding.wrong))
    }
}

/// What can be built wrong into the services: each is read from `MOTCUA_SABOTAGE` under the feature `sabotage`.
pub const BUILT_IN: [Control; 6] = [
    // What was acknowledged is not committed where a server or a replica is killed in between.
    Control {
        name: "acknowledge-before-commit",
        gives: &[Wrong::Lost],
    },
    // What was put into a queue before anybody reads of it, as after a wipe of Redis, is skipped.
    Control {
        name: "group-at-end",
        gives: &[Wrong::Undelivered],
    },
    // What a replica took in before it took the shard over is taken in again: custody moves twice.
    Control {
        name: "no-place",
        gives: &[Wrong::Doubled],
    },
    // What is more than ten is cut off a queue that believes that it has it.
    Control {
        name: "maxlen-10",
        gives: &[Wrong::Undelivered],
    },
    // Whoever answers an offer late answers the one that was made since.
    Control {
        name: "offer-epoch-ignored",
        gives: &[Wrong::OutOfOrder],
    },
    Control {
        name: "custody-at-offer",
        gives: &[Wrong::Custody],
    },
];

/// What the harness does to the store itself.
pub const ROW_DELETED: Control = Control {
    name: "history-row-deleted",
    gives: &[Wrong::History],
};

/// All of these.
pub fn all() -> impl Iterator<Item = Control> {
    BUILT_IN.into_iter().chain([ROW_DELETED])
}

/// Deletes one row of intake's history, behind the services' back.
pub async fn delete_a_row(intake: &DatabaseConnection, dice: Dice) {
    let count = Statement::from_string(
        DbBackend::Postgres,
        "SELECT count(*) AS rows FROM log_event",
    );
    let row = intake.query_one_raw(count).await.ok().flatten();
    let rows: i64 = row
        .and_then(|row| row.try_get("", "rows").ok())
        .unwrap_or(1);
    let which = dice.on("row", 0).random_range(0..rows);
    let delete = format!(
        "DELETE FROM log_event WHERE (shard, seq) IN \
         (SELECT shard, seq FROM log_event ORDER BY shard, seq OFFSET {which} LIMIT 1)"
    );
    let deleted = intake.execute_unprepared(&delete).await;
    assert!(
        deleted.is_ok_and(|done| done.rows_affected() == 1),
        "a row is deleted"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_is_seen_by_what_it_does_and_by_nothing_else() {
        let found = |wrong| Finding {
            wrong,
            dossier: String::new(),
            text: String::new(),
        };
        for control in all() {
            let not_drained = [found(Wrong::NotDrained), found(Wrong::Untried)];
            assert_eq!(control.seen_by(&not_drained), None, "{}", control.name);
            assert_eq!(control.seen_by(&[]), None);
            for wrong in control.gives {
                let findings = [found(Wrong::NotDrained), found(*wrong)];
                assert_eq!(control.seen_by(&findings), Some(&findings[1]));
            }
        }
    }
}
