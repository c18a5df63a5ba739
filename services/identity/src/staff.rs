//! The officers and positions that an act is about, and the rules between them.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use kit::authority::{Relation, Scope};
use kit::caller::Role;

use crate::fault::Fault;
use crate::officer::Officer;
use crate::position::{self, ActingFor, Period, Position, is_given_by_the_province};
use crate::register::Register;
use crate::subject::Subject;
use crate::unit;

/// A position that is to be.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The uid that it gets.
    pub uid: position::Uid,
    /// Who holds it.
    pub officer: Subject,
    /// The role.
    pub role: Role,
    /// Where.
    pub unit: unit::Uid,
    /// When.
    pub period: Period,
    /// For whom, where it is a delegation.
    pub acting_for: Option<Subject>,
}

/// What becomes of a row of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A new position.
    Assigned(Position),
    /// The last day moves; delegations that would outlast it end with it.
    Moved(Vec<Position>),
    /// It is there already.
    Unchanged(position::Uid),
}

impl Outcome {
    /// The position that the row is about.
    #[must_use]
    pub fn position(&self) -> Option<&position::Uid> {
        match self {
            Self::Assigned(position) => Some(&position.uid),
            Self::Moved(positions) => positions.first().map(|position| &position.uid),
            Self::Unchanged(uid) => Some(uid),
        }
    }
}

/// Officers with all their positions and all that is acted in under these.
#[derive(Clone, Debug, Default)]
pub struct Staff {
    officers: BTreeMap<Subject, Officer>,
    /// By who holds them.
    positions: HashMap<Subject, BTreeMap<position::Uid, Position>>,
    holders: HashMap<position::Uid, Subject>,
}

impl Staff {
    /// These.
    #[must_use]
    pub fn new(officers: Vec<Officer>, positions: Vec<Position>) -> Self {
        let mut staff = Self::default();
        for officer in officers {
            staff.put_officer(officer);
        }
        for position in positions {
            staff.put_position(position);
        }
        staff
    }

    /// Another officer, or the same as it stands now.
    pub fn put_officer(&mut self, officer: Officer) {
        self.officers.insert(officer.subject.clone(), officer);
    }

    /// Another position, or the same as it stands now.
    pub fn put_position(&mut self, position: Position) {
        let (uid, holder) = (position.uid.clone(), position.officer.clone());
        self.holders.insert(uid.clone(), holder.clone());
        let held = self.positions.entry(holder).or_default();
        held.insert(uid, position);
    }

    /// The officer, whoever asks.
    #[must_use]
    pub fn officer(&self, subject: &Subject) -> Option<&Officer> {
        self.officers.get(subject)
    }

    /// The officer, if somebody with this scope may know it.
    ///
    /// # Errors
    /// `OFFICER_NOT_FOUND`.
    pub fn known(&self, scope: &Scope, subject: &Subject) -> Result<&Officer, Fault> {
        let officer = self.officers.get(subject);
        let units = officer.into_iter().flat_map(|officer| &officer.unit);
        let mut units = units.chain(self.positions_of(subject).map(|position| &position.unit));
        let known = *scope == Scope::Everything || units.any(|unit| is_own(scope, unit));
        officer
            .filter(|_| known)
            .ok_or_else(|| Fault::OfficerNotFound(subject.clone()))
    }

    /// Whether somebody with this scope looks after the officer: after all of it.
    #[must_use]
    pub fn is_looked_after(&self, scope: &Scope, officer: &Officer, today: NaiveDate) -> bool {
        let own = |unit: &unit::Uid| is_own(scope, unit);
        let mut going_on = self
            .positions_of(&officer.subject)
            .filter(|position| position.period.last().is_none_or(|last| last >= today));
        *scope == Scope::Everything
            || officer.unit.as_ref().is_some_and(own)
                && going_on
                    .all(|position| own(&position.unit) && !is_given_by_the_province(position.role))
    }

    /// The position.
    #[must_use]
    pub fn position(&self, uid: &position::Uid) -> Option<&Position> {
        let holder = self.holders.get(uid)?;
        self.positions.get(holder)?.get(uid)
    }

    fn positions_of(&self, subject: &Subject) -> impl Iterator<Item = &Position> {
        let held = self.positions.get(subject);
        held.into_iter().flat_map(BTreeMap::values)
    }

