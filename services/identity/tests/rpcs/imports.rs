//! What comes from files.

use identity::{Files, Register};
use kit::keys::PrivateKey;
use kit::sheet::BadRow;
use proto::identity::v1::GetUnitRequest;
use proto::identity::v1::unit_service_client::UnitServiceClient;

use crate::support::{
    CALLERS_HEADER, SUCCESSIONS_HEADER, Store, Suite, UNITS, UNITS_HEADER, callers, daklak,
};

#[tokio::test]
async fn the_province_imports_and_a_second_time_makes_no_event() {
    let store = Store::new().await;
    let units = daklak("units.csv");
    store.import(Some(&units), None).await;
    assert_eq!(store.known().await.unit_uids().len(), 219);
    assert_eq!(store.events().await, 219);
    store.import(Some(&units), None).await;
    assert_eq!(store.events().await, 219);
}

#[tokio::test]
async fn later_lists_are_imported_in_advance_and_any_list_again_makes_no_event() {
    let store = Store::new().await;
    let units = daklak("units.csv");
    store.import(Some(&units), None).await;
    store.import_folder(&daklak("2024")).await;
    store.import_folder(&daklak("2025")).await;
    let after = store.events().await;
    assert!(after > 219);
    store.import(Some(&units), None).await;
    store.import_folder(&daklak("2024")).await;
    store.import_folder(&daklak("2025")).await;
    assert_eq!(store.events().await, after);
}

#[tokio::test]
async fn a_changed_row_alone_makes_an_event_and_raises_the_revision() {
    let store = Store::new().await;
    store.import_small().await;
    let renamed = UNITS.replace("Phường Tân Lập", "Phường Tân Lợi");
    let after = store.write("units.csv", &format!("{UNITS_HEADER}{renamed}"));
    store.import(Some(&after), None).await;
    assert_eq!(store.events().await, 4);
    let suite = Suite::serve(store, PrivateKey::generate()).await;
    let mut units = UnitServiceClient::new(suite.channel.clone());
    let request = GetUnitRequest {
        uid: "new".to_owned(),
        ..GetUnitRequest::default()
    };
    let unit = units.get_unit(request).await.unwrap().into_inner().unit;
    let unit = unit.unwrap();
    assert_eq!((unit.name.as_str(), unit.revision), ("Phường Tân Lợi", 2));
}

#[tokio::test]
async fn callers_import_again_without_an_event_and_a_known_number_keeps_its_party() {
    let store = Store::new().await;
    store.import_small().await;
    let key = PrivateKey::generate();
    let key_text = key.public().to_base64();
    let twice = format!(
        "{}twin,applicant,,{key_text},Y Moan,cccd,066085000123\n",
        callers(&key)
    );
    let callers = store.write("callers.csv", &twice);
    store.import(None, Some(&callers)).await;
    // Three units and one party for two callers.
    assert_eq!(store.events().await, 4);
    store.import(None, Some(&callers)).await;
    assert_eq!(store.events().await, 4);
}

#[tokio::test]
async fn a_caller_of_a_unit_that_the_store_lacks_keeps_everything_out() {
    let (known, store) = (Store::new().await, Store::new().await);
    known.import_small().await;
    let callers = store.write("callers.csv", &callers(&PrivateKey::generate()));
    let files = Files {
        callers: Some(&callers),
        ..Files::default()
    };
    let province = identity::read(&files, &known.known().await).unwrap();
    let failure = identity::import(store.db.clone(), province)
        .await
        .unwrap_err();
    assert_eq!(failure.reason(), "UNIT_NOT_FOUND");
    assert_eq!(store.events().await, 0);
    let bad = identity::read(&files, &store.known().await).unwrap_err();
    assert_eq!(found(&bad)[0], (2, "unit"));
}

/// What is wrong with the files, as line and column.
fn found(bad: &[BadRow]) -> Vec<(u64, &str)> {
    bad.iter()
        .map(|bad| (bad.line, bad.column.as_str()))
        .collect()
}

