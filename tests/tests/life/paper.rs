//! The paper that travels beside the electronic dossier.

use kit::testing::until;
use proto::catalogue::v1::Procedure;
use proto::intake::v1::dossier_change::Change;
use proto::intake::v1::{HandedIn, RecordDecisionRequest, RegisterDossierRequest};
use proto::routing::v1::{
    BatchAcceptTransfersRequest, CompleteTransferRequest, EscalationCause, EscalationLevel,
    GetManifestRequest, GetManifestResponse, GetTransferRequest, ListTransfersRequest, Paper,
    ReceivePaperRequest, SendBackTransferRequest, Transfer, TransferState, TransferUrgency,
};
use tests::cast::{COMMUNE, DEPARTMENT, DISTRICT, OTHER_COMMUNE};
use tests::filing::{BIRTH, DECIDED_BY_DISTRICT, FOREST_PRODUCTS};
use tests::{Actor, Held, Suite, desk, new_request_id};
use tonic::Code;

use crate::deadlines::{PATIENCE, local};
use crate::history::history;
use crate::reorganised::merge;

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
    let offer = send_on(suite, &held, paper, at).await;
    assert_eq!(offer.dossier_uid, dossier.uid);
    offer
}

/// The offer of the step after one of the commune, with this paper.
async fn send_on(suite: &Suite, held: &Held, paper: Vec<Paper>, at: &str) -> Transfer {
    let complete = CompleteTransferRequest {
        paper,
        ..desk::complete(held)
    };
    let examiner = suite.examiner(COMMUNE).at(at);
    let completed = examiner.ok(complete).await.message;
    completed.offered.into_iter().next().unwrap()
}

/// The district examines once the paper is there.
fn waiting(mut draft: Procedure) -> Procedure {
    let case = &mut draft.version.as_mut().unwrap().cases[0];
    let steps = &mut case.route.as_mut().unwrap().steps;
    let examine = steps.iter_mut().find(|step| step.key == "examine");
    examine.unwrap().waits_for_paper = true;
    draft
}

fn work_list(unit: &str) -> ListTransfersRequest {
    ListTransfersRequest {
        unit_uid: unit.to_owned(),
        ..Default::default()
    }
}

/// The desk of the commune, once all have heard that the district waits for paper.
async fn desk_of_waiting(suite: &Suite) -> Actor {
    let position = suite.publish(DECIDED_BY_DISTRICT.code, waiting).await;
    let desk = suite.receptionist(COMMUNE).after(Some(&position));
    desk.ok(work_list(COMMUNE)).await;
    desk
}

/// A step of the commune in a dossier that was registered at 08:00.
async fn registered(suite: &Suite, desk: &Actor) -> Held {
    desk.ok(DECIDED_BY_DISTRICT.at_counter(COMMUNE)).await;
    suite.take_over(COMMUNE, "2017-08-28T08:00").await
}

