//! Promises that cannot be kept, dossiers that are stopped, errors that are mended, and what time brings.

use kit::testing::until;
use prost::Message as _;
use prost_types::Timestamp;
use proto::catalogue::v1::ImportCalendarRequest;
use proto::intake::v1::dossier_change::Change;
use proto::intake::v1::{
    CorrectDossierRequest, DeadlineReason, Dossier, DossierChange, DossierState, FiledBy, Notice,
    PostponeAppointmentRequest, ReturnMethod, ReturnResultRequest,
};
use proto::routing::v1::{Transfer, TransferState};
use tests::cast::{ADMINISTRATOR, AN, COMMUNE, DISTRICT, OTHER_COMMUNE};
use tests::filing::{BIRTH, MARRIAGE, applicant};
use tests::{Suite, desk, new_request_id};
use tonic::Code;

use crate::asked::addition;
use crate::deadlines::{PATIENCE, explain, holiday_on, local, must_name};
use crate::history::history;

fn at(local: &str) -> Timestamp {
    let at = format!("{local}:00").parse().unwrap();
    kit::clock::to_timestamp(kit::clock::from_local(at))
}

fn postpone(dossier: &Dossier, to: &str) -> PostponeAppointmentRequest {
    PostponeAppointmentRequest {
        request_id: new_request_id(),
        dossier_uid: dossier.uid.clone(),
        expected_revision: 0,
        new_appointment: Some(at(to)),
        reason: "Chờ ý kiến của cơ quan phối hợp".to_owned(),
        legal_basis: "NĐ 61/2018 Điều 19".to_owned(),
    }
}

/// What intake told of a dossier.
pub async fn told(suite: &Suite, dossier: &str) -> Vec<Change> {
    let events = suite.events().await.into_iter();
    let of_it = events.filter(|event| event.owner == "intake" && event.subject == dossier);
    let change = |event| {
        DossierChange::decode(kit::copies::change_of(&event))
            .unwrap()
            .change
    };
    of_it.filter_map(change).collect()
}

#[tokio::test]
async fn r06_one_apology_with_one_new_appointment_a_day_before_the_old_one_passes() {
    let suite = Suite::start().await;
    let dossier = suite.register(MARRIAGE, COMMUNE).await;
    let leader = suite.leader(COMMUNE).at("2017-08-30T09:00");
    for (to, reason) in [
        ("2017-08-31T17:00", "APPOINTMENT_TOO_EARLY"),
        ("2017-09-02T09:00", "NOT_WORKING_TIME"),
        ("2017-09-05T12:00", "NOT_WORKING_TIME"),
    ] {
        let refused = leader.refused(postpone(&dossier, to), Code::InvalidArgument, reason);
        refused.await;
    }
    let told_so = leader.ok(postpone(&dossier, "2017-09-05T17:00")).await;
    let postponed = told_so.message.dossier.clone().unwrap();
    assert_eq!(postponed.state(), DossierState::Received);
    assert_eq!(postponed.appointment, dossier.appointment);
    assert_eq!(local(postponed.due), "2017-09-05T17:00");
    let moved = &postponed.adjustments[0];
    assert_eq!((moved.from, moved.to), (dossier.due, postponed.due));
    assert_eq!(moved.cause(), DeadlineReason::Postponed);
    assert!(!moved.late && moved.legal_basis.contains("61/2018") && !moved.by.is_empty());
    leader
        .refused(
            postpone(&dossier, "2017-09-07T17:00"),
            Code::FailedPrecondition,
            "POSTPONED_BEFORE",
        )
        .await;
    suite.must_add_up().await;
}

#[tokio::test]
async fn r06_an_apology_that_comes_too_late_is_taken_and_flagged() {
    let suite = Suite::start().await;
    let dossier = suite.register(MARRIAGE, COMMUNE).await;
    let leader = suite.leader(COMMUNE).at("2017-09-01T09:00");
    let postponed = leader.ok(postpone(&dossier, "2017-09-05T17:00")).await;
    let postponed = postponed.message.dossier.unwrap();
    assert!(postponed.adjustments[0].late, "{postponed:?}");
}

/// Waits until the result is due then.
async fn until_due(suite: &Suite, dossier: &Dossier, due: &str) -> Dossier {
    until("the deadline moves", PATIENCE, async || {
        let dossier = suite.dossier(&dossier.uid, COMMUNE).await;
        (local(dossier.due) == due).then_some(dossier)
    })
    .await
}

