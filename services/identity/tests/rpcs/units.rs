//! `UnitService`.

use kit::keys::PrivateKey;
use proto::identity::v1::unit_service_client::UnitServiceClient;
use proto::identity::v1::{GetUnitRequest, ListUnitsRequest, UnitKind};
use tonic::Code;

use crate::support::{Store, Suite, daklak, refused};

#[tokio::test]
async fn a_unit_is_read_with_its_end_and_successor() {
    let suite = Suite::start().await;
    let mut units = UnitServiceClient::new(suite.channel.clone());
    let uid = "old".to_owned();
    let unit = units
        .get_unit(GetUnitRequest { uid })
        .await
        .unwrap()
        .into_inner()
        .unit
        .unwrap();
    assert_eq!(
        (unit.name.as_str(), unit.kind()),
        ("Phường Thành Công", UnitKind::Commune)
    );
    assert_eq!(
        (unit.valid_to.as_str(), unit.successor_uid.as_str()),
        ("2017-06-30", "new")
    );
    assert_eq!((unit.parent_uid.as_str(), unit.revision), ("p", 1));
}

#[tokio::test]
async fn a_unit_that_does_not_exist_is_not_found() {
    let suite = Suite::start().await;
    let mut units = UnitServiceClient::new(suite.channel.clone());
    let uid = "nowhere".to_owned();
    let text = refused(
        units.get_unit(GetUnitRequest { uid }).await,
        Code::NotFound,
        "UNIT_NOT_FOUND",
    );
    assert_eq!(text, "Không tìm thấy đơn vị nowhere");
}

#[tokio::test]
async fn the_pages_of_a_kind_bring_every_unit_once_in_order() {
    let store = Store::new().await;
    store.import(Some(&daklak("units.csv")), None).await;
    let suite = Suite::serve(store, PrivateKey::generate()).await;
    for (kind, expected) in [
        (UnitKind::Unspecified, 219),
        (UnitKind::Department, 19),
        (UnitKind::District, 15),
        (UnitKind::Commune, 184),
    ] {
        let uids = all_uids(&suite, kind).await;
        assert_eq!(uids.len(), expected, "{kind:?}");
        assert!(uids.is_sorted_by(|one, next| one < next));
    }
}

async fn all_uids(suite: &Suite, kind: UnitKind) -> Vec<String> {
    let mut units = UnitServiceClient::new(suite.channel.clone());
    let (mut uids, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListUnitsRequest {
            kind: kind.into(),
            page_size: 23,
            page_token,
        };
        let page = units.list_units(request).await.unwrap().into_inner();
        assert!(page.units.len() <= 23);
        uids.extend(page.units.into_iter().map(|unit| unit.uid));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return uids;
        }
    }
}

#[tokio::test]
async fn a_page_that_cannot_be_is_refused_with_all_that_is_wrong() {
    let suite = Suite::start().await;
    let mut units = UnitServiceClient::new(suite.channel.clone());
    let request = ListUnitsRequest {
        kind: 0,
        page_size: 501,
        page_token: "!".to_owned(),
    };
    let text = refused(
        units.list_units(request).await,
        Code::InvalidArgument,
        "INVALID_FIELDS",
    );
    assert!(
        text.contains("page_size") && text.contains("page_token"),
        "{text}"
    );
}