fn receive(transfer: &Transfer, missing: Vec<Paper>) -> ReceivePaperRequest {
    ReceivePaperRequest {
        request_id: new_request_id(),
        transfer_uid: transfer.uid.clone(),
        missing,
    }
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

/// What the district sends the commune.
async fn manifest_back(suite: &Suite) -> GetManifestResponse {
    let request = GetManifestRequest {
        from_unit_uid: DISTRICT.to_owned(),
        to_unit_uid: COMMUNE.to_owned(),
        ..Default::default()
    };
    let desk = suite.receptionist(COMMUNE).at("2017-08-28T13:30");
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

/// The same with what came to the commune.
fn scan_back(code: &str, manifest: &GetManifestResponse) -> BatchAcceptTransfersRequest {
    BatchAcceptTransfersRequest {
        unit_uid: COMMUNE.to_owned(),
        from_unit_uid: DISTRICT.to_owned(),
        ..scan(&[code], manifest)
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
async fn r16_what_a_unit_had_sent_that_has_ended_since_is_missed_all_the_same() {
    let mut suite = Suite::start().await;
    let came = sent(&suite, sheets(), "2017-08-28T09:00").await;
    let lost = sent(&suite, sheets(), "2017-08-28T09:10").await;
    let manifest = manifest(&suite, COMMUNE).await;
    merge(&mut suite, "2017-08-29").await;
    suite.begin_day("2017-08-29T07:30");
    for sent in [&came, &lost] {
        until("its successor answers for it", PATIENCE, async || {
            let sender = read(&suite, &sent.uid).await.from_unit_uid;
            (sender == OTHER_COMMUNE).then_some(())
        })
        .await;
    }
    let desk = suite.receptionist(DISTRICT).at("2017-08-29T08:00");
    let taken = desk.ok(scan(&[&came.dossier_code], &manifest)).await;
    let taken = taken.message;
    assert!(taken.scanned[0].on_manifest);
    let missing: Vec<_> = taken.missing.iter().map(|missing| &missing.uid).collect();
    assert_eq!(missing, [&lost.uid]);
}

#[tokio::test]
async fn paper_that_comes_after_the_acceptance_is_received_by_itself_and_what_is_missing_is_named()
{
    let suite = Suite::start().await;
    let offer = sent(&suite, sheets(), "2017-08-28T09:00").await;
    let held = suite.accept(&offer, "2017-08-28T11:00").await;
    let due = held.transfer.due;
    assert_eq!(manifest(&suite, DISTRICT).await.transfers.len(), 1);
    let receive = |missing| receive(&offer, missing);
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

/// The work list shows it, nobody is late, and its sender answers for the paper from the evening on.
async fn must_wait(suite: &Suite, held: &Transfer) {
    assert!(held.waits_for_paper);
    assert_eq!(held.due, None);
    let examiner = suite.examiner(DISTRICT).at("2017-08-28T10:00");
    let listed = examiner.ok(work_list(DISTRICT)).await.message.transfers;
    let [waits] = &listed[..] else {
        panic!("{listed:?}");
    };
    assert!(waits.waits_for_paper);
    assert_eq!(waits.urgency(), TransferUrgency::Unspecified);

    let late = ListTransfersRequest {
        escalated: EscalationLevel::ParentUnit.into(),
        ..work_list(COMMUNE)
    };
    let evening = suite.leader(COMMUNE).at("2017-08-28T17:00");
    let told = async || {
        let listed = evening.ok(late.clone()).await.message.transfers;
        listed.into_iter().next()
    };
    let told = until("the sender is told", PATIENCE, told).await;
    assert_eq!(told.uid, held.uid);
    let escalation = told.escalation.unwrap();
    assert_eq!(escalation.cause(), EscalationCause::Paper);
    assert_eq!(escalation.to_unit_uid, COMMUNE);
}

#[tokio::test]
async fn a_step_that_waits_for_paper_has_its_time_from_the_receipt_and_the_dossier_does_not_wait() {
    let suite = Suite::start().await;
    let desk = desk_of_waiting(&suite).await;
    let held = registered(&suite, &desk).await;
    let beside = registered(&suite, &desk).await;
    let offer = send_on(&suite, &held, sheets(), "2017-08-28T09:00").await;
    assert!(offer.waits_for_paper && offer.due.is_none());
    assert_eq!(local(offer.hand_over_due), "2017-08-28T17:00");
    let held = suite.accept(&offer, "2017-08-28T09:30").await;
    let dossier = suite.dossier(&offer.dossier_uid, COMMUNE).await;
    must_wait(&suite, &held.transfer).await;

    let morning = suite.receptionist(DISTRICT).at("2017-08-30T08:00");
    let received = morning.ok(receive(&offer, sheets())).await.message;
    let received = received.transfer.unwrap();
    assert!(!received.waits_for_paper);
    assert_eq!(received.escalation, None);
    assert_eq!(received.paper_receipt.unwrap().missing, sheets());
    // Nothing travels with what is offered at that very time.
    let bare = send_on(&suite, &beside, Vec::new(), "2017-08-30T08:00").await;
    assert!(!bare.waits_for_paper && bare.due.is_some());
    assert_eq!(received.due, bare.due);
    let known = suite.dossier(&offer.dossier_uid, COMMUNE).await;
    assert_eq!(
        (known.due, known.appointment),
        (dossier.due, dossier.appointment)
    );
    suite.complete(&held, "2017-08-30T09:00").await;
    suite.must_add_up().await;
}

#[tokio::test]
async fn a_step_whose_paper_is_scanned_begins_with_that() {
    let suite = Suite::start().await;
    let desk = desk_of_waiting(&suite).await;
    let held = registered(&suite, &desk).await;
    let offer = send_on(&suite, &held, sheets(), "2017-08-28T09:00").await;
    let manifest = manifest(&suite, COMMUNE).await;
    let district = suite.receptionist(DISTRICT).at("2017-08-28T14:00");
    let scan = scan(&[&offer.dossier_code], &manifest);
    let taken = district.ok(scan).await.message;
    let came = &taken.scanned[0].transfers[0];
    assert_eq!(came.state(), TransferState::Accepted);
    assert!(!came.waits_for_paper && came.due.is_some());
    suite.must_add_up().await;
}

#[tokio::test]
async fn the_paper_that_travels_back_with_a_dossier_is_on_its_transfer_and_on_the_manifest() {
    let suite = Suite::start().await;
    suite.register(DECIDED_BY_DISTRICT, COMMUNE).await;
    suite.work_off(COMMUNE, "2017-08-28T08:30").await;
    suite.work_off(DISTRICT, "2017-08-28T09:00").await;
    let signing = suite.take_over(DISTRICT, "2017-08-28T10:00").await;
    let send_back = SendBackTransferRequest {
        paper: sheets(),
        ..desk::send_back(&signing, "verify")
    };
    let leader = suite.leader(DISTRICT).at("2017-08-28T11:00");
    let sent = leader.ok(send_back).await.message;
    assert_eq!(sent.transfer.unwrap().paper, []);
    let offered = sent.offered.unwrap();
    assert_eq!(offered.paper, sheets());
    assert_eq!(read(&suite, &offered.uid).await.paper, sheets());
    assert_eq!(suite.offer_to(COMMUNE).await.paper, sheets());

    let manifest = manifest_back(&suite).await;
    let [listed] = &manifest.transfers[..] else {
        panic!("{manifest:?}");
    };
    assert_eq!((&listed.uid, &listed.paper), (&offered.uid, &sheets()));
    let printed = "Đơn đề nghị: 1 bản chính, 0 bản sao";
    assert!(manifest.text.contains(printed), "{}", manifest.text);
    let desk = suite.receptionist(COMMUNE).at("2017-08-28T14:00");
    let taken = desk.ok(scan_back(&offered.dossier_code, &manifest)).await;
    assert!(taken.scanned[0].on_manifest && taken.missing.is_empty());
    let receipt = read(&suite, &offered.uid).await.paper_receipt;
    assert_eq!(receipt.unwrap().unit_uid, COMMUNE);
    assert_eq!(manifest_back(&suite).await.transfers, []);
    suite.must_add_up().await;
}

fn result_sheets(key: &str, originals: i32, copies: i32) -> HandedIn {
    HandedIn {
        component_key: key.to_owned(),
        originals,
        copies,
    }
}

/// The leader of the district names what goes with the result, and no free text.
async fn decided_with(suite: &Suite, paper: &[HandedIn]) {
    let held = suite.take_over(DISTRICT, "2017-08-28T10:00").await;
    let leader = suite.leader(DISTRICT).at("2017-08-28T11:00");
    let leader = leader.after(held.position.as_ref());
    let decide = |paper: &[HandedIn]| RecordDecisionRequest {
        paper: paper.to_vec(),
        ..desk::decide(&held)
    };
    for (sheets, field) in [
        (result_sheets("H'Hen Niê", 1, 0), "paper.component_key"),
        (result_sheets("evidence", 0, 0), "paper[0].originals"),
    ] {
        let refused = leader.refused(decide(&[sheets]), Code::InvalidArgument, "INVALID_FIELDS");
        assert_eq!(refused.await.fields(), [field]);
    }
    let twice = [result_sheets("", 1, 0), result_sheets("", 1, 0)];
    let refused = leader.refused(decide(&twice), Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(refused.await.fields(), ["paper[1].component_key"]);
    leader.ok(decide(paper)).await;
}

#[tokio::test]
async fn r05_what_goes_with_the_result_on_paper_is_named_with_the_decision_and_comes_to_the_desk() {
    let suite = Suite::start().await;
    let dossier = suite.register(DECIDED_BY_DISTRICT, COMMUNE).await;
    suite.work_off(COMMUNE, "2017-08-28T08:30").await;
    suite.work_off(DISTRICT, "2017-08-28T09:00").await;
    let goes = [result_sheets("", 1, 1), result_sheets("evidence", 1, 0)];
    decided_with(&suite, &goes).await;
    let result = suite.offer_to(COMMUNE).await;
    assert_eq!(
        result.paper,
        [
            paper("", "Kết quả giải quyết", 1, 1),
            paper("evidence", "Giấy tờ chứng minh kèm theo", 1, 0),
        ]
    );

    let manifest = manifest_back(&suite).await;
    let printed = "Kết quả giải quyết: 1 bản chính, 1 bản sao";
    assert!(manifest.text.contains(printed), "{}", manifest.text);
    let desk = suite.receptionist(COMMUNE).at("2017-08-28T14:00");
    let taken = desk.ok(scan_back(&result.dossier_code, &manifest)).await;
    assert_eq!(taken.missing, []);
    let held = Held {
        transfer: taken.scanned[0].transfers[0].clone(),
        position: taken.position.clone(),
    };
    let receipt = read(&suite, &result.uid).await.paper_receipt;
    assert_eq!(receipt.unwrap().unit_uid, COMMUNE);
    suite.give_back(&held, "2017-08-28T15:00").await;

    // The log has the keys, and names nothing.
    let told = history(&suite, &dossier.uid).await;
    let decided = told.iter().find_map(|(change, _)| match change {
        Change::Decided(decided) => Some(&decided.paper),
        _ => None,
    });
    assert_eq!(*decided.unwrap(), goes);
    suite.must_add_up().await;
}
