//! Whatever comes between, and however late it is told: the result is due later by the working time for which nothing was under way
//! that the limit counts.

use kit::clock;
use kit::copies::{CALENDAR, CalendarCache, Copy, PROCEDURE, PROVINCE_CALENDAR};
use kit::testing;
use prost::Message as _;
use proto::catalogue::v1 as catalogue;
use proto::intake::v1::{DossierChange, StopReason};

use super::super::{ProcedureCache, decide, timing};
use super::*;
use crate::act::CustodyChange;
use crate::change::Change;
use crate::custody::Standing::{Held, Holds, Left, Offered};
use crate::custody::{Custodian, Purpose, Standing};
use crate::dossier::tests::given::{addition, asked, closing, decision, dossier, due, filing};
use crate::dossier::{Asked, Cause, Due, Receipt, State};

/// Examining and surveying have a share of the limit, taxing has none.
const EXAMINE: &str = "examine";
const SURVEY: &str = "survey";
const TAX: &str = "tax";

fn at(local: &str) -> Moment {
    clock::from_local(format!("{local}:00").parse().unwrap())
}

fn local(at: Moment) -> String {
    clock::local(at).format("%Y-%m-%dT%H:%M").to_string()
}

/// What routing tells of the step of a transfer, of which somebody is responsible until it is done.
fn told(transfer: &str, standing: Standing, since: &str) -> CustodyChange {
    let custodian = (standing != Held).then(|| Custodian {
        unit: "district".to_owned(),
        since: at(since),
    });
    CustodyChange {
        transfer: transfer.to_owned(),
        dossier: "dossier".to_owned(),
        unit: "district".to_owned(),
        epoch: 1,
        purpose: Purpose::Work,
        outside: (transfer == TAX).then(|| "Thuế".to_owned()),
        standing,
        since: at(since),
        offered_on: false,
        custodian,
        moved_to: None,
        role: None,
        routing_hash: Vec::new(),
    }
}

/// Offices that work from 07:00 to 11:30 and from 13:30 to 17:00, and a procedure that takes three working days.
fn copies() -> [Copy; 2] {
    let shifts = [("07:00", "11:30"), ("13:30", "17:00")];
    let openings = (1..=5).flat_map(|weekday| {
        shifts.map(|(open, close)| catalogue::Opening {
            weekday,
            open: open.to_owned(),
            close: close.to_owned(),
        })
    });
    let mut calendar = testing::calendar();
    calendar.hours[0].openings = openings.collect();
    let case = catalogue::Case {
        key: "standard".to_owned(),
        limit: Some(catalogue::Limit {
            unit: catalogue::LimitUnit::WorkingDay.into(),
            count: 3,
            ..catalogue::Limit::default()
        }),
        ..catalogue::Case::default()
    };
    let procedure = catalogue::Procedure {
        code: filing().procedure_code,
        level: catalogue::CompetentLevel::District.into(),
        version: Some(catalogue::Version {
            number: 1,
            effective_from: "2004-01-01".to_owned(),
            cases: vec![case],
            ..catalogue::Version::default()
        }),
        ..catalogue::Procedure::default()
    };
    [
        Copy::new(CALENDAR, PROVINCE_CALENDAR, &calendar),
        Copy::new(PROCEDURE, filing().version_key(), &procedure),
    ]
}

/// Intake with one dossier.
struct Intake {
    world: World,
}

impl Intake {
    /// Received on Monday, 28/08/2017, and due on Thursday at 17:00.
    fn new() -> Self {
        let mut world = World::default();
        let caches = (&CalendarCache::default(), &ProcedureCache::default());
        world.learn(&copies(), caches);
        let appointment = at("2017-08-31T17:00");
        let receipt = Receipt {
            received_at: at("2017-08-28T08:30"),
            appointment,
            due: Due {
                at: appointment,
                ..due(0)
            },
        };
        let mut intake = Self { world };
        intake.keep(dossier(State::Processing(receipt)));
        intake
    }

    /// The same whose tax office was offered its step on Tuesday at 10:00.
    fn outside() -> Self {
        let mut intake = Self::new();
        intake.hear(&told(EXAMINE, Held, "2017-08-29T10:00"));
        intake.hear(&told(TAX, Offered, "2017-08-29T10:00"));
        intake
    }

    fn dossier(&self) -> &Dossier {
        self.world.dossier("dossier").unwrap()
    }

    fn keep(&mut self, dossier: Dossier) {
        self.world.apply(&Change::Dossier(Box::new(dossier)));
    }

