//! Readings of what units write to each other: why something goes another way, and which paper travels.

use kit::testing::until;
use proto::routing::v1::{
    AssignTransferRequest, BatchAcceptTransfersRequest, ClaimTransferRequest,
    CompleteTransferRequest, DeclineTransferRequest, GetManifestRequest, GetRouteRequest,
    GetTransferRequest, ListDeadLettersRequest, ListTransfersRequest, Paper, PullTransfersRequest,
    ReceivePaperRequest, ReleaseTransferRequest, StreamTransfersRequest, Transfer,
};
use tests::cast::{COMMUNE, DISTRICT, subject};
use tests::filing::{BIRTH, DECIDED_BY_DISTRICT};
use tests::subscriber::{accept, give_back, seconds};
use tests::suite::PATIENCE;
use tests::{Actor, Held, Suite, desk, new_request_id};

use crate::{Told, entries};

const HANDLING: &str = "handling";

/// An officer and the subject of its tokens.
struct Officer(String, Actor);

impl Officer {
    fn of(suite: &Suite, unit: &str, role: &str) -> Self {
        let subject = subject(unit, role);
        let actor = suite.actor(&subject);
        Self(subject, actor)
    }

    fn who(&self) -> (&str, &Actor) {
        (&self.0, &self.1)
    }
}

fn sheets() -> Vec<Paper> {
    vec![Paper {
        component: "evidence".to_owned(),
        name: "Giấy chứng nhận bị thương".to_owned(),
        originals: 1,
        copies: 0,
    }]
}

fn get(transfer: &Transfer) -> GetTransferRequest {
    GetTransferRequest {
        uid: transfer.uid.clone(),
    }
}

fn route(transfer: &Transfer) -> GetRouteRequest {
    GetRouteRequest {
        dossier_uid: transfer.dossier_uid.clone(),
    }
}

fn list(unit: &str) -> ListTransfersRequest {
    ListTransfersRequest {
        unit_uid: unit.to_owned(),
        ..Default::default()
    }
}

fn pull(unit: &str) -> PullTransfersRequest {
    PullTransfersRequest {
        unit_uid: unit.to_owned(),
        max_transfers: 1,
        wait: Some(seconds(10)),
        lease: None,
    }
}

fn manifest() -> GetManifestRequest {
    GetManifestRequest {
        from_unit_uid: COMMUNE.to_owned(),
        to_unit_uid: DISTRICT.to_owned(),
        ..Default::default()
    }
}

fn receive_paper(transfer: &Transfer) -> ReceivePaperRequest {
    ReceivePaperRequest {
        request_id: new_request_id(),
        transfer_uid: transfer.uid.clone(),
        missing: Vec::new(),
    }
}

fn claim(transfer: &Transfer) -> ClaimTransferRequest {
    ClaimTransferRequest {
        request_id: new_request_id(),
        transfer_uid: transfer.uid.clone(),
        expected_revision: 0,
    }
}

fn assign(transfer: &Transfer, assignee: &str) -> AssignTransferRequest {
    AssignTransferRequest {
        request_id: new_request_id(),
        transfer_uid: transfer.uid.clone(),
        assignee: assignee.to_owned(),
        expected_revision: 0,
    }
}

fn release(transfer: &Transfer) -> ReleaseTransferRequest {
    ReleaseTransferRequest {
        request_id: new_request_id(),
        transfer_uid: transfer.uid.clone(),
        expected_revision: 0,
    }
}

fn decline(offer: &Transfer) -> DeclineTransferRequest {
    DeclineTransferRequest {
        request_id: new_request_id(),
        transfer_uid: offer.uid.clone(),
        offer_epoch: offer.offer_epoch,
        reason: "Không thuộc thẩm quyền".to_owned(),
    }
}

/// The commune has verified a dossier and sends it to its district: the officer of the commune is told which paper travels.
async fn sent(suite: &Suite, told: &mut Told) -> Transfer {
    suite.register(DECIDED_BY_DISTRICT, COMMUNE).await;
    let held = suite.take_over(COMMUNE, "2017-08-28T08:00").await;
    // Nobody has written anything yet.
    suite.receptionist(COMMUNE).ok(route(&held.transfer)).await;
    let complete = CompleteTransferRequest {
        paper: sheets(),
        ..desk::complete(&held)
    };
    let examiner = Officer::of(suite, COMMUNE, "examiner");
    let completed = told.by(examiner.who(), complete, HANDLING).await.message;
    completed.offered.into_iter().next().unwrap()
}

fn custody(accepted: Option<Transfer>) -> Held {
    Held {
        transfer: accepted.unwrap(),
        position: None,
    }
}

/// All that was told, and nothing else, stands in the log, under the uid of the dossier.
async fn must_be_recorded(mut suite: Suite, told: &Told, dossier: &str) {
    assert_eq!(suite.terminate().await.code(), Some(0));
    let recorded = entries(&suite, "routing").await;
    told.must_be_all(&recorded);
    let mut readings = recorded.iter().filter(|entry| entry.kind == "reading");
    assert!(readings.all(|reading| reading.objects == dossier));
}

