//! What comes from files.

use kit::sheet::BadRow;

use crate::procedures::get;
use crate::support::{Store, Suite, daklak, daklak_units};

const COMPONENTS: &str = "key,name,originals,copies\n";
const ROUTES: &str = "route,step,after,unit,role,share_percent,part,decides,waits_for_paper,name\n";
const PROCEDURES: &str = "code,name,field,level,lead_unit,vertical_agency,online_level,limit,limit_unit,limit_assumed,fee_vnd,components,route\n";

/// What is wrong with the files, as file, line and column.
fn found(bad: &[BadRow]) -> Vec<(&str, u64, &str)> {
    let name = |bad: &'_ BadRow| bad.file.rfind('/').map_or(0, |slash| slash + 1);
    bad.iter()
        .map(|bad| (&bad.file[name(bad)..], bad.line, bad.column.as_str()))
        .collect()
}

/// A store with small files that are right.
async fn small() -> Store {
    let store = Store::new().await;
    store.write("components.csv", &format!("{COMPONENTS}form,Đơn,1,0\n"));
    let steps = "commune,examine,,receiving,examiner,70,sole,0,1,Thẩm tra\n\
                 commune,sign,examine,unit:u,leader,30,sole,1,0,Ký\n";
    store.write("routes.csv", &format!("{ROUTES}{steps}"));
    let procedure = "1.000001,Một,Hộ tịch,commune,u,0,2,3,working_day,0,8000,form,commune\n";
    store.write("procedures.csv", &format!("{PROCEDURES}{procedure}"));
    store.write(
        "office-hours.csv",
        "unit,from,season,weekday,open,close\n,2017-01-01,,monday,07:00,11:30\n",
    );
    store.write(
        "holidays.csv",
        "date,name,kind,paired_with,hours\n2017-01-01,Tết Dương lịch,public_holiday,,\n",
    );
    store
}

#[test]
fn the_province_names_only_units_that_it_has() {
    let files = catalogue::Files { folder: &daklak() };
    assert!(catalogue::read(&files, &daklak_units()).is_ok());
}

#[tokio::test]
async fn the_province_imports_and_a_second_time_makes_no_event() {
    let store = Store::of_daklak().await;
    assert_eq!(store.events().await, 1_566);
    store.import().await;
    assert_eq!(store.events().await, 1_566);
}

#[tokio::test]
async fn a_changed_procedure_becomes_the_next_version_and_the_others_stay() {
    let store = small().await;
    store.import().await;
    assert_eq!(store.events().await, 2);
    store.replace("procedures.csv", ",8000,", ",9000,");
    store.import().await;
    assert_eq!(store.events().await, 3);
    store.replace("holidays.csv", "Tết Dương lịch", "Tết Tây");
    store.import().await;
    assert_eq!(store.events().await, 4);
    let suite = Suite::serve(store).await;
    let procedure = get(&suite, "1.000001").await;
    let version = procedure.version.unwrap();
    assert_eq!(
        (
            version.number,
            procedure.revision,
            version.cases[0].fees[0].amount_vnd
        ),
        (2, 2, 9_000)
    );
    assert!(version.effective_from.as_str() > "2017-01-01");
    let route = version.cases[0].route.as_ref().unwrap();
    let waits: Vec<bool> = route
        .steps
        .iter()
        .map(|step| step.waits_for_paper)
        .collect();
    assert_eq!(waits, [true, false]);
}

#[tokio::test]
async fn a_file_of_cases_adds_them_to_their_procedures_and_names_what_is_wrong() {
    let store = small().await;
    let header = "code,case,name,limit,limit_unit,limit_assumed,fee_vnd,components,route\n";
    let good = "1.000001,verify,Phải xác minh,5,working_day,0,0,,commune\n";
    store.write("cases.csv", &format!("{header}{good}"));
    store.import().await;
    let bad = "1.000002,verify,Xác minh,5,working_day,0,0,,commune\n\
               1.000001,standard,Chung,0,working_day,0,0,deed,nowhere\n\
               1.000001,verify,Lại,5,working_day,0,0,,commune\n";
    store.write("cases.csv", &format!("{header}{good}{bad}"));
    let bad = store.read(&[]).unwrap_err();
    let expected = [
        (3, "code"),
        (4, "route"),
        (4, "limit"),
        (4, "components"),
        (5, "case"),
    ];
    let expected = expected.map(|(line, column)| ("cases.csv", line, column));
    assert_eq!(found(&bad), expected);
    let suite = Suite::serve(store).await;
    let cases = get(&suite, "1.000001").await.version.unwrap().cases;
    let keys: Vec<_> = cases.iter().map(|case| case.key.as_str()).collect();
    assert_eq!(keys, ["standard", "verify"]);
}

