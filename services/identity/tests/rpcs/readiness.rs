//! `OfficerService.GetReadiness`: the 218 units of the province.

use std::fmt::Write as _;
use std::sync::Arc;

use identity::Files;
use kit::caller::Role;
use kit::clock::Clock;
use kit::keys::PrivateKey;
use proto::identity::v1 as pb;

use crate::support::{Store, Suite, daklak, noon};

/// Serves the province on a day before anybody has a position.
async fn province() -> Suite {
    let store = Store::new().await;
    store.import(&daklak("units.csv")).await;
    let clock = Clock::simulated(noon("2017-08-28"));
    Suite::serve_at(Arc::new(store), (PrivateKey::generate(), clock), Vec::new()).await
}

async fn readiness(suite: &Suite, as_of: &str) -> Vec<pb::KindReadiness> {
    let message = pb::GetReadinessRequest {
        as_of: as_of.to_owned(),
    };
    let reply = suite.administrator().get_readiness(message).await;
    reply.unwrap().into_inner().kinds
}

fn unready(kinds: &[pb::KindReadiness]) -> Vec<(pb::UnitKind, usize)> {
    let count = |kind: &pb::KindReadiness| (kind.kind(), kind.units.len());
    kinds.iter().map(count).collect()
}

/// A receptionist and a leader for every unit but one, from a day on.
fn staff(all: &[pb::KindReadiness], but: &str) -> (String, String) {
    let mut officers = "subject,name\n".to_owned();
    let mut positions = "subject,role,unit,first_day,last_day,acting_for\n".to_owned();
    let units = all.iter().flat_map(|kind| &kind.units);
    for unit in units.map(|unit| &unit.unit_uid) {
        writeln!(officers, "{unit}-desk,Nguyễn Văn A\n{unit}-head,Trần Thị B").unwrap();
        writeln!(positions, "{unit}-desk,receptionist,{unit},2017-09-01,,").unwrap();
        if unit != but {
            writeln!(
                positions,
                "{unit}-head,leader,{unit},2017-09-01,2017-12-31,"
            )
            .unwrap();
        }
    }
    (officers, positions)
}

#[tokio::test]
async fn the_units_without_receptionist_or_leader_are_named_by_kind() {
    let suite = province().await;
    let before = readiness(&suite, "").await;
    let all = [
        (pb::UnitKind::Department, 19),
        (pb::UnitKind::District, 15),
        (pb::UnitKind::Commune, 184),
    ];
    assert_eq!(unready(&before), all);
    let both: [i32; 2] = [pb::Role::Receptionist.into(), pb::Role::Leader.into()];
    assert!(
        before
            .iter()
            .flat_map(|kind| &kind.units)
            .all(|unit| unit.missing == both)
    );
    let lacking = before[1].units[3].clone();
    let (officers, positions) = staff(&before, &lacking.unit_uid);
    let officers = suite.store.write("officers.csv", &officers);
    let positions = suite.store.write("positions.csv", &positions);
    let files = Files {
        officers: Some(&officers),
        positions: Some(&positions),
        ..Files::default()
    };
    let known = suite.store.known().await;
    let province = identity::read(&files, &known).unwrap();
    identity::import(suite.store.db.clone(), province)
        .await
        .unwrap();
    assert_eq!(unready(&readiness(&suite, "2017-08-31").await), all);
    let after = readiness(&suite, "2017-09-01").await;
    let one = [
        (pb::UnitKind::Department, 0),
        (pb::UnitKind::District, 1),
        (pb::UnitKind::Commune, 0),
    ];
    assert_eq!(unready(&after), one);
    let found = &after[1].units[0];
    assert_eq!(found.name, lacking.name);
    assert_eq!(found.missing, [i32::from(pb::Role::Leader)]);
    let ended = readiness(&suite, "2018-01-01").await;
    assert_eq!(unready(&ended), all);
}

#[tokio::test]
async fn a_unit_administrator_sees_its_own_unit_and_a_disabled_officer_does_not_count() {
    let suite = Suite::start_on("2017-08-28").await;
    let administrator = suite.administrator();
    administrator.register("lan", "new").await;
    administrator.assign("lan", pb::Role::Leader, "new").await;
    let missing = async |at: &'static [&'static str]| {
        let boss = suite.caller("boss", Role::UnitAdministrator, at);
        let reply = boss.get_readiness(pb::GetReadinessRequest::default()).await;
        let kinds = reply.unwrap().into_inner().kinds.into_iter();
        let units = kinds.flat_map(|kind| kind.units);
        units.map(|unit| unit.missing).collect::<Vec<_>>()
    };
    let receptionist = i32::from(pb::Role::Receptionist);
    assert_eq!(missing(&["new"]).await, [vec![receptionist]]);
    assert!(missing(&["p"]).await.is_empty());
    let disable = pb::DisableOfficerRequest {
        request_id: "d".to_owned(),
        subject: "lan".to_owned(),
        expected_revision: 0,
    };
    administrator.disable_officer(disable).await.unwrap();
    let leader = i32::from(pb::Role::Leader);
    assert_eq!(missing(&["new"]).await, [vec![receptionist, leader]]);
}
