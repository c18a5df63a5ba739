//! Many positions at once: `OfficerService.ImportPositions`, and the files of a province.

use std::path::Path;

use identity::Files;
use kit::caller::Role;
use kit::sheet::BadRow;
use proto::identity::v1 as pb;
use proto::identity::v1::position_outcome::Outcome;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::support::{Store, Suite, refused};

const ROWS: usize = 50;

/// Serves the small province with 50 officers of the commune.
async fn suite() -> Suite {
    let suite = Suite::start_on("2017-08-28").await;
    for number in 0..ROWS {
        let subject = format!("officer-{number:02}");
        suite.administrator().register(&subject, "new").await;
    }
    suite
}

fn rows() -> Vec<pb::PositionRow> {
    let row = |number| pb::PositionRow {
        subject: format!("officer-{number:02}"),
        role: pb::Role::Examiner.into(),
        unit_uid: "new".to_owned(),
        first_day: "2017-09-01".to_owned(),
        last_day: "2017-12-31".to_owned(),
        acting_for: String::new(),
    };
    (0..ROWS).map(row).collect()
}

fn import(dry_run: bool, rows: Vec<pb::PositionRow>) -> pb::ImportPositionsRequest {
    pb::ImportPositionsRequest {
        request_id: kit::clock::new_uid(),
        dry_run,
        rows,
    }
}

async fn outcomes(
    suite: &Suite,
    dry_run: bool,
    rows: Vec<pb::PositionRow>,
) -> Vec<pb::PositionOutcome> {
    let administrator = suite.administrator();
    let reply = administrator.import_positions(import(dry_run, rows));
    reply.await.unwrap().into_inner().outcomes
}

/// What happens, without the uids, which every import makes anew.
fn what(outcomes: &[pb::PositionOutcome]) -> Vec<Outcome> {
    outcomes.iter().map(pb::PositionOutcome::outcome).collect()
}

#[tokio::test]
async fn an_import_with_three_faults_names_all_three_and_changes_nothing() {
    let suite = suite().await;
    let events = suite.store.events().await;
    let mut rows = rows();
    rows[7].last_day = "2017-08-31".to_owned();
    rows[21].subject = "officer-20".to_owned();
    rows[44].unit_uid = "nowhere".to_owned();
    let tried = outcomes(&suite, true, rows.clone()).await;
    let faults: Vec<(usize, &str, &str)> = tried
        .iter()
        .enumerate()
        .flat_map(|(index, row)| row.faults.iter().map(move |fault| (index, fault)))
        .map(|(index, fault)| (index, fault.field.as_str(), fault.reason.as_str()))
        .collect();
    let expected = [
        (7, "last_day", "ENDS_BEFORE_IT_BEGINS"),
        (21, "first_day", "POSITION_OVERLAPS"),
        (44, "unit_uid", "UNIT_NOT_FOUND"),
    ];
    assert_eq!(faults, expected);
    let refused_rows = what(&tried)
        .into_iter()
        .filter(|what| *what == Outcome::Faulty);
    assert_eq!(refused_rows.count(), 3);
    let status = suite
        .administrator()
        .import_positions(import(false, rows))
        .await
        .unwrap_err();
    let details = status.get_details_bad_request().unwrap().field_violations;
    let named: Vec<(&str, &str)> = details
        .iter()
        .map(|one| {
            let (reason, _) = one.description.split_once(": ").unwrap();
            (one.field.as_str(), reason)
        })
        .collect();
    let expected = [
        ("rows[7].last_day", "ENDS_BEFORE_IT_BEGINS"),
        ("rows[21].first_day", "POSITION_OVERLAPS"),
        ("rows[44].unit_uid", "UNIT_NOT_FOUND"),
    ];
    assert_eq!(named, expected);
    refused::<()>(Err(status), Code::InvalidArgument, "POSITIONS_REFUSED");
    assert_eq!(suite.store.events().await, events);
    let untouched = suite.administrator().officer("officer-00").await;
    assert_eq!((untouched.revision, untouched.positions.len()), (1, 0));
}