    fn hear(&mut self, told: &CustodyChange) -> Vec<Told> {
        let effect = decide::custody(&self.world, told, "officer").unwrap();
        for change in &effect.changes {
            self.world.apply(change);
        }
        let changes = effect.events.iter();
        let changes = changes.map(|event| DossierChange::decode(&*event.change).unwrap());
        changes.filter_map(|told| told.change).collect()
    }

    fn ask(&mut self, then: Restart, from: &str) {
        let stop = Stop {
            why: Why::Supplement,
            then,
            from: at(from),
            to: None,
            transfer: TAX.to_owned(),
        };
        let asked = Asked {
            at: at(from),
            ..asked()
        };
        let dossier = self.dossier().clone();
        let dossier = dossier.ask_supplement(asked, stop, at("2017-09-28T08:00"));
        self.keep(dossier.unwrap());
    }

    fn answer(&mut self, to: &str) {
        let before = self.dossier().clone();
        let after = before.clone().supplement(addition(), at(to)).unwrap();
        let ended = Ended {
            before: &before,
            receipt: before.state.undecided().unwrap(),
            stop: before.course.asked().unwrap(),
            by: "citizen",
            at: at(to),
        };
        let (after, _) = ended.go_on(&self.world, after).unwrap();
        self.keep(after);
    }

    /// When the result is due; nothing while the clock stands still.
    fn due(&self) -> String {
        let receipt = self.dossier().running();
        receipt.map_or_else(String::new, |receipt| local(receipt.due.at))
    }

    fn causes(&self) -> Vec<&Cause> {
        let adjustments = self.dossier().course.adjustments.iter();
        adjustments.map(|moved| &moved.cause).collect()
    }
}

fn taxed() -> Cause {
    Cause::Resumed(Why::OutsideLimit("Thuế".to_owned()))
}

#[test]
fn the_result_is_due_later_by_what_the_step_took_and_what_is_told_twice_changes_nothing() {
    let mut intake = Intake::new();
    intake.hear(&told(EXAMINE, Holds, "2017-08-28T09:00"));
    intake.hear(&told(EXAMINE, Held, "2017-08-29T10:00"));
    assert_eq!(intake.due(), "2017-08-31T17:00");
    let offered = told(TAX, Offered, "2017-08-29T10:00");
    let stopped = intake.hear(&offered);
    let [Told::ClockStopped(stopped)] = &stopped[..] else {
        panic!("{stopped:?}");
    };
    let (reason, transfer) = (stopped.reason(), stopped.transfer_uid.as_str());
    assert_eq!((reason, transfer), (StopReason::OutsideLimit, TAX));
    assert_eq!(stopped.step_name, "Thuế");
    assert_eq!(intake.hear(&offered), []);
    intake.hear(&told(TAX, Holds, "2017-08-29T14:00"));
    assert_eq!(intake.due(), "");
    // Five hours of Tuesday and six of Wednesday: eight of Friday and three of Monday.
    let done = told(TAX, Held, "2017-08-30T15:00");
    let resumed = intake.hear(&done);
    assert!(matches!(&resumed[..], [Told::ClockResumed(told)] if told.step_name == "Thuế"));
    assert_eq!(intake.hear(&done), []);
    assert_eq!(intake.due(), "2017-09-04T10:00");
    assert_eq!(intake.causes(), [&taxed()]);
    assert_eq!(intake.dossier().course.adjustments[0].by, "officer");
}

#[test]
fn a_new_appointment_is_weighed_against_when_the_result_would_be_due_now() {
    let mut intake = Intake::outside();
    let due_now = |intake: &Intake, now| {
        let dossier = intake.dossier();
        let receipt = dossier.state.undecided().unwrap();
        local(timing::due_now(&intake.world, dossier, receipt, at(now)).unwrap())
    };
    // Twenty-two hours after the time that it was due at when the step began.
    assert_eq!(due_now(&intake, "2017-09-01T08:00"), "2017-09-05T15:00");
    intake.hear(&told(TAX, Held, "2017-08-30T15:00"));
    assert_eq!(due_now(&intake, "2017-09-01T08:00"), "2017-09-04T10:00");
}

