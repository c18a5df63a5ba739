//! To whom a dossier's steps are offered and who holds them: intake's copy of what routing says.

mod outside;

use chrono::NaiveDate;
use kit::authority::{Relation, Rights};
use kit::clock::Moment;
use kit::copies::UnitTable;

use crate::dossier::{Dossier, State, Units};
use crate::error::Error;

pub use outside::stopping;

/// One step at a unit, as routing told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Custody {
    /// The transfer.
    pub transfer: String,
    /// The dossier.
    pub dossier: String,
    /// The unit.
    pub unit: String,
    /// Raised by every acceptance in the dossier; 0 before.
    pub epoch: i64,
    /// What the holder may do.
    pub purpose: Purpose,
    /// What the step is called, where it is outside the limit.
    pub outside: Option<String>,
    /// How the unit stands to it.
    pub standing: Standing,
    /// Since when it stands so.
    pub since: Moment,
    /// Who is responsible for it; nothing once its work is done.
    pub custodian: Option<Custodian>,
}

/// Who is responsible for a step: whoever offers it, until somebody accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Custodian {
    /// The unit.
    pub unit: String,
    /// Since when.
    pub since: Moment,
}

/// How a unit stands to a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is offered to the unit.
    Offered,
    /// The unit holds it.
    Holds,
    /// The unit has held it.
    Held,
    /// The offer has left the unit.
    Left,
}

impl Standing {
    /// What the rules call it.
    #[must_use]
    pub fn relation(self) -> Option<Relation> {
        match self {
            Self::Offered => Some(Relation::Offered),
            Self::Holds => Some(Relation::Holder),
            Self::Held => Some(Relation::PastHolder),
            Self::Left => None,
        }
    }
}

/// Which units a change of one step brings to a dossier and takes from it: those that had, or have from now on, nothing to do with
/// any other step of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Movement {
    /// It has to do with a step from now on; not one that receives, decides or returns, which has the dossier anyway.
    pub came: Option<String>,
    /// It had to do with one, and has no longer.
    pub left: Option<String>,
}

impl Movement {
    /// What a step brings that stands like this now, of all that was known.
    #[must_use]
    pub fn of(units: &Units, known: &[Custody], now: &Custody) -> Self {
        let is_step = |custody: &&Custody| custody.transfer == now.transfer;
        let concerns = |custody: &Custody, unit: &str| {
            custody.unit == unit && custody.standing.relation().is_some()
        };
        let before = |unit: &str| known.iter().any(|custody| concerns(custody, unit));
        let after = |unit: &str| {
            let mut others = known.iter().filter(|custody| !is_step(custody));
            concerns(now, unit) || others.any(|custody| concerns(custody, unit))
        };
        let came = Some(&now.unit).filter(|unit| after(unit) && !before(unit));
        let left = known.iter().find(is_step).map(|custody| &custody.unit);
        let left = left.filter(|unit| before(unit) && !after(unit));
        Self {
            came: came.filter(|unit| !units.include(unit)).cloned(),
            left: left.cloned(),
        }
    }
}

/// One stay of a dossier at a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stay {
    /// The unit.
    pub unit: String,
    /// Whether it is responsible for it, or is offered it.
    pub standing: Standing,
    /// Since when.
    pub since: Moment,
}

impl Stay {
    fn new(unit: &str, standing: Standing, since: Moment) -> Self {
        Self {
            unit: unit.to_owned(),
            standing,
            since,
        }
    }

    /// What nobody has accepted is at the desk, or at the one that it was sent on to (R1).
    fn at_desk(dossier: &Dossier) -> Self {
        let units = &dossier.units;
        let sent_on = dossier.course.forwarded_at;
        match sent_on.filter(|_| dossier.state == State::Submitted) {
            Some(since) => Self::new(&units.competent, Standing::Holds, since),
            None => Self::new(&units.receiving, Standing::Holds, dossier.submitted_at),
        }
    }
}