#[tokio::test]
async fn whoever_is_told_which_paper_travels_is_recorded() {
    let suite = Suite::start().await;
    let mut told = Told::default();
    let offer = sent(&suite, &mut told).await;
    let desk = Officer::of(&suite, DISTRICT, "receptionist");
    let examiner = Officer::of(&suite, DISTRICT, "examiner");
    let leader = Officer::of(&suite, DISTRICT, "leader");
    told.by(desk.who(), get(&offer), HANDLING).await;
    told.by(desk.who(), list(DISTRICT), HANDLING).await;
    told.by(desk.who(), route(&offer), HANDLING).await;
    told.by(desk.who(), manifest(), HANDLING).await;
    let pulled = told.by(examiner.who(), pull(DISTRICT), HANDLING).await;
    assert_eq!(pulled.deliveries.len(), 1);
    told.by(examiner.who(), desk::accept(&offer), HANDLING)
        .await;
    told.by(examiner.who(), claim(&offer), HANDLING).await;
    told.by(examiner.who(), release(&offer), HANDLING).await;
    let assign = assign(&offer, &examiner.0);
    told.by(leader.who(), assign, HANDLING).await;
    told.by(desk.who(), receive_paper(&offer), HANDLING).await;
    // Its paper has come: the manifest has nothing more to tell.
    desk.1.ok(manifest()).await;
    must_be_recorded(suite, &told, &offer.dossier_uid).await;
}

#[tokio::test]
async fn whoever_is_told_why_a_dossier_goes_back_is_recorded() {
    let suite = Suite::start().await;
    let mut told = Told::default();
    let offer = sent(&suite, &mut told).await;
    let sender = Officer::of(&suite, COMMUNE, "receptionist");
    let desk = Officer::of(&suite, DISTRICT, "receptionist");
    let examiner = Officer::of(&suite, DISTRICT, "examiner");
    let leader = Officer::of(&suite, DISTRICT, "leader");
    let forward = |transfer: &Transfer| desk::forward(transfer, DISTRICT);

    let accepted = told.by(examiner.who(), desk::accept(&offer), HANDLING);
    let held = custody(accepted.await.message.transfer);
    let returned = told.by(examiner.who(), desk::return_transfer(&held), HANDLING);
    let returned = returned.await.message.transfer.unwrap();
    let forwarded = told.by(sender.who(), forward(&returned), HANDLING).await;
    let forwarded = forwarded.message.transfer.unwrap();
    let recalled = told.by(sender.who(), desk::recall(&forwarded), HANDLING);
    let recalled = recalled.await.message.transfer.unwrap();
    let forwarded = told.by(sender.who(), forward(&recalled), HANDLING).await;
    let forwarded = forwarded.message.transfer.unwrap();
    let declined = told.by(desk.who(), decline(&forwarded), HANDLING).await;
    let declined = declined.message.transfer.unwrap();
    told.by(sender.who(), forward(&declined), HANDLING).await;

    let mut stream = examiner.1.subscribe(DISTRICT).await.unwrap();
    let delivery = stream.next().await;
    told.note::<StreamTransfersRequest>(&examiner.0, HANDLING);
    let outcome = stream.done(accept(&delivery)).await;
    told.note::<StreamTransfersRequest>(&examiner.0, HANDLING);
    let back = desk::send_back(&custody(outcome.accepted), "verify");
    let sent = told.by(leader.who(), back, HANDLING).await;
    let sent = sent.message.transfer.unwrap();
    // A batch tells neither reasons nor paper.
    let batch = BatchAcceptTransfersRequest {
        request_id: new_request_id(),
        unit_uid: COMMUNE.to_owned(),
        from_unit_uid: DISTRICT.to_owned(),
        manifest_made_at: None,
        dossier_codes: vec![sent.dossier_code.clone()],
    };
    let taken = sender.1.ok(batch).await;
    assert_eq!(taken.scanned[0].transfers.len(), 1);
    // What has ended at the district is not its business any more.
    told.by(desk.who(), get(&sent), "unstated").await;
    drop(stream);
    must_be_recorded(suite, &told, &offer.dossier_uid).await;
}

#[tokio::test]
async fn whoever_is_told_of_a_dead_letter_is_recorded() {
    let mut suite = Suite::load().await;
    suite.set("MOTCUA_MOST_DELIVERIES", "2");
    suite.restart().await;
    let mut told = Told::default();
    suite.register(BIRTH, COMMUNE).await;
    let desk = Officer::of(&suite, COMMUNE, "receptionist");
    let offer = suite.offer_to(COMMUNE).await;
    let declined = told.by(desk.who(), decline(&offer), HANDLING).await;
    let declined = declined.message.transfer.unwrap();
    let forward = desk::forward(&declined, COMMUNE);
    told.by(desk.who(), forward, HANDLING).await;
    let mut stream = desk.1.subscribe(COMMUNE).await.unwrap();
    for _ in 0..2 {
        let delivery = stream.next().await;
        told.note::<StreamTransfersRequest>(&desk.0, HANDLING);
        stream.done(give_back(&delivery, 0)).await;
    }
    let list = ListDeadLettersRequest {
        unit_uid: COMMUNE.to_owned(),
        ..Default::default()
    };
    until("it is a dead letter", PATIENCE, async || {
        let letters = desk.1.ok(list.clone()).await;
        (!letters.transfers.is_empty()).then_some(())
    })
    .await;
    told.note::<ListDeadLettersRequest>(&desk.0, HANDLING);
    drop(stream);
    must_be_recorded(suite, &told, &offer.dossier_uid).await;
}