#[test]
fn what_its_sender_has_back_counts_and_what_goes_on_to_another_unit_does_not() {
    let mut intake = Intake::outside();
    let on_its_way = CustodyChange {
        offered_on: true,
        ..told(TAX, Left, "2017-08-29T11:00")
    };
    assert_eq!(intake.hear(&on_its_way), []);
    intake.hear(&told(TAX, Offered, "2017-08-29T11:00"));
    assert_eq!(intake.dossier().course.stops.len(), 1);
    intake.hear(&told(TAX, Left, "2017-08-29T14:00"));
    assert_eq!(intake.due(), "2017-09-01T09:00");
    intake.hear(&told(TAX, Offered, "2017-08-30T08:00"));
    assert_eq!(intake.due(), "");
    intake.hear(&told(TAX, Held, "2017-08-30T10:00"));
    assert_eq!(intake.due(), "2017-09-01T11:00");
}

#[test]
fn what_another_branch_does_meanwhile_counts() {
    let mut intake = Intake::outside();
    intake.hear(&told(SURVEY, Offered, "2017-08-29T14:00"));
    assert_eq!(intake.due(), "2017-09-01T09:00");
    intake.hear(&told(SURVEY, Held, "2017-08-29T16:00"));
    assert_eq!(intake.due(), "");
    intake.hear(&told(TAX, Held, "2017-08-30T08:00"));
    assert_eq!(intake.due(), "2017-09-01T11:00");
}

#[test]
fn the_clock_goes_on_when_the_step_is_over_and_the_applicant_has_answered() {
    let mut intake = Intake::outside();
    intake.ask(Restart::Resumes, "2017-08-29T14:30");
    intake.answer("2017-08-30T09:00");
    assert_eq!(intake.dossier().state.name(), "PROCESSING");
    assert_eq!(intake.due(), "");
    intake.hear(&told(TAX, Held, "2017-08-30T15:00"));
    assert_eq!(intake.due(), "2017-09-04T10:00");
    let supplemented = Cause::Resumed(Why::Supplement);
    assert_eq!(intake.causes(), [&supplemented, &taxed()]);
    let moved = &intake.dossier().course.adjustments;
    assert_eq!(local(moved[0].to), "2017-09-01T16:00");
    assert_eq!(moved[1].from, moved[0].to);
}

#[test]
fn a_step_that_is_told_of_late_moves_the_result_as_one_that_is_told_of_at_once() {
    let done = told(TAX, Held, "2017-08-29T16:00");
    let mut at_once = Intake::outside();
    at_once.ask(Restart::Resumes, "2017-08-29T14:30");
    at_once.hear(&done);
    assert_eq!(at_once.dossier().course.outside(), None);
    assert_eq!(at_once.due(), "");
    at_once.answer("2017-08-30T09:00");
    let mut late = Intake::outside();
    late.ask(Restart::Resumes, "2017-08-29T14:30");
    late.answer("2017-08-30T09:00");
    late.hear(&done);
    for intake in [at_once, late] {
        assert_eq!(intake.due(), "2017-09-01T16:00");
    }
}

/// NĐ 61/2018 art 11.
#[test]
fn a_limit_that_begins_anew_stands_still_for_what_is_left_of_the_step() {
    let mut intake = Intake::outside();
    intake.ask(Restart::Restarts, "2017-08-29T14:30");
    intake.answer("2017-08-30T09:00");
    assert_eq!(intake.due(), "");
    let receipt = intake.dossier().state.receipt().unwrap();
    assert_eq!(local(receipt.due.at), "2017-09-04T17:00");
    // It counts from Thursday on.
    intake.hear(&told(TAX, Held, "2017-08-31T09:00"));
    assert_eq!(intake.due(), "2017-09-05T09:00");
    assert_eq!(intake.causes(), [&Cause::Restarted, &taxed()]);
}

#[test]
fn a_decision_in_the_step_ends_it_and_what_is_told_after_an_end_changes_nothing() {
    let mut intake = Intake::outside();
    let (by, decided_at) = ("leader", at("2017-08-30T15:00"));
    let outside = intake.dossier().clone();
    let (inside, resumed) = over(&intake.world, outside.clone(), (by, decided_at)).unwrap();
    assert!(matches!(resumed, Some(Told::ClockResumed(_))));
    let decided = inside.decide(decision()).unwrap();
    let receipt = decided.state.receipt().unwrap();
    assert_eq!(local(receipt.due.at), "2017-09-04T10:00");
    let withdrawn = outside.withdraw(closing()).unwrap();
    for ended in [decided, withdrawn] {
        intake.keep(ended.clone());
        assert_eq!(intake.hear(&told(TAX, Held, "2017-08-30T15:30")), []);
        assert_eq!(*intake.dossier(), ended);
    }
}
