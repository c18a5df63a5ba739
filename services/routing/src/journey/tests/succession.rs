//! A unit is no more while it has work (R16).

use super::acts::Acted;
use super::{DESK, commune_to_district, consultation, custodian, of};
use crate::journey::What;
use crate::transfer::State;

fn told(step: &str, what: What) -> (String, What) {
    (step.to_owned(), what)
}

fn offered_to_district() -> Acted {
    let mut acted = Acted::open(commune_to_district());
    acted.accept(&["send"]).complete(&["send"]);
    acted.told();
    acted
}

#[test]
fn an_offer_to_it_goes_on_to_its_heir_under_a_higher_epoch_and_the_same_clock() {
    let mut acted = offered_to_district();
    let before = of(&acted.journey, "examine").clone();
    acted.merge("district", "heir");
    let expected = [
        told("examine", What::Rehomed),
        told("examine", What::Offered),
    ];
    assert_eq!(acted.told(), expected);
    let offer = of(&acted.journey, "examine");
    assert_eq!((offer.to.as_str(), offer.offer_epoch), ("heir", 2));
    assert_eq!(
        (offer.offered_at, offer.due),
        (before.offered_at, before.due)
    );
    assert_eq!(custodian(&acted.journey, "examine"), Some(DESK));
    acted.accept(&["examine"]);
    acted.merge("district", "heir");
    assert_eq!(
        acted.told(),
        [told("examine", What::Accepted)],
        "once is enough"
    );
}

#[test]
fn what_it_holds_its_heir_holds_under_the_same_epoch_and_nothing_is_done_again() {
    let mut acted = offered_to_district();
    acted.accept(&["examine"]).told();
    let before = of(&acted.journey, "examine").clone();
    acted.merge("district", "heir");
    assert_eq!(acted.told(), [told("examine", What::Inherited)]);
    let held = of(&acted.journey, "examine");
    assert_eq!(
        (held.to.as_str(), held.state, held.due),
        ("heir", before.state, before.due)
    );
    assert_eq!(custodian(&acted.journey, "examine"), Some("heir"));
    acted.complete(&["examine"]);
    assert_eq!(of(&acted.journey, "sign").to, "heir");
    assert_eq!(of(&acted.journey, "sign").from, "heir");
}

#[test]
fn what_it_answers_for_as_the_sender_is_its_heirs() {
    type Back = fn(&mut Acted);
    let back: [(&str, Back); 3] = [
        ("DECLINED", |acted| acted.try_decline("examine", 1).unwrap()),
        ("RECALLED", |acted| acted.try_recall("examine", 1).unwrap()),
        ("RETURNED", |acted| {
            acted.accept(&["examine"]).give_back(&["examine"]);
        }),
    ];
    for (state, back) in back {
        let mut acted = offered_to_district();
        back(&mut acted);
        acted.told();
        acted.merge(DESK, "heir");
        assert_eq!(acted.told(), [told("examine", What::Inherited)], "{state}");
        let back = of(&acted.journey, "examine");
        assert_eq!((back.state.name(), back.from.as_str()), (state, "heir"));
        assert_eq!(custodian(&acted.journey, "examine"), Some("heir"));
    }
}

#[test]
fn an_open_offer_of_its_own_stands_and_its_heir_answers_for_it() {
    let mut acted = offered_to_district();
    acted.merge(DESK, "heir");
    let offer = of(&acted.journey, "examine");
    assert_eq!((offer.state, offer.offer_epoch), (State::Offered, 1));
    assert_eq!(custodian(&acted.journey, "examine"), Some("heir"));
}

#[test]
fn what_it_has_done_and_waits_for_others_is_its_heirs_who_offers_the_join() {
    let mut acted = Acted::open(consultation());
    acted.accept(&["open"]).complete(&["open"]);
    acted.accept(&["lead", "ask-finance", "ask-police"]);
    acted.complete(&["lead", "ask-finance"]);
    acted.merge("department", "heir");
    assert_eq!(custodian(&acted.journey, "lead"), Some("heir"));
    acted.complete(&["ask-police"]);
    let sign = of(&acted.journey, "sign");
    assert_eq!((sign.from.as_str(), sign.to.as_str()), ("heir", "heir"));
}
