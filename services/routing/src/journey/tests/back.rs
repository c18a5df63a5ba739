//! Dossiers that go back: called back, given back, sent back.

use super::acts::Acted;
use super::{DESK, commune, commune_to_district, consultation, custodian, of, open_holdings};
use crate::error::Error;
use crate::journey::What;
use crate::route::RESULT;
use crate::transfer::State;

/// The district examines what the commune sent it.
fn at_district() -> Acted {
    let mut acted = Acted::open(commune_to_district());
    acted.accept(&["send"]).complete(&["send"]);
    acted.accept(&["examine"]);
    acted.told();
    acted
}

/// The district's leader has the dossier to sign.
fn to_sign() -> Acted {
    let mut acted = at_district();
    acted.complete(&["examine"]).accept(&["sign"]);
    acted.told();
    acted
}

fn told(step: &str, what: What) -> (String, What) {
    (step.to_owned(), what)
}

#[test]
fn what_the_sender_calls_back_stays_with_it_until_it_is_offered_again() {
    let mut acted = Acted::open(commune());
    acted.told();
    acted.try_recall("examine", 1).unwrap();
    assert_eq!(acted.told(), [told("examine", What::Recalled)]);
    let recalled = of(&acted.journey, "examine");
    assert_eq!(
        (recalled.state.name(), recalled.state.ended_at()),
        ("RECALLED", None)
    );
    assert_eq!(custodian(&acted.journey, "examine"), Some(DESK));
    assert!(acted.try_accept("examine", 1).is_err());
    acted.try_forward("examine", 1, "district").unwrap();
    acted.try_accept("examine", 2).unwrap();
    assert_eq!(custodian(&acted.journey, "examine"), Some("district"));
}

#[test]
fn what_ends_with_its_dossier_is_recalled_for_good() {
    let mut acted = Acted::open(commune());
    acted.try_recall("examine", 1).unwrap();
    acted.withdraw();
    let recalled = of(&acted.journey, "examine");
    assert_eq!(recalled.state.name(), "RECALLED");
    assert!(recalled.state.ended_at().is_some());
    assert!(acted.try_forward("examine", 1, "district").is_err());
    assert!(!acted.journey.route.open);
}

#[test]
fn only_the_present_offer_is_called_back() {
    let mut acted = Acted::open(commune());
    acted.try_forward("examine", 1, "district").unwrap();
    let recalled = acted.try_recall("examine", 1);
    assert!(matches!(
        recalled,
        Err(Error::OfferChanged {
            seen: 1,
            current: 2
        })
    ));
    acted.accept(&["examine"]);
    let recalled = acted.try_recall("examine", 2);
    assert!(matches!(
        recalled,
        Err(Error::StateForbids {
            current: "ACCEPTED",
            ..
        })
    ));
}

#[test]
fn a_step_that_is_given_back_is_its_senders_under_a_higher_custody_epoch() {
    let mut acted = at_district();
    acted.give_back(&["examine"]);
    assert_eq!(acted.told(), [told("examine", What::Returned)]);
    let returned = of(&acted.journey, "examine");
    assert_eq!(returned.state, State::GivenBack(3));
    assert_eq!(custodian(&acted.journey, "examine"), Some(DESK));
    assert!(acted.try_complete("examine", 2).is_err());
    acted.try_forward("examine", 1, "finance").unwrap();
    acted.accept(&["examine"]);
    let accepted = of(&acted.journey, "examine").state.acceptance();
    assert_eq!(accepted.unwrap().epoch, 4);
    assert_eq!(custodian(&acted.journey, "examine"), Some("finance"));
}

#[test]
fn only_the_present_holder_gives_back_what_does_not_wait_for_the_applicant() {
    let mut acted = at_district();
    let refused = acted.try_give_back("examine", 1);
    assert!(matches!(refused, Err(Error::NotTheHolder { .. })));
    acted.stop_clock("examine");
    let refused = acted.try_give_back("examine", 2);
    assert!(matches!(refused, Err(Error::DossierSuspended { .. })));
    let refused = acted.try_send_back("examine", "send");
    assert!(matches!(refused, Err(Error::DossierSuspended { .. })));
}

#[test]
fn a_decision_that_was_under_way_when_the_step_was_given_back_is_its_holders() {
    let mut acted = to_sign();
    acted.give_back(&["sign"]).told();
    acted.try_decide("sign").unwrap();
    let decided = of(&acted.journey, "sign");
    assert_eq!(
        (decided.state.name(), decided.to.as_str()),
        ("COMPLETED", "district")
    );
    assert_eq!(custodian(&acted.journey, "sign"), None);
    assert_eq!(custodian(&acted.journey, RESULT), Some("district"));
}

#[test]
fn a_decision_that_was_under_way_when_the_step_was_offered_again_calls_that_back() {
    let mut acted = to_sign();
    acted.give_back(&["sign"]);
    acted.try_forward("sign", 1, "finance").unwrap();
    acted.told();
    acted.try_decide("sign").unwrap();
    let expected = [
        told("sign", What::Recalled),
        told("sign", What::Completed),
        told(RESULT, What::Offered),
    ];
    assert_eq!(acted.told(), expected);
    assert_eq!(of(&acted.journey, "sign").to, "district");
    assert!(acted.try_accept("sign", 2).is_err());
}

