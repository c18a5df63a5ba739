//! What comes from files.

use identity::Files;
use kit::keys::PrivateKey;
use kit::sheet::BadRow;
use proto::identity::v1::GetUnitRequest;
use proto::identity::v1::unit_service_client::UnitServiceClient;

use crate::support::{CALLERS_HEADER, Store, Suite, UNITS, UNITS_HEADER, callers, daklak};

#[tokio::test]
async fn the_province_imports_and_a_second_time_makes_no_event() {
    let store = Store::new().await;
    let units = daklak("units.csv");
    let province = identity::read(&Files {
        units: Some(&units),
        callers: None,
    });
    assert_eq!(province.unwrap().unit_uids().len(), 219);
    store.import(Some(&units), None).await;
    assert_eq!(store.events().await, 219);
    store.import(Some(&units), None).await;
    assert_eq!(store.events().await, 219);
}

#[tokio::test]
async fn a_changed_row_alone_makes_an_event_and_raises_the_revision() {
    let store = Store::new().await;
    let before = store.write("units.csv", &format!("{UNITS_HEADER}{UNITS}"));
    store.import(Some(&before), None).await;
    let renamed = UNITS.replace("Phường Tân Lập", "Phường Tân Lợi");
    let after = store.write("units.csv", &format!("{UNITS_HEADER}{renamed}"));
    store.import(Some(&after), None).await;
    assert_eq!(store.events().await, 4);
    let suite = Suite::serve(store, PrivateKey::generate()).await;
    let mut units = UnitServiceClient::new(suite.channel.clone());
    let uid = "new".to_owned();
    let unit = units
        .get_unit(GetUnitRequest { uid })
        .await
        .unwrap()
        .into_inner()
        .unit
        .unwrap();
    assert_eq!((unit.name.as_str(), unit.revision), ("Phường Tân Lợi", 2));
}

#[tokio::test]
async fn callers_import_again_without_an_event_and_a_known_number_keeps_its_party() {
    let store = Store::new().await;
    let units = store.write("units.csv", &format!("{UNITS_HEADER}{UNITS}"));
    let key = PrivateKey::generate();
    let key_text = key.public().to_base64();
    let twice = format!(
        "{}twin,applicant,,{key_text},Y Moan,cccd,066085000123\n",
        callers(&key)
    );
    let callers = store.write("callers.csv", &twice);
    store.import(Some(&units), Some(&callers)).await;
    // Three units and one party for two callers.
    assert_eq!(store.events().await, 4);
    store.import(None, Some(&callers)).await;
    assert_eq!(store.events().await, 4);
}

#[tokio::test]
async fn a_caller_of_a_unit_that_nobody_knows_keeps_everything_out() {
    let store = Store::new().await;
    let callers = store.write("callers.csv", &callers(&PrivateKey::generate()));
    let province = identity::read(&Files {
        units: None,
        callers: Some(&callers),
    });
    let failure = identity::import(store.db.clone(), province.unwrap())
        .await
        .unwrap_err();
    assert_eq!(failure.reason(), "UNIT_NOT_FOUND");
    assert_eq!(store.events().await, 0);
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
p,66,province,tỉnh,Tỉnh Đắk Lắk,Đắk Lắk,,000.00.00.H15,2004-01-01,,
a,1,village,xã,Xã A,A,p,000.00.01.H15,2004-01-01,,
b,2,commune,xã,Xã B,B,nowhere,000.00.02.H15,2004-01-01,,
c,3,commune,xã,Xã C,C,d,000.00.03.H15,2004-01-01,,
d,4,commune,xã,Xã D,D,c,000.00.04.H15,2004-01-01,,
p,5,commune,xã,Xã E,E,p,000.00.05.H15,2004-01-01,,
f,3,commune,xã,Xã F,F,p,000.00.06.H15,2004-01-01,,
g,7,commune,xã,Xã G,G,p,000.00.07.H15,01/01/2004,,
h,8,commune,xã,Xã H,H,p,000.00.08.H15,2004-01-01,2003-12-31,
i,9,commune,xã,,I,p,000.00.09.H15,2004-01-01,,
j,10,commune,xã,Xã J,J,p,000.00.10.H15,2004-01-01,2010-01-01,k
k,11,commune,xã,Xã K,K,p,000.00.11.H15,2004-01-01,2010-01-01,j
l,12,commune,xã,Xã L,L,p,000.00.12.H15,2004-01-01,,p
";
    let units = store.write("units.csv", &format!("{UNITS_HEADER}{rows}"));
    let bad = identity::read(&Files {
        units: Some(&units),
        callers: None,
    });
    let bad = bad.unwrap_err();
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
        (12, "successor"),
        (13, "successor"),
        (14, "successor"),
    ];
    assert_eq!(found(&bad), expected);
    assert!(bad[0].to_string().ends_with("units.csv:3: column `kind`: `village` is not a kind of unit: province, department, district or commune"));
}

#[tokio::test]
async fn a_code_is_used_again_after_its_unit_ended() {
    let store = Store::new().await;
    let rows = "\
old,1,commune,xã,Xã A,A,,000.00.01.H15,2004-01-01,2010-12-31,new
new,1,commune,xã,Xã B,B,,000.00.02.H15,2011-01-01,,
";
    let units = store.write("units.csv", &format!("{UNITS_HEADER}{rows}"));
    store.import(Some(&units), None).await;
    assert_eq!(store.events().await, 2);
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
    let bad = identity::read(&Files {
        units: Some(&units),
        callers: Some(&callers),
    });
    let bad = bad.unwrap_err();
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
