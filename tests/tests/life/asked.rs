//! What the applicant is asked for: guidance, the supplement, payment; and what that does to the clock.

use kit::clock;
use proto::intake::v1::{
    Completion, DeadlineReason, Dossier, DossierState, ForwardDossierRequest, GuideDossierRequest,
    HandedIn, SupplementDossierRequest, TrackDossierRequest,
};
use tests::cast::{AN, BINH, COMMUNE, DEPARTMENT, DISTRICT, ENVIRONMENT, OTHER_COMMUNE};
use tests::filing::{BIRTH, CONSULTATION, MARRIAGE};
use tests::{Actor, Held, Suite, desk, new_request_id};
use tonic::Code;

use crate::deadlines::{explain, local, must_name};

/// How a deadline moved for the first time: by which cause, whom and which norm.
async fn must_have_moved(dossier: &Dossier, cause: DeadlineReason, by: &Actor, norm: &str) {
    let moved = &dossier.adjustments[0];
    assert_eq!(moved.cause(), cause);
    assert_eq!((moved.to, &moved.by), (dossier.due, &by.subject().await));
    assert_eq!(moved.legal_basis, norm);
}

/// What an applicant hands in after that.
pub fn addition(dossier: &Dossier, component: &str) -> SupplementDossierRequest {
    SupplementDossierRequest {
        request_id: new_request_id(),
        dossier_uid: dossier.uid.clone(),
        expected_revision: 0,
        components: vec![HandedIn {
            component_key: component.to_owned(),
            originals: 1,
            copies: 1,
        }],
        form_data: String::new(),
    }
}

/// Marriage, registered at the counter on that day, whose first step the commune holds from then on.
async fn held(suite: &Suite, day: &str) -> (Dossier, Held) {
    let at = |time: &str| format!("{day}T{time}");
    let desk = suite.receptionist(COMMUNE).at(&at("09:00"));
    let registered = desk.ok(MARRIAGE.at_counter(COMMUNE)).await;
    let dossier = registered.message.dossier.unwrap();
    let held = suite.take_over(COMMUNE, &at("09:30")).await;
    (dossier, held)
}

#[tokio::test]
async fn r02_before_reception_the_desk_guides_without_a_clock_and_may_guide_again() {
    let suite = Suite::start().await;
    let an = suite.actor(AN);
    let desk = suite.receptionist(COMMUNE);
    let dossier = an.ok(BIRTH.online(COMMUNE)).await.message.dossier.unwrap();
    // Nobody was asked: there is nothing to answer.
    an.refused(
        addition(&dossier, "form"),
        Code::FailedPrecondition,
        "NOTHING_ASKED",
    )
    .await;
    let guide = || GuideDossierRequest {
        request_id: new_request_id(),
        dossier_uid: dossier.uid.clone(),
        expected_revision: 0,
        items: vec![desk::item("evidence")],
    };
    for _ in 0..2 {
        let guided = desk.ok(guide()).await.message.dossier.unwrap();
        assert_eq!(guided.state(), DossierState::Submitted);
        assert_eq!((guided.received_at, guided.answer_by), (None, None));
        an.refused(
            addition(&dossier, "form"),
            Code::InvalidArgument,
            "COMPONENTS_MISSING",
        )
        .await;
        let answered = an.ok(addition(&dossier, "evidence")).await.message.dossier;
        let answered = answered.unwrap();
        assert!(answered.guidance.unwrap().answered_at.is_some());
        // R17: it is the desk's turn again.
        assert_eq!(local(answered.answer_by), "2017-08-29T08:00");
    }
    let received = desk
        .ok(desk::receive(&suite.dossier(&dossier.uid, COMMUNE).await))
        .await;
    assert_eq!(
        received.message.dossier.unwrap().state(),
        DossierState::Received
    );
    suite.must_add_up().await;
}