#[tokio::test]
async fn every_bad_row_of_units_is_named_at_once() {
    let store = Store::new().await;
    let rows = "\
p,66,province,tỉnh,Tỉnh Đắk Lắk,Đắk Lắk,,000.00.00.H15,2004-01-01,
a,1,village,xã,Xã A,A,p,000.00.01.H15,2004-01-01,
b,2,commune,xã,Xã B,B,nowhere,000.00.02.H15,2004-01-01,
c,3,commune,xã,Xã C,C,d,000.00.03.H15,2004-01-01,
d,4,commune,xã,Xã D,D,c,000.00.04.H15,2004-01-01,
p,5,commune,xã,Xã E,E,p,000.00.05.H15,2004-01-01,
f,3,commune,xã,Xã F,F,p,000.00.06.H15,2004-01-01,
g,7,commune,xã,Xã G,G,p,000.00.07.H15,01/01/2004,
h,8,commune,xã,Xã H,H,p,000.00.08.H15,2004-01-01,2003-12-31
i,9,commune,xã,,I,,000.00.09.H15,2004-01-01,
j,10,commune,xã,Xã J,J,a,000.00.10.H15,2004-01-01,2010-01-01
";
    let units = store.write("units.csv", &format!("{UNITS_HEADER}{rows}"));
    let files = Files {
        units: Some(&units),
        ..Files::default()
    };
    let bad = identity::read(&files, &Register::default()).unwrap_err();
    let expected = [
        (3, "kind"),
        (4, "parent"),
        (5, "parent"),
        (6, "parent"),
        (7, "uid"),
        (8, "code"),
        (9, "valid_from"),
        (10, "valid_to"),
        (11, "name"),
        (11, "parent"),
    ];
    assert_eq!(found(&bad), expected);
    assert!(bad[0].to_string().ends_with("units.csv:3: column `kind`: `village` is not a kind of unit: province, department, district or commune"));
}

#[tokio::test]
async fn every_bad_row_of_successions_is_named_at_once_also_against_what_is_known() {
    let store = Store::new().await;
    store.import_small().await;
    let rows = "\
2025-07-01,nowhere,new,merged,whole,1,
2025-07-01,new,nowhere,merged,whole,1,
soon,new,old,merged,whole,1,
2025-07-01,new,old,renamed,whole,1,
2025-07-01,new,p,merged,half,yes,
2025-07-01,p,new,abolished,partial,0,
";
    let rows = format!("{SUCCESSIONS_HEADER}{rows}");
    let successions = store.write("successions.csv", &rows);
    let files = Files {
        successions: Some(&successions),
        ..Files::default()
    };
    let bad = identity::read(&files, &store.known().await).unwrap_err();
    let expected = [
        (2, "from"),
        // The unit that it names ends by the next row.
        (2, "to"),
        (3, "to"),
        (4, "day"),
        (5, "change"),
        (6, "share"),
        (6, "default"),
        (7, "default"),
        (7, "to"),
    ];
    assert_eq!(found(&bad), expected);
}

#[tokio::test]
async fn a_column_that_nobody_knows_is_refused() {
    let store = Store::new().await;
    let header = SUCCESSIONS_HEADER.replace("share", "percent");
    let successions = store.write("successions.csv", &header);
    let files = Files {
        successions: Some(&successions),
        ..Files::default()
    };
    let bad = identity::read(&files, &Register::default()).unwrap_err();
    assert!(
        bad[0]
            .reason
            .contains("the header must be: day,from,to,change,share")
    );
}

#[tokio::test]
async fn every_bad_row_of_callers_is_named_at_once_and_no_number_is_repeated() {
    let store = Store::new().await;
    let key = PrivateKey::generate().public().to_base64();
    let rows = format!(
        "\
desk,receptionist,new,{key},,,
desk,leader,new,{key},,,
intake,leader,new,{key},,,
a,minister,new,{key},,,
b,examiner,,{key},,,
c,examiner,nowhere,{key},,,
d,examiner,new,short,,,
e,applicant,new,{key},Y Moan,cccd,066085000123
f,applicant,,{key},,cccd,06608500012
g,applicant,,{key},Y Moan,visa,B1234567
h,applicant,,{key},Y Moan,mst,0300588560
i,client,new,{key},Y Moan,,
"
    );
    let units = store.write("units.csv", &format!("{UNITS_HEADER}{UNITS}"));
    let callers = store.write("callers.csv", &format!("{CALLERS_HEADER}{rows}"));
    let files = Files {
        units: Some(&units),
        callers: Some(&callers),
        ..Files::default()
    };
    let bad = identity::read(&files, &Register::default()).unwrap_err();
    let expected = [
        (3, "subject"),
        (4, "subject"),
        (5, "role"),
        (6, "unit"),
        (7, "unit"),
        (8, "public_key"),
        (9, "unit"),
        (10, "name"),
        (10, "number"),
        (11, "number_kind"),
        (12, "number"),
        (13, "name"),
    ];
    assert_eq!(found(&bad), expected);
    assert!(bad[10].reason.starts_with("CHECK_DIGIT_WRONG: "));
    assert!(
        bad.iter()
            .all(|bad| !bad.reason.contains("0660850") && !bad.reason.contains("0300588"))
    );
}