const APOLOGY: [&str; 3] = [
    "đã xin lỗi và hẹn lại ngày trả kết quả, hạn chuyển sang 17:00 05/09/2017",
    "postponed by an apology, moved to 17:00 05/09/2017",
    "NĐ 61/2018 Điều 19",
];

/// R14: a result is never due on a day off.
#[tokio::test]
async fn r06_a_promise_for_a_day_that_becomes_a_holiday_is_due_by_the_close_of_the_next() {
    let suite = Suite::start().await;
    let dossier = suite.register(MARRIAGE, COMMUNE).await;
    let leader = suite.leader(COMMUNE).at("2017-08-30T09:00");
    leader.ok(postpone(&dossier, "2017-09-05T17:00")).await;
    let administrator = suite.actor(ADMINISTRATOR);
    administrator.ok(holiday_on("2017-09-05")).await;
    let moved = until_due(&suite, &dossier, "2017-09-06T17:00").await;
    assert_eq!(moved.appointment, dossier.appointment);
    let [apology, calendar] = &moved.adjustments[..] else {
        panic!("two moves: {moved:?}");
    };
    assert_eq!(local(apology.to), "2017-09-05T17:00");
    assert_eq!((calendar.from, calendar.to), (apology.to, moved.due));
    assert_eq!(calendar.cause(), DeadlineReason::CalendarChanged);
    let explained = explain(&suite, &moved).await;
    assert_eq!(explained.due, moved.due);
    let calendar = [
        "lịch làm việc đã thay đổi, hạn chuyển sang 17:00 06/09/2017",
        "the calendar has changed, moved to 17:00 06/09/2017",
        "Bộ luật Dân sự 2015",
    ];
    must_name(&explained, &[APOLOGY, calendar]);
    // What was promised holds again once that day is worked.
    let worked = ImportCalendarRequest {
        request_id: new_request_id(),
        removed_dates: vec!["2017-09-05".to_owned()],
        ..ImportCalendarRequest::default()
    };
    administrator.ok(worked).await;
    until_due(&suite, &dossier, "2017-09-05T17:00").await;
    suite.must_add_up().await;
}

#[tokio::test]
async fn r06_after_an_apology_the_limit_is_explained_and_then_the_promise() {
    let suite = Suite::start().await;
    let dossier = suite.register(MARRIAGE, COMMUNE).await;
    let held = suite.take_over(COMMUNE, "2017-08-28T09:30").await;
    let leader = suite.leader(COMMUNE).at("2017-08-30T09:00");
    leader.ok(postpone(&dossier, "2017-09-05T17:00")).await;
    let explained = explain(&suite, &dossier).await;
    assert_eq!(local(explained.due), "2017-09-05T17:00");
    assert_eq!(local(explained.due_by_law), "2017-08-31T17:00");
    assert_eq!(explained.counted_minutes, 3 * 8 * 60);
    assert_eq!((explained.days_counted, explained.days_skipped), (3, 6));
    let last = explained.days.last().unwrap();
    assert_eq!((&*last.date, last.counted_minutes), ("2017-09-05", 0));
    assert!(last.reason_vi.contains("hẹn lại") && last.reason_en.contains("apology"));
    for (summary, ends) in [
        (
            &explained.summary_vi,
            "hết thời hạn theo quy định lúc 17:00 31/08/2017, đến hạn lúc 17:00 05/09/2017",
        ),
        (
            &explained.summary_en,
            "the limit ended at 17:00 31/08/2017, due at 17:00 05/09/2017",
        ),
    ] {
        assert!(summary.contains(ends), "{summary}");
    }
    must_name(&explained, &[APOLOGY]);

    // By law it is late when the applicant is asked to pay; as it was promised it is not.
    let examiner = suite
        .officer_of(&held.transfer)
        .after(held.position.as_ref());
    let asked = examiner
        .at("2017-09-01T10:00")
        .ok(desk::ask_payment(&held, &[500_000]))
        .await;
    let asked = asked.message.dossier.unwrap();
    let explained = explain(&suite, &dossier).await;
    assert_eq!((explained.due, explained.due_by_law), (None, None));
    assert_eq!(explained.days.last().unwrap().date, "2017-09-01");
    let stands = "the clock stands still since 10:00 01/09/2017";
    assert!(explained.summary_en.contains(stands), "{explained:?}");
    // It stands still for 5 hours on Friday and, Monday being off, for 3 on Tuesday.
    let cashier = suite.cashier(COMMUNE).at("2017-09-05T10:00");
    let paid = cashier.ok(desk::confirm(&dossier, &asked.payments[0]));
    let paid = paid.await.message.dossier.unwrap();
    assert_eq!(local(paid.due), "2017-09-06T17:00");
    let explained = explain(&suite, &dossier).await;
    assert_eq!(explained.due, paid.due);
    assert_eq!(local(explained.due_by_law), "2017-08-31T17:00");
    let payment = [
        "tạm dừng đến khi thực hiện xong nghĩa vụ tài chính, hạn chuyển sang 17:00 06/09/2017",
        "stood still until the financial duty was met, moved to 17:00 06/09/2017",
        "Quyết định 09/2015/QĐ-TTg",
    ];
    must_name(&explained, &[APOLOGY, payment]);
    suite.must_add_up().await;
}

