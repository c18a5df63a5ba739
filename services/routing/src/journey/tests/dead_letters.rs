//! Offers that the queue gave up.

use kit::clock::Moment;

use super::acts::Acted;
use super::{commune, commune_to_district, consultation, custodian, of};
use crate::journey::What;
use crate::transfer::{DeadLetter, State, Transfer};

const LETTER: DeadLetter = DeadLetter {
    since: Moment::UNIX_EPOCH,
    deliveries: 10,
};

fn given_up(step: &str) -> Acted {
    let mut acted = Acted::open(commune());
    let uid = of(&acted.journey, step).uid.clone();
    acted.told();
    acted.journey.give_up(&uid, 1, LETTER);
    acted
}

#[test]
fn an_offer_that_is_given_up_stays_open_with_its_custodian_and_its_clock() {
    let before = of(&Acted::open(commune()).journey, "examine").clone();
    let mut acted = given_up("examine");
    let letter = of(&acted.journey, "examine");
    let expected = Transfer {
        dead_letter: Some(LETTER),
        revision: before.revision + 1,
        key: letter.key.clone(),
        ..before
    };
    assert_eq!(*letter, expected);
    assert_eq!(custodian(&acted.journey, "examine"), Some("desk"));
    let told = [("examine".to_owned(), What::DeadLettered)];
    assert_eq!(acted.told(), told);
}

#[test]
fn only_an_open_offer_is_given_up_and_once() {
    let mut acted = given_up("examine");
    acted.told();
    let uid = of(&acted.journey, "examine").uid.clone();
    acted.journey.give_up(&uid, 1, LETTER);
    assert_eq!(acted.told(), []);
    acted.try_forward("examine", 1, "elsewhere").unwrap();
    acted.told();
    acted.journey.give_up(&uid, 1, LETTER);
    assert_eq!(acted.told(), [], "the offer is another by now");
    acted.accept(&["examine"]);
    acted.told();
    acted.journey.give_up(&uid, 2, LETTER);
    assert_eq!(acted.told(), []);
}

#[test]
fn whatever_becomes_of_a_dead_letter_ends_it() {
    let mut acted = given_up("examine");
    acted.accept(&["examine"]);
    assert_eq!(of(&acted.journey, "examine").dead_letter, None);
    let mut acted = given_up("examine");
    acted.try_decline("examine", 1).unwrap();
    assert_eq!(of(&acted.journey, "examine").dead_letter, None);
    let mut acted = given_up("examine");
    acted.try_forward("examine", 1, "elsewhere").unwrap();
    assert_eq!(of(&acted.journey, "examine").dead_letter, None);
    let mut acted = given_up("examine");
    acted.withdraw();
    assert_eq!(of(&acted.journey, "examine").dead_letter, None);
}

#[test]
fn a_dead_letter_of_a_sender_that_is_no_more_stays_one() {
    let mut acted = Acted::open(commune_to_district());
    acted.accept(&["send"]).complete(&["send"]);
    let uid = of(&acted.journey, "examine").uid.clone();
    acted.journey.give_up(&uid, 1, LETTER);
    acted.merge("desk", "heir");
    let letter = of(&acted.journey, "examine");
    let is = (letter.from.as_str(), letter.dead_letter);
    assert_eq!(is, ("heir", Some(LETTER)));
}

#[test]
fn a_dead_letter_that_is_redriven_is_the_same_open_offer_without_the_mark() {
    let mut acted = given_up("examine");
    acted.told();
    let uid = of(&acted.journey, "examine").uid.clone();
    assert!(acted.journey.redrive("elsewhere", None).is_empty());
    let other = ["another".to_owned()];
    assert!(acted.journey.redrive("desk", Some(&other)).is_empty());
    let chosen = [uid.clone()];
    assert_eq!(acted.journey.redrive("desk", Some(&chosen)), chosen);
    let anew = of(&acted.journey, "examine");
    assert_eq!(
        (anew.state, anew.offer_epoch, anew.dead_letter),
        (State::Offered, 1, None)
    );
    assert_eq!(acted.told(), [("examine".to_owned(), What::Redriven)]);
    assert!(acted.journey.redrive("desk", None).is_empty(), "it is none");
}

#[test]
fn all_dead_letters_of_a_unit_in_a_dossier_are_redriven_and_none_of_another() {
    let mut acted = Acted::open(consultation());
    acted.accept(&["open"]).complete(&["open"]);
    for step in ["lead", "ask-finance", "ask-police"] {
        let uid = of(&acted.journey, step).uid.clone();
        acted.journey.give_up(&uid, 1, LETTER);
    }
    let finance = of(&acted.journey, "ask-finance").uid.clone();
    assert_eq!(acted.journey.redrive("finance", None), [finance]);
    assert_eq!(of(&acted.journey, "ask-police").dead_letter, Some(LETTER));
}
