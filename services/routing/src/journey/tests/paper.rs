//! The paper beside the journey.

use chrono::NaiveDate;
use kit::clock::Moment;

use super::acts::Acted;
use super::desk::on;
use super::{commune_to_district, consultation, moment, of};
use crate::error::Error;
use crate::journey::What;
use crate::paper::Piece;
use crate::route::RESULT;
use crate::transfer::State;

fn piece(component: &str, originals: i32) -> Piece {
    Piece {
        component: component.to_owned(),
        name: format!("Giấy {component}"),
        originals,
        copies: 2,
    }
}

/// The commune has sent paper with the step.
fn sent() -> Acted {
    let mut acted = Acted::open(commune_to_district());
    acted.accept(&["send"]);
    acted.told();
    acted.complete(&["send"]);
    acted.journey.send_paper(&[piece("land", 1)]).unwrap();
    acted
}

/// The commune has sent paper at 09:00, which is to be there by 17:00, with a step that waits for it and has a fifth of 39 working
/// hours.
pub fn waiting() -> Acted {
    let mut acted = on_its_way();
    acted.journey.send_paper(&[piece("land", 1)]).unwrap();
    acted
}

/// The same, but that nothing is on paper yet.
fn on_its_way() -> Acted {
    let mut route = commune_to_district();
    route.steps[1].waits_for_paper = true;
    let mut acted = Acted::open(route);
    acted.accept(&["send"]).wait_until(on(0, 9, 0)).told();
    acted.complete(&["send"]);
    acted
}

fn due(acted: &Acted) -> Moment {
    of(&acted.journey, "examine").due.step
}

#[test]
fn paper_has_a_receipt_of_its_own_and_stops_no_clock() {
    let mut acted = sent();
    assert!(of(&acted.journey, "examine").paper.travels());
    let due = of(&acted.journey, "examine").due;
    let early = acted.try_receive("examine", &[]);
    assert!(matches!(
        early,
        Err(Error::StateForbids {
            current: "OFFERED",
            ..
        })
    ));
    acted.accept(&["examine"]).told();
    assert!(of(&acted.journey, "examine").paper.travels());
    let short = piece("land", 1);
    acted
        .try_receive("examine", std::slice::from_ref(&short))
        .unwrap();
    assert_eq!(acted.told(), [("examine".to_owned(), What::PaperReceived)]);
    let received = of(&acted.journey, "examine");
    assert_eq!(received.paper.receipt.as_ref().unwrap().missing, [short]);
    assert_eq!(received.due, due);
    let twice = acted.try_receive("examine", &[]);
    assert!(matches!(twice, Err(Error::PaperAlreadyReceived)));
}

#[test]
fn what_comes_when_the_step_is_done_is_received_all_the_same() {
    let mut acted = sent();
    acted.accept(&["examine"]).complete(&["examine"]);
    acted.try_receive("examine", &[]).unwrap();
}

#[test]
fn nothing_is_missing_that_was_not_sent() {
    let mut acted = sent();
    acted.accept(&["examine"]);
    for missing in [piece("house", 1), piece("land", 2)] {
        let refused = acted.try_receive("examine", &[missing]);
        assert!(
            matches!(refused, Err(Error::PaperNotStated(_))),
            "{refused:?}"
        );
    }
    let nothing = acted.try_receive("send", &[]);
    assert!(matches!(nothing, Err(Error::PaperNotStated(_))));
}

#[test]
fn paper_goes_with_the_leading_step_and_not_without_an_offer() {
    let mut acted = Acted::open(consultation());
    acted.accept(&["open"]);
    acted.told();
    acted.complete(&["open"]);
    acted.journey.send_paper(&[piece("land", 1)]).unwrap();
    assert!(of(&acted.journey, "lead").paper.travels());
    assert!(!of(&acted.journey, "ask-finance").paper.travels());
    acted.accept(&["ask-finance"]).told();
    acted.complete(&["ask-finance"]);
    let refused = acted.journey.send_paper(&[piece("opinion", 1)]);
    assert!(matches!(refused, Err(Error::PaperWithoutOffer)));
}

#[test]
fn paper_sets_out_again_with_an_offer_that_goes_on() {
    let mut acted = sent();
    acted.accept(&["examine"]);
    acted.try_receive("examine", &[]).unwrap();
    acted.give_back(&["examine"]);
    acted.try_forward("examine", 1, "finance").unwrap();
    let paper = &of(&acted.journey, "examine").paper;
    assert!(paper.travels());
    assert_eq!(paper.pieces, [piece("land", 1)]);
}

#[test]
fn a_step_that_waits_for_paper_has_its_time_from_the_receipt_and_the_dossier_does_not_wait() {
    let mut acted = waiting();
    let appointment = acted.journey.route.appointment;
    let offer = of(&acted.journey, "examine").clone();
    assert!(offer.waits_for_paper());
    acted.accept(&["examine"]).wait_until(on(1, 9, 0)).told();
    assert!(of(&acted.journey, "examine").waits_for_paper());
    acted.try_receive("examine", &[]).unwrap();
    assert_eq!(acted.told(), [("examine".to_owned(), What::PaperReceived)]);
    assert!(!of(&acted.journey, "examine").waits_for_paper());
    assert_eq!(due(&acted), moment(on(2, 8, 48)));
    let hand_over = of(&acted.journey, "examine").due.hand_over;
    assert_eq!(hand_over, offer.due.hand_over);
    assert_eq!(acted.journey.route.appointment, appointment);
}

