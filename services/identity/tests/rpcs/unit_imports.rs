//! `ImportUnits`: an import by a caller.

use proto::identity::v1::unit_service_client::UnitServiceClient;
use proto::identity::v1::{
    DescribedUnit, ImportUnitsRequest, UnitChange, UnitKind, UnitSuccession,
};
use tonic::Code;

use crate::support::{Suite, refused};
use crate::units::unit;

pub fn import(request_id: &str, dry_run: bool) -> ImportUnitsRequest {
    let unit = DescribedUnit {
        uid: "newer".to_owned(),
        kind: UnitKind::Commune.into(),
        valid_from: "2030-01-01".to_owned(),
        code: "24135".to_owned(),
        subtype: "phường".to_owned(),
        name: "Phường Tân Lợi".to_owned(),
        short_name: "Tân Lợi".to_owned(),
        parent_uid: "p".to_owned(),
        national_code: "000.00.03.H15".to_owned(),
        ..DescribedUnit::default()
    };
    let succession = UnitSuccession {
        from_uid: "new".to_owned(),
        to_uid: "newer".to_owned(),
        day: "2030-01-01".to_owned(),
        change: UnitChange::Merged.into(),
        is_whole: true,
        is_default: true,
        ..UnitSuccession::default()
    };
    ImportUnitsRequest {
        request_id: request_id.to_owned(),
        dry_run,
        units: vec![unit],
        successions: vec![succession],
    }
}

#[tokio::test]
async fn an_import_is_tried_first_and_done_once() {
    let suite = Suite::start().await;
    let before = suite.store.events().await;
    let mut units = UnitServiceClient::new(suite.channel.clone());
    let tried = suite.by("admin", import("1", true)).await;
    let tried = units.import_units(tried).await.unwrap().into_inner();
    assert!(tried.dry_run);
    assert_eq!(tried.new_uids, ["newer"]);
    assert_eq!(
        (&tried.changed_uids, &tried.ending_uids),
        (&vec!["new".to_owned()], &vec!["new".to_owned()])
    );
    assert_eq!(suite.store.events().await, before);
    for _ in 0..2 {
        let request = suite.by("admin", import("2", false)).await;
        let done = units.import_units(request).await.unwrap().into_inner();
        assert_eq!((done.dry_run, done.new_uids.len()), (false, 1));
        assert_eq!(suite.store.events().await, before + 2);
    }
    let again = suite.by("admin", import("3", false)).await;
    let again = units.import_units(again).await.unwrap().into_inner();
    assert_eq!(
        (
            again.new_uids.len(),
            again.changed_uids.len(),
            again.unchanged
        ),
        (0, 0, 2)
    );
    assert_eq!(unit(&suite, "new", "").await.successor_uid, "newer");
}

#[tokio::test]
async fn an_import_that_is_wrong_names_every_fault_and_changes_nothing() {
    let suite = Suite::start().await;
    let before = suite.store.events().await;
    let mut request = import("1", false);
    request.units[0].parent_uid = "nowhere".to_owned();
    request.units[0].code = "24134".to_owned();
    request.successions[0].is_default = false;
    let mut units = UnitServiceClient::new(suite.channel.clone());
    let request = suite.by("admin", request).await;
    let reply = units.import_units(request).await;
    let text = refused(reply, Code::InvalidArgument, "IMPORT_INVALID");
    for field in ["units[0].parent_uid", "successions[0].is_default"] {
        assert!(text.contains(field), "{text}");
    }
    assert_eq!(suite.store.events().await, before);
    let request = suite.by("desk", import("2", false)).await;
    let reply = units.import_units(request).await;
    refused(reply, Code::PermissionDenied, "RPC_NOT_GRANTED");
}
