//! What is asked for by an index is found by it, however much there is. `SQLite` says how it goes about it; `PostgreSQL` goes by
//! what is in its tables.

use std::sync::{Mutex, PoisonError};

use kit::authority::{Relation, Scope};
use kit::db::{Db, Stores};
use kit::testing;
use sea_orm::{DbBackend, ExecResult, QueryResult, Statement};
use tempfile::TempDir;

use super::*;
use crate::migration::Migrator;
use crate::transfer::Urgency;

const OFFERED: i32 = 1;
const ACCEPTED: i32 = 2;
const DECLINED: i32 = 3;
const COMPLETED: i32 = 4;
const RECALLED: i32 = 5;
const RETURNED: i32 = 7;

/// An empty store that notes how it finds what it is asked for.
struct Explained {
    db: Db,
    plan: Mutex<Vec<String>>,
    _stores: Stores,
    _folder: TempDir,
}

#[async_trait::async_trait]
impl ConnectionTrait for Explained {
    fn get_database_backend(&self) -> DbBackend {
        self.db.read().get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.db.read().execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.db.read().execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.explain(&statement).await?;
        self.db.read().query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.explain(&statement).await?;
        self.db.read().query_all_raw(statement).await
    }
}

impl Explained {
    /// `None` where the tests run on `PostgreSQL`.
    async fn open() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let (stores, db) = testing::open(folder.path(), "routing").await.unwrap();
        if db.is_shared() {
            return None;
        }
        kit::migration::up::<Migrator>(&db).await.unwrap();
        Some(Self {
            db,
            plan: Mutex::default(),
            _stores: stores,
            _folder: folder,
        })
    }

    async fn explain(&self, statement: &Statement) -> Result<(), DbErr> {
        let explaining = Statement {
            sql: format!("EXPLAIN QUERY PLAN {}", statement.sql),
            ..statement.clone()
        };
        let rows = self.db.read().query_all_raw(explaining).await?;
        let steps: Result<Vec<String>, DbErr> =
            rows.iter().map(|row| row.try_get("", "detail")).collect();
        let mut plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        plan.extend(steps?);
        Ok(())
    }

    /// What was noted since the last time, which went by these indexes and looked through no table.
    fn must_have_gone_by(&self, indexes: &[&str]) -> String {
        let mut plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        let plan = std::mem::take(&mut *plan).join("\n");
        for index in indexes {
            assert!(plan.contains(&format!("INDEX {index}")), "{index}: {plan}");
        }
        assert!(!plan.contains("SCAN"), "{plan}");
        plan
    }

    /// Lists transfers of a unit as one of its officers sees them.
    async fn list(&self, filter: &Filter) {
        let relations = [
            Relation::Sender,
            Relation::Offered,
            Relation::Holder,
            Relation::PastHolder,
            Relation::Escalated,
        ];
        let own = BTreeSet::from([filter.unit.clone()]);
        let scope = Scope::Of(relations.map(|relation| (relation, own.clone())).into());
        let listed = list((self, self.db.ring()), &scope, filter).await;
        assert_eq!(listed.unwrap(), []);
    }
}

/// All of a unit in a state.
fn all_in(state: i32) -> Filter {
    Filter {
        unit: "desk".to_owned(),
        states: vec![state],
        open: false,
        due_before: None,
        procedure: None,
        role: None,
        assigned: None,
        pressing: None,
        escalated: None,
        link_late: false,
        after: None,
        limit: 50,
    }
}

#[tokio::test]
async fn what_is_late_is_found_by_when_it_escalates() {
    let Some(store) = Explained::open().await else {
        return;
    };
    alarmed(&store, 0, 10).await.unwrap();
    let plan = store.must_have_gone_by(&["transfer_alarm (alarm_at<?)"]);
    assert!(!plan.contains("TEMP B-TREE"), "{plan}");
}

