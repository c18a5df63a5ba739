//! Files that are wrong: every bad row is named, and nothing of them is kept.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

use std::fs;
use std::path::{Path, PathBuf};

use proto::identity::v1::{ListUnitsRequest, UnitKind};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, Statement};
use tests::Suite;
use tests::cast::{COMMUNE, OFFICERS, POSITIONS};
use tests::filing::BIRTH;
use tests::program::{self, Ran};

/// A cell that is wrong: file, line, column, what stands there.
type Fault = (&'static str, usize, &'static str, &'static str);

const FAULTS: &[Fault] = &[
    ("units.csv", 3, "kind", "planet"),
    ("units.csv", 5, "parent", "daklak-9999"),
    ("units.csv", 7, "valid_from", "01/01/2004"),
    ("2024/successions.csv", 2, "to", "daklak-9999"),
    ("2025/units.csv", 4, "parent", "daklak-9999"),
    ("2025/successions.csv", 4, "default", "2"),
    ("procedures.csv", 2, "online_level", "5"),
    ("procedures.csv", 4, "lead_unit", "daklak-9999"),
    ("procedures.csv", 6, "limit_unit", "fortnight"),
    ("procedures.csv", 9, "components", "form;photo"),
    ("procedures.csv", 11, "route", "around-the-world"),
    ("components.csv", 2, "originals", "many"),
    ("holidays.csv", 3, "date", "2017-13-01"),
    ("office-hours.csv", 2, "open", "seven"),
    ("routes.csv", 2, "role", "janitor"),
];

/// The province's files in a folder of their own.
fn province(folder: &Path) -> PathBuf {
    let copy = folder.join("province");
    fs::create_dir_all(&copy).unwrap();
    for folder in ["", "2024", "2025"] {
        let (from, to) = (program::province().join(folder), copy.join(folder));
        fs::create_dir_all(&to).unwrap();
        for file in fs::read_dir(from).unwrap().map(Result::unwrap) {
            if file.file_type().unwrap().is_file() {
                fs::copy(file.path(), to.join(file.file_name())).unwrap();
            }
        }
    }
    copy
}

/// The province's folders, each on top of the one before it.
fn all_lists(province: &Path) -> [PathBuf; 3] {
    ["", "2024", "2025"].map(|folder| province.join(folder))
}

/// Writes something else into a cell.
fn alter(path: &Path, line: usize, column: &str, value: &str) {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_path(path)
        .unwrap();
    for row in reader.records() {
        rows.push(row.unwrap().iter().map(str::to_owned).collect());
    }
    let column = rows[0].iter().position(|name| name == column).unwrap();
    value.clone_into(&mut rows[line - 1][column]);
    let mut writer = csv::Writer::from_path(path).unwrap();
    for row in rows {
        writer.write_record(row).unwrap();
    }
    writer.flush().unwrap();
}

async fn import(data_dir: &Path, paths: &[&Path]) -> Ran {
    let arguments = [
        "import".as_ref(),
        "--data-dir".as_ref(),
        data_dir.as_os_str(),
    ];
    program::run(
        arguments
            .into_iter()
            .chain(paths.iter().map(|path| path.as_os_str())),
    )
    .await
}

fn must_name(refused: &Ran, file: &Path, line: usize, column: &str) {
    assert_eq!(refused.code, Some(1), "{}", refused.output);
    let named = format!("{}:{line}: column `{column}`: ", file.display());
    assert!(
        refused.complaint.contains(&named),
        "{named} is not in\n{}",
        refused.complaint
    );
}

#[tokio::test]
async fn a_bad_cell_of_any_file_is_named_by_file_line_and_column() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    for (file, line, column, value) in FAULTS {
        let province = province(folder.path());
        let file = province.join(file);
        alter(&file, *line, column, value);
        let lists = all_lists(&province);
        let refused = import(&data_dir, &lists.each_ref().map(|path| &**path)).await;
        must_name(&refused, &file, *line, column);
        assert!(!data_dir.exists(), "something was kept");
    }
}

#[tokio::test]
async fn all_that_is_wrong_in_all_files_is_said_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let province = province(folder.path());
    let faults = [&FAULTS[0], &FAULTS[11], &FAULTS[12], &FAULTS[13]];
    for (file, line, column, value) in faults {
        alter(&province.join(file), *line, column, value);
    }
    let refused = import(&data_dir, &[&province]).await;
    for (file, line, column, _) in faults {
        must_name(&refused, &province.join(file), *line, column);
    }
    assert!(
        refused.complaint.contains("nothing was imported"),
        "{}",
        refused.complaint
    );
}

#[tokio::test]
async fn a_bad_file_after_a_good_one_changes_nothing() {
    let suite = Suite::load().await;
    let bad = suite.folder().join("bad-callers");
    fs::create_dir(&bad).unwrap();
    for (file, line, column, value) in [
        (OFFICERS, 2, "name", ""),
        (POSITIONS, 3, "role", "king"),
        (POSITIONS, 4, "subject", "intake"),
        (POSITIONS, 5, "unit", "nowhere"),
    ] {
        for file in [OFFICERS, POSITIONS] {
            fs::copy(suite.callers().join(file), bad.join(file)).unwrap();
        }
        alter(&bad.join(file), line, column, value);
        let province = province(suite.folder());
        alter(&province.join("units.csv"), 3, "name", "Một tên khác");
        let refused = suite.import(&[&province, &bad]).await;
        must_name(&refused, &bad.join(file), line, column);
    }
    let names = unit_names(&suite.store("identity").await).await;
    assert!(
        !names.iter().any(|name| name == "Một tên khác"),
        "something was kept"
    );
}

