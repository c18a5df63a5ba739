//! The ways that journeys go, one sentence each.

use kit::clock;
use kit::copies::{Calendars, Copy, UNIT};
use prost::Message as _;
use proto::identity::v1 as pb;
use worktime::{Calendar, DayKind, OfficeHours, SpecialDay};

use super::acts::Acted;
use super::{Around, DESK, Journey, commune, commune_to_district, consultation};
use super::{custodian, deciding_lead, moment, of, open_holdings};
use crate::journey::What;
use crate::route::RESULT;
use crate::transfer::State;

#[test]
fn the_receiving_desk_is_responsible_until_the_first_unit_accepts() {
    let mut acted = Acted::open(commune_to_district());
    acted.accept(&["send"]).complete(&["send"]);
    assert_eq!(custodian(&acted.journey, "examine"), Some(DESK));
    acted.accept(&["examine"]);
    assert_eq!(custodian(&acted.journey, "examine"), Some("district"));
    let book = &acted.journey.holdings;
    let book: Vec<_> = book
        .iter()
        .filter(|holding| holding.step == "examine")
        .collect();
    assert_eq!(book.len(), 2);
    assert_eq!(book[0].until, Some(book[1].since));
}

#[test]
fn a_unit_is_responsible_for_what_it_has_done_until_the_next_offer_stands() {
    let mut acted = Acted::open(consultation());
    acted.accept(&["open"]).complete(&["open"]);
    acted.accept(&["ask-finance"]).complete(&["ask-finance"]);
    assert_eq!(custodian(&acted.journey, "open"), None);
    assert_eq!(custodian(&acted.journey, "ask-finance"), Some("finance"));
}

#[test]
fn a_declined_offer_leaves_the_sender_responsible() {
    let mut acted = Acted::open(commune_to_district());
    acted.accept(&["send"]).complete(&["send"]);
    acted.try_decline("examine", 1).unwrap();
    assert_eq!(custodian(&acted.journey, "examine"), Some(DESK));
    assert_eq!(
        of(&acted.journey, "examine").reason,
        "không thuộc thẩm quyền"
    );
}

#[test]
fn a_declined_offer_that_is_forwarded_stands_under_a_new_epoch_with_the_same_sender() {
    let mut acted = Acted::open(commune());
    acted.try_decline("examine", 1).unwrap();
    acted.told();
    acted.try_forward("examine", 1, "district").unwrap();
    assert_eq!(acted.told(), [("examine".to_owned(), What::Offered)]);
    let transfer = of(&acted.journey, "examine");
    assert_eq!((transfer.state, transfer.offer_epoch), (State::Offered, 2));
    assert_eq!(
        (transfer.from.as_str(), transfer.to.as_str()),
        (DESK, "district")
    );
    assert_eq!(custodian(&acted.journey, "examine"), Some(DESK));
}

#[test]
fn an_open_offer_that_is_forwarded_is_told_as_gone_on_and_as_offered() {
    let mut acted = Acted::open(commune());
    acted.told();
    acted.try_forward("examine", 1, "district").unwrap();
    let examine = |what| ("examine".to_owned(), what);
    assert_eq!(
        acted.told(),
        [examine(What::Rehomed), examine(What::Offered)]
    );
    assert!(acted.try_accept("examine", 1).is_err());
    acted.try_accept("examine", 2).unwrap();
    assert_eq!(custodian(&acted.journey, "examine"), Some("district"));
}

#[test]
fn the_join_waits_for_all_three_and_is_offered_by_the_lead() {
    let mut acted = Acted::open(consultation());
    acted.accept(&["open"]).complete(&["open"]);
    acted.accept(&["lead", "ask-finance", "ask-police"]);
    acted.complete(&["lead", "ask-police"]);
    assert!(
        acted
            .journey
            .transfers()
            .iter()
            .all(|transfer| transfer.work.key != "sign")
    );
    assert_eq!(custodian(&acted.journey, "lead"), Some("department"));
    acted.complete(&["ask-finance"]);
    assert_eq!(of(&acted.journey, "sign").from, "department");
    assert_eq!(custodian(&acted.journey, "sign"), Some("department"));
    for done in ["lead", "ask-finance", "ask-police"] {
        assert_eq!(custodian(&acted.journey, done), None, "{done}");
    }
}

#[test]
fn the_lead_offers_the_join_even_when_another_unit_leads_it_by_then() {
    let mut acted = Acted::open(consultation());
    acted.accept(&["open"]).complete(&["open"]);
    acted.try_forward("lead", 1, "another").unwrap();
    acted.accept(&["lead", "ask-finance", "ask-police"]);
    acted.complete(&["lead", "ask-police", "ask-finance"]);
    assert_eq!(of(&acted.journey, "sign").from, "another");
}

