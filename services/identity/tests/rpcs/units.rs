//! `UnitService`: the units of a day, and whose work is whose.

use kit::keys::PrivateKey;
use proto::identity::v1::unit_service_client::UnitServiceClient;
use proto::identity::v1::{
    GetSuccessionRequest, GetUnitRequest, ListUnitsRequest, Unit, UnitChange, UnitKind,
};
use tonic::Code;

use crate::support::{Store, Suite, daklak, refused};

/// A server over all lists of the province.
pub async fn with_all_lists() -> Suite {
    let store = Store::new().await;
    store.import(&daklak("units.csv")).await;
    store.import_folder(&daklak("2024")).await;
    store.import_folder(&daklak("2025")).await;
    Suite::serve(store, PrivateKey::generate()).await
}

pub async fn unit(suite: &Suite, uid: &str, as_of: &str) -> Unit {
    let mut units = UnitServiceClient::new(suite.channel.clone());
    let request = GetUnitRequest {
        uid: uid.to_owned(),
        as_of: as_of.to_owned(),
    };
    units
        .get_unit(request)
        .await
        .unwrap()
        .into_inner()
        .unit
        .unwrap()
}

#[tokio::test]
async fn a_unit_is_read_with_its_end_and_successor() {
    let suite = Suite::start().await;
    let unit = unit(&suite, "old", "").await;
    assert_eq!(
        (unit.name.as_str(), unit.kind()),
        ("Phường Thành Công", UnitKind::Commune)
    );
    assert_eq!(
        (unit.valid_to.as_str(), unit.successor_uid.as_str()),
        ("2017-06-30", "new")
    );
    assert_eq!((unit.parent_uid.as_str(), unit.revision), ("p", 1));
    let edge = &unit.successions[0];
    assert_eq!(
        (edge.day.as_str(), edge.change()),
        ("2017-07-01", UnitChange::Merged)
    );
    assert!(edge.is_whole && edge.is_default && edge.basis == "Nghị quyết 1");
}

#[tokio::test]
async fn a_unit_is_read_as_it_stands_on_a_day() {
    let suite = with_all_lists().await;
    for (as_of, name, code) in [
        ("2024-10-31", "Phường Thành Công", "24139"),
        ("2024-11-01", "Phường Thành Công", "24133"),
    ] {
        let unit = unit(&suite, "daklak-0042", as_of).await;
        assert_eq!((unit.name.as_str(), unit.code.as_str()), (name, code));
    }
    let renamed = unit(&suite, "daklak-0090", "2017-08-28").await;
    assert_eq!(renamed.name, "Xã Krông Na");
    let changes: Vec<_> = renamed
        .periods
        .iter()
        .map(|period| period.changes().collect::<Vec<_>>())
        .collect();
    assert_eq!(
        changes,
        [vec![], vec![UnitChange::Renamed, UnitChange::Moved]]
    );
}

#[tokio::test]
async fn a_unit_that_does_not_exist_is_not_found() {
    let suite = Suite::start().await;
    let mut units = UnitServiceClient::new(suite.channel.clone());
    let request = GetUnitRequest {
        uid: "nowhere".to_owned(),
        ..GetUnitRequest::default()
    };
    let text = refused(
        units.get_unit(request).await,
        Code::NotFound,
        "UNIT_NOT_FOUND",
    );
    assert_eq!(text, "Không tìm thấy đơn vị nowhere");
}

#[tokio::test]
async fn the_pages_of_a_kind_and_day_bring_every_unit_once_in_order() {
    let suite = with_all_lists().await;
    for (as_of, kind, expected) in [
        ("2017-08-28", UnitKind::Unspecified, 219),
        ("2017-08-28", UnitKind::Department, 19),
        ("2017-08-28", UnitKind::District, 15),
        ("2017-08-28", UnitKind::Commune, 184),
        ("2025-07-01", UnitKind::Department, 14),
        ("2025-07-01", UnitKind::District, 0),
        ("2025-07-01", UnitKind::Commune, 102),
    ] {
        let request = ListUnitsRequest {
            kind: kind.into(),
            as_of: as_of.to_owned(),
            ..ListUnitsRequest::default()
        };
        let uids = all_uids(&suite, request).await;
        assert_eq!(uids.len(), expected, "{kind:?} on {as_of}");
        assert!(uids.is_sorted_by(|one, next| one < next));
    }
}

