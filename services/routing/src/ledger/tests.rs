//! A step goes where the version says that is in force on the day on which it is offered.

use std::sync::Arc;

use kit::authority::Rights;
use kit::caller::{Caller, Grant, Reach, Role};
use kit::clock::{self, Moment};
use kit::copies::{self, CALENDAR, CalendarCache, Copy, PROCEDURE, PROVINCE_CALENDAR, UNIT};
use kit::log::Cause;
use kit::testing;
use proto::catalogue::v1 as catalogue;
use proto::identity::v1 as identity;

use super::decide::decide;
use super::world::World;
use crate::act::{Act, OnTransfer, Opened, Verb};
use crate::link::{Limits, Links};
use crate::staff::Staff;
use crate::transfer::Transfer;

const CODE: &str = "1.001193";
const DOSSIER: &str = "dossier";
const LONG_AGO: &str = "2004-01-01";
/// Until then the dossier's own version is in force.
const LAST_MINUTE: &str = "2017-08-28T23:59:00";
const NEXT_DAY: &str = "2017-08-29T00:00:00";

fn at(local: &str) -> Moment {
    clock::from_local(local.parse().unwrap())
}

/// A version by which this unit examines and signs, from a day on until another.
fn version(unit: &str, (from, to): (&str, &str)) -> catalogue::Procedure {
    let step = |key: &str, after: &[&str]| catalogue::Step {
        key: key.to_owned(),
        name: format!("Bước {key}"),
        after: after.iter().map(|&before| before.to_owned()).collect(),
        unit_rule: catalogue::UnitRule::Fixed.into(),
        unit_uid: unit.to_owned(),
        role: catalogue::StepRole::Examiner.into(),
        share_percent: 50,
        part: catalogue::StepPart::Sole.into(),
        ..catalogue::Step::default()
    };
    let case = catalogue::Case {
        key: "standard".to_owned(),
        route: Some(catalogue::Route {
            steps: vec![step("examine", &[]), step("sign", &["examine"])],
            ..catalogue::Route::default()
        }),
        ..catalogue::Case::default()
    };
    catalogue::Procedure {
        code: CODE.to_owned(),
        version: Some(catalogue::Version {
            effective_from: from.to_owned(),
            valid_to: to.to_owned(),
            cases: vec![case],
            ..catalogue::Version::default()
        }),
        ..catalogue::Procedure::default()
    }
}

fn unit(uid: &str) -> identity::Unit {
    identity::Unit {
        uid: uid.to_owned(),
        kind: identity::UnitKind::Department.into(),
        periods: vec![identity::UnitPeriod {
            valid_from: LONG_AGO.to_owned(),
            ..identity::UnitPeriod::default()
        }],
        ..identity::Unit::default()
    }
}

/// From Tuesday on another department has what one had until Monday.
fn world() -> World {
    let first = version("before", (LONG_AGO, "2017-08-28"));
    let both = catalogue::ProcedureChanged {
        code: CODE.to_owned(),
        procedures: vec![first.clone(), version("after", ("2017-08-29", ""))],
    };
    let mut copies = vec![
        Copy::new(PROCEDURE, CODE, &both),
        Copy::new(PROCEDURE, copies::version_key(CODE, 1), &first),
        Copy::new(CALENDAR, PROVINCE_CALENDAR, &testing::calendar()),
    ];
    copies.extend(["desk", "before", "after"].map(|uid| Copy::new(UNIT, uid, &unit(uid))));
    let links = Links::new(Arc::new(Limits::default()));
    let mut world = World::new(links, Staff::default());
    world.learn(&copies, &CalendarCache::default());
    world
}

fn does(world: &mut World, act: &Act, when: &str) {
    let cause = Cause::unasked("somebody", at(when));
    let effect = decide(world, act, &cause).unwrap();
    for change in &effect.changes {
        world.apply(change);
    }
}

/// The desk received it under the first version.
fn opened() -> Act {
    Act::Opened(Opened {
        dossier: DOSSIER.to_owned(),
        code: "000.00.01.H15-170828-0001".to_owned(),
        procedure: CODE.to_owned(),
        version: 1,
        case_key: "standard".to_owned(),
        receiving: "desk".to_owned(),
        competent: "before".to_owned(),
        returning: "desk".to_owned(),
        received_at: at("2017-08-28T08:00:00"),
        appointment: at("2017-09-01T17:00:00"),
        paper: Vec::new(),
    })
}

fn of<'a>(world: &'a World, step: &str) -> &'a Transfer {
    let mut transfers = world.journey(DOSSIER).unwrap().transfers().iter();
    transfers
        .find(|transfer| transfer.work.key == step)
        .unwrap()
}

/// What an officer of its unit does to a step.
fn on(world: &World, step: &str, (rpc, verb): (&str, Verb)) -> Act {
    let transfer = of(world, step);
    let grant = Grant {
        role: Role::Examiner,
        reach: Reach::At(vec![transfer.to.clone()]),
    };
    let caller = Caller {
        subject: "officer".to_owned(),
        grants: vec![grant],
        client: None,
        certificate: None,
    };
    let rpc = format!("routing.TransferService/{rpc}");
    Act::On(OnTransfer {
        rights: Rights::of(Arc::new(caller), &rpc),
        transfer: transfer.uid.clone(),
        verb,
        paper: Vec::new(),
    })
}

#[test]
fn the_first_step_goes_by_the_version_of_the_day_of_reception() {
    for (when, unit) in [(LAST_MINUTE, "before"), (NEXT_DAY, "after")] {
        let mut world = world();
        does(&mut world, &opened(), when);
        assert_eq!(of(&world, "examine").to, unit, "{when}");
    }
}

#[test]
fn the_next_step_goes_by_the_version_of_the_day_on_which_it_opens() {
    for (when, unit) in [(LAST_MINUTE, "before"), (NEXT_DAY, "after")] {
        let mut world = world();
        let morning = "2017-08-28T08:00:00";
        does(&mut world, &opened(), morning);
        let accept = on(&world, "examine", ("AcceptTransfer", Verb::Accept(1)));
        does(&mut world, &accept, morning);
        let complete = on(&world, "examine", ("CompleteTransfer", Verb::Complete(1)));
        does(&mut world, &complete, when);
        let units = ["examine", "sign"].map(|step| of(&world, step).to.as_str());
        assert_eq!(units, ["before", unit], "{when}");
    }
}