#[test]
fn a_decision_offers_the_result_to_the_desk_and_its_return_ends_the_journey() {
    let mut acted = Acted::open(commune_to_district());
    acted.accept(&["send"]).complete(&["send"]);
    acted.accept(&["examine"]).complete(&["examine"]);
    acted.accept(&["sign"]).try_decide("sign").unwrap();
    let result = of(&acted.journey, RESULT);
    assert_eq!(
        (result.from.as_str(), result.to.as_str()),
        ("district", DESK)
    );
    assert_eq!(custodian(&acted.journey, "sign"), None);
    assert_eq!(custodian(&acted.journey, RESULT), Some("district"));
    acted.accept(&[RESULT]).try_return(RESULT).unwrap();
    assert!(!acted.journey.route.open);
    assert_eq!(custodian(&acted.journey, RESULT), None);
}

#[test]
fn a_decision_ends_whatever_ran_beside_it() {
    let mut acted = Acted::open(deciding_lead());
    acted.accept(&["open"]).complete(&["open"]);
    acted
        .accept(&["lead", "ask-finance"])
        .try_decide("lead")
        .unwrap();
    assert!(matches!(
        of(&acted.journey, "ask-finance").state,
        State::Cancelled(..)
    ));
    assert_eq!(custodian(&acted.journey, "ask-finance"), None);
    assert_eq!(custodian(&acted.journey, RESULT), Some("department"));
}

#[test]
fn a_withdrawal_recalls_offers_cancels_accepted_steps_and_closes_every_branch() {
    let mut acted = Acted::open(consultation());
    acted.accept(&["open"]).complete(&["open"]);
    acted
        .accept(&["lead", "ask-finance"])
        .complete(&["ask-finance"]);
    acted.told();
    acted.withdraw();
    let expected = [
        ("lead".to_owned(), What::Cancelled),
        ("ask-finance".to_owned(), What::Released),
        ("ask-police".to_owned(), What::Recalled),
    ];
    assert_eq!(acted.told(), expected);
    let transfers = acted.journey.transfers();
    assert!(
        transfers
            .iter()
            .all(|transfer| open_holdings(&acted.journey, &transfer.uid).is_empty())
    );
    assert!(!acted.journey.route.open);
}

#[test]
fn a_step_that_is_completed_after_a_withdrawal_is_recorded_and_opens_nothing() {
    let mut acted = Acted::open(commune());
    acted.accept(&["examine"]).withdraw();
    acted.try_complete("examine", 1).unwrap();
    assert!(matches!(
        of(&acted.journey, "examine").state,
        State::Completed(..)
    ));
    assert_eq!(acted.journey.transfers().len(), 1);
    assert_eq!(custodian(&acted.journey, "examine"), None);
}

#[test]
fn an_offer_names_the_unit_that_does_the_work_on_its_day() {
    let mut around = Around::new();
    for (uid, successor) in [(DESK, "merged"), ("merged", "")] {
        let period = pb::UnitPeriod {
            valid_from: "2004-01-01".to_owned(),
            ..pb::UnitPeriod::default()
        };
        let last_day = match successor {
            "" => String::new(),
            _ => "2017-08-28".to_owned(),
        };
        let unit = pb::Unit {
            uid: uid.to_owned(),
            kind: pb::UnitKind::Commune.into(),
            valid_to: last_day,
            successor_uid: successor.to_owned(),
            periods: vec![period],
            ..pb::Unit::default()
        };
        let body = unit.encode_to_vec();
        let (kind, key) = (UNIT, uid.to_owned());
        around.units.take(&Copy { kind, key, body });
    }
    for (minutes, expected) in [(15 * 60, DESK), (16 * 60, "merged")] {
        let journey = Journey::open(commune(), DESK, moment(minutes), around.get()).unwrap();
        assert_eq!(of(&journey, "examine").to, expected);
    }
}

#[test]
fn a_calendar_that_changes_moves_what_is_under_way_and_nothing_that_is_done() {
    let mut acted = Acted::open(commune_to_district());
    acted.accept(&["send"]).complete(&["send"]);
    acted.told();
    let before = acted.journey.clone();
    acted.journey.reckon(Around::new().get()).unwrap();
    assert!(acted.told().is_empty(), "the same calendar moves nothing");

    let holidays = (0..7).map(|days| SpecialDay {
        date: clock::local(moment(days * 24 * 60)).date(),
        name: "Nghỉ lễ".to_owned(),
        kind: DayKind::PublicHoliday,
    });
    let calendar = Calendar::weekly(OfficeHours::standard(), holidays);
    let around = Around {
        calendar: Calendars::of_all(calendar),
        ..Around::new()
    };
    acted.journey.reckon(around.get()).unwrap();
    assert_eq!(acted.told(), [("examine".to_owned(), What::DueMoved)]);
    let (was, is) = (of(&before, "examine"), of(&acted.journey, "examine"));
    assert!(is.due.hand_over > was.due.hand_over);
    assert_eq!((is.state, is.offer_epoch), (was.state, was.offer_epoch));
    assert_eq!(of(&acted.journey, "send").due, of(&before, "send").due);
    assert_eq!(
        custodian(&acted.journey, "examine"),
        custodian(&before, "examine")
    );
}