async fn all_uids(suite: &Suite, mut request: ListUnitsRequest) -> Vec<String> {
    let mut units = UnitServiceClient::new(suite.channel.clone());
    request.page_size = 23;
    let mut uids = Vec::new();
    loop {
        let page = units
            .list_units(request.clone())
            .await
            .unwrap()
            .into_inner();
        assert!(page.units.len() <= 23);
        assert_eq!(page.cursor.is_empty(), !request.page_token.is_empty());
        uids.extend(page.units.into_iter().map(|unit| unit.uid));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return uids;
        }
    }
}

#[tokio::test]
async fn a_code_or_an_identifier_means_the_unit_that_has_it_on_the_day() {
    let suite = with_all_lists().await;
    let by = |code: &str, as_of: &str, include_ended| ListUnitsRequest {
        code: code.to_owned(),
        as_of: as_of.to_owned(),
        include_ended,
        ..ListUnitsRequest::default()
    };
    // Phường Thắng Lợi, then Phường Thành Công, then Phường Buôn Ma Thuột.
    assert_eq!(
        all_uids(&suite, by("24133", "2017-08-28", false)).await,
        ["daklak-0040"]
    );
    assert_eq!(
        all_uids(&suite, by("24133", "2025-06-30", false)).await,
        ["daklak-0042"]
    );
    let now = all_uids(&suite, by("24133", "2025-07-01", false)).await;
    assert_eq!(
        unit(&suite, &now[0], "2025-07-01").await.name,
        "Phường Buôn Ma Thuột"
    );
    assert_eq!(
        all_uids(&suite, by("24133", "2025-07-01", true))
            .await
            .len(),
        3
    );
    let request = ListUnitsRequest {
        national_code: "000.00.12.H15".to_owned(),
        as_of: "2017-08-28".to_owned(),
        ..ListUnitsRequest::default()
    };
    assert_eq!(all_uids(&suite, request).await, ["daklak-0012"]);
    let request = ListUnitsRequest {
        parent_uid: "daklak-0020".to_owned(),
        as_of: "2017-08-28".to_owned(),
        ..ListUnitsRequest::default()
    };
    assert_eq!(all_uids(&suite, request).await.len(), 21);
}

#[tokio::test]
async fn a_page_that_cannot_be_is_refused_with_all_that_is_wrong() {
    let suite = Suite::start().await;
    let mut units = UnitServiceClient::new(suite.channel.clone());
    let request = ListUnitsRequest {
        page_size: 501,
        page_token: "!".to_owned(),
        as_of: "tomorrow".to_owned(),
        ..ListUnitsRequest::default()
    };
    let text = refused(
        units.list_units(request).await,
        Code::InvalidArgument,
        "INVALID_FIELDS",
    );
    for field in ["page_size", "page_token", "as_of"] {
        assert!(text.contains(field), "{text}");
    }
}

#[tokio::test]
async fn who_does_the_work_of_a_unit_depends_on_the_day() {
    let suite = with_all_lists().await;
    for (as_of, name, uid) in [
        ("2024-10-31", "Xã Ea Blang", "daklak-0061"),
        ("2024-11-01", "Xã Ea Drông", "daklak-0062"),
        // Of the same name, but another unit.
        ("2025-07-01", "Xã Ea Drông", "daklak-0285"),
    ] {
        let mut units = UnitServiceClient::new(suite.channel.clone());
        let request = GetSuccessionRequest {
            uid: "daklak-0061".to_owned(),
            as_of: as_of.to_owned(),
        };
        let reply = units.get_succession(request).await.unwrap().into_inner();
        let heir = reply.heir.unwrap();
        assert_eq!((heir.name.as_str(), heir.uid.as_str()), (name, uid));
        // It was split between two, whatever the day.
        assert_eq!(reply.successions.len(), 2);
    }
    let mut units = UnitServiceClient::new(suite.channel.clone());
    let request = GetSuccessionRequest {
        uid: "daklak-0062".to_owned(),
        ..GetSuccessionRequest::default()
    };
    let reply = units.get_succession(request).await.unwrap().into_inner();
    assert_eq!(reply.predecessors[0].from_uid, "daklak-0061");
}
