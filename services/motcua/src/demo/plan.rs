//! Who will hand in what, when and where: the whole demand of a run, known before it begins.

use chrono::{Datelike as _, NaiveDate, NaiveDateTime, TimeDelta};
use proto::catalogue::v1::CompetentLevel;
use proto::intake::v1::Applicant;
use rand::RngExt as _;
use rand::distr::Distribution as _;
use rand::distr::weighted::WeightedIndex;
use rand::rngs::StdRng;

use super::demand::Demand;
use super::error::Error;
use super::office::midnight;
use super::province::{Procedure, Province};
use crate::cast::Dice;
use crate::cast::Names;
use crate::cast::{CallerId, Cast};

/// How busy Monday to Sunday are.
const WEEK: [u32; 7] = [12, 10, 10, 10, 8, 6, 6];
/// One in so many is tried online although the procedure is not online.
const IN_VAIN_ONE_IN: usize = 100;

/// One dossier that is going to be handed in.
#[derive(Clone, Debug, PartialEq)]
pub struct Filing {
    /// When, local civil time.
    pub at: NaiveDateTime,
    /// How.
    pub way: Way,
    /// The procedure's place in the province.
    pub procedure: usize,
    /// The receiving unit's place in the province.
    pub unit: usize,
    /// Who applies.
    pub applicant: Applicant,
    /// What becomes of it.
    pub fate: Fate,
}

/// How a dossier is handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Online by a citizen.
    Online(CallerId),
    /// Online by a citizen, for a procedure that is not online.
    InVain(CallerId),
    /// At the counter.
    Counter,
}

/// What becomes of a dossier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It goes its way.
    Ordinary,
    /// The desk refuses it.
    Refused,
    /// The applicant withdraws it while it is worked on.
    Withdrawn,
    /// The first unit declines it, and takes it when it is offered again.
    Declined,
    /// Everybody takes longer than the limit.
    Late,
    /// So they do, and the desk apologises in time.
    Apologised,
    /// The desk tells the applicant what is missing before it receives it.
    Guided,
    /// The first unit asks for a supplement.
    Supplemented,
    /// The first unit asks for a payment.
    Paying,
}

/// What a plan is made from.
pub struct Planner<'a> {
    /// The province.
    pub province: &'a Province,
    /// Who calls.
    pub cast: &'a Cast,
    /// Names for those who come to the counter.
    pub names: &'a Names,
    /// What people ask for.
    pub demand: &'a Demand,
    /// The working days on which they come.
    pub days: &'a [NaiveDate],
    /// Chance.
    pub dice: Dice,
}

impl Planner<'_> {
    /// So many dossiers, and beside them one in a hundred that is tried online in vain.
    ///
    /// # Errors
    /// When there are no days.
    pub fn filings(&self, count: usize) -> Result<Vec<Filing>, Error> {
        let busy = self
            .days
            .iter()
            .enumerate()
            .map(|(place, date)| self.busy(place, *date));
        let days = WeightedIndex::new(busy)
            .map_err(|_| Error::Province("it has no working days".to_owned()))?;
        let in_vain = count.div_ceil(IN_VAIN_ONE_IN);
        let plan = |subject| {
            let mut dice = self.dice.on("filing", subject);
            let date = self.days[days.sample(&mut dice)];
            self.filing(date, subject >= count, &mut dice)
        };
        Ok((0..count + in_vain).map(plan).collect())
    }

    /// Weekdays differ, and after days off there is more to do.
    fn busy(&self, place: usize, date: NaiveDate) -> u32 {
        let weekday = WEEK[date.weekday().num_days_from_monday() as usize];
        let before = place.checked_sub(1).map(|before| self.days[before]);
        let rested = before.is_some_and(|before| (date - before).num_days() > 3);
        if rested { weekday * 5 / 4 } else { weekday }
    }

    fn filing(&self, date: NaiveDate, in_vain: bool, dice: &mut StdRng) -> Filing {
        let ask = if in_vain {
            Demand::ask_offline
        } else {
            Demand::ask
        };
        let (procedure, unit) = ask(self.demand, self.province, dice);
        let what = &self.province.procedures[procedure];
        let online = in_vain || dice.random_bool(likely_online(what));
        let (way, applicant) = if online {
            self.online(what, in_vain, dice)
        } else {
            self.counter(what, dice)
        };
        Filing {
            at: self.arrival(date, online, dice),
            way,
            procedure,
            unit,
            applicant,
            fate: fate(way, dice),
        }
    }

    fn online(&self, procedure: &Procedure, in_vain: bool, dice: &mut StdRng) -> (Way, Applicant) {
        let citizens = self.cast.citizens(wants_business(procedure, dice));
        let citizen = citizens[dice.random_range(0..citizens.len())];
        let applicant = self.cast.particulars(citizen).cloned().unwrap_or_default();
        let way = if in_vain {
            Way::InVain(citizen)
        } else {
            Way::Online(citizen)
        };
        (way, applicant)
    }

    fn counter(&self, procedure: &Procedure, dice: &mut StdRng) -> (Way, Applicant) {
        let applicant = if wants_business(procedure, dice) {
            self.names.business(dice)
        } else {
            self.names.citizen(dice)
        };
        (Way::Counter, applicant)
    }

    /// At the counter in office hours, most in the morning; online as often in the evening, but for the last day.
    fn arrival(&self, date: NaiveDate, online: bool, dice: &mut StdRng) -> NaiveDateTime {
        let office = &self.province.office;
        let seconds = TimeDelta::seconds(dice.random_range(0..60));
        if online && self.days.last() != Some(&date) && dice.random_bool(0.5) {
            return office.closing(date) + TimeDelta::minutes(dice.random_range(30..330)) + seconds;
        }
        let (from, width) = if dice.random_bool(0.6) {
            (0.02, 0.50)
        } else {
            (0.56, 0.38)
        };
        let into = from + width * f64::midpoint(dice.random::<f64>(), dice.random::<f64>());
        office.after(
            midnight(date),
            minutes(f64::from(office.length(date)) * into),
        ) + seconds
    }
}

