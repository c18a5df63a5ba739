//! Logs of one transfer, right and wrong.

use EscalationCause::{HandOver, Step};
use EscalationLevel::{ParentUnit, Unit};
use TransferEvent as E;
use proto::routing::v1::Escalation;

use super::super::given::{log, on};
use super::*;

/// The offer, to be accepted by the fifth day and done by the ninth.
fn offered() -> Transfer {
    Transfer {
        uid: "transfer".to_owned(),
        state: TransferState::Offered.into(),
        to_unit_uid: "unit".to_owned(),
        offer_epoch: 1,
        hand_over_due: Some(on(5)),
        due: Some(on(9)),
        ..Transfer::default()
    }
}

fn accepted() -> Transfer {
    Transfer {
        state: TransferState::Accepted.into(),
        custody_epoch: 1,
        ..offered()
    }
}

fn completed() -> Transfer {
    Transfer {
        state: TransferState::Completed.into(),
        ..accepted()
    }
}

/// The acceptance, to be done by another day.
fn due_on(day: i64) -> Transfer {
    Transfer {
        due: Some(on(day)),
        ..accepted()
    }
}

/// On a day this happened to the transfer, which is like this then.
type Event = (i64, E, Transfer);

fn up(day: i64, of: Transfer, level: EscalationLevel, cause: EscalationCause) -> Event {
    let escalation = Escalation {
        level: level.into(),
        cause: cause.into(),
        at: Some(on(day)),
        to_unit_uid: "unit".to_owned(),
    };
    let escalated = Transfer {
        escalation: Some(escalation),
        ..of
    };
    (day, E::Escalated, escalated)
}

/// In which way a log of one transfer is wrong, the clock of whose dossier stood still or did not.
fn wrong_where(stopped: &[&str], events: impl IntoIterator<Item = Event>) -> Vec<Wrong> {
    let (mut days, mut moves) = (Vec::new(), Vec::new());
    for (day, event, transfer) in events {
        days.push(micros(Some(on(day))));
        moves.push(Moved {
            event,
            transfer,
            custodian: String::new(),
        });
    }
    let mut log = log(moves);
    for (row, at) in log.iter_mut().zip(days) {
        row.at = at;
    }
    let findings = in_log(&log, &stopped.iter().copied().collect());
    findings.into_iter().map(|finding| finding.wrong).collect()
}

fn wrong(events: impl IntoIterator<Item = Event>) -> Vec<Wrong> {
    wrong_where(&[], events)
}

#[test]
fn each_level_once_at_its_time_is_right_and_again_for_another_clock_or_due_time() {
    let told = [
        (1, E::Offered, offered()),
        up(5, offered(), Unit, HandOver),
        up(6, offered(), ParentUnit, HandOver),
        (7, E::Accepted, accepted()),
        up(9, accepted(), Unit, Step),
        (10, E::DueMoved, due_on(12)),
        up(12, due_on(12), Unit, Step),
        up(13, due_on(12), ParentUnit, Step),
        (14, E::Completed, completed()),
    ];
    assert_eq!(wrong(told), []);
}

#[test]
fn a_step_that_was_late_before_it_was_accepted_goes_up_no_more_for_that() {
    let late = || Transfer {
        due: Some(on(3)),
        ..offered()
    };
    let once = [
        (1, E::Offered, late()),
        up(3, late(), Unit, Step),
        (4, E::Accepted, due_on(3)),
        up(5, due_on(3), ParentUnit, Step),
    ];
    assert_eq!(wrong(once), []);
    let again = [
        (1, E::Offered, late()),
        up(3, late(), Unit, Step),
        (4, E::Accepted, due_on(3)),
        up(4, due_on(3), Unit, Step),
    ];
    assert_eq!(wrong(again), [Wrong::Doubled]);
}

#[test]
fn a_level_that_is_told_again_is_found_also_where_the_services_forgot_that_it_was() {
    let twice = [
        (1, E::Offered, offered()),
        up(5, offered(), Unit, HandOver),
        up(5, offered(), Unit, HandOver),
    ];
    assert_eq!(wrong(twice), [Wrong::Doubled]);
    let forgotten = [
        (1, E::Offered, offered()),
        up(5, offered(), Unit, HandOver),
        (5, E::DeadLettered, offered()),
        up(6, offered(), Unit, HandOver),
    ];
    assert_eq!(wrong(forgotten), [Wrong::Doubled]);
    let anew = Transfer {
        offer_epoch: 2,
        ..offered()
    };
    let another_offer = [
        (1, E::Offered, offered()),
        up(5, offered(), Unit, HandOver),
        (5, E::Offered, anew.clone()),
        up(6, anew, Unit, HandOver),
    ];
    assert_eq!(wrong(another_offer), []);
}

#[test]
fn a_level_that_is_told_before_its_time_is_found() {
    let early = Wrong::OutOfOrder;
    let offer = || (1, E::Offered, offered());
    assert_eq!(wrong([offer(), up(4, offered(), Unit, HandOver)]), [early]);
    let above_at_once = [
        offer(),
        up(5, offered(), Unit, HandOver),
        up(5, offered(), ParentUnit, HandOver),
    ];
    assert_eq!(wrong(above_at_once), [early]);
    let above_alone = [offer(), up(6, offered(), ParentUnit, HandOver)];
    assert_eq!(wrong(above_alone), [early]);
    // The log said of another due time before.
    let moved = [(1, E::Accepted, due_on(12)), up(9, accepted(), Unit, Step)];
    assert_eq!(wrong(moved), [early]);
}

#[test]
fn what_goes_up_without_a_clock_or_to_another_unit_or_to_nobody_is_found() {
    let ended = [
        (1, E::Completed, completed()),
        up(9, completed(), Unit, Step),
    ];
    assert_eq!(wrong(ended), [Wrong::OutOfOrder]);
    let on_hold = || Transfer {
        on_hold: true,
        hand_over_due: None,
        ..offered()
    };
    let held_back = [(1, E::Offered, on_hold()), up(9, on_hold(), Unit, Step)];
    assert_eq!(wrong(held_back), [Wrong::OutOfOrder]);
    let elsewhere = Transfer {
        to_unit_uid: "another".to_owned(),
        ..offered()
    };
    let told_another = [
        (1, E::Offered, elsewhere.clone()),
        up(5, elsewhere, Unit, HandOver),
    ];
    assert_eq!(wrong(told_another), [Wrong::Unasked]);
    let nobody = [(1, E::Offered, offered()), (5, E::Escalated, offered())];
    assert_eq!(wrong(nobody), [Wrong::Lost]);
}

#[test]
fn what_is_late_for_long_and_goes_up_to_nobody_is_found() {
    let lost = [Wrong::Lost];
    let offer = || (1, E::Offered, offered());
    let accepted_on = |day| (day, E::Accepted, accepted());
    assert_eq!(wrong([offer(), accepted_on(7)]), lost);
    assert_eq!(wrong([offer(), accepted_on(5)]), [], "not for long");
    let step = || [accepted_on(1), (11, E::Completed, completed())];
    assert_eq!(wrong(step()), lost);
    assert_eq!(wrong_where(&["dossier"], step()), []);
    let not_above = [offer(), up(5, offered(), Unit, HandOver), accepted_on(30)];
    assert_eq!(wrong(not_above), lost);
    // It is due earlier than before just now.
    let moved = [
        (1, E::Accepted, due_on(20)),
        (11, E::DueMoved, accepted()),
        (11, E::Completed, completed()),
    ];
    assert_eq!(wrong(moved), []);
}