#[test]
fn a_decision_that_was_under_way_when_the_dossier_was_sent_back_ends_what_was_begun_again() {
    let mut acted = to_sign();
    acted.try_send_back("sign", "examine").unwrap();
    let sign = acted.journey.transfers().iter();
    let mut sign = sign.filter(|transfer| transfer.work.key == "sign");
    let sign = sign.next().unwrap().uid.clone();
    acted.told();
    let around = super::Around::new();
    acted
        .journey
        .decided(&sign, super::moment(60), around.get())
        .unwrap();
    assert_eq!(of(&acted.journey, "examine").state.name(), "RECALLED");
    assert_eq!(of(&acted.journey, "sign").state.name(), "COMPLETED");
    assert_eq!(custodian(&acted.journey, RESULT), Some("district"));
    assert_eq!(custodian(&acted.journey, "examine"), None);
}

#[test]
fn the_clock_that_was_stopped_for_a_step_given_back_suspends_nothing() {
    let mut acted = at_district();
    acted.give_back(&["examine"]);
    acted.stop_clock("examine");
    assert_eq!(acted.journey.route.suspended_by, None);
    acted.try_forward("examine", 1, "finance").unwrap();
    acted.accept(&["examine"]).complete(&["examine"]);
}

#[test]
fn a_dossier_that_is_sent_back_goes_the_way_since_that_step_once_more() {
    let mut acted = to_sign();
    let (appointment, limit) = (acted.journey.route.appointment, acted.journey.route.limit);
    acted.try_send_back("sign", "send").unwrap();
    let expected = [
        told("sign", What::Returned),
        told("examine", What::Undone),
        told("send", What::Undone),
        told("send", What::Offered),
    ];
    assert_eq!(acted.told(), expected);
    let again = of(&acted.journey, "send");
    assert_eq!((again.from.as_str(), again.to.as_str()), ("district", DESK));
    assert_eq!((again.offer_epoch, again.reason.as_str()), (1, "làm lại"));
    assert_eq!(custodian(&acted.journey, "send"), Some("district"));

    acted.accept(&["send"]).complete(&["send"]);
    acted.accept(&["examine"]).complete(&["examine"]);
    acted.accept(&["sign"]).try_decide("sign").unwrap();
    acted.accept(&[RESULT]).try_return(RESULT).unwrap();
    assert!(!acted.journey.route.open);
    assert_eq!(acted.journey.transfers().len(), 7);
    assert_eq!(acted.journey.route.appointment, appointment);
    assert_eq!(acted.journey.route.limit, limit);
}

#[test]
fn a_dossier_is_sent_back_again_and_again() {
    let mut acted = to_sign();
    for _ in 0..3 {
        acted.try_send_back("sign", "examine").unwrap();
        acted.accept(&["examine"]).complete(&["examine"]);
        acted.accept(&["sign"]);
    }
    acted.try_decide("sign").unwrap();
    let transfers = acted.journey.transfers().iter();
    let uids: std::collections::BTreeSet<_> = transfers.map(|transfer| &transfer.uid).collect();
    assert_eq!(uids.len(), acted.journey.transfers().len());
}

#[test]
fn a_dossier_goes_back_only_to_a_step_that_was_done_before() {
    let mut acted = to_sign();
    for step in ["sign", "nowhere", RESULT] {
        let refused = acted.try_send_back("sign", step);
        assert!(
            matches!(refused, Err(Error::StepNotBefore(_))),
            "{refused:?}"
        );
    }
    assert!(acted.told().is_empty());
    acted.try_decide("sign").unwrap();
    acted.accept(&[RESULT]);
    let refused = acted.try_send_back(RESULT, "examine");
    assert!(matches!(refused, Err(Error::AlreadyDecided)));
}

#[test]
fn a_dossier_is_not_sent_back_over_the_work_of_others_beside() {
    let mut acted = Acted::open(consultation());
    acted.accept(&["open"]).complete(&["open"]);
    acted.accept(&["lead", "ask-finance", "ask-police"]);
    acted.complete(&["ask-finance"]);
    let refused = acted.try_send_back("lead", "open");
    assert!(matches!(refused, Err(Error::BranchBeside(_))));
    acted.complete(&["ask-police", "lead"]).accept(&["sign"]);
    acted.try_send_back("sign", "lead").unwrap();
    assert_eq!(of(&acted.journey, "ask-finance").state.name(), "COMPLETED");
    acted.accept(&["lead"]).complete(&["lead"]);
    assert_eq!(of(&acted.journey, "sign").state, State::Offered);
    acted
        .accept(&["sign"])
        .try_send_back("sign", "open")
        .unwrap();
    for step in ["lead", "ask-finance", "ask-police"] {
        let mut transfers = acted.journey.transfers().iter();
        let counts =
            transfers.any(|transfer| transfer.work.key == step && !transfer.state.is_superseded());
        assert!(!counts, "{step}");
    }
    let open = acted.journey.transfers().iter();
    let open = open.filter(|transfer| !open_holdings(&acted.journey, &transfer.uid).is_empty());
    let open: Vec<_> = open.map(|transfer| transfer.work.key.as_str()).collect();
    assert_eq!(open, ["open"]);
}