#[tokio::test]
async fn r06_an_apology_that_names_no_norm_is_by_that_of_the_rule_set() {
    let suite = Suite::start().await;
    let dossier = suite.register(MARRIAGE, COMMUNE).await;
    let leader = suite.leader(COMMUNE).at("2017-08-30T09:00");
    let unfounded = PostponeAppointmentRequest {
        legal_basis: String::new(),
        ..postpone(&dossier, "2017-09-05T17:00")
    };
    let postponed = leader.ok(unfounded).await.message.dossier.unwrap();
    let moved = &postponed.adjustments[0];
    assert_eq!(moved.legal_basis, "Quyết định 09/2015/QĐ-TTg");
    assert_eq!(moved.by, leader.subject().await);
}

#[tokio::test]
async fn r11_a_dossier_is_stopped_while_nobody_has_decided_and_not_after() {
    let suite = Suite::start().await;
    let dossier = suite.register(MARRIAGE, COMMUNE).await;
    suite.work_off(COMMUNE, "2017-08-28T09:00").await;
    let signed = suite.take_over(COMMUNE, "2017-08-28T10:00").await;
    let stopped = suite.leader(COMMUNE).ok(desk::stop(&dossier)).await;
    let stopped_at = stopped.position.clone();
    let stopped = stopped.message.dossier.unwrap();
    assert_eq!(stopped.state(), DossierState::Stopped);
    assert_eq!(stopped.closing_reason, "Không còn nhu cầu");
    let leader = suite.leader(COMMUNE).after(signed.position.as_ref());
    let refusal = leader
        .refused(
            desk::decide(&signed),
            Code::FailedPrecondition,
            "STATE_FORBIDS",
        )
        .await;
    assert_eq!(refusal.variable("current"), "STOPPED");
    // Routing heard of it: nothing is left with anybody.
    suite.must_add_up().await;
    let desk = suite.receptionist(COMMUNE).after(stopped_at.as_ref());
    let route = desk
        .ok(proto::routing::v1::GetRouteRequest {
            dossier_uid: dossier.uid.clone(),
        })
        .await
        .message;
    let signing = route.transfers.iter().find(|of| of.step_key == "sign");
    assert_eq!(signing.unwrap().state(), TransferState::Cancelled);

    let other = suite.register(MARRIAGE, COMMUNE).await;
    suite.work_off(COMMUNE, "2017-08-28T14:00").await;
    let signed = suite.take_over(COMMUNE, "2017-08-28T14:10").await;
    suite.decide(&signed, "2017-08-28T14:20").await;
    let refusal = suite
        .leader(COMMUNE)
        .refused(
            desk::stop(&other),
            Code::FailedPrecondition,
            "STATE_FORBIDS",
        )
        .await;
    assert_eq!(refusal.variable("current"), "RESULT_READY");
    suite.must_add_up().await;
}

