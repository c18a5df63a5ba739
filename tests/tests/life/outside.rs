//! A step outside the limit: the clock of the dossier stands still while nothing else is under way, and the step has days of its
//! own (domain.md 6).

use kit::testing::until;
use proto::catalogue::v1::{Procedure, Step, UnitRule};
use proto::intake::v1::dossier_change::Change;
use proto::intake::v1::{
    DeadlineReason, Dossier, DossierState, ListDossiersRequest, Notice, StopReason, Urgency,
};
use proto::routing::v1::{EscalationCause, EscalationLevel, GetTransferRequest, Transfer};
use tests::cast::{COMMUNE, ENVIRONMENT};
use tests::filing::MARRIAGE;
use tests::{Actor, Held, Suite, desk};

use crate::asked::addition;
use crate::deadlines::{PATIENCE, explain, local, must_name};
use crate::history::history;
use crate::promises::told;

const NAME: &str = "Cơ quan thuế xác định nghĩa vụ tài chính";
const NORM: &str = "Quyết định 09/2015/QĐ-TTg";

/// Another department works for two days, outside the limit, after the commune has examined and before it signs.
fn with_tax(mut draft: Procedure) -> Procedure {
    let case = &mut draft.version.as_mut().unwrap().cases[0];
    let steps = &mut case.route.as_mut().unwrap().steps;
    let tax = Step {
        key: "tax".to_owned(),
        name: NAME.to_owned(),
        after: vec!["examine".to_owned()],
        unit_rule: UnitRule::Fixed.into(),
        unit_uid: ENVIRONMENT.to_owned(),
        share_percent: 0,
        outside_working_days: 2,
        ..steps[0].clone()
    };
    let sign = steps.iter_mut().find(|step| step.key == "sign").unwrap();
    sign.after = vec![tax.key.clone()];
    steps.insert(1, tax);
    draft
}

/// A marriage that was registered on Monday and is due on Thursday at 17:00. It is with the tax office, which was offered it on
/// Tuesday at 10:00 and holds it since 14:00.
async fn at_tax_office(suite: &Suite) -> (Dossier, Held) {
    let position = suite.publish(MARRIAGE.code, with_tax).await;
    // Routing has heard of it, too.
    suite.must_add_up().await;
    let desk = suite.receptionist(COMMUNE).after(Some(&position));
    let registered = desk
        .at("2017-08-28T08:30")
        .ok(MARRIAGE.at_counter(COMMUNE))
        .await;
    let dossier = registered.message.dossier.unwrap();
    assert_eq!(local(dossier.due), "2017-08-31T17:00");
    let examining = suite.take_over(COMMUNE, "2017-08-28T09:00").await;
    suite.complete(&examining, "2017-08-29T10:00").await;
    let tax = suite.take_over(ENVIRONMENT, "2017-08-29T14:00").await;
    // Intake has heard of it.
    suite.must_add_up().await;
    (dossier, tax)
}

async fn read(actor: &Actor, transfer: &Transfer) -> Transfer {
    let uid = transfer.uid.clone();
    let found = actor.ok(GetTransferRequest { uid }).await.message;
    found.transfer.unwrap()
}

#[tokio::test]
async fn while_only_a_step_outside_the_limit_is_under_way_the_clock_stands_still_by_exactly_its_time()
 {
    let suite = Suite::start().await;
    let (dossier, tax) = at_tax_office(&suite).await;
    assert_eq!(local(tax.transfer.due), "2017-08-31T10:00");
    assert!(!tax.transfer.on_hold);
    let standing = suite.dossier(&dossier.uid, COMMUNE).await;
    assert_eq!(standing.state(), DossierState::Processing);
    assert_eq!((standing.due, standing.appointment), (None, dossier.due));
    let explained = explain(&suite, &dossier).await;
    assert_eq!((explained.due, explained.due_by_law), (None, None));
    let stands = format!("since 10:00 29/08/2017 for a step outside the limit: {NAME}");
    assert!(explained.summary_en.contains(&stands), "{explained:?}");

    suite.complete(&tax, "2017-08-30T15:00").await;
    suite.must_add_up().await;
    // Five hours of Tuesday and six of Wednesday: eight of Friday, and three of Tuesday after the holiday.
    let going_on = suite.dossier(&dossier.uid, COMMUNE).await;
    assert_eq!(local(going_on.due), "2017-09-05T10:00");
    assert_eq!(going_on.appointment, dossier.appointment);
    let [moved] = &going_on.adjustments[..] else {
        panic!("one move: {going_on:?}");
    };
    assert_eq!(moved.cause(), DeadlineReason::Resumed);
    assert_eq!((moved.from, moved.to), (dossier.due, going_on.due));
    let officer = suite.officer_of(&tax.transfer);
    assert_eq!(moved.by, officer.subject().await);
    is_explained(&suite, &going_on).await;
    is_told(&suite, &dossier, &tax).await;

    let signed = suite.take_over(COMMUNE, "2017-08-30T15:30").await;
    suite.decide(&signed, "2017-08-30T16:00").await;
    let result = suite.take_over(COMMUNE, "2017-08-30T16:30").await;
    assert_eq!(result.transfer.due, going_on.due);
    suite.give_back(&result, "2017-08-30T16:40").await;
    suite.must_add_up().await;
}