/// Where a dossier is: at those who are responsible for it, then at those to whom it is offered, each in the order of time. Nowhere
/// once it has ended.
#[must_use]
pub fn stays(dossier: &Dossier, known: &[Custody]) -> Vec<Stay> {
    if dossier.state.has_ended() {
        return Vec::new();
    }
    let custodians = known
        .iter()
        .filter_map(|custody| custody.custodian.as_ref());
    let held = custodians.map(|of| Stay::new(&of.unit, Standing::Holds, of.since));
    let mut held: Vec<Stay> = held.collect();
    if held.is_empty() {
        held.push(Stay::at_desk(dossier));
    }
    let offered = known.iter().filter(|of| of.standing == Standing::Offered);
    let offered = offered.map(|of| Stay::new(&of.unit, Standing::Offered, of.since));
    let mut offered: Vec<Stay> = offered.collect();
    held.sort_by_key(|stay| stay.since);
    offered.sort_by_key(|stay| stay.since);
    held.extend(offered);
    held
}

/// A unit where a dossier is, as people know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The unit.
    pub unit: String,
    /// Its name; empty where intake does not know it.
    pub name: String,
    /// Whether it is responsible for the dossier, or is offered it.
    pub standing: Standing,
    /// Since when.
    pub since: Moment,
}

/// The units of these stays as they are called on a day, or those that do their work then; each by its first stay.
#[must_use]
pub fn places(stays: &[Stay], units: &UnitTable, on: NaiveDate) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    for stay in stays {
        let unit = units.resolve(&stay.unit, on);
        let (uid, name) = unit.map_or((stay.unit.as_str(), ""), |unit| (unit.uid, unit.name));
        if places.iter().any(|place| place.unit == uid) {
            continue;
        }
        places.push(Place {
            unit: uid.to_owned(),
            name: name.to_owned(),
            standing: stay.standing,
            since: stay.since,
        });
    }
    places
}

/// What holding a step is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To work on it, as the only or the leading unit.
    Work,
    /// To give an opinion beside the leading unit (R4).
    Advise,
    /// To decide.
    Decide,
    /// To hand the result over.
    Return,
}

/// What a caller says that it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The transfer.
    pub transfer: String,
    /// The epoch that its acceptance returned.
    pub epoch: i64,
}

impl Claim {
    /// Refuses a claim that is newer than everything that routing told of the dossier.
    ///
    /// # Errors
    /// `CustodyNotKnownYet`.
    pub fn must_be_known(&self, known: &[Custody]) -> Result<(), Error> {
        let newest = known
            .iter()
            .map(|custody| custody.epoch)
            .max()
            .unwrap_or_default();
        if self.epoch > newest {
            return Err(Error::CustodyNotKnownYet);
        }
        Ok(())
    }