async fn unit_names(store: &DatabaseConnection) -> Vec<String> {
    let query =
        Statement::from_string(store.get_database_backend(), "SELECT name FROM unit_period");
    let rows = store.query_all_raw(query).await.unwrap();
    rows.iter()
        .map(|row| row.try_get("", "name").unwrap())
        .collect()
}

#[tokio::test]
async fn a_file_of_another_shape_and_a_folder_without_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let province = province(folder.path());
    let units = province.join("units.csv");
    fs::write(&units, "uid,name\ndaklak-0000,Tỉnh Đắk Lắk\n").unwrap();
    let refused = import(&data_dir, &[&province]).await;
    let named = format!("{}:1: the header must be: uid,code,kind", units.display());
    assert!(refused.complaint.contains(&named), "{}", refused.complaint);
    let nothing = folder.path().join("nothing");
    let refused = import(&data_dir, &[&nothing]).await;
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.complaint.contains("there is no units.csv"),
        "{}",
        refused.complaint
    );
    assert!(!data_dir.exists());
}

#[tokio::test]
async fn importing_the_same_again_changes_nothing_and_the_suite_serves_what_changed() {
    let mut suite = Suite::load().await;
    let before = suite.log_heads().await;
    let again = suite
        .import(&[&program::province(), &suite.callers()])
        .await;
    assert_eq!(again.code, Some(0), "{}", again.complaint);
    assert_eq!(suite.log_heads().await, before);
    suite.restart().await;
    suite.register(BIRTH, COMMUNE).await;
}

/// How many departments, districts and communes there are on a day.
async fn units_on(suite: &Suite, as_of: &str) -> [usize; 3] {
    let mut counts = [0; 3];
    let kinds = [UnitKind::Department, UnitKind::District, UnitKind::Commune];
    for (count, kind) in counts.iter_mut().zip(kinds) {
        let request = ListUnitsRequest {
            kind: kind.into(),
            page_size: 500,
            as_of: as_of.to_owned(),
            ..ListUnitsRequest::default()
        };
        let page = suite.anonymous().ok(request).await;
        assert!(page.next_page_token.is_empty());
        *count = page.units.len();
    }
    counts
}

#[tokio::test]
async fn later_lists_are_imported_on_top_before_their_day_and_each_day_has_its_own_units() {
    let mut suite = Suite::load().await;
    let lists = all_lists(&program::province());
    let later = suite.import(&[&lists[1], &lists[2]]).await;
    assert_eq!(later.code, Some(0), "{}", later.complaint);
    let heads = suite.log_heads().await;
    let again = suite.import(&lists.each_ref().map(|path| &**path)).await;
    assert_eq!(again.code, Some(0), "{}", again.complaint);
    assert_eq!(suite.log_heads().await, heads);
    suite.restart().await;
    // 218 units, and today is in 2017.
    assert_eq!(units_on(&suite, "").await, [19, 15, 184]);
    assert_eq!(units_on(&suite, "2017-08-28").await, [19, 15, 184]);
    assert_eq!(units_on(&suite, "2025-07-01").await, [14, 0, 102]);
    suite.register(BIRTH, COMMUNE).await;
}

#[tokio::test]
async fn a_list_that_needs_an_earlier_one_is_refused_without_it() {
    let suite = Suite::load().await;
    let list = program::province().join("2025");
    let heads = suite.log_heads().await;
    let refused = suite.import(&[&list]).await;
    // Its districts end while communes of 2017 still stand below them.
    must_name(&refused, &list.join("successions.csv"), 305, "from");
    assert_eq!(suite.log_heads().await, heads);
}

/// Officers and their positions, in files beside the province's own.
fn with_officers(province: &Path, positions: &str) {
    let officers = "subject,name\nlan,Nguyễn Thị Lan\n";
    fs::write(province.join("officers.csv"), officers).unwrap();
    let header = "subject,role,unit,first_day,last_day,acting_for\n";
    let positions = format!("{header}{positions}");
    fs::write(province.join("positions.csv"), positions).unwrap();
}

#[tokio::test]
async fn a_dry_run_says_what_an_import_would_and_keeps_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let province = province(folder.path());
    let dry_run = Path::new("--dry-run");
    with_officers(&province, "lan,leader,daklak-0000,2017-08-01,,\n");
    let tried = import(&data_dir, &[&province, dry_run]).await;
    assert_eq!(tried.code, Some(0), "{}", tried.complaint);
    assert!(tried.output.contains("can be imported"), "{}", tried.output);
    assert!(!data_dir.exists(), "something was kept");
    let done = import(&data_dir, &[&province]).await;
    assert_eq!(done.code, Some(0), "{}", done.complaint);
    // It overlaps with the position that is in the store by now.
    with_officers(&province, "lan,leader,daklak-0000,2017-09-01,,\n");
    let tried = import(&data_dir, &[&province, dry_run]).await;
    let done = import(&data_dir, &[&province]).await;
    for refused in [&tried, &done] {
        must_name(refused, &province.join("positions.csv"), 2, "first_day");
        let reason = "POSITION_OVERLAPS";
        assert!(refused.complaint.contains(reason), "{}", refused.complaint);
    }
}