    /// A new position.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn assign(
        &self,
        units: &Register,
        scope: &Scope,
        wanted: &Wanted,
    ) -> Result<Position, Vec<Fault>> {
        let known = self.known(scope, &wanted.officer);
        let mut faults: Vec<Fault> = known.err().into_iter().collect();
        faults.extend(must_have_role(wanted, units, scope));
        self.make(wanted, faults)
    }

    /// A new position in which an officer acts for another, at a unit where that one has the role.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn delegate(&self, wanted: &Wanted) -> Result<Position, Vec<Fault>> {
        self.make(wanted, Vec::new())
    }

    fn make(&self, wanted: &Wanted, mut faults: Vec<Fault>) -> Result<Position, Vec<Fault>> {
        let acting_for = self.acting_for(wanted).unwrap_or_else(|fault| {
            faults.push(fault);
            None
        });
        let position = Position {
            uid: wanted.uid.clone(),
            officer: wanted.officer.clone(),
            role: wanted.role,
            unit: wanted.unit.clone(),
            period: wanted.period,
            acting_for,
            end_told: false,
        };
        faults.extend(self.must_not_clash(&position).err());
        if faults.is_empty() {
            return Ok(position);
        }
        Err(faults)
    }

    /// A position of an import: what is there already is left alone or moved.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn take_in(
        &self,
        units: &Register,
        scope: &Scope,
        wanted: &Wanted,
    ) -> Result<Outcome, Vec<Fault>> {
        let Some(kept) = self.same(wanted) else {
            return self.assign(units, scope, wanted).map(Outcome::Assigned);
        };
        let known = self.known(scope, &wanted.officer);
        let mut faults: Vec<Fault> = known.err().into_iter().collect();
        faults.extend(must_be_own(wanted.role, &wanted.unit, scope));
        faults.extend(self.acting_for(wanted).err());
        let moved = kept.with_period(wanted.period);
        faults.extend(self.must_not_clash(&moved).err());
        if !faults.is_empty() {
            return Err(faults);
        }
        if moved == *kept {
            return Ok(Outcome::Unchanged(kept.uid.clone()));
        }
        Ok(Outcome::Moved(self.with_delegations(moved)))
    }

    /// The position that differs from the wanted one in its last day at most.
    fn same(&self, wanted: &Wanted) -> Option<&Position> {
        self.positions_of(&wanted.officer).find(|position| {
            position.period.first() == wanted.period.first()
                && position.period.has(wanted.period.first())
                && (position.role, &position.unit) == (wanted.role, &wanted.unit)
                && position.for_whom() == wanted.acting_for.as_ref()
        })
    }

    /// A position that is to end on this day, and the delegations that end with it.
    ///
    /// # Errors
    /// When that is before its first day or after its last.
    pub fn end(&self, position: &Position, last_day: NaiveDate) -> Result<Vec<Position>, Fault> {
        let before = position.period;
        if let Some(last) = before.last().filter(|last| *last < last_day) {
            return Err(Fault::EndsEarlier(last));
        }
        let period = before.until(last_day);
        let period = period.map_err(|_| Fault::EndsBeforeItBegins(before.first()))?;
        Ok(self.with_delegations(position.with_period(period)))
    }

    /// A position, and the delegations of it, none of which outlasts it.
    fn with_delegations(&self, position: Position) -> Vec<Position> {
        let mut changed = Vec::new();
        if let Some(last) = position.period.last() {
            let delegated = self.positions.values().flat_map(BTreeMap::values);
            for acting in delegated.filter(|acting| acting.is_delegated_by(&position.uid)) {
                // One that has not begun by then is taken back.
                let before_it = acting.period.first().pred_opt().unwrap_or(last);
                if acting.period.outlasts(last.max(before_it))
                    && let Ok(period) = acting.period.until(last.max(before_it))
                {
                    changed.push(acting.with_period(period));
                }
            }
        }
        changed.insert(0, position);
        changed
    }

    /// Whether the officer has this role at the unit on a day.
    #[must_use]
    pub fn holds(&self, wanted: &Wanted, on: NaiveDate) -> bool {
        let mut held = self.positions_of(&wanted.officer);
        held.any(|held| {
            (held.role, &held.unit) == (wanted.role, &wanted.unit) && held.period.has(on)
        })
    }

    /// Whether the officer has this role on a day or will have it.
    #[must_use]
    pub fn holds_or_will(&self, officer: &Subject, role: Role, on: NaiveDate) -> bool {
        let mut held = self.positions_of(officer);
        held.any(|held| {
            let some_day = on.max(held.period.first());
            held.role == role && held.period.has(some_day)
        })
    }

    fn must_not_clash(&self, position: &Position) -> Result<(), Fault> {
        let mut others = self.positions_of(&position.officer);
        match others.find(|other| other.clashes_with(position)) {
            Some(other) => Err(Fault::Overlaps(other.uid.clone())),
            None => Ok(()),
        }
    }

    /// The position that a delegation is of: held by that officer itself on all of its days.
    fn acting_for(&self, wanted: &Wanted) -> Result<Option<ActingFor>, Fault> {
        let Some(officer) = &wanted.acting_for else {
            return Ok(None);
        };
        let mut held = self.positions_of(officer).filter(|held| {
            held.acting_for.is_none()
                && (held.role, &held.unit) == (wanted.role, &wanted.unit)
                && held.period.covers(wanted.period)
        });
        match held.next() {
            Some(held) if *officer != wanted.officer => Ok(Some(ActingFor {
                position: held.uid.clone(),
                officer: officer.clone(),
            })),
            _ => Err(Fault::NothingToActFor(officer.clone())),
        }
    }
}

fn must_have_role(wanted: &Wanted, units: &Register, scope: &Scope) -> Vec<Fault> {
    let (uid, first) = (&wanted.unit, wanted.period.first());
    let mut faults = must_be_own(wanted.role, uid, scope);
    match units.get(uid) {
        None => faults.push(Fault::UnitNotFound(uid.clone())),
        Some(unit) => {
            if !unit.exists_on(first) {
                faults.push(Fault::UnitNotThere(uid.clone(), first));
            }
            if wanted.role == Role::ProvinceAdministrator && unit.kind != unit::Kind::Province {
                faults.push(Fault::RoleNotAtUnit(wanted.role, uid.clone()));
            }
        }
    }
    faults
}

/// A unit administrator gives and takes only what is its unit's to give.
#[must_use]
pub fn must_be_own(role: Role, unit: &unit::Uid, scope: &Scope) -> Vec<Fault> {
    if *scope == Scope::Everything {
        return Vec::new();
    }
    let mut faults = Vec::new();
    if !is_own(scope, unit) {
        faults.push(Fault::UnitNotYours(unit.clone()));
    }
    if is_given_by_the_province(role) {
        faults.push(Fault::RoleNotYours(role));
    }
    faults
}

/// Whether a scope has a unit as its own.
#[must_use]
pub fn is_own(scope: &Scope, unit: &unit::Uid) -> bool {
    scope.covers(&[(Relation::Own, unit.as_str())])
}