#[tokio::test]
async fn what_a_dry_run_says_is_what_happens_and_it_keeps_nothing() {
    let suite = suite().await;
    let events = suite.store.events().await;
    let tried = outcomes(&suite, true, rows()).await;
    assert_eq!(suite.store.events().await, events);
    let done = outcomes(&suite, false, rows()).await;
    assert_eq!(what(&tried), what(&done));
    assert_eq!(what(&done), vec![Outcome::Assigned; ROWS]);
    assert_eq!(suite.store.events().await, events + 50);
    let mut changed = rows();
    changed[3].last_day = "2017-10-31".to_owned();
    changed[4].last_day = String::new();
    let tried = outcomes(&suite, true, changed.clone()).await;
    let again = outcomes(&suite, false, changed).await;
    assert_eq!(tried, again);
    let moved: Vec<usize> = (0..ROWS)
        .filter(|index| again[*index].outcome() == Outcome::Moved)
        .collect();
    assert_eq!(moved, [3, 4]);
    assert_eq!(again[5].outcome(), Outcome::Unchanged);
    assert_eq!(again[5].position_uid, done[5].position_uid);
    assert_eq!(suite.store.events().await, events + 52);
    let officer = suite.administrator().officer("officer-03").await;
    assert_eq!(officer.positions[0].last_day, "2017-10-31");
    assert_eq!(officer.revision, 3);
}

#[tokio::test]
async fn delegations_are_imported_behind_what_they_act_in() {
    let suite = suite().await;
    let mut rows = rows();
    rows[49] = pb::PositionRow {
        subject: "officer-01".to_owned(),
        acting_for: "officer-00".to_owned(),
        ..rows[0].clone()
    };
    outcomes(&suite, false, rows.clone()).await;
    let positions = suite.administrator().officer("officer-01").await.positions;
    let mut acting: Vec<&str> = positions
        .iter()
        .map(|one| one.acting_for.as_str())
        .collect();
    acting.sort_unstable();
    assert_eq!(acting, ["", "officer-00"]);
    assert_eq!(
        what(&outcomes(&suite, true, rows).await),
        vec![Outcome::Unchanged; ROWS]
    );
}

#[tokio::test]
async fn a_unit_administrator_imports_for_its_own_unit_and_too_many_rows_are_refused() {
    let suite = suite().await;
    let boss = suite.caller("boss", Role::UnitAdministrator, &["new"]);
    let mut mixed = rows();
    mixed[1].unit_uid = "p".to_owned();
    mixed[2].role = pb::Role::Auditor.into();
    let tried = boss.import_positions(import(true, mixed)).await.unwrap();
    let tried = tried.into_inner().outcomes;
    assert_eq!(tried[1].faults[0].reason, "UNIT_NOT_YOURS");
    assert_eq!(tried[2].faults[0].reason, "ROLE_NOT_YOURS");
    boss.import_positions(import(false, rows())).await.unwrap();
    let many = vec![rows()[0].clone(); 5_001];
    let many = boss.import_positions(import(true, many)).await;
    refused(many, Code::InvalidArgument, "INVALID_FIELDS");
}

#[tokio::test]
async fn five_thousand_rows_are_taken_in_at_once() {
    let suite = suite().await;
    let day = |number: usize| {
        let first = chrono::NaiveDate::from_ymd_opt(2017, 1, 1).unwrap();
        let days = u64::try_from(number / ROWS).unwrap();
        (first + chrono::Days::new(days)).to_string()
    };
    let row = |number: usize| pb::PositionRow {
        first_day: day(number),
        last_day: day(number),
        ..rows()[number % ROWS].clone()
    };
    let many: Vec<pb::PositionRow> = (0..5_000).map(row).collect();
    let done = outcomes(&suite, false, many.clone()).await;
    assert_eq!(what(&done), vec![Outcome::Assigned; 5_000]);
    let again = outcomes(&suite, false, many).await;
    assert_eq!(what(&again), vec![Outcome::Unchanged; 5_000]);
}

const OFFICERS: &str = "subject,name\nlan,Nguyễn Thị Lan\nminh,Trần Văn Minh\n";
const HEADER: &str = "subject,role,unit,first_day,last_day,acting_for\n";

/// A store with the small province, and files of officers beside it.
async fn with_files(positions: &str) -> (Store, Result<identity::Province, Vec<BadRow>>) {
    let store = Store::new().await;
    store.import_small().await;
    let officers = store.write("officers.csv", OFFICERS);
    let positions = store.write("positions.csv", &format!("{HEADER}{positions}"));
    let read = read(&store, &officers, &positions).await;
    (store, read)
}