#[test]
fn a_receipt_that_names_all_of_it_as_missing_begins_the_time_too() {
    let mut acted = waiting();
    acted.accept(&["examine"]).wait_until(on(1, 9, 0));
    acted.try_receive("examine", &[piece("land", 1)]).unwrap();
    assert!(!of(&acted.journey, "examine").waits_for_paper());
    assert_eq!(due(&acted), moment(on(2, 8, 48)));
}

#[test]
fn a_step_that_would_wait_for_paper_does_not_where_none_was_stated() {
    let mut acted = on_its_way();
    acted.accept(&["examine"]);
    let held = of(&acted.journey, "examine");
    assert!(!held.waits_for_paper());
    assert_eq!(held.next_alarm(None), Some(moment(on(1, 8, 48))));
}

#[test]
fn a_calendar_that_changes_moves_a_step_from_its_receipt_and_tells_nothing_of_it_before() {
    let date = |day| NaiveDate::from_ymd_opt(2017, 8, day).unwrap();
    let mut acted = waiting();
    acted.accept(&["examine"]).told();
    // On Wednesday.
    acted.close(date(30));
    assert_eq!(acted.told(), []);
    acted.wait_until(on(1, 9, 0));
    acted.try_receive("examine", &[]).unwrap();
    acted.told();
    // A fifth of 31 working hours is 6:12.
    assert_eq!(due(&acted), moment(on(3, 7, 12)));
    acted.close(date(31));
    assert_eq!(acted.told(), [("examine".to_owned(), What::DueMoved)]);
    assert_eq!(due(&acted), moment(on(2, 7, 12)));
}

#[test]
fn a_pause_counts_for_a_step_since_its_paper_came() {
    let mut acted = waiting();
    acted.accept(&["examine"]).wait_until(on(0, 10, 0));
    acted.stop_clock("examine").wait_until(on(1, 9, 0));
    acted.try_receive("examine", &[]).unwrap();
    acted.wait_until(on(2, 9, 0));
    acted.resume(false, moment(on(8, 17, 0)));
    // A working day after Wednesday at 08:48.
    assert_eq!(due(&acted), moment(on(3, 8, 48)));
}

#[test]
fn a_step_may_be_done_without_its_paper_which_is_received_later() {
    let mut acted = waiting();
    acted.accept(&["examine"]).complete(&["examine"]);
    let done = of(&acted.journey, "examine");
    assert!(matches!(done.state, State::Completed(..)));
    assert_eq!(done.next_alarm(None), None);
    acted.wait_until(on(1, 9, 0));
    acted.try_receive("examine", &[]).unwrap();
    assert_eq!(due(&acted), moment(on(2, 8, 48)), "it was done in time");
    let done = of(&acted.journey, "examine");
    assert!(done.waits_for_paper(), "it never had a time of its own");
}

#[test]
fn a_step_that_goes_on_to_another_unit_waits_anew() {
    let mut acted = waiting();
    acted.accept(&["examine"]);
    acted.try_receive("examine", &[]).unwrap();
    acted.give_back(&["examine"]);
    acted.try_forward("examine", 1, "finance").unwrap();
    acted.accept(&["examine"]);
    assert!(of(&acted.journey, "examine").waits_for_paper());
}

#[test]
fn of_several_steps_the_one_that_waits_for_paper_gets_it() {
    let mut route = consultation();
    let waits = route.steps.iter_mut().find(|step| step.key == "ask-police");
    waits.unwrap().waits_for_paper = true;
    let mut acted = Acted::open(route);
    acted.accept(&["open"]);
    acted.told();
    acted.complete(&["open"]);
    acted.journey.send_paper(&[piece("land", 1)]).unwrap();
    let travels = |step| of(&acted.journey, step).paper.travels();
    let steps = ["lead", "ask-finance", "ask-police"];
    assert_eq!(steps.map(travels), [false, false, true]);
}

#[test]
fn paper_goes_with_the_result_to_the_desk() {
    let mut acted = Acted::open(commune_to_district());
    acted.accept(&["send"]).complete(&["send"]);
    acted.accept(&["examine"]).complete(&["examine"]);
    acted.accept(&["sign"]).told();
    acted.try_decide("sign").unwrap();
    acted.journey.send_paper(&[piece("", 1)]).unwrap();
    assert!(of(&acted.journey, RESULT).paper.travels());
    acted.accept(&[RESULT]);
    let before = of(&acted.journey, RESULT).due;
    acted.try_receive(RESULT, &[]).unwrap();
    assert_eq!(of(&acted.journey, RESULT).due, before);
}
