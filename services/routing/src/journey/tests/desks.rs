//! The desk to which the result returns is corrected.

use super::acts::Acted;
use super::{DESK, commune, custodian, of};
use crate::journey::What;
use crate::route::RESULT;
use crate::transfer::State;

/// The result is offered to the desk that received the dossier.
fn decided() -> Acted {
    let mut acted = Acted::open(commune());
    acted.accept(&["examine"]).complete(&["examine"]);
    acted.accept(&["sign"]).try_decide("sign").unwrap();
    acted.told();
    acted
}

fn result(what: What) -> (String, What) {
    (RESULT.to_owned(), what)
}

#[test]
fn before_the_decision_the_result_is_offered_to_the_corrected_desk() {
    let mut acted = Acted::open(commune());
    acted.accept(&["examine"]).complete(&["examine"]);
    acted.correct("another");
    acted.accept(&["sign"]).try_decide("sign").unwrap();
    assert_eq!(of(&acted.journey, RESULT).to, "another");
}

#[test]
fn an_offer_of_the_result_goes_on_to_the_corrected_desk_and_the_sender_stays_responsible() {
    let mut acted = decided();
    acted.correct("another");
    assert_eq!(acted.told(), [result(What::Rehomed), result(What::Offered)]);
    let offer = of(&acted.journey, RESULT);
    assert_eq!((offer.to.as_str(), offer.offer_epoch), ("another", 2));
    assert_eq!(offer.due.step, acted.journey.route.appointment);
    assert_eq!(custodian(&acted.journey, RESULT), Some(DESK));
    assert!(acted.try_accept(RESULT, 1).is_err());
    acted.try_accept(RESULT, 2).unwrap();
    assert_eq!(custodian(&acted.journey, RESULT), Some("another"));
}

#[test]
fn a_declined_result_is_offered_to_the_corrected_desk() {
    let mut acted = decided();
    acted.try_decline(RESULT, 1).unwrap();
    acted.told();
    acted.correct("another");
    assert_eq!(acted.told(), [result(What::Offered)]);
    assert_eq!(of(&acted.journey, RESULT).state, State::Offered);
}

#[test]
fn a_desk_that_has_accepted_the_result_keeps_it() {
    let mut acted = decided();
    acted.accept(&[RESULT]);
    acted.told();
    acted.correct("another");
    assert!(acted.told().is_empty());
    assert_eq!(custodian(&acted.journey, RESULT), Some(DESK));
    acted.try_return(RESULT).unwrap();
}

#[test]
fn a_correction_of_something_else_leaves_the_result_where_it_was_forwarded() {
    let mut acted = decided();
    acted.try_forward(RESULT, 1, "another").unwrap();
    acted.told();
    acted.correct(DESK);
    assert!(acted.told().is_empty());
    assert_eq!(of(&acted.journey, RESULT).to, "another");
}

#[test]
fn a_result_that_is_at_the_corrected_desk_already_is_not_offered_again() {
    let mut acted = decided();
    acted.try_forward(RESULT, 1, "another").unwrap();
    acted.told();
    acted.correct("another");
    assert!(acted.told().is_empty());
    assert_eq!(of(&acted.journey, RESULT).offer_epoch, 2);
}
