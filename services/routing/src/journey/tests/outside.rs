//! Steps outside the limit: they have working days of their own, and what they took is no time of the others.

use super::acts::Acted;
use super::clock::{due, on};
use super::{Around, moment, of, route, sign, step};
use crate::error::Error;
use crate::journey::What;
use crate::route::{Part, Slice, Step};
use crate::transfer::State;
use crate::wire;

/// The district has examined on Monday until 09:00, the tax office has two days since, and finance is asked for an opinion beside
/// it.
fn taxed() -> Acted {
    let tax = Step {
        slice: Slice::OutsideDays(2),
        ..step("tax", &["examine"], "tax-office")
    };
    let asked = Step {
        part: Part::Consulted,
        ..step("ask-finance", &[], "finance")
    };
    let mut acted = Acted::open(route(vec![
        step("examine", &[], "district"),
        tax,
        asked,
        sign(&["tax", "ask-finance"], "district"),
    ]));
    acted.accept(&["examine", "ask-finance"]);
    acted.wait_until(on(0, 9, 0)).complete(&["examine"]);
    acted
}

#[test]
fn a_step_outside_the_limit_is_told_of_as_such_and_no_other() {
    let mut acted = taxed();
    let told = acted.journey.take_told();
    let route = &acted.journey.route;
    let outside = told.iter().filter(|told| {
        let change = wire::event::change(told, route, None);
        change.outside_limit
    });
    let outside: Vec<_> = outside
        .map(|told| (told.transfer.work.key.as_str(), told.what))
        .collect();
    assert_eq!(outside, [("tax", What::Offered)]);
}

#[test]
fn a_step_outside_the_limit_is_brought_to_its_unit_and_escalates_by_its_own_days() {
    let mut acted = taxed();
    let offer = of(&acted.journey, "tax");
    assert!(offer.is_to_be_delivered());
    assert_eq!(due(&acted, "tax"), moment(on(2, 9, 0)));
    acted.accept(&["tax"]).complete(&["ask-finance"]).told();
    let around = Around::new();
    acted.journey.ring(moment(on(2, 8, 59)), around.get());
    assert_eq!(acted.told(), []);
    acted.journey.ring(moment(on(2, 9, 0)), around.get());
    assert_eq!(acted.told(), [("tax".to_owned(), What::Escalated)]);
}

#[test]
fn what_a_step_outside_the_limit_took_is_added_to_the_others_when_it_is_over() {
    let mut acted = taxed();
    acted.accept(&["tax"]).wait_until(on(1, 9, 59));
    acted.complete(&["tax"]).told();
    assert_eq!(due(&acted, "ask-finance"), moment(on(1, 7, 48)));
    acted.come_inside(moment(on(0, 9, 0)), moment(on(8, 17, 0)));
    assert_eq!(acted.told(), [("ask-finance".to_owned(), What::DueMoved)]);
    // Nine hours, of Monday and Tuesday.
    assert_eq!(due(&acted, "ask-finance"), moment(on(2, 8, 48)));
    assert_eq!(acted.journey.route.appointment, moment(on(8, 17, 0)));
    // What comes after it has the whole share that it had before.
    acted.wait_until(on(1, 14, 0)).complete(&["ask-finance"]);
    assert_eq!(due(&acted, "sign"), moment(on(2, 13, 48)));
}

#[test]
fn another_branch_that_begins_ends_the_pause_and_the_step_has_its_own_days_all_the_same() {
    let mut acted = taxed();
    acted.accept(&["tax"]).told();
    acted.wait_until(on(0, 14, 0));
    acted.come_inside(moment(on(0, 9, 0)), moment(on(5, 9, 0)));
    assert_eq!(due(&acted, "tax"), moment(on(2, 9, 0)));
}

#[test]
fn its_holder_who_asks_the_applicant_waits_and_what_two_pauses_share_counts_once() {
    let mut acted = taxed();
    acted.accept(&["tax"]).wait_until(on(0, 10, 0));
    acted.stop_clock("tax").wait_until(on(1, 8, 0));
    let custody = of(&acted.journey, "tax").state.custody_epoch();
    let waits = acted.try_complete("tax", custody.unwrap());
    assert!(matches!(waits, Err(Error::DossierSuspended { .. })));
    acted.wait_until(on(1, 8, 2));
    acted.resume(false, moment(on(8, 17, 0)));
    // Six hours and two minutes later than Wednesday at 09:00, past closing time.
    assert_eq!(due(&acted, "tax"), moment(on(3, 7, 2)));
    assert_eq!(due(&acted, "ask-finance"), moment(on(1, 15, 50)));
    acted.wait_until(on(1, 9, 59)).complete(&["tax"]);
    acted.come_inside(moment(on(0, 9, 0)), moment(on(8, 17, 0)));
    assert_eq!(due(&acted, "ask-finance"), moment(on(2, 8, 48)));
}

#[test]
fn what_it_took_is_told_while_the_applicant_is_waited_for_and_ends_no_waiting() {
    let mut acted = taxed();
    acted.accept(&["tax"]).wait_until(on(0, 10, 0));
    acted.stop_clock("ask-finance");
    acted.complete(&["tax"]);
    acted.come_inside(moment(on(0, 9, 0)), moment(on(8, 17, 0)));
    let finance = of(&acted.journey, "ask-finance").uid.clone();
    let route = &acted.journey.route;
    assert_eq!(route.suspended_by, Some(finance));
    assert!(route.stopped_at.is_some());
    assert!(matches!(
        of(&acted.journey, "tax").state,
        State::Completed(..)
    ));
}
