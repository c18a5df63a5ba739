//! Appointments by working time, and being late.

use std::time::Duration;

use kit::clock;
use kit::testing::until;
use prost::Message as _;
use proto::catalogue::v1::{ImportCalendarRequest, SpecialDay, SpecialDayKind};
use proto::intake::v1::dossier_change::Change;
use proto::intake::v1::{
    DeadlineMoved, DeadlineReason, Dossier, DossierChange, DossierState, ExplainDeadlineRequest,
    ExplainDeadlineResponse,
};
use proto::routing::v1::Transfer;
use tests::cast::{ADMINISTRATOR, AN, COMMUNE};
use tests::filing::{BIRTH, MARRIAGE};
use tests::{Suite, desk};
use tonic::Code;

/// How long what follows from the log may take to be seen.
pub const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn r14_an_appointment_skips_the_weekend_the_national_day_and_its_substitute_and_says_so() {
    let suite = Suite::start().await;
    let desk = suite.receptionist(COMMUNE).at("2017-08-31T09:00");
    let dossier = desk
        .ok(MARRIAGE.at_counter(COMMUNE))
        .await
        .message
        .dossier
        .unwrap();
    let explain = ExplainDeadlineRequest {
        dossier_uid: dossier.uid.clone(),
    };
    let explained = desk.ok(explain).await.message;
    assert_eq!(explained.appointment, dossier.appointment);
    let appointment = clock::local(clock::from_timestamp(&explained.appointment.unwrap()));
    assert_eq!(appointment.format("%Y-%m-%d").to_string(), "2017-09-06");
    let day = |date: &str| explained.days.iter().find(|day| day.date == date).unwrap();
    for (date, vietnamese) in [
        ("2017-09-02", "Quốc khánh"),
        ("2017-09-03", "Ngày nghỉ hằng tuần"),
        ("2017-09-04", "Nghỉ bù"),
    ] {
        assert_eq!(day(date).counted_minutes, 0, "{:?}", day(date));
        assert!(day(date).reason_vi.contains(vietnamese), "{:?}", day(date));
        assert!(!day(date).reason_en.is_empty());
    }
    for date in ["2017-09-01", "2017-09-05"] {
        assert_eq!(day(date).counted_minutes, 8 * 60, "{:?}", day(date));
    }
    let counted: i32 = explained.days.iter().map(|day| day.counted_minutes).sum();
    assert_eq!(counted, 3 * 8 * 60, "{:?}", explained.days);
}

#[tokio::test]
async fn a_dossier_that_was_never_received_has_no_deadline_to_explain() {
    let suite = Suite::start().await;
    let an = suite.actor(AN);
    let dossier = an.ok(BIRTH.online(COMMUNE)).await.message.dossier.unwrap();
    let explain = ExplainDeadlineRequest {
        dossier_uid: dossier.uid,
    };
    let refusal = an
        .refused(explain, Code::FailedPrecondition, "STATE_FORBIDS")
        .await;
    assert_eq!(refusal.variable("current"), "SUBMITTED");
}

#[tokio::test]
async fn being_late_never_blocks_the_result() {
    let suite = Suite::start().await;
    let online = suite
        .actor(AN)
        .ok(BIRTH.online(COMMUNE))
        .await
        .message
        .dossier
        .unwrap();
    suite.receptionist(COMMUNE).ok(desk::receive(&online)).await;
    suite.work_off(COMMUNE, "2017-09-11T09:00").await;
    let signed = suite.take_over(COMMUNE, "2017-09-12T09:00").await;
    suite.decide(&signed, "2017-09-13T09:00").await;
    let result = suite.take_over(COMMUNE, "2017-09-14T09:00").await;
    let returned = suite.give_back(&result, "2017-09-15T09:00").await;
    assert_eq!(returned.state(), DossierState::Returned);
    let (late, promised) = (returned.returned_at.unwrap(), returned.appointment.unwrap());
    assert!(late.seconds > promised.seconds);
    suite.must_add_up().await;
}

/// Announces that Wednesday 30 August 2017 is a public holiday.
pub fn holiday() -> ImportCalendarRequest {
    holiday_on("2017-08-30")
}

