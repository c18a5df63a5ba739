//! The paper that travels beside the electronic dossier.

use proto::intake::v1::RegisterDossierRequest;
use proto::routing::v1::{
    BatchAcceptTransfersRequest, CompleteTransferRequest, GetManifestRequest, GetManifestResponse,
    GetTransferRequest, Paper, ReceivePaperRequest, Transfer, TransferState,
};
use tests::cast::{COMMUNE, DEPARTMENT, DISTRICT, OTHER_COMMUNE};
use tests::filing::{BIRTH, DECIDED_BY_DISTRICT, FOREST_PRODUCTS};
use tests::{Suite, desk, new_request_id};
use tonic::Code;

fn paper(component: &str, name: &str, originals: i32, copies: i32) -> Paper {
    Paper {
        component: component.to_owned(),
        name: name.to_owned(),
        originals,
        copies,
    }
}

/// What travels with each.
fn sheets() -> Vec<Paper> {
    vec![
        paper("form", "Đơn đề nghị", 1, 0),
        paper("evidence", "Giấy chứng nhận bị thương", 1, 2),
    ]
}

/// The offer of a dossier that the commune sends to its district at that time, with this paper.
async fn sent(suite: &Suite, paper: Vec<Paper>, at: &str) -> Transfer {
    let dossier = suite.register(DECIDED_BY_DISTRICT, COMMUNE).await;
    let held = suite.take_over(COMMUNE, "2017-08-28T08:00").await;
    let complete = CompleteTransferRequest {
        paper,
        ..desk::complete(&held)
    };
    let examiner = suite.examiner(COMMUNE).at(at);
    let completed = examiner.ok(complete).await.message;
    let offer = completed.offered.into_iter().next().unwrap();
    assert_eq!(offer.dossier_uid, dossier.uid);
    offer
}

async fn manifest(suite: &Suite, unit: &str) -> GetManifestResponse {
    let request = GetManifestRequest {
        from_unit_uid: COMMUNE.to_owned(),
        to_unit_uid: DISTRICT.to_owned(),
        ..Default::default()
    };
    let desk = suite.receptionist(unit).at("2017-08-28T10:00");
    desk.ok(request).await.message
}

async fn read(suite: &Suite, uid: &str) -> Transfer {
    let request = GetTransferRequest {
        uid: uid.to_owned(),
    };
    let found = suite.receptionist(DISTRICT).ok(request).await;
    found.message.transfer.unwrap()
}

fn scan(codes: &[&str], manifest: &GetManifestResponse) -> BatchAcceptTransfersRequest {
    BatchAcceptTransfersRequest {
        request_id: new_request_id(),
        unit_uid: DISTRICT.to_owned(),
        from_unit_uid: COMMUNE.to_owned(),
        manifest_made_at: manifest.made_at,
        dossier_codes: codes.iter().map(|&code| code.to_owned()).collect(),
    }
}

fn must_be_printed(text: &str, transfers: [&Transfer; 2]) {
    let codes = transfers.map(|sent| sent.dossier_code.as_str());
    let words = [
        "Đơn đề nghị: 1 bản chính, 0 bản sao",
        "Phường Tân Lập",
        "Tổng số: 2 hồ sơ",
    ];
    for word in codes.into_iter().chain(words) {
        assert!(text.contains(word), "{word}: {text}");
    }
}

#[tokio::test]
async fn what_came_with_the_post_is_taken_in_by_scanned_codes_against_the_manifest() {
    let suite = Suite::start().await;
    let came = sent(&suite, sheets(), "2017-08-28T09:00").await;
    let lost = sent(&suite, sheets(), "2017-08-28T09:10").await;
    let manifest = manifest(&suite, COMMUNE).await;
    let listed: Vec<_> = manifest.transfers.iter().map(|sent| &sent.uid).collect();
    assert_eq!(listed, [&came.uid, &lost.uid]);
    assert_eq!(manifest.transfers[0].paper, sheets());
    must_be_printed(&manifest.text, [&came, &lost]);
    // One without paper, and one that is sent after the manifest was made.
    let bare = sent(&suite, Vec::new(), "2017-08-28T11:00").await;
    let late = sent(&suite, sheets(), "2017-08-28T11:00").await;

    let codes = [
        came.dossier_code.as_str(),
        &bare.dossier_code,
        "no such code",
    ];
    let scan = scan(&codes, &manifest);
    let desk = suite.receptionist(DISTRICT).at("2017-08-28T14:00");
    let taken = desk.ok(scan.clone()).await.message;
    let of = |code: &str| {
        let mut scanned = taken.scanned.iter();
        scanned
            .find(|scanned| scanned.dossier_code == code)
            .unwrap()
    };
    for (code, on_manifest, accepted, refused) in [
        (codes[0], true, 1, ""),
        (codes[1], false, 1, ""),
        (codes[2], false, 0, "TRANSFER_NOT_FOUND"),
    ] {
        let scanned = of(code);
        assert_eq!(
            (
                scanned.on_manifest,
                scanned.transfers.len(),
                scanned.refused.as_str()
            ),
            (on_manifest, accepted, refused),
            "{code}"
        );
    }
    let missing: Vec<_> = taken.missing.iter().map(|missing| &missing.uid).collect();
    assert_eq!(missing, [&lost.uid], "and not {}", late.uid);
    assert!(of(codes[0]).transfers[0].custody_epoch > 0);
    let read_back = read(&suite, &came.uid).await;
    assert_eq!(read_back.state(), TransferState::Accepted);
    let receipt = read_back.paper_receipt.unwrap();
    assert_eq!(
        (receipt.unit_uid.as_str(), receipt.missing.len()),
        (DISTRICT, 0)
    );
    assert_eq!(read(&suite, &bare.uid).await.paper_receipt, None);
    assert_eq!(desk.ok(scan).await.message, taken, "told again");
    suite.must_add_up().await;
}