#[tokio::test]
async fn a_calendar_alone_may_be_imported_but_not_half_of_it() {
    let store = small().await;
    for file in ["components.csv", "routes.csv", "procedures.csv"] {
        std::fs::remove_file(store.folder.path().join(file)).unwrap();
    }
    assert!(store.read(&[]).is_ok());
    std::fs::remove_file(store.folder.path().join("office-hours.csv")).unwrap();
    assert_eq!(
        found(&store.read(&[]).unwrap_err()),
        [("office-hours.csv", 0, "")]
    );
}

#[tokio::test]
async fn every_bad_row_of_every_file_is_named_at_once() {
    let store = small().await;
    store.write(
        "components.csv",
        &format!("{COMPONENTS}form,Đơn,1,0\nform,,x,0\n"),
    );
    let rows = "\
01.000001,Một,Hộ tịch,commune,u,0,2,3,working_day,0,0,form,commune
1.000002,Hai,Hộ tịch,village,u,0,2,3,working_day,0,0,form,commune
1.000003,Ba,Hộ tịch,commune,nowhere,0,2,3,working_day,0,0,form,commune
1.000004,Bốn,Hộ tịch,commune,u,0,5,3,working_day,0,0,form,commune
1.000005,Năm,Hộ tịch,commune,u,0,2,3,week,0,-1,form,commune
1.000006,Sáu,Hộ tịch,commune,u,0,2,0,working_day,2,0,deed,commune
1.000007,Bảy,Hộ tịch,commune,u,0,2,0,working_day,0,0,form,elsewhere
1.000008,Tám,Hộ tịch,commune,u,1,2,1,same_day,0,0,form,commune
1.000009,Chín,Hộ tịch,commune,u,0,2,1,month,0,0,form;form,
1.000009,Mười,Hộ tịch,commune,u,0,2,1,month,0,0,,commune
1.000010,Mười,Hộ tịch,district,u,0,2,1,month,0,0,,commune
";
    store.write("procedures.csv", &format!("{PROCEDURES}{rows}"));
    let bad = store.read(&["u"]).unwrap_err();
    let expected = [
        ("components.csv", 3, "name"),
        ("components.csv", 3, "originals"),
        ("procedures.csv", 2, "code"),
        ("procedures.csv", 3, "level"),
        ("procedures.csv", 4, "lead_unit"),
        ("procedures.csv", 5, "online_level"),
        ("procedures.csv", 6, "limit_unit"),
        ("procedures.csv", 6, "fee_vnd"),
        ("procedures.csv", 7, "limit_assumed"),
        ("procedures.csv", 7, "components"),
        ("procedures.csv", 8, "route"),
        ("procedures.csv", 8, "limit"),
        ("procedures.csv", 9, "route"),
        ("procedures.csv", 9, "limit"),
        ("procedures.csv", 10, "route"),
        ("procedures.csv", 10, "components"),
        ("procedures.csv", 11, "code"),
        ("procedures.csv", 12, "level"),
    ];
    assert_eq!(found(&bad), expected);
}

#[tokio::test]
async fn every_bad_step_of_every_route_is_named_at_once() {
    let store = small().await;
    let rows = "\
commune,examine,,receiving,boss,70,sole,0,0,Thẩm tra
commune,sign,examine,unit:nowhere,leader,0,both,2,yes,Ký
none,examine,,receiving,examiner,100,sole,0,0,Thẩm tra
two,examine,,receiving,examiner,70,sole,1,0,Thẩm tra
two,sign,examine,receiving,leader,30,sole,1,0,Ký
loop,examine,sign,receiving,examiner,70,sole,0,0,Thẩm tra
loop,sign,examine,receiving,leader,30,sole,1,0,Ký
lost,sign,examine,receiving,leader,100,sole,1,0,Ký
short,sign,,receiving,leader,90,sole,1,0,Ký
same,sign,,receiving,leader,100,sole,1,0,Ký
same,sign,,receiving,leader,100,sole,0,0,Ký
";
    store.write("routes.csv", &format!("{ROUTES}{rows}"));
    let bad = store.read(&["u"]).unwrap_err();
    let expected = [
        (2, "role"),
        (3, "unit"),
        (3, "share_percent"),
        (3, "part"),
        (3, "decides"),
        (3, "waits_for_paper"),
        (4, "decides"),
        (6, "decides"),
        (7, "after"),
        (8, "after"),
        (9, "after"),
        (10, "share_percent"),
        (12, "step"),
    ];
    let expected = expected.map(|(line, column)| ("routes.csv", line, column));
    assert_eq!(found(&bad), expected);
}

