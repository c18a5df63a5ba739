//! Who in a unit has a step, and who is told that it is late.

use kit::clock::Moment;
use kit::copies::{Copy, UNIT};
use proptest::prelude::*;
use proto::identity::v1 as pb;

use super::acts::Acted;
use super::paper::waiting;
use super::{Around, DESK, commune, commune_to_district, consultation, custodian, moment, of};
use crate::error::Error;
use crate::journey::What;
use crate::transfer::{Assignee, Cause, DeadLetter, Level, Transfer, Urgency};

/// Minutes after receipt: so many days after that Monday, at that time of day.
pub fn on(day: i64, hour: i64, minute: i64) -> i64 {
    day * 24 * 60 + (hour - 8) * 60 + minute
}

fn officer(subject: &str) -> Assignee {
    Assignee {
        subject: subject.to_owned(),
        unit: "desk".to_owned(),
    }
}

fn assignee<'a>(acted: &'a Acted, step: &str) -> Option<&'a str> {
    let assignee = of(&acted.journey, step).assignee.as_ref();
    assignee.map(|assignee| assignee.subject.as_str())
}

/// The desk is below the district, which is below the province.
fn around() -> Around {
    let mut around = Around::new();
    let above = [
        (DESK, "district"),
        ("district", "province"),
        ("province", ""),
    ];
    for (uid, parent) in above {
        let period = pb::UnitPeriod {
            valid_from: "2004-01-01".to_owned(),
            parent_uid: parent.to_owned(),
            ..pb::UnitPeriod::default()
        };
        let unit = pb::Unit {
            uid: uid.to_owned(),
            kind: pb::UnitKind::District.into(),
            periods: vec![period],
            ..pb::Unit::default()
        };
        around.units.take(&Copy::new(UNIT, uid, &unit));
    }
    around
}

/// Time comes; what was told of it.
fn ring(acted: &mut Acted, at: i64) -> Vec<(String, Level, Cause, String)> {
    acted.told();
    acted.journey.ring(moment(at), around().get());
    let told = acted.journey.take_told().into_iter();
    let escalated = told.map(|told| {
        assert_eq!(told.what, What::Escalated);
        let escalated = told.transfer.escalation.unwrap();
        let step = told.transfer.work.key;
        (step, escalated.level, escalated.cause, escalated.to)
    });
    escalated.collect()
}

fn told(step: &str, level: Level, cause: Cause, to: &str) -> (String, Level, Cause, String) {
    (step.to_owned(), level, cause, to.to_owned())
}

/// The district was offered its step on Monday at 09:00: to be accepted by 17:00, done by Tuesday 08:48.
fn offered() -> Acted {
    let mut acted = Acted::open(commune_to_district());
    acted.accept(&["send"]).wait_until(on(0, 9, 0));
    acted.complete(&["send"]);
    acted
}

fn next(acted: &Acted, step: &str) -> Option<Moment> {
    let stopped = acted.journey.route.stopped_at;
    of(&acted.journey, step).next_alarm(stopped)
}

fn urgency(acted: &Acted, at: i64) -> Option<Urgency> {
    let stopped = acted.journey.route.stopped_at;
    of(&acted.journey, "examine").urgency(moment(at), stopped)
}

#[test]
fn of_those_who_claim_the_first_has_it_and_custody_stays() {
    let mut acted = Acted::open(commune());
    let uid = of(&acted.journey, "examine").uid.clone();
    acted.told();
    acted.journey.claim(&uid, officer("lan")).unwrap();
    acted.journey.claim(&uid, officer("lan")).unwrap();
    let late = acted.journey.claim(&uid, officer("minh"));
    assert!(matches!(late, Err(Error::AssignedAlready { assignee }) if assignee == "lan"));
    assert_eq!(acted.told(), [("examine".to_owned(), What::Assigned)]);
    acted.accept(&["examine"]);
    assert_eq!(assignee(&acted, "examine"), Some("lan"));
    assert_eq!(custodian(&acted.journey, "examine"), Some("desk"));
    acted.journey.assign(&uid, officer("minh")).unwrap();
    assert_eq!(assignee(&acted, "examine"), Some("minh"));
    acted.journey.release_to_unit(&uid).unwrap();
    let again = acted.journey.release_to_unit(&uid);
    assert!(matches!(again, Err(Error::NotAssigned { .. })));
}

