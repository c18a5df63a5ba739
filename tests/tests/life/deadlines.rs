//! Appointments by working time, and being late.

use kit::clock;
use proto::intake::v1::{DossierState, ExplainDeadlineRequest};
use tests::cast::{AN, COMMUNE};
use tests::filing::{BIRTH, MARRIAGE};
use tests::{Suite, desk};
use tonic::Code;

#[tokio::test]
async fn an_appointment_skips_the_weekend_the_national_day_and_its_substitute_and_says_so() {
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
