//! The dossier's clock stands still, and goes on.

use kit::clock::{Moment, local};
use proptest::prelude::*;
use worktime::{Calendar, OfficeHours, RuleSet, WorkingTime};

use super::acts::Acted;
use super::{
    Around, commune_to_district, consultation, custodian, deciding_lead, moment, of, open_holdings,
    route, sign, step,
};
use crate::error::Error;
use crate::journey::{Journey, What};
use crate::route::{Part, Pause, RESULT, Route, Slice, Step, Why};
use crate::transfer::{DeadLetter, State, Urgency};

/// Minutes after receipt: so many days after that Monday, at that time of day.
pub fn on(day: i64, hour: i64, minute: i64) -> i64 {
    day * 24 * 60 + (hour - 8) * 60 + minute
}

pub fn due(acted: &Acted, step: &str) -> Moment {
    of(&acted.journey, step).due.step
}

/// The district examines since Monday at 09:00, due on Tuesday at 08:48, and asks the applicant on Monday at 10:00.
fn asked() -> Acted {
    let mut acted = Acted::open(commune_to_district());
    acted.accept(&["send"]).wait_until(on(0, 9, 0));
    acted.complete(&["send"]).accept(&["examine"]);
    assert_eq!(due(&acted, "examine"), moment(on(1, 8, 48)));
    acted.wait_until(on(0, 10, 0)).stop_clock("examine");
    acted.told();
    acted
}

/// Every step of the three that run beside each other is held, and the lead asks the applicant.
fn lead_asked() -> Acted {
    let mut acted = Acted::open(consultation());
    acted.accept(&["open"]).complete(&["open"]);
    acted.accept(&["lead", "ask-finance"]).stop_clock("lead");
    acted
}

/// Finance concludes after its opinion, while the lead works beside it.
fn concluding() -> Route {
    let part = |key, after: &[&str], unit, part| Step {
        part,
        ..step(key, after, unit)
    };
    route(vec![
        part("lead", &[], "department", Part::Lead),
        part("ask-finance", &[], "finance", Part::Consulted),
        part("conclude", &["ask-finance"], "finance", Part::Consulted),
        sign(&["lead", "conclude"], "department"),
    ])
}

/// The lead asks the applicant on Monday at 10:00, and finance is done with its opinion at 10:30.
fn opened_meanwhile() -> Acted {
    let mut acted = Acted::open(concluding());
    acted.accept(&["lead", "ask-finance"]);
    acted.wait_until(on(0, 10, 0)).stop_clock("lead");
    acted
        .wait_until(on(0, 10, 30))
        .complete(&["ask-finance"])
        .told();
    acted
}

fn is_on_hold(acted: &Acted, step: &str) -> bool {
    of(&acted.journey, step).on_hold
}

