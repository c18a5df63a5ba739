//! The paper beside the journey.

use super::acts::Acted;
use super::{commune_to_district, consultation, moment, of};
use crate::error::Error;
use crate::journey::What;
use crate::paper::{Piece, Receipt};

fn piece(component: &str, originals: i32) -> Piece {
    Piece {
        component: component.to_owned(),
        name: format!("Giấy {component}"),
        originals,
        copies: 2,
    }
}

fn receipt(missing: &[Piece]) -> Receipt {
    Receipt {
        unit: "district".to_owned(),
        by: "officer".to_owned(),
        at: moment(60),
        missing: missing.to_vec(),
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

impl Acted {
    fn receive(&mut self, step: &str, missing: &[Piece]) -> Result<(), Error> {
        let uid = of(&self.journey, step).uid.clone();
        self.journey.receive_paper(&uid, receipt(missing))
    }
}

#[test]
fn paper_has_a_receipt_of_its_own_and_stops_no_clock() {
    let mut acted = sent();
    assert!(of(&acted.journey, "examine").paper.travels());
    let due = of(&acted.journey, "examine").due;
    let early = acted.receive("examine", &[]);
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
        .receive("examine", std::slice::from_ref(&short))
        .unwrap();
    assert_eq!(acted.told(), [("examine".to_owned(), What::PaperReceived)]);
    let received = of(&acted.journey, "examine");
    assert_eq!(received.paper.receipt.as_ref().unwrap().missing, [short]);
    assert_eq!(received.due, due);
    let twice = acted.receive("examine", &[]);
    assert!(matches!(twice, Err(Error::PaperAlreadyReceived)));
}

#[test]
fn what_comes_when_the_step_is_done_is_received_all_the_same() {
    let mut acted = sent();
    acted.accept(&["examine"]).complete(&["examine"]);
    acted.receive("examine", &[]).unwrap();
}

#[test]
fn nothing_is_missing_that_was_not_sent() {
    let mut acted = sent();
    acted.accept(&["examine"]);
    for missing in [piece("house", 1), piece("land", 2)] {
        let refused = acted.receive("examine", &[missing]);
        assert!(
            matches!(refused, Err(Error::PaperNotStated(_))),
            "{refused:?}"
        );
    }
    let nothing = acted.receive("send", &[]);
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
    acted.receive("examine", &[]).unwrap();
    acted.give_back(&["examine"]);
    acted.try_forward("examine", 1, "finance").unwrap();
    let paper = &of(&acted.journey, "examine").paper;
    assert!(paper.travels());
    assert_eq!(paper.pieces, [piece("land", 1)]);
}