/// Announces that a day is a public holiday.
pub fn holiday_on(date: &str) -> ImportCalendarRequest {
    let day = SpecialDay {
        date: date.to_owned(),
        name: "Ngày hội văn hóa".to_owned(),
        kind: SpecialDayKind::PublicHoliday.into(),
        ..SpecialDay::default()
    };
    ImportCalendarRequest {
        request_id: tests::new_request_id(),
        days: vec![day],
        ..ImportCalendarRequest::default()
    }
}

/// When it is in local time.
pub fn local(at: Option<prost_types::Timestamp>) -> String {
    let at = clock::local(clock::from_timestamp(&at.unwrap()));
    at.format("%Y-%m-%dT%H:%M").to_string()
}

/// Why it is due then.
pub async fn explain(suite: &Suite, dossier: &Dossier) -> ExplainDeadlineResponse {
    let request = ExplainDeadlineRequest {
        dossier_uid: dossier.uid.clone(),
    };
    suite.receptionist(COMMUNE).ok(request).await.message
}

/// An explanation names these causes and no others, in order: each in Vietnamese, in English, and by its norm.
pub fn must_name(explained: &ExplainDeadlineResponse, causes: &[[&str; 3]]) {
    let moves = |summary: &str| {
        let (_, moves) = summary.split_once('(').unwrap_or_default();
        let moves = moves.trim_end_matches(").").split("; ").skip(1);
        moves.map(str::to_owned).collect::<Vec<_>>()
    };
    let vietnamese = moves(&explained.summary_vi);
    let english = moves(&explained.summary_en);
    let named = (vietnamese.len(), english.len());
    assert_eq!(named, (causes.len(), causes.len()), "{explained:?}");
    for ([in_vietnamese, in_english, norm], (vietnamese, english)) in
        causes.iter().zip(vietnamese.iter().zip(&english))
    {
        for (told, cause) in [(vietnamese, in_vietnamese), (english, in_english)] {
            assert!(told.contains(cause) && told.contains(norm), "{told}");
        }
    }
}

/// How often and how intake told that deadlines moved.
async fn moved(suite: &Suite) -> Vec<(String, DeadlineMoved)> {
    let mut moved = Vec::new();
    for event in suite.events().await {
        let change = kit::copies::change_of(&event);
        if event.owner != "intake" {
            continue;
        }
        if let Some(Change::DeadlineMoved(told)) = DossierChange::decode(change).unwrap().change {
            moved.push((event.subject, told));
        }
    }
    moved
}

/// A dossier that is decided, and one whose step is under way.
async fn decided_and_open(suite: &Suite) -> (Dossier, Dossier) {
    let decided = suite.register(MARRIAGE, COMMUNE).await;
    suite.work_off(COMMUNE, "2017-08-28T10:00").await;
    let signed = suite.take_over(COMMUNE, "2017-08-28T10:10").await;
    suite.decide(&signed, "2017-08-28T10:20").await;
    (decided, suite.register(MARRIAGE, COMMUNE).await)
}

#[tokio::test]
async fn r15_a_calendar_that_changes_moves_what_is_open_and_leaves_what_is_decided() {
    let suite = Suite::start().await;
    let (closed, open) = decided_and_open(&suite).await;
    assert_eq!(local(open.due), "2017-08-31T17:00");
    // A check waits until routing has heard of it.
    suite.must_add_up().await;
    let before = suite.route(&open.uid, COMMUNE).await.transfers;

    suite.actor(ADMINISTRATOR).ok(holiday()).await;
    let moved_dossier = until("the deadline moves", PATIENCE, async || {
        let dossier = suite.dossier(&open.uid, COMMUNE).await;
        (dossier.due != open.due).then_some(dossier)
    })
    .await;
    assert_eq!(local(moved_dossier.due), "2017-09-01T17:00");
    assert_eq!(moved_dossier.appointment, open.appointment);
    assert_eq!(moved_dossier.revision, open.revision + 1);
    let told = moved(&suite).await;
    assert_eq!(told.len(), 1, "{told:?}");
    let (subject, event) = &told[0];
    assert_eq!(
        (subject, event.from, event.to),
        (&open.uid, open.due, moved_dossier.due)
    );
    assert_eq!(event.reason(), DeadlineReason::CalendarChanged);
    assert_eq!(event.calendar_revision, 2);

    let untouched = suite.dossier(&closed.uid, COMMUNE).await;
    assert_eq!(untouched.due, closed.due);
    until("the step under way moves", PATIENCE, async || {
        let now = suite.route(&open.uid, COMMUNE).await.transfers;
        (now[0].due != before[0].due).then_some(())
    })
    .await;
    suite.must_add_up().await;
}

