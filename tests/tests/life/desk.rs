//! Who in a unit works on what, and who is told of what is late: the queue for people, and the clocks of routing.

use futures::future::join_all;
use kit::testing::until;
use prost::Message as _;
use proto::identity::v1::{
    AssignPositionRequest, DelegatePositionRequest, DisableOfficerRequest, EndPositionRequest,
    GetOfficerRequest, Position, RegisterOfficerRequest, Role,
};
use proto::routing::v1::{
    AssignTransferRequest, Assigned, ClaimTransferRequest, EscalationCause, EscalationLevel,
    GetTransferRequest, ListTransfersRequest, ReleaseTransferRequest, Transfer, TransferChange,
    TransferEvent, TransferRole, TransferState, TransferUrgency,
};
use tests::cast::{
    ADMINISTRATOR, COMMUNE, DISTRICT, OTHER_COMMUNE, OTHER_DEPARTMENT, PROVINCE, subject,
};
use tests::filing::{BIRTH, MARRIAGE};
use tests::{Actor, Refusal, Suite, desk, new_request_id};
use tonic::Code;

use crate::deadlines::PATIENCE;

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

/// The work list of a unit, narrowed.
fn list(unit: &str, narrow: impl FnOnce(&mut ListTransfersRequest)) -> ListTransfersRequest {
    let mut request = ListTransfersRequest {
        unit_uid: unit.to_owned(),
        ..Default::default()
    };
    narrow(&mut request);
    request
}

async fn listed(actor: &Actor, request: ListTransfersRequest) -> Vec<String> {
    let page = actor.ok(request).await.message;
    page.transfers.into_iter().map(|found| found.uid).collect()
}

async fn read(actor: &Actor, transfer: &Transfer) -> Transfer {
    let uid = transfer.uid.clone();
    let found = actor.ok(GetTransferRequest { uid }).await.message;
    found.transfer.unwrap()
}

/// A new officer of the commune who examines.
async fn examiner(suite: &Suite, name: &str) -> (Actor, Position) {
    let administrator = suite.actor(ADMINISTRATOR);
    let registered = administrator.ok(RegisterOfficerRequest {
        request_id: new_request_id(),
        subject: name.to_owned(),
        name: "Y Lan Niê".to_owned(),
        unit_uid: COMMUNE.to_owned(),
    });
    registered.await;
    let assigned = administrator.ok(AssignPositionRequest {
        request_id: new_request_id(),
        subject: name.to_owned(),
        role: Role::Examiner.into(),
        unit_uid: COMMUNE.to_owned(),
        first_day: "2017-08-01".to_owned(),
        last_day: String::new(),
        expected_revision: 0,
    });
    let position = assigned.await.message.position;
    (suite.actor(name), position.unwrap())
}

/// Its last day was Sunday, of which is told at once.
async fn end(suite: &Suite, position: &Position) {
    let ending = EndPositionRequest {
        request_id: new_request_id(),
        position_uid: position.uid.clone(),
        last_day: "2017-08-27".to_owned(),
        expected_revision: 0,
    };
    suite.actor(ADMINISTRATOR).ok(ending).await;
}

/// The first step of a birth, offered to the commune on Monday at 08:00: to be accepted by 17:00.
async fn offer(suite: &Suite) -> Transfer {
    suite.register(BIRTH, COMMUNE).await;
    suite.offer_to(COMMUNE).await
}

/// What routing's log tells of a transfer.
async fn told(suite: &Suite, transfer: &Transfer) -> Vec<TransferEvent> {
    let store = suite.store("routing").await;
    let shard = kit::log::Shard::of(&transfer.dossier_uid);
    let events = kit::log::page(&store, "routing", shard, 0, 1_000).await;
    let changes = events.unwrap().into_iter().map(|event| {
        let change = event.change.unwrap();
        TransferChange::decode(change.value.as_slice()).unwrap()
    });
    let of_it = changes.filter(|change| {
        let told = change.transfer.as_ref();
        told.is_some_and(|told| told.uid == transfer.uid)
    });
    of_it.map(|change| change.event()).collect()
}