#[tokio::test]
async fn r01_a_desk_sends_a_submission_on_to_the_competent_unit_and_stays_the_receiving_one() {
    let suite = Suite::start().await;
    let dossier = suite.actor(AN).ok(BIRTH.online(COMMUNE)).await;
    let dossier = dossier.message.dossier.unwrap();
    let forward = |to: &str| ForwardDossierRequest {
        request_id: new_request_id(),
        dossier_uid: dossier.uid.clone(),
        expected_revision: 0,
        competent_unit_uid: to.to_owned(),
    };
    let desk = suite.receptionist(COMMUNE);
    desk.refused(
        forward(DISTRICT),
        Code::FailedPrecondition,
        "UNIT_NOT_COMPETENT",
    )
    .await;
    desk.refused(forward("nowhere"), Code::NotFound, "UNIT_NOT_FOUND")
        .await;
    let sent = desk
        .ok(forward(OTHER_COMMUNE))
        .await
        .message
        .dossier
        .unwrap();
    assert_eq!(sent.receiving_unit_uid, COMMUNE);
    assert_eq!(sent.competent_unit_uid, OTHER_COMMUNE);
    let other = suite.receptionist(OTHER_COMMUNE);
    let received = other
        .ok(desk::receive(&sent))
        .await
        .message
        .dossier
        .unwrap();
    assert_eq!(received.code, dossier.code);
    assert_eq!(received.receiving_unit_uid, COMMUNE);
    suite.must_add_up().await;
}

/// QĐ 09/2015: the clock goes on with what was left.
#[tokio::test]
async fn r02_a_supplement_of_2017_moves_the_appointment_by_exactly_the_working_time_it_took() {
    let suite = Suite::start().await;
    let (dossier, held) = held(&suite, "2017-08-28").await;
    assert_eq!(local(dossier.due), "2017-08-31T17:00");
    let examiner = suite
        .officer_of(&held.transfer)
        .after(held.position.as_ref());
    let asked = examiner
        .at("2017-08-29T10:00")
        .ok(desk::ask_supplement(&held, "evidence"))
        .await;
    let waiting = asked.message.dossier.clone().unwrap();
    assert_eq!(waiting.state(), DossierState::SupplementRequested);
    assert_eq!(waiting.due, None);
    assert_eq!(waiting.appointment, dossier.appointment);
    // Nothing is completed or decided while the applicant is waited for.
    let suspended = examiner
        .at("2017-08-29T10:30")
        .after(asked.position.as_ref());
    suspended
        .refused(
            desk::complete(&held),
            Code::FailedPrecondition,
            "DOSSIER_SUSPENDED",
        )
        .await;
    let track = TrackDossierRequest {
        code: dossier.code.clone(),
    };
    let tracked = suite.anonymous().ok(track).await.message;
    assert_eq!(tracked.completion(), Completion::WaitsForApplicant);
    // From Tuesday 10:00 to Wednesday 15:00 it takes 1.5 + 3.5 and 4.5 + 1.5 hours: 8 on Friday, and 3 on Tuesday after the holiday.
    let desk = suite.receptionist(COMMUNE).at("2017-08-30T15:00");
    let completed = desk.ok(addition(&dossier, "evidence")).await;
    let going_on = completed.message.dossier.clone().unwrap();
    assert_eq!(going_on.state(), DossierState::Processing);
    assert_eq!(local(going_on.due), "2017-09-05T10:00");
    let norm = "Quyết định 09/2015/QĐ-TTg";
    must_have_moved(&going_on, DeadlineReason::Resumed, &desk, norm).await;
    let explained = explain(&suite, &dossier).await;
    assert_eq!(explained.due, going_on.due);
    assert_eq!(explained.due_by_law, going_on.due);
    let supplement = [
        "tạm dừng đến khi nhận hồ sơ bổ sung, hạn chuyển sang 10:00 05/09/2017",
        "stood still until the supplement came, moved to 10:00 05/09/2017",
        norm,
    ];
    must_name(&explained, &[supplement]);
    assert_eq!(explained.counted_minutes, 3 * 8 * 60);
    let paused = explained.days.iter().flat_map(|day| &day.parts);
    assert!(
        paused
            .clone()
            .any(|part| part.reason_en.contains("supplement")),
        "{explained:?}"
    );
    // Routing has heard of it.
    suite.must_add_up().await;
    suite.complete(&held, "2017-08-30T16:10").await;
    let signed = suite.take_over(COMMUNE, "2017-08-30T16:20").await;
    let decided = suite.decide(&signed, "2017-08-30T16:30").await;
    assert_eq!(decided.state(), DossierState::ResultReady);
    suite.must_add_up().await;
}