async fn read(
    store: &Store,
    officers: &Path,
    positions: &Path,
) -> Result<identity::Province, Vec<BadRow>> {
    let files = Files {
        officers: Some(officers),
        positions: Some(positions),
        ..Files::default()
    };
    identity::read(&files, &store.known().await)
}

#[tokio::test]
async fn officers_and_positions_come_from_files_and_a_second_time_makes_no_event() {
    // The delegation stands before what it acts in.
    let positions = "\
minh,leader,new,2017-09-04,2017-09-08,lan
lan,leader,new,2017-08-01,,
minh,clerk,new,2017-08-01,2017-12-31,
";
    let (store, province) = with_files(positions).await;
    let province = province.unwrap();
    let before = store.events().await;
    identity::try_import((store.db.read(), store.db.ring()), vec![province.clone()])
        .await
        .unwrap();
    assert_eq!(store.events().await, before);
    for _ in 0..2 {
        identity::import(store.db.clone(), province.clone())
            .await
            .unwrap();
        assert_eq!(store.events().await, before + 5);
    }
    let renamed = store.write("officers.csv", &OFFICERS.replace("Minh", "Mẫn"));
    let positions = store.write("positions.csv", HEADER);
    let renamed = read(&store, &renamed, &positions).await.unwrap();
    identity::import(store.db.clone(), renamed).await.unwrap();
    let suite = Suite::serve(store, kit::keys::PrivateKey::generate()).await;
    let minh = suite.administrator().officer("minh").await;
    assert_eq!(
        (minh.name.as_str(), minh.unit_uid.as_str()),
        ("Trần Văn Mẫn", "new")
    );
    assert_eq!(minh.positions.len(), 2);
}

#[tokio::test]
async fn every_bad_row_of_positions_is_named_at_once() {
    let positions = "\
two words,leader,new,2017-09-04,,
lan,king,new,2017-09-04,,
lan,client,new,2017-09-04,,
lan,leader,,2017-09-04,,
lan,leader,new,04/09/2017,,
lan,leader,new,2017-09-04,2017-09-03,
lan,leader,new,2017-09-04,,two words
";
    let (_store, read) = with_files(positions).await;
    let bad = read.unwrap_err();
    let found: Vec<(u64, &str)> = bad
        .iter()
        .map(|bad| (bad.line, bad.column.as_str()))
        .collect();
    let expected = [
        (2, "subject"),
        (3, "role"),
        (4, "role"),
        (5, "unit"),
        (6, "first_day"),
        (7, "last_day"),
        (8, "acting_for"),
    ];
    assert_eq!(found, expected);
}

#[tokio::test]
async fn rows_that_the_store_does_not_bear_are_named_by_line_and_keep_everything_out() {
    let positions = "\
lan,leader,new,2017-08-01,,
lan,leader,new,2017-09-01,,
nobody,leader,new,2017-08-01,,
minh,leader,old,2017-08-01,,
minh,leader,new,2017-08-01,,nobody
";
    let (store, province) = with_files(positions).await;
    let (province, before) = (province.unwrap(), store.events().await);
    let tried =
        identity::try_import((store.db.read(), store.db.ring()), vec![province.clone()]).await;
    let refused = identity::import(store.db.clone(), province).await;
    let (tried, refused) = (tried.unwrap_err(), refused.unwrap_err());
    assert_eq!(refused.reason(), "POSITIONS_REFUSED");
    let text = refused.to_string();
    let without_uids = |text: &str| {
        let lines = text
            .lines()
            .map(|line| line.split(": position ").next().unwrap());
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(without_uids(&text), without_uids(&tried.to_string()));
    for (line, column, reason) in [
        (3, "first_day", "POSITION_OVERLAPS"),
        (4, "subject", "OFFICER_NOT_FOUND"),
        (5, "first_day", "UNIT_NOT_THERE"),
        (6, "acting_for", "NOTHING_TO_ACT_FOR"),
    ] {
        let named = format!("positions.csv:{line}: column `{column}`: {reason}");
        assert!(text.contains(&named), "{named} is missing in:\n{text}");
    }
    assert_eq!(store.events().await, before);
}