#[tokio::test]
async fn of_eight_officers_who_claim_at_once_one_has_it_and_the_unit_stays_responsible() {
    let suite = Suite::start().await;
    let offer = offer(&suite).await;
    let mut officers = Vec::new();
    for number in 0..8 {
        officers.push(examiner(&suite, &format!("examiner-{number}")).await.0);
    }
    let claims = officers.iter().map(|officer| officer.call(claim(&offer)));
    let answers = join_all(claims).await;
    let won: Vec<usize> = (0..8).filter(|nth| answers[*nth].is_ok()).collect();
    let [winner] = won.as_slice() else {
        panic!("{won:?} of eight have it");
    };
    let winner = format!("examiner-{winner}");
    for lost in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        let refusal = Refusal::of(lost);
        assert_eq!(refusal.reason, "ASSIGNED_ALREADY");
        assert_eq!(refusal.variable("assignee"), winner);
    }
    let events = told(&suite, &offer).await;
    assert_eq!(events, [TransferEvent::Offered, TransferEvent::Assigned]);
    // A desk goes on when one is ill: any officer in the role of the step may act.
    let held = suite.accept(&offer, "2017-08-28T09:00").await;
    assert_eq!(held.transfer.assignee, winner);
    suite.complete(&held, "2017-08-28T09:30").await;
    assert_eq!(
        read(&suite.examiner(COMMUNE), &offer).await.assignee,
        "",
        "what is done is nobody's"
    );
    suite.must_add_up().await;
}

#[tokio::test]
async fn a_leader_gives_a_step_to_an_officer_of_the_unit_and_takes_it_back() {
    let suite = Suite::start().await;
    let offer = offer(&suite).await;
    let (own, leader) = (subject(COMMUNE, "examiner"), suite.leader(COMMUNE));
    for stranger in [subject(COMMUNE, "leader"), subject(DISTRICT, "examiner")] {
        let act = assign(&offer, &stranger);
        let code = Code::FailedPrecondition;
        let refusal = leader.refused(act, code, "OFFICER_NOT_IN_ROLE").await;
        assert_eq!(refusal.variable("officer"), stranger);
    }
    suite
        .leader(OTHER_COMMUNE)
        .refused(assign(&offer, &own), Code::NotFound, "TRANSFER_NOT_FOUND")
        .await;
    suite
        .examiner(COMMUNE)
        .refused(
            assign(&offer, &own),
            Code::PermissionDenied,
            "RPC_NOT_GRANTED",
        )
        .await;
    leader
        .refused(claim(&offer), Code::PermissionDenied, "STEP_ROLE_REQUIRED")
        .await;
    let given = leader.ok(assign(&offer, &own)).await.message;
    assert_eq!(given.transfer.unwrap().assignee, own);
    let other = suite.receptionist(COMMUNE);
    other
        .refused(
            release(&offer),
            Code::PermissionDenied,
            "ASSIGNED_TO_ANOTHER",
        )
        .await;
    let back = leader.ok(release(&offer)).await.message;
    assert_eq!(back.transfer.unwrap().assignee, "");
    leader
        .refused(release(&offer), Code::FailedPrecondition, "NOT_ASSIGNED")
        .await;
    let examiner = suite.examiner(COMMUNE);
    let taken = examiner.ok(claim(&offer)).await.message.transfer.unwrap();
    let unseen = ReleaseTransferRequest {
        expected_revision: taken.revision - 1,
        ..release(&offer)
    };
    examiner
        .refused(unseen, Code::Aborted, "REVISION_CHANGED")
        .await;
    let mine = |unit: &str| list(unit, |request| request.set_assigned(Assigned::ToMe));
    let uid = std::slice::from_ref(&offer.uid);
    assert_eq!(listed(&examiner, mine(COMMUNE)).await, uid);
    assert!(listed(&leader, mine(COMMUNE)).await.is_empty());
    examiner.ok(release(&offer)).await;
    let nobodys = list(COMMUNE, |request| request.set_assigned(Assigned::ToNobody));
    assert_eq!(listed(&leader, nobodys).await, uid);
}