fn must_wait(acted: &mut Acted, step: &str) {
    let epoch = of(&acted.journey, step).offer_epoch;
    let refused = acted.try_accept(step, epoch);
    let Err(Error::OfferOnHold { transfer }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(transfer, of(&acted.journey, step).uid);
}

#[test]
fn what_opens_while_the_clock_stands_still_is_on_hold_with_its_sender_responsible() {
    let mut acted = opened_meanwhile();
    let offer = of(&acted.journey, "conclude").clone();
    assert_eq!((offer.state, offer.on_hold), (State::Offered, true));
    assert!(!offer.is_to_be_delivered());
    assert_eq!(custodian(&acted.journey, "conclude"), Some("finance"));
    must_wait(&mut acted, "conclude");
    let stale = acted.try_accept("conclude", 0);
    assert!(matches!(stale, Err(Error::OfferChanged { .. })));
    // No lane has it, that could give it up.
    let letter = DeadLetter {
        since: moment(0),
        deliveries: 10,
    };
    acted.journey.give_up(&offer.uid, 1, letter);
    assert_eq!(of(&acted.journey, "conclude").dead_letter, None);
    assert_eq!(acted.told(), []);
}

#[test]
fn what_is_on_hold_is_never_late() {
    let mut acted = opened_meanwhile();
    let offer = of(&acted.journey, "conclude");
    let (stopped, later) = (acted.journey.route.stopped_at, moment(on(60, 8, 0)));
    assert_eq!(offer.next_alarm(stopped), None);
    assert_eq!(offer.urgency(later, stopped), None);
    acted.journey.ring(later, Around::new().get());
    assert_eq!(acted.told(), []);
}

#[test]
fn what_was_on_hold_is_offered_when_the_clock_goes_on_and_its_times_are_reckoned_from_then() {
    for restarts in [false, true] {
        let mut acted = opened_meanwhile();
        acted.wait_until(on(2, 10, 0));
        acted.resume(restarts, moment(on(8, 17, 0)));
        let told = |step: &str, what| (step.to_owned(), what);
        assert_eq!(
            acted.told(),
            [
                told("conclude", What::HoldEnded),
                told("lead", What::DueMoved)
            ]
        );
        let offer = of(&acted.journey, "conclude");
        assert!(offer.is_to_be_delivered());
        assert_eq!(offer.offer_epoch, 1);
        assert_eq!(offer.offered_at, moment(on(2, 10, 0)));
        assert_eq!(offer.due.hand_over, moment(on(2, 17, 0)));
        assert_eq!(offer.next_alarm(None), Some(moment(on(2, 17, 0))));
        let evening = moment(on(2, 18, 0));
        assert_eq!(offer.urgency(evening, None), Some(Urgency::Late));
        acted.accept(&["conclude"]);
        assert_eq!(custodian(&acted.journey, "conclude"), Some("finance"));
    }
}

#[test]
fn a_step_that_was_on_hold_has_its_whole_share_from_when_the_clock_goes_on() {
    let mut acted = opened_meanwhile();
    acted.wait_until(on(2, 10, 0));
    acted.resume(false, moment(on(8, 17, 0)));
    // A fifth of 39 working hours, from Wednesday at 10:00.
    assert_eq!(due(&acted, "conclude"), moment(on(3, 9, 48)));
}

#[test]
fn what_is_on_hold_stays_so_wherever_it_goes_until_the_clock_goes_on() {
    let mut acted = opened_meanwhile();
    acted.try_decline("conclude", 1).unwrap();
    acted.try_forward("conclude", 1, "police").unwrap();
    must_wait(&mut acted, "conclude");
    acted.merge("police", "heir");
    assert_eq!(of(&acted.journey, "conclude").to, "heir");
    must_wait(&mut acted, "conclude");
    acted.try_recall("conclude", 3).unwrap();
    acted.told();
    acted.resume(false, moment(on(6, 8, 0)));
    let ended = |(_, what): &(String, What)| *what == What::HoldEnded;
    assert!(!acted.told().iter().any(ended), "its sender has it");
    acted.try_forward("conclude", 3, "finance").unwrap();
    assert!(!is_on_hold(&acted, "conclude"));
    acted.accept(&["conclude"]);
}

#[test]
fn a_withdrawal_recalls_what_is_on_hold() {
    let mut acted = opened_meanwhile();
    acted.withdraw();
    let recalled = ("conclude".to_owned(), What::Recalled);
    assert!(acted.told().contains(&recalled));
    assert!(!is_on_hold(&acted, "conclude"));
    assert_eq!(custodian(&acted.journey, "conclude"), None);
}

#[test]
fn what_was_offered_before_the_news_of_the_pause_is_accepted_and_what_opens_after_it_waits() {
    let mut acted = Acted::open(commune_to_district());
    acted.accept(&["send"]).complete(&["send"]);
    acted.stop_clock("send");
    assert!(!is_on_hold(&acted, "examine"));
    acted.accept(&["examine"]).complete(&["examine"]);
    must_wait(&mut acted, "sign");
    acted.resume(false, moment(on(6, 8, 0)));
    acted.accept(&["sign"]);
}

#[test]
fn a_dossier_that_is_sent_back_while_the_clock_stands_still_waits_there() {
    let mut acted = Acted::open(commune_to_district());
    acted.accept(&["send"]).complete(&["send"]);
    acted.stop_clock("send").accept(&["examine"]);
    acted.try_send_back("examine", "send").unwrap();
    must_wait(&mut acted, "send");
    assert_eq!(custodian(&acted.journey, "send"), Some("district"));
    acted.resume(false, moment(on(6, 8, 0)));
    acted.accept(&["send"]);
}

#[test]
fn a_step_that_waits_for_the_applicant_is_not_completed_before_the_clock_goes_on() {
    let mut acted = asked();
    let refused = acted.try_complete("examine", 2);
    let Err(Error::DossierSuspended { transfer }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(transfer, of(&acted.journey, "examine").uid);
    assert_eq!(custodian(&acted.journey, "examine"), Some("district"));
    let not_the_holder = acted.try_complete("examine", 1);
    assert!(matches!(not_the_holder, Err(Error::NotTheHolder { .. })));
    acted.resume(false, moment(on(6, 8, 0)));
    acted.complete(&["examine"]);
    assert_eq!(custodian(&acted.journey, "sign"), Some("district"));
}

#[test]
fn the_steps_beside_it_go_on_and_their_join_waits() {
    let mut acted = lead_asked();
    acted.complete(&["ask-finance"]);
    acted.try_decline("ask-police", 1).unwrap();
    acted.try_forward("ask-police", 1, "another").unwrap();
    acted.accept(&["ask-police"]).complete(&["ask-police"]);
    let transfers = acted.journey.transfers().iter();
    assert_eq!(
        transfers.filter(|known| known.work.key == "sign").count(),
        0
    );
    assert_eq!(custodian(&acted.journey, "lead"), Some("department"));
    acted.resume(false, moment(on(6, 8, 0)));
    acted.complete(&["lead"]);
    assert_eq!(custodian(&acted.journey, "sign"), Some("department"));
}

#[test]
fn a_step_that_was_done_before_the_news_of_the_pause_stays_done_and_only_the_clock_stood_still() {
    let mut acted = Acted::open(commune_to_district());
    acted.accept(&["send"]).wait_until(on(0, 9, 0));
    acted.complete(&["send"]);
    acted.wait_until(on(0, 10, 0)).stop_clock("send");
    assert_eq!(acted.journey.route.suspended_by, None);
    acted.accept(&["examine"]);
    assert_eq!(custodian(&acted.journey, "examine"), Some("district"));
    acted.wait_until(on(2, 10, 0));
    acted.resume(false, moment(on(8, 17, 0)));
    assert_eq!(due(&acted, "examine"), moment(on(3, 8, 48)));
    acted.complete(&["examine"]).accept(&["sign"]);
    acted.try_decide("sign").unwrap();
    assert_eq!(due(&acted, RESULT), moment(on(8, 17, 0)));
}

#[test]
fn a_step_that_is_completed_after_the_clock_went_on_is_completed_as_ever() {
    let mut acted = asked();
    acted.resume(true, moment(on(7, 17, 0)));
    acted.complete(&["examine"]).accept(&["sign"]);
    acted.try_decide("sign").unwrap();
    assert_eq!(custodian(&acted.journey, RESULT), Some("district"));
}

#[test]
fn a_withdrawal_ends_what_waits_and_its_completion_is_recorded() {
    let mut acted = lead_asked();
    acted.withdraw();
    assert_eq!(acted.journey.route.suspended_by, None);
    acted.complete(&["lead"]);
    assert!(matches!(
        of(&acted.journey, "lead").state,
        State::Completed(..)
    ));
    let transfers = acted.journey.transfers();
    assert_eq!(transfers.len(), 4);
    for transfer in transfers {
        assert!(open_holdings(&acted.journey, &transfer.uid).is_empty());
    }
}

#[test]
fn a_stop_after_a_step_was_completed_ends_the_step_that_it_opened() {
    let mut acted = Acted::open(commune_to_district());
    acted.accept(&["send"]).complete(&["send"]);
    acted.told();
    acted.withdraw();
    assert_eq!(acted.told(), [("examine".to_owned(), What::Recalled)]);
    assert_eq!(custodian(&acted.journey, "examine"), None);
}

#[test]
fn a_decision_is_never_refused_and_a_clock_that_stops_after_it_suspends_nothing() {
    let mut acted = Acted::open(deciding_lead());
    acted.accept(&["open"]).complete(&["open"]);
    acted.accept(&["lead"]).stop_clock("lead");
    acted.try_decide("lead").unwrap();
    assert_eq!(acted.journey.route.suspended_by, None);
    acted.stop_clock("lead");
    assert_eq!(acted.journey.route.suspended_by, None);
    acted.accept(&[RESULT]).try_return(RESULT).unwrap();
    assert!(!acted.journey.route.open);
}

#[test]
fn a_paused_step_is_due_later_by_the_working_time_of_the_pause() {
    let mut acted = asked();
    acted.wait_until(on(2, 10, 0));
    acted.resume(false, moment(on(8, 17, 0)));
    assert_eq!(acted.told(), [("examine".to_owned(), What::DueMoved)]);
    // Two working days and neither night between them.
    assert_eq!(due(&acted, "examine"), moment(on(3, 8, 48)));
    assert_eq!(acted.journey.route.appointment, moment(on(8, 17, 0)));
}

#[test]
fn the_steps_after_a_pause_have_the_share_that_they_had_before() {
    let mut acted = asked();
    acted.wait_until(on(2, 10, 0));
    acted.resume(false, moment(on(8, 17, 0)));
    acted.wait_until(on(3, 7, 0)).complete(&["examine"]);
    // Of 39 working hours a fifth is 7:48.
    assert_eq!(due(&acted, "sign"), moment(on(3, 16, 48)));
}

#[test]
fn a_pause_without_working_time_moves_nothing() {
    let mut acted = asked();
    acted
        .wait_until(on(0, 10, 1))
        .resume(false, moment(on(5, 8, 0)));
    assert_eq!(acted.told().len(), 1, "a minute");
    acted.wait_until(on(0, 17, 0)).stop_clock("examine");
    acted.wait_until(on(1, 7, 0));
    acted.resume(false, moment(on(5, 8, 0)));
    assert!(acted.told().is_empty(), "a night");
}

#[test]
fn what_was_late_already_is_not_made_less_late() {
    let mut acted = Acted::open(commune_to_district());
    acted.accept(&["send"]);
    let before = due(&acted, "send");
    acted.wait_until(on(1, 9, 0)).stop_clock("send");
    acted.wait_until(on(2, 9, 0));
    acted.resume(false, moment(on(7, 8, 0)));
    assert_eq!(due(&acted, "send"), before);
}

#[test]
fn where_the_limit_begins_anew_shares_count_from_the_completion_and_what_is_done_stays() {
    let mut acted = asked();
    let sent = of(&acted.journey, "send").clone();
    acted.wait_until(on(2, 10, 0));
    acted.resume(true, moment(on(9, 10, 0)));
    assert_eq!(acted.told(), [("examine".to_owned(), What::DueMoved)]);
    // A fifth of five full days.
    assert_eq!(due(&acted, "examine"), moment(on(3, 10, 0)));
    assert_eq!(*of(&acted.journey, "send"), sent);
    acted.wait_until(on(3, 7, 0)).complete(&["examine"]);
    assert_eq!(due(&acted, "sign"), moment(on(3, 17, 0)));
}

#[test]
fn what_paused_the_clock_before_the_limit_began_anew_counts_no_more() {
    let mut acted = asked();
    acted
        .wait_until(on(1, 8, 0))
        .resume(false, moment(on(6, 8, 0)));
    acted.stop_clock("examine").wait_until(on(2, 10, 0));
    acted.resume(true, moment(on(9, 10, 0)));
    assert_eq!(acted.journey.route.pauses, []);
    assert_eq!(due(&acted, "examine"), moment(on(3, 10, 0)));
}

#[test]
fn a_deadline_that_moves_gives_the_steps_their_share_of_it_also_after_a_pause() {
    let mut acted = asked();
    acted.wait_until(on(2, 10, 0));
    acted.resume(false, moment(on(8, 17, 0)));
    acted.move_deadline(moment(on(8, 17, 0)));
    assert_eq!(due(&acted, "examine"), moment(on(3, 8, 48)));
    // Five days more, of which a fifth is one.
    acted.move_deadline(moment(on(15, 17, 0)));
    assert_eq!(due(&acted, "examine"), moment(on(4, 8, 48)));
    acted.move_deadline(moment(on(8, 17, 0)));
    assert_eq!(due(&acted, "examine"), moment(on(3, 8, 48)));
    assert_eq!(acted.journey.route.appointment, moment(on(8, 17, 0)));
}

#[test]
fn a_deadline_that_moves_while_the_clock_stands_still_leaves_the_step_waiting() {
    let mut acted = asked();
    acted.move_deadline(moment(on(12, 8, 0)));
    assert_eq!(due(&acted, "examine"), moment(on(2, 8, 48)));
    assert!(acted.try_complete("examine", 2).is_err());
}

proptest! {
    #[test]
    fn a_pause_moves_a_step_by_exactly_its_working_time(
        offered in 0_i64..4_000, percent in 1_u32..100, from in 0_i64..12_000, long in 0_i64..20_000,
    ) {
        let calendar = Calendar::weekly(OfficeHours::standard(), []);
        let mut route = commune_to_district();
        let (offered, pause) = (moment(offered), Pause { from: moment(from), to: moment(from + long), why: Why::Asked });
        let before = route.due(Slice::Percent(percent), offered, &calendar).unwrap();
        route.resume(pause, route.appointment);
        let after = route.due(Slice::Percent(percent), offered, &calendar).unwrap();
        let rules = RuleSet::in_force_on(local(route.received_at).date());
        let begun = worktime::handover_start(&calendar, &rules, local(offered)).unwrap();
        let expected = if pause.from < before.1 {
            calendar.between(begun.max(local(pause.from)), local(pause.to))
        } else {
            WorkingTime::ZERO
        };
        prop_assert_eq!(calendar.between(local(before.1), local(after.1)), expected);
        prop_assert_eq!(after.0, before.0);
    }
}

#[test]
fn a_day_that_changes_moves_nothing_once_it_is_after_all_that_the_clocks_know() {
    let mut acted = Acted::open(commune_to_district());
    let before = acted.journey.clone();
    acted.close(local(before.reaches()).date().succ_opt().unwrap());
    assert_eq!(acted.journey.transfers, before.transfers);
    acted.close(local(before.transfers[0].due.step).date());
    assert_ne!(acted.journey.transfers, before.transfers);
}

#[test]
fn a_time_that_moves_writes_no_holding() {
    let mut acted = Acted::open(commune_to_district());
    let Journey {
        route,
        transfers,
        holdings,
        ..
    } = acted.journey;
    acted.journey = Journey::stored(route, transfers, holdings);
    acted.close(local(acted.journey.transfers[0].due.step).date());
    let (transfers, holdings) = acted.journey.touched();
    assert_eq!((transfers.len(), holdings.len()), (1, 0));
}