    /// The custody that is claimed.
    ///
    /// # Errors
    /// `NotTheHolder` when it has ended, is another unit's, or is for none of these purposes.
    pub fn check<'a>(
        &self,
        known: &'a [Custody],
        purposes: &[Purpose],
        rights: &Rights,
    ) -> Result<&'a Custody, Error> {
        known
            .iter()
            .find(|custody| custody.transfer == self.transfer && custody.epoch == self.epoch)
            .filter(|custody| custody.standing == Standing::Holds)
            .filter(|custody| purposes.contains(&custody.purpose))
            .filter(|custody| rights.stands(Relation::Holder, &custody.unit))
            .ok_or_else(|| Error::NotTheHolder {
                transfer: self.transfer.clone(),
            })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kit::caller::{Caller, Role};

    use super::*;
    use crate::dossier::tests::given::{closing, dossier, moment, receipt};

    fn custody(epoch: i64, standing: Standing) -> Custody {
        Custody {
            transfer: format!("t{epoch}"),
            dossier: "d".to_owned(),
            unit: "u".to_owned(),
            epoch,
            purpose: Purpose::Decide,
            outside: None,
            standing,
            since: moment(0),
            custodian: None,
        }
    }

    /// A step at a unit since a day, for which another is responsible since the day before.
    fn step(transfer: &str, unit: &str, standing: Standing, since: i64, from: &str) -> Custody {
        Custody {
            transfer: transfer.to_owned(),
            unit: unit.to_owned(),
            since: moment(since),
            custodian: Some(Custodian {
                unit: from.to_owned(),
                since: moment(since - 1),
            }),
            ..custody(0, standing)
        }
    }

    fn check(transfer: &str, epoch: i64, known: &[Custody], unit: &str) -> Result<i64, Error> {
        let claim = Claim {
            transfer: transfer.to_owned(),
            epoch,
        };
        claim.must_be_known(known)?;
        let leader = Caller::new("leader", Role::Leader, vec![unit.to_owned()]);
        let rights = Rights::of(Arc::new(leader), "intake.DossierService/RecordDecision");
        claim
            .check(known, &[Purpose::Decide], &rights)
            .map(|custody| custody.epoch)
    }

    #[test]
    fn only_the_present_holder_passes() {
        let known = [custody(1, Standing::Held), custody(2, Standing::Holds)];
        assert_eq!(check("t2", 2, &known, "u").unwrap(), 2);
        for (transfer, epoch, unit) in [("t1", 1, "u"), ("t2", 2, "other"), ("t2", 1, "u")] {
            let checked = check(transfer, epoch, &known, unit);
            assert!(matches!(checked, Err(Error::NotTheHolder { .. })));
        }
    }

    #[test]
    fn who_is_offered_a_step_does_not_hold_it() {
        let known = [custody(2, Standing::Offered)];
        let checked = check("t2", 2, &known, "u");
        assert!(matches!(checked, Err(Error::NotTheHolder { .. })));
    }

    #[test]
    fn r07_a_dossier_is_at_those_who_are_responsible_then_at_those_it_is_offered_to() {
        use Standing::{Held, Holds, Offered};
        let stay = |unit: &str, standing, since| Stay::new(unit, standing, moment(since));
        let processing = dossier(State::Processing(receipt()));
        // Two opinions are asked for: one is being worked on, one nobody has accepted.
        let known = [
            step("lead", "office", Offered, 4, "department"),
            step("first", "department", Held, 2, "department"),
            step("opinion", "district", Holds, 3, "district"),
        ];
        let known = [
            known,
            [custody(1, Held), custody(2, Held), custody(3, Held)],
        ]
        .concat();
        let at = [
            stay("department", Holds, 1),
            stay("district", Holds, 2),
            stay("department", Holds, 3),
            stay("office", Offered, 4),
        ];
        assert_eq!(stays(&processing, &known), at);
        let units = UnitTable::default();
        let day = kit::clock::local(moment(4)).date();
        let places = places(&at, &units, day).into_iter();
        let places: Vec<_> = places.map(|place| (place.unit, place.since)).collect();
        let once = [("department", 1), ("district", 2), ("office", 4)];
        assert_eq!(
            places,
            once.map(|(unit, since)| (unit.to_owned(), moment(since)))
        );
        let ended = dossier(State::Stopped(receipt(), closing()));
        assert_eq!(stays(&ended, &known), []);
    }

    #[test]
    fn r07_before_anybody_accepts_it_a_dossier_is_at_the_desk_or_where_that_sent_it_on() {
        let mut submitted = dossier(State::Submitted);
        let desk = Stay::new("commune", Standing::Holds, submitted.submitted_at);
        assert_eq!(stays(&submitted, &[]), [desk]);
        submitted.course.forwarded_at = Some(moment(1));
        let other = Stay::new("district", Standing::Holds, moment(1));
        assert_eq!(stays(&submitted, &[]), [other]);
    }

    #[test]
    fn a_unit_comes_with_its_first_step_and_leaves_with_its_last() {
        use Standing::{Held, Left, Offered};
        let units = dossier(State::Submitted).units;
        let movement = |known: &[Custody], now: &Custody| {
            let Movement { came, left } = Movement::of(&units, known, now);
            (came.unwrap_or_default(), left.unwrap_or_default())
        };
        let moved = |came: &str, left: &str| (came.to_owned(), left.to_owned());
        let offered = step("a", "office", Offered, 1, "commune");
        let declined = step("a", "office", Left, 2, "commune");
        let goes_on = step("a", "department", Offered, 3, "commune");
        assert_eq!(movement(&[], &offered), moved("office", ""));
        let known = [offered.clone()];
        assert_eq!(movement(&known, &declined), moved("", "office"));
        assert_eq!(movement(&known, &goes_on), moved("department", "office"));
        assert_eq!(movement(&[declined], &goes_on), moved("department", ""));
        // It has had another step.
        let known = [offered, step("b", "office", Held, 1, "office")];
        assert_eq!(movement(&known, &goes_on), moved("department", ""));
        // The one that decides has it in its lists anyway.
        let decides = step("a", "district", Offered, 1, "commune");
        assert_eq!(movement(&[], &decides), moved("", ""));
    }

    #[test]
    fn an_acceptance_that_is_newer_than_what_is_known_is_waited_for() {
        let known = [custody(1, Standing::Holds)];
        assert!(matches!(
            check("t2", 2, &known, "u"),
            Err(Error::CustodyNotKnownYet)
        ));
    }
}