#[tokio::test]
async fn what_an_officer_had_goes_back_to_the_unit_when_its_position_ends_or_it_is_disabled() {
    let mut suite = Suite::start().await;
    let (first, second) = (offer(&suite).await, offer(&suite).await);
    let (leaving, position) = examiner(&suite, "leaving").await;
    let (disabled, _) = examiner(&suite, "disabled").await;
    leaving.ok(claim(&first)).await;
    disabled.ok(claim(&second)).await;
    end(&suite, &position).await;
    let disable = DisableOfficerRequest {
        request_id: new_request_id(),
        subject: "disabled".to_owned(),
        expected_revision: 0,
    };
    suite.actor(ADMINISTRATOR).ok(disable).await;
    let desk = suite.receptionist(COMMUNE);
    for transfer in [&first, &second] {
        let back = async || {
            read(&desk, transfer)
                .await
                .assignee
                .is_empty()
                .then_some(())
        };
        until("it is the unit's again", PATIENCE, back).await;
    }
    // Its token of before says otherwise, and comes after the end of the position.
    leaving
        .refused(
            claim(&first),
            Code::FailedPrecondition,
            "OFFICER_NOT_IN_ROLE",
        )
        .await;
    suite.must_add_up().await;
    suite.kill().await;
    suite.restart().await;
    suite.must_add_up().await;
    let events = [
        TransferEvent::Offered,
        TransferEvent::Assigned,
        TransferEvent::Unassigned,
    ];
    for transfer in [&first, &second] {
        assert_eq!(told(&suite, transfer).await, events, "each once");
    }
}

#[tokio::test]
async fn who_has_the_post_by_another_position_keeps_what_it_had() {
    let suite = Suite::start().await;
    let offer = offer(&suite).await;
    let (officer, position) = examiner(&suite, "staying").await;
    officer.ok(claim(&offer)).await;
    let acting = DelegatePositionRequest {
        request_id: new_request_id(),
        position_uid: position_of(&suite, &subject(COMMUNE, "examiner")).await,
        subject: "staying".to_owned(),
        first_day: "2017-08-28".to_owned(),
        last_day: String::new(),
        expected_revision: 0,
    };
    suite.actor(ADMINISTRATOR).ok(acting).await;
    end(&suite, &position).await;
    suite.must_add_up().await;
    let kept = read(&suite.receptionist(COMMUNE), &offer).await;
    assert_eq!(kept.assignee, "staying");
}

async fn position_of(suite: &Suite, officer: &str) -> String {
    let request = GetOfficerRequest {
        subject: officer.to_owned(),
    };
    let found = suite.actor(ADMINISTRATOR).ok(request).await.message;
    found.officer.unwrap().positions[0].uid.clone()
}