#[test]
fn what_is_declined_forwarded_completed_or_ended_is_nobodys() {
    let ends: [fn(&mut Acted); 4] = [
        |acted| acted.try_decline("examine", 1).unwrap(),
        |acted| acted.try_forward("examine", 1, "another").unwrap(),
        |acted| {
            acted.accept(&["examine"]).complete(&["examine"]);
        },
        Acted::withdraw,
    ];
    for end in ends {
        let mut acted = Acted::open(commune());
        let uid = of(&acted.journey, "examine").uid.clone();
        acted.journey.claim(&uid, officer("lan")).unwrap();
        end(&mut acted);
        assert_eq!(assignee(&acted, "examine"), None);
    }
    let mut ended = Acted::open(commune());
    ended.withdraw();
    let uid = of(&ended.journey, "examine").uid.clone();
    let late = ended.journey.claim(&uid, officer("lan"));
    assert!(matches!(late, Err(Error::StateForbids { .. })));
}

#[test]
fn an_offer_that_stays_the_same_is_still_its_officers() {
    let letter = DeadLetter {
        since: moment(0),
        deliveries: 10,
    };
    let mut acted = offered();
    let uid = of(&acted.journey, "examine").uid.clone();
    acted.journey.claim(&uid, officer("lan")).unwrap();
    acted.journey.give_up(&uid, 1, letter);
    assert_eq!(assignee(&acted, "examine"), Some("lan"));
    assert_eq!(acted.journey.redrive("district", None), [uid]);
    assert_eq!(assignee(&acted, "examine"), Some("lan"));
    acted.merge(DESK, "heir");
    assert_eq!(custodian(&acted.journey, "examine"), Some("heir"));
    assert_eq!(assignee(&acted, "examine"), Some("lan"));
    acted.merge("district", "another");
    assert_eq!(assignee(&acted, "examine"), None);
}

#[test]
fn what_an_officer_may_not_keep_goes_back_and_nothing_else() {
    let mut acted = Acted::open(consultation());
    acted.accept(&["open"]).complete(&["open"]);
    for (step, subject) in [("lead", "lan"), ("ask-finance", "minh")] {
        let uid = of(&acted.journey, step).uid.clone();
        acted.journey.claim(&uid, officer(subject)).unwrap();
    }
    acted.told();
    let may_keep = |_: &Transfer, assignee: &Assignee| assignee.subject != "lan";
    assert!(acted.journey.take_back(may_keep));
    assert_eq!(acted.told(), [("lead".to_owned(), What::Unassigned)]);
    assert!(!acted.journey.take_back(may_keep));
    assert_eq!(assignee(&acted, "ask-finance"), Some("minh"));
}

#[test]
fn r03_an_offer_that_is_given_up_delivered_anew_or_inherited_goes_up_once_all_the_same() {
    let letter = DeadLetter {
        since: moment(0),
        deliveries: 10,
    };
    let mut acted = offered();
    assert_eq!(ring(&mut acted, on(0, 17, 0)).len(), 1);
    let uid = of(&acted.journey, "examine").uid.clone();
    acted.journey.give_up(&uid, 1, letter);
    assert_eq!(ring(&mut acted, on(0, 17, 1)), []);
    acted.journey.redrive("district", None);
    acted.merge(DESK, "heir");
    assert_eq!(ring(&mut acted, on(0, 17, 2)), []);
    // To another unit it is another offer.
    acted.try_forward("examine", 1, "elsewhere").unwrap();
    assert_eq!(of(&acted.journey, "examine").escalation, None);
}

#[test]
fn r03_an_offer_that_is_not_accepted_goes_up_to_the_leader_and_a_working_day_later_above() {
    let mut acted = offered();
    assert!(ring(&mut acted, on(0, 16, 59)).is_empty());
    let up = told("examine", Level::Unit, Cause::HandOver, "district");
    assert_eq!(ring(&mut acted, on(0, 17, 0)), [up]);
    assert!(ring(&mut acted, on(0, 17, 0)).is_empty());
    assert_eq!(next(&acted, "examine"), Some(moment(on(1, 17, 0))));
    let above = told("examine", Level::Above, Cause::HandOver, "province");
    assert_eq!(ring(&mut acted, on(1, 17, 0)), [above]);
    assert_eq!(next(&acted, "examine"), None);
}