/// By the days that were not counted, and by what moved it.
async fn is_explained(suite: &Suite, dossier: &Dossier) {
    let explained = explain(suite, dossier).await;
    assert_eq!(explained.due, dossier.due);
    assert_eq!(explained.counted_minutes, 3 * 8 * 60);
    let mut parts = explained.days.iter().flat_map(|day| &day.parts);
    let is_named = parts.any(|part| !part.counted && part.reason_vi.contains(NAME));
    assert!(is_named, "{explained:?}");
    let vietnamese =
        format!("bước không tính vào thời hạn: {NAME}, hạn chuyển sang 10:00 05/09/2017");
    let english = format!("a step outside the limit: {NAME}, moved to 10:00 05/09/2017");
    must_name(&explained, &[[vietnamese.as_str(), english.as_str(), NORM]]);
}

/// The history has both, with the step.
async fn is_told(suite: &Suite, dossier: &Dossier, tax: &Held) {
    let told = history(suite, &dossier.uid).await.into_iter();
    let clock = told.filter_map(|(change, _)| match change {
        Change::ClockStopped(told) => {
            Some((told.reason(), told.at, told.transfer_uid, told.step_name))
        }
        Change::ClockResumed(told) => {
            Some((told.reason(), told.at, told.transfer_uid, told.step_name))
        }
        _ => None,
    });
    let clock = clock.map(|(reason, at, transfer, step)| (reason, local(at), transfer, step));
    let expected = |at: &str| {
        let (at, transfer) = (at.to_owned(), tax.transfer.uid.clone());
        (StopReason::OutsideLimit, at, transfer, NAME.to_owned())
    };
    let both = ["2017-08-29T10:00", "2017-08-30T15:00"];
    assert_eq!(clock.collect::<Vec<_>>(), both.map(expected));
}

#[tokio::test]
async fn a_step_outside_the_limit_is_late_by_its_own_days_and_its_dossier_is_not() {
    let suite = Suite::start().await;
    let (dossier, tax) = at_tax_office(&suite).await;
    let beside = suite.register(MARRIAGE, COMMUNE).await;
    let leader = suite.leader(ENVIRONMENT).at("2017-08-31T10:00");
    let up = until("the leaders of the office are told", PATIENCE, async || {
        read(&leader, &tax.transfer).await.escalation
    });
    let up = up.await;
    let (level, cause) = (EscalationLevel::Unit, EscalationCause::Step);
    assert_eq!((up.level(), up.cause()), (level, cause));
    assert_eq!(up.to_unit_uid, ENVIRONMENT);

    // Both were due by then.
    let desk = suite.receptionist(COMMUNE).at("2017-09-01T09:00");
    desk.ok(desk::by_uid(&dossier.uid)).await;
    let notices = async |dossier: &Dossier| {
        let changes = told(&suite, &dossier.uid).await.into_iter();
        let notices = changes.filter_map(|change| match change {
            Change::NoticeDue(due) => Some(due.notice()),
            _ => None,
        });
        notices.collect::<Vec<Notice>>()
    };
    until("the other is overdue", PATIENCE, async || {
        let rung = notices(&beside).await;
        rung.contains(&Notice::Overdue).then_some(())
    })
    .await;
    assert_eq!(notices(&dossier).await, []);
    let overdue = ListDossiersRequest {
        urgency: Urgency::Overdue.into(),
        ..ListDossiersRequest::default()
    };
    let overdue = desk.ok(overdue).await.message.dossiers;
    let overdue: Vec<_> = overdue.iter().map(|dossier| &dossier.uid).collect();
    assert_eq!(overdue, [&beside.uid]);
    suite.must_add_up().await;
}

#[tokio::test]
async fn r08_who_holds_a_step_outside_the_limit_asks_the_applicant_and_the_clock_waits_for_both() {
    let suite = Suite::start().await;
    let (dossier, tax) = at_tax_office(&suite).await;
    let officer = suite.officer_of(&tax.transfer).after(tax.position.as_ref());
    let asking = officer.at("2017-08-29T14:30");
    let asked = asking.ok(desk::ask_supplement(&tax, "evidence")).await;
    let asked = asked.message.dossier.unwrap();
    assert_eq!(asked.state(), DossierState::SupplementRequested);
    let desk = suite.receptionist(COMMUNE).at("2017-08-30T09:00");
    let answered = desk.ok(addition(&dossier, "evidence")).await;
    let answered = answered.message.dossier.unwrap();
    assert_eq!(answered.state(), DossierState::Processing);
    assert_eq!(answered.due, None);
    // Routing has heard of it: the office did not have two and a half hours of Tuesday and two of Wednesday.
    suite.must_add_up().await;
    let known = read(&officer, &tax.transfer).await;
    assert!(!known.suspended);
    assert_eq!(local(known.due), "2017-08-31T16:30");

    suite.complete(&tax, "2017-08-30T15:00").await;
    suite.must_add_up().await;
    let going_on = suite.dossier(&dossier.uid, COMMUNE).await;
    let moves = going_on.adjustments.iter().map(|moved| local(moved.to));
    let moves: Vec<String> = moves.collect();
    assert_eq!(moves, ["2017-09-01T16:00", "2017-09-05T10:00"]);
    assert_eq!(local(going_on.due), "2017-09-05T10:00");
    suite.must_add_up().await;
}