#[tokio::test]
async fn a_work_list_is_narrowed_in_every_way_and_paged_by_due_time() {
    let suite = Suite::start().await;
    let later = suite.register(MARRIAGE, COMMUNE).await;
    let marriage = suite.offer_to(COMMUNE).await;
    assert_eq!(marriage.dossier_uid, later.uid);
    let birth = offer(&suite).await;
    let held = suite.accept(&birth, "2017-08-28T09:00").await;
    let desk = suite.receptionist(COMMUNE);
    let both = [birth.uid.clone(), marriage.uid.clone()];
    assert_eq!(listed(&desk, list(COMMUNE, |_| ())).await, both);
    let states = list(COMMUNE, |request| {
        request.states = vec![TransferState::Accepted.into()];
    });
    assert_eq!(listed(&desk, states).await, both[..1]);
    let states = list(COMMUNE, |request| {
        request.set_state(TransferState::Offered);
        request.states = vec![TransferState::Accepted.into()];
    });
    assert_eq!(listed(&desk, states).await, both);
    let due = list(COMMUNE, |request| request.due_before = marriage.due);
    assert_eq!(listed(&desk, due).await, both[..1]);
    let procedure = list(COMMUNE, |request| {
        MARRIAGE.code.clone_into(&mut request.procedure_code);
    });
    assert_eq!(listed(&desk, procedure).await, both[1..]);
    for (role, expected) in [(TransferRole::Examiner, 2), (TransferRole::Leader, 0)] {
        let of_role = list(COMMUNE, |request| request.set_role(role));
        assert_eq!(listed(&desk, of_role).await.len(), expected);
    }
    suite
        .leader(COMMUNE)
        .ok(assign(&birth, &subject(COMMUNE, "examiner")))
        .await;
    let of_officer = list(COMMUNE, |request| {
        request.assignee = subject(COMMUNE, "examiner");
    });
    assert_eq!(listed(&desk, of_officer).await, both[..1]);
    let contradiction = list(COMMUNE, |request| {
        request.assignee = subject(COMMUNE, "examiner");
        request.set_assigned(Assigned::ToMe);
    });
    desk.refused(contradiction, Code::InvalidArgument, "INVALID_FIELDS")
        .await;
    // Pages by key.
    let mut request = list(COMMUNE, |request| request.page_size = 1);
    let mut paged = Vec::new();
    loop {
        let page = desk.ok(request.clone()).await.message;
        paged.extend(page.transfers.into_iter().map(|found| found.uid));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(paged, both);
    // Of the 7 hours of the day 70 % are the examiner's: due at 14:54.
    pressing(&desk, &held.transfer, &both).await;
}

async fn pressing(desk: &Actor, birth: &Transfer, both: &[String; 2]) {
    let urgent = |urgency| list(COMMUNE, |request| request.set_urgency(urgency));
    let (risk, late) = (TransferUrgency::AtRisk, TransferUrgency::Late);
    for (at, urgency, expected) in [
        ("2017-08-28T09:30", risk, &both[..0]),
        ("2017-08-28T14:30", risk, &both[..1]),
        ("2017-08-28T14:30", late, &both[..0]),
        ("2017-08-28T15:30", late, &both[..1]),
    ] {
        let found = listed(&desk.at(at), urgent(urgency)).await;
        assert_eq!(found, expected, "{at} {urgency:?}");
    }
    let marks = [
        ("2017-08-28T09:30", TransferUrgency::Unspecified),
        ("2017-08-28T14:30", risk),
        ("2017-08-28T15:30", late),
    ];
    for (at, urgency) in marks {
        assert_eq!(read(&desk.at(at), birth).await.urgency(), urgency, "{at}");
    }
}

/// What has escalated, as somebody of a unit sees it at a time.
async fn escalated(actor: &Actor, unit: &str, level: EscalationLevel) -> Vec<Transfer> {
    let request = list(unit, |request| request.set_escalated(level));
    actor.ok(request).await.message.transfers
}

#[tokio::test]
async fn r03_an_overdue_offer_goes_up_to_the_leader_and_then_to_the_unit_above_which_may_read_it() {
    let suite = Suite::start().await;
    let offer = offer(&suite).await;
    let own = suite.leader(COMMUNE);
    let (of_unit, from_below) = (EscalationLevel::Unit, EscalationLevel::ParentUnit);
    let early = own.at("2017-08-28T14:00");
    assert!(escalated(&early, COMMUNE, of_unit).await.is_empty());
    let evening = own.at("2017-08-28T17:00");
    let told_leader = async || escalated(&evening, COMMUNE, of_unit).await.pop();
    let up = until("the leader is told", PATIENCE, told_leader).await;
    let escalation = up.escalation.unwrap();
    assert_eq!(escalation.level(), EscalationLevel::Unit);
    assert_eq!(escalation.to_unit_uid, COMMUNE);
    let above = suite.leader(DISTRICT);
    let unknown = GetTransferRequest {
        uid: offer.uid.clone(),
    };
    above
        .refused(unknown.clone(), Code::NotFound, "TRANSFER_NOT_FOUND")
        .await;
    let next_evening = above.at("2017-08-29T17:00");
    let told_above = async || escalated(&next_evening, DISTRICT, from_below).await.pop();
    let seen = until("the unit above is told", PATIENCE, told_above).await;
    assert_eq!((&seen.uid, &*seen.to_unit_uid), (&offer.uid, COMMUNE));
    assert_eq!(seen.urgency(), TransferUrgency::Late);
    let escalation = read(&above, &offer).await.escalation.unwrap();
    assert_eq!(escalation.level(), EscalationLevel::ParentUnit);
    assert_eq!(escalation.to_unit_uid, DISTRICT);
    scope(&suite, &offer).await;
    suite.must_add_up().await;
    let events = told(&suite, &offer).await;
    let [rest @ .., first, second] = events.as_slice() else {
        panic!("{events:?}");
    };
    assert_eq!(rest, [TransferEvent::Offered]);
    assert_eq!([*first, *second], [TransferEvent::Escalated; 2]);
    // Accepted, it is not late as an offer any more, but as a step, for the birth was due on Monday.
    suite.accept(&offer, "2017-08-30T08:00").await;
    let told_anew = async || {
        let known = read(&own, &offer).await.escalation?;
        (known.cause() == EscalationCause::Step).then_some(known)
    };
    until("the step goes up", PATIENCE, told_anew).await;
}

/// Leaders of the unit above see it and may not act; nobody else there or elsewhere sees it.
async fn scope(suite: &Suite, offer: &Transfer) {
    let from_below = EscalationLevel::ParentUnit;
    let above = suite.leader(DISTRICT);
    above
        .refused(
            desk::accept(offer),
            Code::PermissionDenied,
            "UNIT_NOT_YOURS",
        )
        .await;
    let own_list = listed(&above, list(DISTRICT, |_| ())).await;
    assert!(own_list.is_empty(), "it is no work of the unit above");
    let examiner = suite.examiner(DISTRICT);
    assert!(escalated(&examiner, DISTRICT, from_below).await.is_empty());
    let stranger = suite.leader(OTHER_DEPARTMENT);
    let elsewhere = escalated(&stranger, OTHER_DEPARTMENT, from_below).await;
    assert!(elsewhere.is_empty());
    for unit in [DISTRICT, PROVINCE] {
        let request = list(unit, |request| request.set_escalated(from_below));
        stranger
            .refused(request, Code::PermissionDenied, "UNIT_NOT_YOURS")
            .await;
    }
}

#[tokio::test]
async fn a_step_that_waits_for_the_applicant_is_not_late() {
    let suite = Suite::start().await;
    suite.register(MARRIAGE, COMMUNE).await;
    let held = suite.take_over(COMMUNE, "2017-08-28T09:00").await;
    let examiner = suite
        .officer_of(&held.transfer)
        .after(held.position.as_ref());
    let asked = examiner.at("2017-08-28T10:00");
    let asked = asked.ok(desk::ask_supplement(&held, "evidence")).await;
    let desk = suite.receptionist(COMMUNE).after(asked.position.as_ref());
    let weeks_later = desk.at("2017-09-11T09:00");
    let known = read(&weeks_later, &held.transfer).await;
    assert!(known.suspended);
    assert_eq!(known.urgency(), TransferUrgency::Unspecified);
    let late = list(COMMUNE, |request| {
        request.set_urgency(TransferUrgency::Late);
    });
    assert!(listed(&weeks_later, late).await.is_empty());
}

#[tokio::test]
async fn what_became_late_while_nobody_served_goes_up_once_when_somebody_does() {
    let mut suite = Suite::start().await;
    let offer = offer(&suite).await;
    suite.kill().await;
    suite.restart().await;
    let leader = suite.leader(COMMUNE).at("2017-09-11T09:00");
    let both = async || {
        let events = told(&suite, &offer).await;
        read(&leader, &offer).await;
        (events.len() == 3).then_some(events)
    };
    let events = until("both levels are told", PATIENCE, both).await;
    assert_eq!(events[1..], [TransferEvent::Escalated; 2]);
    suite.kill().await;
    // The clock of the next run begins on that Monday again: it went back.
    suite.restart().await;
    read(&suite.leader(COMMUNE).at("2017-09-12T09:00"), &offer).await;
    suite.must_add_up().await;
    assert_eq!(told(&suite, &offer).await.len(), 3);
}