#[tokio::test]
async fn r02_a_supplement_is_asked_for_once() {
    let suite = Suite::start().await;
    let (dossier, held) = held(&suite, "2017-08-28").await;
    let examiner = suite
        .officer_of(&held.transfer)
        .after(held.position.as_ref());
    examiner.ok(desk::ask_supplement(&held, "evidence")).await;
    let desk = suite.receptionist(COMMUNE).at("2017-08-28T15:00");
    desk.ok(addition(&dossier, "evidence")).await;
    let again = examiner.at("2017-08-28T16:00");
    again
        .refused(
            desk::ask_supplement(&held, "evidence"),
            Code::FailedPrecondition,
            "SUPPLEMENT_ASKED_BEFORE",
        )
        .await;
}

/// NĐ 61/2018 art 11: the full limit begins anew.
#[tokio::test]
async fn r02_a_supplement_of_2018_begins_the_full_limit_with_the_complete_dossier() {
    let suite = Suite::start().await;
    suite.begin_day("2018-08-20T08:00");
    let (dossier, held) = held(&suite, "2018-08-20").await;
    assert_eq!(local(dossier.due), "2018-08-23T17:00");
    let examiner = suite
        .officer_of(&held.transfer)
        .after(held.position.as_ref());
    examiner
        .at("2018-08-21T10:00")
        .ok(desk::ask_supplement(&held, "evidence"))
        .await;
    let desk = suite.receptionist(COMMUNE).at("2018-08-27T09:00");
    let completed = desk
        .ok(addition(&dossier, "evidence"))
        .await
        .message
        .dossier;
    let completed = completed.unwrap();
    assert_eq!(local(completed.due), "2018-08-30T17:00");
    assert_eq!(completed.appointment, dossier.appointment);
    let norm = "Điều 11 và khoản 4 Điều 19 Nghị định 61/2018/NĐ-CP";
    must_have_moved(&completed, DeadlineReason::Restarted, &desk, norm).await;
    let explained = explain(&suite, &dossier).await;
    assert_eq!(explained.due, completed.due);
    let restart = [
        "tính lại từ đầu khi nhận đủ hồ sơ bổ sung, hạn chuyển sang 17:00 30/08/2018",
        "the full limit began anew with the complete dossier, moved to 17:00 30/08/2018",
        norm,
    ];
    must_name(&explained, &[restart]);
    suite.must_add_up().await;
}

#[tokio::test]
async fn r02_a_supplement_is_asked_for_within_three_working_days() {
    let suite = Suite::start().await;
    let (_, held) = held(&suite, "2017-08-28").await;
    let examiner = suite
        .officer_of(&held.transfer)
        .after(held.position.as_ref());
    let refusal = examiner
        .at("2017-09-01T08:00")
        .refused(
            desk::ask_supplement(&held, ""),
            Code::FailedPrecondition,
            "SUPPLEMENT_TOO_LATE",
        )
        .await;
    assert!(
        refusal.variable("ask_by").starts_with("2017-08-31T10:00"),
        "{refusal:?}"
    );
}

#[tokio::test]
async fn r08_the_clock_stands_still_until_all_of_a_financial_duty_is_paid() {
    let suite = Suite::start().await;
    let (dossier, held) = held(&suite, "2017-08-28").await;
    let examiner = suite
        .officer_of(&held.transfer)
        .after(held.position.as_ref());
    let asked = examiner
        .at("2017-08-29T10:00")
        .ok(desk::ask_payment(&held, &[500_000, 20_000]))
        .await;
    let asked = asked.message.dossier.unwrap();
    assert_eq!(asked.state(), DossierState::PaymentRequested);
    let cashier = suite.cashier(COMMUNE).at("2017-09-06T09:00");
    let [first, second] = &asked.payments[..] else {
        panic!("two orders: {asked:?}");
    };
    let mut wrong = desk::confirm(&dossier, first);
    wrong.amount_vnd = 1;
    let refusal = cashier
        .refused(wrong, Code::FailedPrecondition, "AMOUNT_WRONG")
        .await;
    assert_eq!(refusal.variable("amount_vnd"), "500000");
    let half = cashier
        .ok(desk::confirm(&dossier, first))
        .await
        .message
        .dossier;
    assert_eq!(half.unwrap().state(), DossierState::PaymentRequested);
    cashier
        .refused(
            desk::confirm(&dossier, first),
            Code::FailedPrecondition,
            "PAID_BEFORE",
        )
        .await;
    let paid = cashier
        .ok(desk::confirm(&dossier, second))
        .await
        .message
        .dossier;
    let paid = paid.unwrap();
    assert_eq!(paid.state(), DossierState::Processing);
    // Due on Thursday 31 August at 17:00 with 2 days, 5 hours left on Tuesday at 10:00: from Wednesday 6 September 09:00 on.
    assert_eq!(local(paid.due), "2017-09-08T16:00");
    let norm = "Quyết định 09/2015/QĐ-TTg";
    must_have_moved(&paid, DeadlineReason::Resumed, &cashier, norm).await;
    let explained = explain(&suite, &dossier).await;
    assert_eq!(explained.due, paid.due);
    let payment = [
        "tạm dừng đến khi thực hiện xong nghĩa vụ tài chính, hạn chuyển sang 16:00 08/09/2017",
        "stood still until the financial duty was met, moved to 16:00 08/09/2017",
        norm,
    ];
    must_name(&explained, &[payment]);
    assert!(
        paid.payments
            .iter()
            .all(|payment| payment.reference == "BL-0001")
    );
    suite.must_add_up().await;
}

