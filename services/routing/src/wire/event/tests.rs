//! What of intake's log concerns a journey.

use prost::Name as _;
use proto::event::v1::Event;
use proto::intake::v1 as pb;
use proto::intake::v1::dossier_change::Change;

use super::*;

fn heard(change: Change) -> Option<Act> {
    let change = pb::DossierChange {
        change: Some(change),
        ..pb::DossierChange::default()
    };
    let event = Event {
        subject: "dossier".to_owned(),
        change: Some(prost_types::Any {
            type_url: pb::DossierChange::type_url(),
            value: change.encode_to_vec(),
        }),
        ..Event::default()
    };
    from_intake(&event).unwrap()
}

fn seconds(seconds: i64) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds, nanos: 0 }
}

#[test]
fn a_stop_is_heard_as_a_withdrawal_is() {
    let acts = [
        Change::Stopped(pb::DossierStopped { unanswered: true }),
        Change::Withdrawn(pb::DossierWithdrawn {}),
    ];
    for act in acts.map(heard) {
        assert!(matches!(act, Some(Act::Withdrawn(dossier)) if dossier == "dossier"));
    }
}

#[test]
fn a_clock_that_stops_and_goes_on_is_heard_with_all_that_it_needs() {
    let stopped = heard(Change::ClockStopped(pb::ClockStopped {
        transfer_uid: "transfer".to_owned(),
        ..pb::ClockStopped::default()
    }));
    let Some(Act::ClockStopped { dossier, transfer }) = stopped else {
        panic!("{stopped:?}");
    };
    assert_eq!(
        (dossier.as_str(), transfer.as_str()),
        ("dossier", "transfer")
    );
    let resumed = heard(Change::ClockResumed(pb::ClockResumed {
        stopped_at: Some(seconds(1)),
        at: Some(seconds(2)),
        restarts: true,
        due_before: Some(seconds(3)),
        due: Some(seconds(4)),
        ..pb::ClockResumed::default()
    }));
    let Some(Act::ClockResumed(resumed)) = resumed else {
        panic!("{resumed:?}");
    };
    let times = [resumed.pause.from, resumed.pause.to, resumed.due];
    assert_eq!(times.map(|time| time.timestamp()), [1, 2, 4]);
    assert!(resumed.restarts);
}

#[test]
fn a_clock_that_stands_still_for_a_step_outside_the_limit_is_heard_of_when_it_goes_on() {
    let reason = StopReason::OutsideLimit.into();
    let stopped = heard(Change::ClockStopped(pb::ClockStopped {
        reason,
        ..pb::ClockStopped::default()
    }));
    assert!(stopped.is_none());
    let resumed = |reason| {
        let resumed = heard(Change::ClockResumed(pb::ClockResumed {
            reason,
            ..pb::ClockResumed::default()
        }));
        let Some(Act::ClockResumed(resumed)) = resumed else {
            panic!("{resumed:?}");
        };
        resumed.pause.why
    };
    assert_eq!(resumed(reason), Why::OutsideLimit);
    for asked in [StopReason::Supplement, StopReason::Payment] {
        assert_eq!(resumed(asked.into()), Why::Asked);
    }
}

#[test]
fn a_deadline_that_moves_for_any_reason_is_heard() {
    let reasons = [
        pb::DeadlineReason::CalendarChanged,
        pb::DeadlineReason::Resumed,
        pb::DeadlineReason::Restarted,
        pb::DeadlineReason::Postponed,
    ];
    for reason in reasons {
        let moved = heard(Change::DeadlineMoved(pb::DeadlineMoved {
            to: Some(seconds(5)),
            reason: reason.into(),
            ..pb::DeadlineMoved::default()
        }));
        assert!(matches!(moved, Some(Act::DeadlineMoved { due, .. }) if due.timestamp() == 5));
    }
}

#[test]
fn a_correction_is_heard_for_the_desk_that_it_names() {
    let corrected = |returning: &str| {
        heard(Change::Corrected(pb::DossierCorrected {
            returning_unit_uid: returning.to_owned(),
            ..pb::DossierCorrected::default()
        }))
    };
    assert!(
        matches!(corrected("desk"), Some(Act::Corrected { returning, .. }) if returning == "desk")
    );
    assert!(corrected("").is_none());
}

#[test]
fn what_happens_before_the_route_or_beside_it_is_not_taken_in() {
    let beside = [
        Change::Submitted(pb::DossierSubmitted::default()),
        Change::Guided(pb::DossierGuided::default()),
        Change::Completed(pb::DossierCompleted::default()),
        Change::Forwarded(pb::DossierForwarded::default()),
        Change::Refused(pb::DossierRefused {}),
        Change::Processing(pb::DossierProcessing {}),
        Change::PaymentMade(pb::PaymentMade::default()),
        Change::NoticeDue(pb::NoticeDue::default()),
        Change::CustodyMoved(pb::CustodyMoved::default()),
        Change::StandingChanged(pb::StandingChanged::default()),
    ];
    assert!(beside.into_iter().all(|change| heard(change).is_none()));
}

#[test]
fn what_intake_tells_of_codes_is_passed_over() {
    let change = pb::CodeChange {
        change: Some(pb::code_change::Change::Reserved(
            pb::CodesReserved::default(),
        )),
    };
    let event = Event {
        subject: "block".to_owned(),
        change: prost_types::Any::from_msg(&change).ok(),
        ..Event::default()
    };
    assert!(matches!(from_intake(&event), Ok(None)));
}

#[test]
fn a_decision_is_heard_with_what_goes_with_the_result_on_paper() {
    let told = heard(Change::Decided(pb::DossierDecided {
        transfer_uid: "transfer".to_owned(),
        procedure_version: 2,
        case_key: "standard".to_owned(),
        paper: vec![pb::HandedIn {
            component_key: "land".to_owned(),
            originals: 1,
            copies: 2,
        }],
        ..pb::DossierDecided::default()
    }));
    let Some(Act::Decided(decided)) = told else {
        panic!("{told:?}");
    };
    assert_eq!((decided.version, &*decided.case_key), (2, "standard"));
    let sheets = Piece {
        component: "land".to_owned(),
        name: String::new(),
        originals: 1,
        copies: 2,
    };
    assert_eq!(decided.paper, [sheets]);
}