#[tokio::test]
async fn what_a_new_calendar_touches_is_found_by_how_far_its_clocks_reach() {
    let Some(store) = Explained::open().await else {
        return;
    };
    reaching(&store, 1, 0).await.unwrap();
    store.must_have_gone_by(&["route_reckoned (calendar_revision=? AND reaches>?)"]);
    let of = ["one", "another"].map(str::to_owned);
    left(&store, 1, &of).await.unwrap();
    store.must_have_gone_by(&["sqlite_autoindex_route_1 (dossier_uid=?)"]);
    version_before(&store, 1).await.unwrap();
    let plan = store.must_have_gone_by(&["route_reckoned (calendar_revision<?)"]);
    assert!(!plan.contains("TEMP B-TREE"), "{plan}");
}

#[tokio::test]
async fn the_work_list_of_each_state_is_read_in_its_order() {
    const OWN: &str = "transfer_to (to_unit=? AND state=?)";
    const SENT: &str = "transfer_from (from_unit=? AND state=?)";
    let Some(store) = Explained::open().await else {
        return;
    };
    let cases: [(i32, bool, &[&str]); 8] = [
        (OFFERED, true, &[OWN]),
        (ACCEPTED, true, &[OWN]),
        (COMPLETED, false, &[OWN]),
        (DECLINED, true, &[SENT]),
        (RECALLED, true, &[SENT]),
        (RECALLED, false, &[SENT, OWN]),
        (RETURNED, true, &[SENT]),
        (RETURNED, false, &[SENT, OWN]),
    ];
    for (state, open, indexes) in cases {
        let filter = Filter {
            open,
            ..all_in(state)
        };
        store.list(&filter).await;
        let plan = store.must_have_gone_by(indexes);
        assert!(!plan.contains("TEMP B-TREE"), "{state}: {plan}");
    }
}

#[tokio::test]
async fn offers_whose_link_is_late_are_found_among_those_only() {
    let Some(store) = Explained::open().await else {
        return;
    };
    let late = Filter {
        link_late: true,
        ..all_in(OFFERED)
    };
    store.list(&late).await;
    let plan = store.must_have_gone_by(&["transfer_link_late (to_unit=? AND state=?)"]);
    assert!(!plan.contains("TEMP B-TREE"), "{plan}");
}

#[tokio::test]
async fn what_units_leave_that_are_no_more_is_found_by_who_answers_for_it_or_is_offered_it() {
    let Some(store) = Explained::open().await else {
        return;
    };
    let gone = ["before", "long before"].map(str::to_owned);
    let left = left_with(&store, &gone.into(), 10).await;
    assert_eq!(left.unwrap(), Vec::<String>::new());
    let plan = store.must_have_gone_by(&["holding_custodian (custodian=? AND until=?)"]);
    // More than one index begins like this, and any of them will do.
    let offered = plan.lines().find(|line| line.contains("transfer"));
    let offered = offered.expect("offers are looked for");
    assert!(offered.contains("(to_unit=? AND state=?)"), "{plan}");
}

#[tokio::test]
async fn what_presses_or_has_escalated_is_found_among_those_only() {
    let Some(store) = Explained::open().await else {
        return;
    };
    for urgency in [Urgency::AtRisk, Urgency::Late] {
        let pressing = Filter {
            pressing: Some((urgency, 0)),
            ..all_in(ACCEPTED)
        };
        store.list(&pressing).await;
        store.must_have_gone_by(&["transfer_pressing (to_unit=? AND state=? AND warn_at<?)"]);
    }
    for (escalated, index) in [
        (
            Escalated::OfUnit,
            "transfer_escalated_of (to_unit=? AND state=?)",
        ),
        (
            Escalated::FromBelow,
            "transfer_escalated (escalated_to=? AND state=?)",
        ),
    ] {
        let escalated = Filter {
            escalated: Some(escalated),
            ..all_in(OFFERED)
        };
        store.list(&escalated).await;
        store.must_have_gone_by(&[index]);
    }
}