#[test]
fn r03_an_acceptance_ends_the_lateness_of_the_offer_and_the_step_has_its_own() {
    let mut acted = offered();
    ring(&mut acted, on(0, 17, 0));
    acted.wait_until(on(1, 8, 0)).accept(&["examine"]);
    assert_eq!(of(&acted.journey, "examine").escalation, None);
    assert!(ring(&mut acted, on(1, 8, 47)).is_empty());
    let step = |level, to| told("examine", level, Cause::Step, to);
    assert_eq!(
        ring(&mut acted, on(1, 8, 48)),
        [step(Level::Unit, "district")]
    );
    assert_eq!(
        ring(&mut acted, on(2, 8, 48)),
        [step(Level::Above, "province")]
    );
    acted.complete(&["examine"]);
    assert_eq!(of(&acted.journey, "examine").escalation, None);
}

#[test]
fn r03_a_clock_that_jumps_forward_tells_each_level_once_and_none_again_when_it_went_back() {
    let mut acted = offered();
    let both = ring(&mut acted, on(30, 9, 0));
    assert_eq!(both.len(), 2, "{both:?}");
    assert!(ring(&mut acted, on(0, 17, 0)).is_empty());
    assert!(ring(&mut acted, on(60, 9, 0)).is_empty());
}

#[test]
fn r03_an_offer_that_goes_on_to_another_unit_begins_anew() {
    let mut acted = offered();
    ring(&mut acted, on(2, 9, 0));
    acted.wait_until(on(2, 9, 30));
    acted.try_forward("examine", 1, "province").unwrap();
    assert_eq!(next(&acted, "examine"), Some(moment(on(2, 17, 0))));
    let nobody_above = [
        told("examine", Level::Unit, Cause::HandOver, "province"),
        told("examine", Level::Above, Cause::HandOver, ""),
    ];
    assert_eq!(ring(&mut acted, on(5, 9, 0)), nobody_above);
}

#[test]
fn r03_paper_that_has_not_come_goes_up_to_its_sender_and_a_working_day_later_above_that() {
    let mut acted = waiting();
    acted.accept(&["examine"]);
    assert_eq!(next(&acted, "examine"), Some(moment(on(0, 17, 0))));
    assert!(ring(&mut acted, on(0, 16, 59)).is_empty());
    let paper = |level, to| told("examine", level, Cause::Paper, to);
    assert_eq!(ring(&mut acted, on(0, 17, 0)), [paper(Level::Unit, DESK)]);
    assert_eq!(urgency(&acted, on(0, 17, 1)), Some(Urgency::Late));
    acted.merge("district", "heir");
    assert!(of(&acted.journey, "examine").escalation.is_some());
    let above = paper(Level::Above, "district");
    assert_eq!(ring(&mut acted, on(1, 17, 0)), [above]);
    // The step has a clock of its own since its paper came.
    acted.wait_until(on(2, 9, 0));
    acted.try_receive("examine", &[]).unwrap();
    assert_eq!(of(&acted.journey, "examine").escalation, None);
    assert_eq!(urgency(&acted, on(2, 9, 30)), None);
    assert_eq!(next(&acted, "examine"), Some(moment(on(3, 8, 48))));
}

#[test]
fn r03_who_accepts_late_is_told_until_then_and_the_sender_of_the_paper_from_then_on() {
    let mut acted = waiting();
    let offer = told("examine", Level::Unit, Cause::HandOver, "district");
    assert_eq!(ring(&mut acted, on(0, 17, 0)), [offer]);
    acted.wait_until(on(1, 8, 0)).accept(&["examine"]);
    assert_eq!(of(&acted.journey, "examine").escalation, None);
    let paper = told("examine", Level::Unit, Cause::Paper, DESK);
    assert_eq!(ring(&mut acted, on(1, 8, 30)), [paper]);
}

#[test]
fn paper_is_late_also_while_the_clock_of_the_dossier_stands_still() {
    let mut acted = waiting();
    acted.accept(&["examine"]).wait_until(on(0, 10, 0));
    acted.stop_clock("examine");
    let paper = told("examine", Level::Unit, Cause::Paper, DESK);
    assert_eq!(ring(&mut acted, on(0, 17, 0)), [paper]);
    acted.wait_until(on(1, 9, 0));
    acted.try_receive("examine", &[]).unwrap();
    assert_eq!(next(&acted, "examine"), None);
}

