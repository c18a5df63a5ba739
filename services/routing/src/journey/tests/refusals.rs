//! Everything that a journey refuses, with its reason.

use super::acts::Acted;
use super::{commune, of};
use crate::error::Error;
use crate::route::RESULT;

/// The current state and the allowed ones of a `STATE_FORBIDS`.
fn state_forbids(result: Result<(), Error>) -> (&'static str, &'static str, Vec<&'static str>) {
    match result {
        Err(Error::StateForbids {
            act,
            current,
            allowed,
        }) => (act, current, allowed.to_vec()),
        other => panic!("{other:?}"),
    }
}

/// What was seen and what it is, of an `OFFER_CHANGED`.
fn offer_changed(result: Result<(), Error>) -> (i64, i64) {
    match result {
        Err(Error::OfferChanged { seen, current }) => (seen, current),
        other => panic!("{other:?}"),
    }
}

fn accepted() -> Acted {
    let mut acted = Acted::open(commune());
    acted.accept(&["examine"]);
    acted
}

#[test]
fn an_accepted_offer_is_neither_accepted_nor_declined_nor_forwarded() {
    let mut acted = accepted();
    let offered = vec!["OFFERED"];
    let refused = state_forbids(acted.try_accept("examine", 1));
    assert_eq!(refused, ("AcceptTransfer", "ACCEPTED", offered.clone()));
    let refused = state_forbids(acted.try_decline("examine", 1));
    assert_eq!(refused, ("DeclineTransfer", "ACCEPTED", offered));
    let refused = state_forbids(acted.try_forward("examine", 1, "district"));
    let open = vec!["OFFERED", "DECLINED", "RECALLED", "RETURNED"];
    assert_eq!(refused, ("ForwardTransfer", "ACCEPTED", open));
}

#[test]
fn a_declined_offer_cannot_be_accepted_or_declined_again() {
    let mut acted = Acted::open(commune());
    acted.try_decline("examine", 1).unwrap();
    assert_eq!(state_forbids(acted.try_accept("examine", 1)).1, "DECLINED");
    assert_eq!(state_forbids(acted.try_decline("examine", 1)).1, "DECLINED");
}

#[test]
fn what_nobody_accepted_cannot_be_completed_decided_or_returned() {
    let mut acted = Acted::open(commune());
    let refused = ("CompleteTransfer", "OFFERED", vec!["ACCEPTED"]);
    assert_eq!(state_forbids(acted.try_complete("examine", 0)), refused);
    assert_eq!(state_forbids(acted.try_decide("examine")), refused);
    assert_eq!(state_forbids(acted.try_return("examine")), refused);
}

#[test]
fn what_is_done_is_not_done_again() {
    let mut acted = accepted();
    acted.complete(&["examine"]);
    let refused = state_forbids(acted.try_complete("examine", 1));
    assert_eq!(refused.1, "COMPLETED");
    acted.accept(&["sign"]).try_decide("sign").unwrap();
    assert_eq!(state_forbids(acted.try_decide("sign")).1, "COMPLETED");
    acted.accept(&[RESULT]).try_return(RESULT).unwrap();
    assert_eq!(state_forbids(acted.try_return(RESULT)).1, "COMPLETED");
}

#[test]
fn what_was_recalled_cannot_be_accepted_or_forwarded() {
    let mut acted = Acted::open(commune());
    acted.withdraw();
    assert_eq!(state_forbids(acted.try_accept("examine", 1)).1, "RECALLED");
    let forwarded = acted.try_forward("examine", 1, "district");
    assert_eq!(state_forbids(forwarded).1, "RECALLED");
}

#[test]
fn an_offer_that_changed_since_it_was_seen_is_not_acted_upon() {
    let mut acted = Acted::open(commune());
    acted.try_forward("examine", 1, "district").unwrap();
    assert_eq!(offer_changed(acted.try_accept("examine", 1)), (1, 2));
    assert_eq!(offer_changed(acted.try_decline("examine", 1)), (1, 2));
    assert_eq!(offer_changed(acted.try_forward("examine", 3, "x")), (3, 2));
    assert_eq!(of(&acted.journey, "examine").offer_epoch, 2);
}

#[test]
fn only_the_holder_of_the_present_custody_completes() {
    let mut acted = accepted();
    for epoch in [0, 2] {
        let refused = acted.try_complete("examine", epoch);
        let Err(Error::NotTheHolder { transfer }) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(transfer, of(&acted.journey, "examine").uid);
    }
    acted.try_complete("examine", 1).unwrap();
}

#[test]
fn a_transfer_that_does_not_exist_is_not_found() {
    let acted = accepted();
    let found = acted.journey.transfer("no such transfer");
    assert!(matches!(found, Err(Error::TransferNotFound)));
}