#[tokio::test]
async fn every_bad_day_and_opening_is_named_at_once() {
    let store = small().await;
    let hours = "unit,from,season,weekday,open,close
,2017-01-01,,monday,07:00,11:30
,2017-01-01,,monday,11:00,17:00
,2017-01-01,,thứ ba,7h,11:30
,2017-01-01,,friday,11:30,07:00
,2017,05-01..08-31,friday,07:00,11:30
,2017-01-01,05-01,friday,07:00,11:30
u,2017-01-01,05-01..08-31,friday,07:00,11:30
";
    store.write("office-hours.csv", hours);
    let days = "date,name,kind,paired_with,hours
2017-01-01,Tết,public_holiday,,
2017-01-01,Tết,day_off,x,
2017-01-01,,public_holiday,,
2017-13-01,Tết,public_holiday,,
2017-01-01,Tết,public_holiday,,
2017-01-03,Nghỉ bù,compensatory_day_off,2017-01-02,
2017-01-04,Nghỉ hoán đổi,swapped_day_off,2017-01-07,
2017-01-05,Nghỉ chiều,short_day,,
2017-01-06,Nghỉ chiều,short_day,,07:00-11:30;11:00-12:00
2017-01-09,Lễ,public_holiday,,07:00-11:30
";
    store.write("holidays.csv", days);
    let bad = store.read(&[]).unwrap_err();
    let expected = [
        ("holidays.csv", 3, "kind"),
        ("holidays.csv", 3, "paired_with"),
        ("holidays.csv", 4, "name"),
        ("holidays.csv", 5, "date"),
        ("holidays.csv", 6, "date"),
        ("holidays.csv", 7, "paired_with"),
        ("holidays.csv", 8, "paired_with"),
        ("holidays.csv", 9, "hours"),
        ("holidays.csv", 10, "hours"),
        ("holidays.csv", 11, "hours"),
        ("office-hours.csv", 3, "open"),
        ("office-hours.csv", 4, "weekday"),
        ("office-hours.csv", 4, "open"),
        ("office-hours.csv", 5, "close"),
        ("office-hours.csv", 6, "from"),
        ("office-hours.csv", 7, "season"),
        ("office-hours.csv", 8, "from"),
    ];
    assert_eq!(found(&bad), expected);
    store.write("office-hours.csv", "unit,from,season,weekday,open,close\n");
    let bad = store.read(&[]).unwrap_err();
    assert!(found(&bad).contains(&("office-hours.csv", 1, "")));
}

#[tokio::test]
async fn units_and_seasons_have_hours_of_their_own_and_half_days_too() {
    let store = small().await;
    let hours = "unit,from,season,weekday,open,close
,2017-01-01,,monday,07:30,11:30
,2017-01-01,04-16..10-15,monday,07:00,11:00
u,2020-01-01,,saturday,08:00,11:00
";
    store.write("office-hours.csv", hours);
    let days = "date,name,kind,paired_with,hours\n2017-01-05,Nghỉ chiều,short_day,,07:00-11:30\n";
    store.write("holidays.csv", days);
    store.import().await;
    let suite = Suite::serve(store).await;
    let calendar = crate::calendar::get(&suite, 0, "").await.unwrap();
    let hours: Vec<_> = calendar
        .hours
        .iter()
        .map(|hours| (hours.unit_uid.as_str(), hours.season_first.as_str()))
        .collect();
    assert_eq!(hours, [("", ""), ("", "04-16"), ("u", "")]);
    assert_eq!(calendar.days[0].openings[0].close, "11:30");
    let calendars = kit::copies::calendars(&calendar).unwrap();
    let opens = |unit: &str, at: &str| {
        let opens = calendars.of(unit).next_opening(at.parse().unwrap());
        opens.unwrap().to_string()
    };
    assert_eq!(opens("other", "2021-04-12T00:00:00"), "2021-04-12 07:30:00");
    assert_eq!(opens("other", "2021-04-13T00:00:00"), "2021-04-19 07:00:00");
    assert_eq!(opens("u", "2021-04-12T00:00:00"), "2021-04-17 08:00:00");
    assert_eq!(opens("u", "2017-01-03T00:00:00"), "2017-01-05 07:00:00");
}