#[tokio::test]
async fn a_clerks_error_is_mended_with_a_reason_and_what_never_changes_stays() {
    let suite = Suite::start().await;
    let dossier = suite.register(MARRIAGE, COMMUNE).await;
    let correct = |name: &str| CorrectDossierRequest {
        request_id: new_request_id(),
        dossier_uid: dossier.uid.clone(),
        expected_revision: 0,
        reason: "Ghi nhầm họ tên".to_owned(),
        applicant: Some(proto::intake::v1::Applicant {
            name: name.to_owned(),
            ..applicant(AN)
        }),
        components: Vec::new(),
        returning_unit_uid: OTHER_COMMUNE.to_owned(),
    };
    let desk = suite.receptionist(COMMUNE);
    // Decomposed, as some keyboards write it; it is kept composed.
    let mended = desk.ok(correct("Nguyê\u{303}n Văn An Bình")).await;
    let mended = mended.message.dossier.unwrap();
    assert_eq!(
        mended.applicant.as_ref().unwrap().name,
        "Nguyễn Văn An Bình"
    );
    assert_eq!(mended.returning_unit_uid, OTHER_COMMUNE);
    assert_eq!(
        (&mended.code, mended.received_at, mended.appointment),
        (&dossier.code, dossier.received_at, dossier.appointment)
    );
    desk.refused(
        correct("Nguyễn Văn An Bình"),
        Code::FailedPrecondition,
        "NOTHING_CORRECTED",
    )
    .await;
    let stranger = suite.receptionist(DISTRICT);
    stranger
        .refused(correct("X"), Code::NotFound, "DOSSIER_NOT_FOUND")
        .await;
    // R10: the result comes back to the desk that was written down instead.
    suite.work_off(COMMUNE, "2017-08-28T09:00").await;
    let signed = suite.take_over(COMMUNE, "2017-08-28T10:00").await;
    suite.decide(&signed, "2017-08-28T11:00").await;
    let result = suite.take_over(OTHER_COMMUNE, "2017-08-28T14:00").await;
    let online = ReturnResultRequest {
        method: ReturnMethod::Online.into(),
        ..desk::give_back(&result)
    };
    suite
        .receptionist(OTHER_COMMUNE)
        .after(result.position.as_ref())
        .refused(online, Code::FailedPrecondition, "RETURN_NOT_ONLINE")
        .await;
    let by_post = ReturnResultRequest {
        method: ReturnMethod::Post.into(),
        ..desk::give_back(&result)
    };
    let desk = suite
        .receptionist(OTHER_COMMUNE)
        .after(result.position.as_ref());
    let returned = desk.ok(by_post).await.message.dossier.unwrap();
    assert_eq!(returned.return_method(), ReturnMethod::Post);
    suite.must_add_up().await;
}

#[tokio::test]
async fn r09_an_early_result_is_announced() {
    let suite = Suite::start().await;
    let dossier = suite.register(MARRIAGE, COMMUNE).await;
    suite.work_off(COMMUNE, "2017-08-28T09:00").await;
    let signed = suite.take_over(COMMUNE, "2017-08-28T10:00").await;
    suite.decide(&signed, "2017-08-28T11:00").await;
    let decided = told(&suite, &dossier.uid)
        .await
        .into_iter()
        .find_map(|change| match change {
            Change::Decided(decided) => Some(decided),
            _ => None,
        });
    let decided = decided.unwrap();
    assert!(decided.early && decided.due == dossier.due, "{decided:?}");
}

/// It is that time, which somebody's call tells the suite.
async fn time_passes(suite: &Suite, dossier: &Dossier, until: &str) {
    suite.begin_day(until);
    suite.dossier(&dossier.uid, COMMUNE).await;
}

/// The reminders that the applicant is owed, by what time they are about, and the stops, by whether they came since nobody
/// answered.
async fn reminders_and_stops(suite: &Suite, dossier: &Dossier) -> (Vec<String>, Vec<bool>) {
    let (mut reminders, mut stops) = (Vec::new(), Vec::new());
    for change in told(suite, &dossier.uid).await {
        match change {
            Change::NoticeDue(due) if due.notice() == Notice::SupplementReminder => {
                reminders.push(local(due.about));
            }
            Change::Stopped(stopped) => stops.push(stopped.unanswered),
            _ => {}
        }
    }
    (reminders, stops)
}