#[tokio::test]
async fn paper_that_comes_after_the_acceptance_is_received_by_itself_and_what_is_missing_is_named()
{
    let suite = Suite::start().await;
    let offer = sent(&suite, sheets(), "2017-08-28T09:00").await;
    let held = suite.accept(&offer, "2017-08-28T11:00").await;
    let due = held.transfer.due;
    assert_eq!(manifest(&suite, DISTRICT).await.transfers.len(), 1);
    let receive = |missing| ReceivePaperRequest {
        request_id: new_request_id(),
        transfer_uid: offer.uid.clone(),
        missing,
    };
    let (no, stated) = (Code::FailedPrecondition, "PAPER_NOT_STATED");
    let desk = suite.receptionist(DISTRICT).at("2017-08-28T14:00");
    let much = paper("evidence", "Giấy chứng nhận bị thương", 2, 0);
    desk.refused(receive(vec![much]), no, stated).await;
    let short = paper("evidence", "Giấy chứng nhận bị thương", 0, 1);
    let received = desk.ok(receive(vec![short.clone()])).await.message;
    let received = received.transfer.unwrap();
    assert_eq!(received.paper_receipt.clone().unwrap().missing, [short]);
    assert_eq!(
        (received.state(), received.due),
        (TransferState::Accepted, due)
    );
    assert!(manifest(&suite, COMMUNE).await.transfers.is_empty());
    let twice = desk.refused(receive(Vec::new()), no, "PAPER_ALREADY_RECEIVED");
    twice.await;
    suite.complete(&held, "2017-08-28T15:00").await;
    suite.must_add_up().await;
}

#[tokio::test]
async fn a_unit_takes_in_its_own_post_only_and_sees_its_own_manifests() {
    let suite = Suite::start().await;
    let offer = sent(&suite, sheets(), "2017-08-28T09:00").await;
    let known = manifest(&suite, COMMUNE).await;
    let (no, yours) = (Code::PermissionDenied, "UNIT_NOT_YOURS");
    let commune = suite.receptionist(COMMUNE);
    commune
        .refused(scan(&[&offer.dossier_code], &known), no, yours)
        .await;
    let request = GetManifestRequest {
        from_unit_uid: COMMUNE.to_owned(),
        to_unit_uid: DISTRICT.to_owned(),
        ..Default::default()
    };
    let stranger = suite.receptionist(DEPARTMENT);
    stranger.refused(request, no, yours).await;
    let empty = scan(&[], &known);
    let district = suite.receptionist(DISTRICT);
    district
        .refused(empty, Code::InvalidArgument, "INVALID_FIELDS")
        .await;
}

#[tokio::test]
async fn what_a_desk_takes_for_another_unit_sets_out_with_the_first_offer() {
    let suite = Suite::start().await;
    suite.begin_day("2025-07-02T07:30");
    let at_any_desk = RegisterDossierRequest {
        competent_unit_uid: DEPARTMENT.to_owned(),
        ..FOREST_PRODUCTS.at_counter(COMMUNE)
    };
    suite.receptionist(COMMUNE).ok(at_any_desk).await;
    let offer = suite.offer_to(DEPARTMENT).await;
    let sheets: Vec<_> = offer
        .paper
        .iter()
        .map(|sheet| sheet.component.as_str())
        .collect();
    assert_eq!(sheets, ["evidence", "form", "identity"]);
    let first = &offer.paper[0];
    assert_eq!((first.originals, first.copies), (1, 1));
    assert!(first.name != first.component && !first.name.is_empty());

    // What stays in the house does not travel.
    suite.register(BIRTH, OTHER_COMMUNE).await;
    assert_eq!(suite.offer_to(OTHER_COMMUNE).await.paper, []);
}