fn likely_online(procedure: &Procedure) -> f64 {
    match procedure.online_level {
        4 => 0.65,
        3 => 0.45,
        _ => 0.0,
    }
}

fn wants_business(procedure: &Procedure, dice: &mut StdRng) -> bool {
    procedure.level == CompetentLevel::Department && dice.random_bool(0.5)
}

fn fate(way: Way, dice: &mut StdRng) -> Fate {
    let online = matches!(way, Way::Online(_));
    match dice.random_range(0..100) {
        0..6 if online => Fate::Refused,
        6..8 => Fate::Withdrawn,
        8..9 => Fate::Declined,
        9..12 => Fate::Late,
        12..17 => Fate::Apologised,
        17..20 => Fate::Supplemented,
        20..24 => Fate::Paying,
        24..27 if online => Fate::Guided,
        _ => Fate::Ordinary,
    }
}

/// Whole minutes.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to what a u32 holds"
)]
pub fn minutes(minutes: f64) -> u32 {
    minutes.clamp(0.0, f64::from(u32::MAX)).round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::province::tests::province;
    use crate::demo::time;

    fn plan(seed: u64, count: usize) -> Vec<Filing> {
        let (province, names, dice) = (province(), Names::load().unwrap(), Dice::new(seed));
        let units: Vec<_> = province.units.iter().map(|unit| unit.uid.clone()).collect();
        let planner = Planner {
            province: &province,
            cast: &Cast::new(&units, 40, &names, dice),
            names: &names,
            demand: &Demand::new(&province, dice).unwrap(),
            days: &province.office.working_days(time::FIRST_DAY, 10),
            dice,
        };
        planner.filings(count).unwrap()
    }

    #[test]
    fn the_same_seed_gives_the_same_plan_and_a_longer_one_begins_the_same() {
        let first = plan(1, 300);
        assert_eq!(first[..300], plan(1, 300)[..300]);
        assert_eq!(first[..300], plan(1, 400)[..300]);
        assert_ne!(first[..300], plan(2, 300)[..300]);
    }

    #[test]
    fn everybody_asks_at_a_desk_that_takes_it_and_comes_when_it_is_open() {
        let province = province();
        for filing in plan(1, 500) {
            let (procedure, unit) = (
                &province.procedures[filing.procedure],
                &province.units[filing.unit],
            );
            let desks: &[&str] = match procedure.level {
                CompetentLevel::Department => &["so-1"],
                CompetentLevel::District => &["huyen-1", "xa-1", "xa-2"],
                CompetentLevel::Commune | CompetentLevel::Unspecified => &["xa-1", "xa-2"],
            };
            assert!(
                desks.contains(&unit.uid.as_str()),
                "{} at {}",
                procedure.code,
                unit.uid
            );
            let open = province
                .office
                .between(filing.at, filing.at + TimeDelta::minutes(1));
            assert!(
                open == 1 || filing.way != Way::Counter,
                "somebody at the counter at {}",
                filing.at
            );
        }
    }

    #[test]
    fn only_what_is_online_is_handed_in_online_and_one_in_a_hundred_is_tried_in_vain() {
        let (province, plan) = (province(), plan(1, 500));
        for filing in &plan {
            let level = province.procedures[filing.procedure].online_level;
            match filing.way {
                Way::Online(_) => assert!(level >= 3),
                Way::InVain(_) => assert!(level < 3),
                Way::Counter => assert!(!matches!(filing.fate, Fate::Refused | Fate::Guided)),
            }
        }
        let in_vain = plan
            .iter()
            .filter(|filing| matches!(filing.way, Way::InVain(_)));
        assert_eq!((in_vain.count(), plan.len()), (5, 505));
    }
}