#[tokio::test]
async fn r02_whoever_does_not_answer_a_supplement_is_reminded_once_and_in_the_end_it_is_stopped() {
    let suite = Suite::start().await;
    let dossier = suite.register(MARRIAGE, COMMUNE).await;
    let held = suite.take_over(COMMUNE, "2017-08-28T09:00").await;
    let examiner = suite.officer_of(&held.transfer).at("2017-08-29T10:00");
    let asked = examiner
        .after(held.position.as_ref())
        .ok(desk::ask_supplement(&held, "evidence"))
        .await;
    let asked = asked.message.dossier.unwrap();
    assert_eq!(local(asked.answer_by), "2017-09-28T10:00");

    time_passes(&suite, &dossier, "2017-09-18T10:00").await;
    let reminded = async || {
        let (reminders, _) = reminders_and_stops(&suite, &dossier).await;
        (!reminders.is_empty()).then_some(())
    };
    until("the applicant is reminded", PATIENCE, reminded).await;
    let waiting = suite.dossier(&dossier.uid, COMMUNE).await;
    assert_eq!(waiting.state(), DossierState::SupplementRequested);

    time_passes(&suite, &dossier, "2017-09-28T10:00").await;
    let stopped = async || {
        let dossier = suite.dossier(&dossier.uid, COMMUNE).await;
        (dossier.state() == DossierState::Stopped).then_some(dossier)
    };
    let stopped = until("the dossier is stopped", PATIENCE, stopped).await;
    assert_eq!(stopped.closing_reason, "Quá thời hạn bổ sung hồ sơ");
    assert_eq!(stopped.answer_by, None);
    let (reminders, stops) = reminders_and_stops(&suite, &dossier).await;
    assert_eq!(reminders, ["2017-09-18T10:00"]);
    assert_eq!(stops, [true]);
    let told = history(&suite, &dossier.uid).await;
    let why = told.into_iter().find_map(|(change, particulars)| {
        let is_stop = matches!(change, Change::Stopped(_));
        particulars.after.filter(|_| is_stop)
    });
    assert_eq!(why.unwrap().closing_reason, "Quá thời hạn bổ sung hồ sơ");

    // Routing heard of it: nothing is left with anybody.
    suite.must_add_up().await;
    let route = suite.route(&dossier.uid, COMMUNE).await;
    let states: Vec<_> = route.transfers.iter().map(Transfer::state).collect();
    assert_eq!(states, [TransferState::Cancelled]);
    assert!(route.branches.iter().all(|branch| branch.until.is_some()));
    let desk = suite.receptionist(COMMUNE);
    let late = addition(&dossier, "evidence");
    let late = desk.refused(late, Code::FailedPrecondition, "STATE_FORBIDS");
    assert_eq!(late.await.variable("current"), "STOPPED");
    suite.must_add_up().await;
}

/// R3, R6, R17 by the clock of the suite.
#[tokio::test]
async fn what_time_brings_is_told_once() {
    let suite = Suite::start().await;
    let marriage = suite.register(MARRIAGE, COMMUNE).await;
    let birth = suite.actor(AN).ok(BIRTH.online(COMMUNE)).await;
    let birth = birth.message.dossier.unwrap();
    assert_eq!(birth.filed_by(), FiledBy::Self_);
    assert_eq!(marriage.filed_by(), FiledBy::Officer);
    assert_eq!(local(birth.answer_by), "2017-08-29T08:00");
    let later = suite.receptionist(COMMUNE).at("2017-09-05T09:00");
    later.ok(desk::by_uid(&marriage.uid)).await;
    let notices = |changes: Vec<Change>| {
        let notices = changes.into_iter().filter_map(|change| match change {
            Change::NoticeDue(due) => Some(due.notice()),
            _ => None,
        });
        notices.collect::<Vec<_>>()
    };
    let rung = async || {
        let of_marriage = notices(told(&suite, &marriage.uid).await);
        (of_marriage.len() >= 2).then_some(of_marriage)
    };
    let of_marriage = until("alarms ring", PATIENCE, rung).await;
    assert_eq!(of_marriage, [Notice::DueSoon, Notice::Overdue]);
    let rung = async || {
        let of_birth = notices(told(&suite, &birth.uid).await);
        (!of_birth.is_empty()).then_some(of_birth)
    };
    let of_birth = until("alarms ring", PATIENCE, rung).await;
    assert_eq!(of_birth, [Notice::Unanswered]);
    suite.must_add_up().await;
}