#[tokio::test]
async fn what_moved_is_explained_by_the_new_calendar_and_what_was_closed_by_the_old() {
    let suite = Suite::start().await;
    let (closed, open) = decided_and_open(&suite).await;
    suite.actor(ADMINISTRATOR).ok(holiday()).await;
    let explained = until("the deadline moves", PATIENCE, async || {
        let explained = explain(&suite, &open).await;
        (explained.due != explained.appointment).then_some(explained)
    })
    .await;
    assert_eq!(explained.calendar_revision, 2);
    assert_eq!((explained.days_counted, explained.days_skipped), (3, 2));
    assert_eq!(explained.counted_minutes, 3 * 8 * 60);
    let holiday = explained.days.iter().find(|day| day.date == "2017-08-30");
    assert!(holiday.unwrap().reason_vi.contains("Ngày hội văn hóa"));
    assert!(
        explained.summary_en.contains("promised 17:00 31/08/2017"),
        "{}",
        explained.summary_en
    );
    let norm = "Điều 147, Điều 148 Bộ luật Dân sự 2015";
    let calendar = [
        "lịch làm việc đã thay đổi, hạn chuyển sang 17:00 01/09/2017",
        "the calendar has changed, moved to 17:00 01/09/2017",
        norm,
    ];
    must_name(&explained, &[calendar]);
    assert_eq!(explained.due_by_law, explained.due);
    let moved = suite.dossier(&open.uid, COMMUNE).await;
    let moved = &moved.adjustments[0];
    assert_eq!((&*moved.legal_basis, &*moved.by), (norm, ""));
    let explained = explain(&suite, &closed).await;
    assert_eq!(
        (explained.calendar_revision, explained.due),
        (1, closed.due)
    );
    let counted = explained.days.iter().find(|day| day.date == "2017-08-30");
    assert_eq!(counted.unwrap().counted_minutes, 8 * 60);
}

#[tokio::test]
async fn what_is_due_before_the_first_day_that_changes_stays_as_it_is() {
    let suite = Suite::start().await;
    let (closed, open) = decided_and_open(&suite).await;
    let later = suite.receptionist(COMMUNE).at("2017-08-31T09:00");
    let later = later.ok(MARRIAGE.at_counter(COMMUNE)).await.message;
    let later = later.dossier.unwrap();
    suite.must_add_up().await;
    let due = async || {
        let route = suite.route(&open.uid, COMMUNE).await;
        let due = |transfer: &Transfer| (transfer.hand_over_due, transfer.due);
        route.transfers.iter().map(due).collect::<Vec<_>>()
    };
    let before = due().await;
    // The day after it is due, and before the other one is.
    let calendar = holiday_on("2017-09-01");
    suite.actor(ADMINISTRATOR).ok(calendar).await;
    until("the later deadline moves", PATIENCE, async || {
        let dossier = suite.dossier(&later.uid, COMMUNE).await;
        (dossier.due != later.due).then_some(())
    })
    .await;
    suite.must_add_up().await;
    assert_eq!(suite.dossier(&open.uid, COMMUNE).await, open);
    assert_eq!(due().await, before);
    let moved = moved(&suite).await.into_iter();
    let moved: Vec<String> = moved.map(|(subject, _)| subject).collect();
    assert_eq!(moved, [later.uid]);
    // Nothing was written of them: they are explained by the version that they were reckoned with.
    for unmoved in [&open, &closed] {
        assert_eq!(explain(&suite, unmoved).await.calendar_revision, 1);
    }

    // What was left is reckoned when a day before its end changes: Friday is off by now, Saturday the National Day, and Monday
    // makes up for that.
    suite.actor(ADMINISTRATOR).ok(holiday()).await;
    until("the deadline moves", PATIENCE, async || {
        let dossier = suite.dossier(&open.uid, COMMUNE).await;
        (local(dossier.due) == "2017-09-05T17:00").then_some(())
    })
    .await;
}
