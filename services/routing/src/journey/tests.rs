//! Journeys over the shapes of route that the province has (domain.md 6).

mod acts;
mod back;
mod clock;
mod course;
mod dead_letters;
mod desk;
mod desks;
mod links;
mod offers;
mod outside;
mod paper;
mod properties;
mod refusals;
mod succession;
mod unit_rule;
mod ways;

use chrono::NaiveDate;
use kit::caller::Role;
use kit::clock::Moment;
use kit::copies::{Calendars, Copy, UNIT, UnitTable};
use proto::identity::v1 as pb;
use worktime::{Calendar, DayKind, OfficeHours, SpecialDay};

use super::{Holding, Journey, Surroundings};
use crate::route::{Limit, Part, Route, Slice, Step};
use crate::transfer::Transfer;

/// The unit whose desk received the dossier and returns the result.
const DESK: &str = "desk";

/// The world around a journey: office hours without holidays, no unit ever merged.
struct Around {
    units: UnitTable,
    calendar: Calendars,
}

impl Around {
    fn new() -> Self {
        Self {
            units: UnitTable::default(),
            calendar: Calendars::of_all(Calendar::weekly(OfficeHours::standard(), [])),
        }
    }

    /// Nobody works on this day.
    fn close(&mut self, date: NaiveDate) {
        let day = SpecialDay {
            date,
            name: "Nghỉ".to_owned(),
            kind: DayKind::PublicHoliday,
        };
        self.calendar = Calendars::of_all(Calendar::weekly(OfficeHours::standard(), [day]));
    }

    /// Until the day before the dossier was received there was this unit; since then another does its work.
    fn merge(&mut self, gone: &str, heir: &str) {
        for (uid, valid_to, successor_uid) in [(gone, "2017-08-27", heir), (heir, "", "")] {
            let unit = pb::Unit {
                uid: uid.to_owned(),
                kind: pb::UnitKind::Commune.into(),
                valid_to: valid_to.to_owned(),
                successor_uid: successor_uid.to_owned(),
                periods: vec![pb::UnitPeriod {
                    valid_from: "2004-01-01".to_owned(),
                    ..pb::UnitPeriod::default()
                }],
                ..pb::Unit::default()
            };
            self.units.take(&Copy::new(UNIT, uid, &unit));
        }
    }

    fn get(&self) -> Surroundings<'_> {
        Surroundings {
            units: &self.units,
            calendar: &self.calendar,
        }
    }
}

/// At the commune: the desk examines and the leader signs.
fn commune() -> Route {
    route(vec![step("examine", &[], DESK), sign(&["examine"], DESK)])
}

/// Commune → district: three steps after each other.
fn commune_to_district() -> Route {
    route(vec![
        step("send", &[], DESK),
        step("examine", &["send"], "district"),
        sign(&["examine"], "district"),
    ])
}

/// Parallel consultation with a lead, and a leader who signs when all three are done.
fn consultation() -> Route {
    let part = |key, unit, part| Step {
        part,
        ..step(key, &["open"], unit)
    };
    route(vec![
        step("open", &[], "department"),
        part("lead", "department", Part::Lead),
        part("ask-finance", "finance", Part::Consulted),
        part("ask-police", "police", Part::Consulted),
        sign(&["ask-finance", "lead", "ask-police"], "department"),
    ])
}

/// The lead decides itself while others are still asked.
fn deciding_lead() -> Route {
    let part = |key, unit, part| Step {
        part,
        ..step(key, &["open"], unit)
    };
    let lead = Step {
        decides: true,
        ..part("lead", "department", Part::Lead)
    };
    let asked = part("ask-finance", "finance", Part::Consulted);
    route(vec![step("open", &[], "department"), lead, asked])
}

fn route(steps: Vec<Step>) -> Route {
    Route {
        dossier: "dossier".to_owned(),
        code: "000.00.01.H15-170828-0001".to_owned(),
        procedure: "1.001193".to_owned(),
        returning: DESK.to_owned(),
        received_at: moment(0),
        appointment: moment(5 * 24 * 60),
        limit: Limit {
            from: moment(0),
            to: moment(5 * 24 * 60),
        },
        pauses: Vec::new(),
        stopped_at: None,
        suspended_by: None,
        calendar: 1,
        steps,
        filed: None,
        custody_epoch: 0,
        open: true,
        key: Some(kit::seal::DataKey::generate()),
    }
}

fn step(key: &str, after: &[&str], unit: &str) -> Step {
    Step {
        key: key.to_owned(),
        name: format!("Bước {key}"),
        after: after.iter().map(|&before| before.to_owned()).collect(),
        unit: unit.to_owned(),
        unit_rule: None,
        role: Role::Examiner,
        slice: Slice::Percent(20),
        part: Part::Sole,
        decides: false,
        waits_for_paper: false,
    }
}

fn sign(after: &[&str], unit: &str) -> Step {
    Step {
        role: Role::Leader,
        decides: true,
        ..step("sign", after, unit)
    }
}

/// So many minutes after the dossier was received, on Monday 28/08/2017 at 08:00.
fn moment(minutes: i64) -> Moment {
    kit::clock::from_micros((1_503_882_000 + minutes * 60) * 1_000_000)
}

/// The unit that is responsible for the branch of a step; `None` once it is closed.
fn custodian<'a>(journey: &'a Journey, step: &str) -> Option<&'a str> {
    let holding = journey.custodian(&of(journey, step).uid);
    holding.map(|holding| holding.custodian.as_str())
}

/// The transfer of a step that counts.
fn of<'a>(journey: &'a Journey, step: &str) -> &'a Transfer {
    let transfers = journey.transfers().iter();
    let mut of_step = transfers.filter(|transfer| transfer.work.key == step);
    of_step
        .find(|transfer| !transfer.state.is_superseded())
        .unwrap()
}

fn open_holdings<'a>(journey: &'a Journey, transfer: &str) -> Vec<&'a Holding> {
    let holdings = journey.holdings.iter();
    holdings
        .filter(|holding| holding.transfer == transfer && holding.until.is_none())
        .collect()
}
