//! What opens while the applicant is asked waits until the clock of the dossier goes on.

use proto::catalogue::v1::{Procedure, Step};
use proto::intake::v1::Dossier;
use proto::routing::v1::{
    BatchAcceptTransfersRequest, GetQueueStatsRequest, GetQueueStatsResponse, ListTransfersRequest,
    PullTransfersRequest, Transfer, TransferState, TransferUrgency,
};
use tests::cast::{DEPARTMENT, ENVIRONMENT};
use tests::filing::CONSULTATION;
use tests::subscriber::seconds;
use tests::{Actor, Held, Suite, desk, new_request_id};
use tonic::Code;

use crate::asked::addition;
use crate::deadlines::local;

const ASKED: &str = "consult-environment";
const CONCLUDING: &str = "conclude-environment";

/// The consulted unit concludes after its opinion, in a step of its own.
fn concluding(mut draft: Procedure) -> Procedure {
    let case = &mut draft.version.as_mut().unwrap().cases[0];
    let steps = &mut case.route.as_mut().unwrap().steps;
    for before in steps.iter_mut().flat_map(|step| &mut step.after) {
        if *before == ASKED {
            CONCLUDING.clone_into(before);
        }
    }
    let asked = steps.iter().position(|step| step.key == ASKED).unwrap();
    let concludes = Step {
        key: CONCLUDING.to_owned(),
        after: vec![ASKED.to_owned()],
        share_percent: 30,
        ..steps[asked].clone()
    };
    steps[asked].share_percent -= 30;
    steps.insert(asked + 1, concludes);
    draft
}

/// The lead has asked the applicant, and the step after the opinion of the consulted unit was opened since.
struct Paused {
    suite: Suite,
    dossier: Dossier,
    lead: Held,
    offer: Transfer,
}

async fn paused() -> Paused {
    let suite = Suite::start().await;
    let position = suite.publish(CONSULTATION.code, concluding).await;
    // Routing has heard of it, too.
    suite.must_add_up().await;
    let desk = suite.receptionist(DEPARTMENT).after(Some(&position));
    let registered = desk
        .at("2017-08-28T08:30")
        .ok(CONSULTATION.at_counter(DEPARTMENT))
        .await;
    suite.work_off(DEPARTMENT, "2017-08-28T09:00").await;
    let lead = suite.take_over(DEPARTMENT, "2017-08-28T10:00").await;
    let consulted = suite.take_over(ENVIRONMENT, "2017-08-28T10:30").await;
    let leading = suite.officer_of(&lead.transfer);
    let leading = leading.at("2017-08-28T11:00").after(lead.position.as_ref());
    let asked = leading.ok(desk::ask_supplement(&lead, "form")).await;
    let opinion = suite.officer_of(&consulted.transfer);
    let opinion = opinion
        .at("2017-08-28T14:00")
        .after(asked.position.as_ref());
    let completed = opinion.ok(desk::complete(&consulted)).await.message;
    Paused {
        dossier: registered.message.dossier.unwrap(),
        offer: completed.offered.into_iter().next().unwrap(),
        suite,
        lead,
    }
}

async fn stats(officer: &Actor) -> GetQueueStatsResponse {
    let unit_uid = ENVIRONMENT.to_owned();
    officer.ok(GetQueueStatsRequest { unit_uid }).await.message
}

/// It is open, and nobody is brought it.
async fn must_be_kept_back(officer: &Actor) {
    let pull = PullTransfersRequest {
        unit_uid: ENVIRONMENT.to_owned(),
        wait: Some(seconds(1)),
        ..Default::default()
    };
    assert_eq!(officer.ok(pull).await.message.deliveries, []);
    let stats = stats(officer).await;
    assert_eq!((stats.open, stats.on_hold, stats.in_queue), (1, 1, 0));
}

/// Whoever finds it, or scans the code of its dossier.
async fn nobody_may_accept(officer: &Actor, offer: &Transfer) {
    let no = Code::FailedPrecondition;
    let refused = officer.refused(desk::accept(offer), no, "OFFER_ON_HOLD");
    assert_eq!(refused.await.variable("transfer_uid"), offer.uid);
    let scan = BatchAcceptTransfersRequest {
        request_id: new_request_id(),
        unit_uid: ENVIRONMENT.to_owned(),
        from_unit_uid: ENVIRONMENT.to_owned(),
        dossier_codes: vec![offer.dossier_code.clone()],
        ..Default::default()
    };
    let scanned = officer.ok(scan).await.message.scanned;
    assert_eq!(scanned[0].refused, "OFFER_ON_HOLD");
}

#[tokio::test]
async fn what_opens_while_the_applicant_is_asked_is_brought_when_the_clock_goes_on() {
    let paused = paused().await;
    let (suite, offer) = (&paused.suite, &paused.offer);
    assert_eq!((offer.step_key.as_str(), offer.on_hold), (CONCLUDING, true));
    assert_eq!(offer.hand_over_due, None);
    let examiner = suite.examiner(ENVIRONMENT).at("2017-08-28T15:00");
    must_be_kept_back(&examiner).await;
    nobody_may_accept(&examiner, offer).await;
    // The next day whoever was offered it before would be late.
    let list = ListTransfersRequest {
        unit_uid: ENVIRONMENT.to_owned(),
        ..Default::default()
    };
    let later = suite.examiner(ENVIRONMENT).at("2017-08-29T16:00");
    let listed = later.ok(list).await.message.transfers;
    let [waiting] = &listed[..] else {
        panic!("{listed:?}");
    };
    assert!(waiting.on_hold && waiting.escalation.is_none());
    assert_eq!(waiting.urgency(), TransferUrgency::Unspecified);
    let desk = suite.receptionist(DEPARTMENT).at("2017-08-30T10:00");
    desk.ok(addition(&paused.dossier, "form")).await;
    let brought = suite.offer_to(ENVIRONMENT).await;
    assert_eq!((&brought.uid, brought.offer_epoch), (&offer.uid, 1));
    assert!(!brought.on_hold);
    assert_eq!(local(brought.offered_at), "2017-08-30T10:00");
    assert_eq!(local(brought.hand_over_due), "2017-08-30T17:00");
    let held = suite.accept(&brought, "2017-08-30T10:30").await;
    suite.complete(&held, "2017-08-30T11:00").await;
    suite.complete(&paused.lead, "2017-08-30T11:30").await;
    suite.must_add_up().await;
}

#[tokio::test]
async fn what_is_on_hold_is_in_no_queue_that_lost_everything_and_is_recalled_with_its_dossier() {
    let mut paused = paused().await;
    paused.suite.kill().await;
    paused.suite.restart().await;
    let (suite, offer) = (&paused.suite, &paused.offer);
    let examiner = suite.examiner(ENVIRONMENT).at("2017-08-28T15:00");
    must_be_kept_back(&examiner).await;
    let desk = suite.receptionist(DEPARTMENT).at("2017-08-28T16:00");
    desk.ok(desk::stop(&paused.dossier)).await;
    suite.must_add_up().await;
    let route = suite.route(&paused.dossier.uid, DEPARTMENT).await;
    let mut transfers = route.transfers.iter();
    let recalled = transfers.find(|transfer| transfer.uid == offer.uid);
    let recalled = recalled.unwrap();
    assert_eq!(recalled.state(), TransferState::Recalled);
    assert!(!recalled.on_hold && recalled.ended_at.is_some());
    assert_eq!(stats(&examiner).await.open, 0);
}