#[tokio::test]
async fn r04_a_consulted_unit_does_not_stop_the_clock_and_goes_on_while_the_leading_one_does() {
    let suite = Suite::start().await;
    suite.register(CONSULTATION, DEPARTMENT).await;
    suite.work_off(DEPARTMENT, "2017-08-28T09:00").await;
    let lead = suite.take_over(DEPARTMENT, "2017-08-28T10:00").await;
    let consulted = suite.take_over(ENVIRONMENT, "2017-08-28T10:30").await;
    let opinion = suite.officer_of(&consulted.transfer);
    opinion
        .after(consulted.position.as_ref())
        .refused(
            desk::ask_supplement(&consulted, ""),
            Code::FailedPrecondition,
            "NOT_THE_HOLDER",
        )
        .await;
    let leading = suite
        .officer_of(&lead.transfer)
        .after(lead.position.as_ref());
    let asked = leading.ok(desk::ask_supplement(&lead, "")).await;
    let late = opinion
        .at("2017-08-28T14:00")
        .after(asked.position.as_ref());
    late.ok(desk::complete(&consulted)).await;
    suite.must_add_up().await;
}

#[tokio::test]
async fn another_party_neither_sees_nor_answers_what_is_asked_of_the_owner() {
    let suite = Suite::start().await;
    let dossier = suite.actor(AN).ok(BIRTH.online(COMMUNE)).await;
    let dossier = dossier.message.dossier.unwrap();
    suite
        .actor(BINH)
        .refused(
            addition(&dossier, "form"),
            Code::NotFound,
            "DOSSIER_NOT_FOUND",
        )
        .await;
}

/// Domain.md 7: stuck in "waiting for supplement" after the supplement arrived, and a payment that nobody noticed.
#[tokio::test]
async fn of_many_who_hand_the_supplement_in_at_once_one_is_taken_and_the_clock_goes_on_once() {
    let suite = Suite::start().await;
    let (dossier, held) = held(&suite, "2017-08-28").await;
    let examiner = suite
        .officer_of(&held.transfer)
        .after(held.position.as_ref());
    examiner.ok(desk::ask_supplement(&held, "")).await;
    let desk = suite.receptionist(COMMUNE).at("2017-08-29T09:00");
    let calls = (0..8).map(|_| {
        let (desk, request) = (desk.clone(), addition(&dossier, "evidence"));
        async move { desk.call(request).await }
    });
    let answers = futures::future::join_all(calls).await;
    let (taken, told): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((taken.len(), told.len()), (1, 7));
    for refused in told {
        let refusal = tests::Refusal::of(&refused.unwrap_err());
        assert_eq!(refusal.reason, "STATE_FORBIDS");
        assert_eq!(refusal.variable("current"), "PROCESSING");
    }
    let now = suite.dossier(&dossier.uid, COMMUNE).await;
    assert_eq!(now.state(), DossierState::Processing);
    let moved = clock::from_timestamp(&now.due.unwrap());
    assert!(moved > clock::from_timestamp(&dossier.due.unwrap()));
    suite.must_add_up().await;
}