#[test]
fn r04_a_consulted_unit_is_late_by_itself_and_the_lead_by_its_own_clock() {
    let mut acted = Acted::open(consultation());
    acted.accept(&["open"]).complete(&["open"]);
    acted.accept(&["lead", "ask-finance", "ask-police"]);
    let due = of(&acted.journey, "lead").due;
    acted.complete(&["lead"]);
    let late: Vec<String> = ring(&mut acted, on(2, 9, 0))
        .into_iter()
        .filter(|(_, level, ..)| *level == Level::Unit)
        .map(|(step, ..)| step)
        .collect();
    assert_eq!(late, ["ask-finance", "ask-police"]);
    assert_eq!(of(&acted.journey, "lead").due, due);
    assert_eq!(of(&acted.journey, "lead").escalation, None);
}

#[test]
fn while_the_clock_of_the_dossier_stands_still_no_step_becomes_late() {
    let mut acted = offered();
    acted.accept(&["examine"]).wait_until(on(0, 10, 0));
    acted.stop_clock("examine");
    assert_eq!(next(&acted, "examine"), None);
    assert_eq!(urgency(&acted, on(9, 9, 0)), None);
    assert!(ring(&mut acted, on(9, 9, 0)).is_empty());
    acted.wait_until(on(9, 10, 0));
    acted.resume(false, moment(on(16, 8, 0)));
    let due = of(&acted.journey, "examine").due.step;
    assert_eq!(next(&acted, "examine"), Some(due));
    assert!(due > moment(on(9, 10, 0)));
}

#[test]
fn what_was_late_before_the_clock_stopped_stays_late() {
    let mut acted = offered();
    acted.accept(&["examine"]).wait_until(on(1, 9, 0));
    acted.stop_clock("examine");
    assert_eq!(urgency(&acted, on(1, 10, 0)), Some(Urgency::Late));
    let up = told("examine", Level::Unit, Cause::Step, "district");
    assert_eq!(ring(&mut acted, on(9, 9, 0)), [up]);
    assert_eq!(next(&acted, "examine"), None);
}

#[test]
fn a_step_is_at_risk_when_a_fifth_of_its_time_is_left() {
    let mut acted = offered();
    acted.accept(&["examine"]);
    // Of 7:48 working hours 1:33 are left on Monday at 15:45, less the half hour of lunch that stands between.
    let left = worktime::WorkingTime::from_minutes((7 * 60 + 48) / 5);
    let calendar = &around().calendar;
    let warn = of(&acted.journey, "examine").due.step_marks.warn;
    let due = of(&acted.journey, "examine").due.step;
    let between = calendar
        .of_the_province()
        .between(kit::clock::local(warn), kit::clock::local(due));
    assert_eq!(between, left);
    assert_eq!(urgency(&acted, on(0, 9, 30)), None);
    assert_eq!(urgency(&acted, on(1, 8, 0)), Some(Urgency::AtRisk));
    assert_eq!(urgency(&acted, on(1, 8, 48)), Some(Urgency::AtRisk));
    assert_eq!(urgency(&acted, on(1, 8, 49)), Some(Urgency::Late));
}

#[test]
fn a_due_time_that_moves_away_takes_the_escalation_back_and_may_bring_it_again() {
    let mut acted = offered();
    acted.accept(&["examine"]);
    ring(&mut acted, on(1, 9, 0));
    acted.move_deadline(moment(on(12, 8, 0)));
    assert_eq!(of(&acted.journey, "examine").escalation, None);
    let due = of(&acted.journey, "examine").due.step;
    assert_eq!(next(&acted, "examine"), Some(due));
    assert_eq!(ring(&mut acted, on(20, 8, 0)).len(), 2);
    acted.move_deadline(moment(on(11, 8, 0)));
    assert!(of(&acted.journey, "examine").escalation.is_some());
}

proptest! {
    /// However the clock jumps, each level of a step is told once, at the first look at or after its time.
    #[test]
    fn no_look_is_lost_and_none_doubles(looks in prop::collection::vec(0_i64..20_000, 1..30)) {
        let mut acted = offered();
        acted.accept(&["examine"]);
        let due = of(&acted.journey, "examine").due;
        let mut told = Vec::new();
        for look in &looks {
            told.extend(ring(&mut acted, *look).into_iter().map(|(_, level, ..)| level));
        }
        let last = moment(looks.into_iter().max().unwrap());
        let mut expected = Vec::new();
        expected.extend((due.step <= last).then_some(Level::Unit));
        expected.extend((due.step_marks.above <= last).then_some(Level::Above));
        prop_assert_eq!(told, expected);
    }
}
