//! What comes from files.

use identity::{Files, Register};
use kit::keys::PrivateKey;
use kit::sheet::BadRow;
use proto::identity::v1::GetUnitRequest;
use proto::identity::v1::unit_service_client::UnitServiceClient;

use crate::support::{SUCCESSIONS_HEADER, Store, Suite, UNITS, UNITS_HEADER, daklak};

#[tokio::test]
async fn the_province_imports_and_a_second_time_makes_no_event() {
    let store = Store::new().await;
    let units = daklak("units.csv");
    store.import(&units).await;
    assert_eq!(store.known().await.unit_kinds().len(), 219);
    assert_eq!(store.events().await, 219);
    store.import(&units).await;
    assert_eq!(store.events().await, 219);
}

#[tokio::test]
async fn later_lists_are_imported_in_advance_and_any_list_again_makes_no_event() {
    let store = Store::new().await;
    let units = daklak("units.csv");
    store.import(&units).await;
    store.import_folder(&daklak("2024")).await;
    store.import_folder(&daklak("2025")).await;
    let after = store.events().await;
    assert!(after > 219);
    store.import(&units).await;
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
    store.import(&after).await;
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
