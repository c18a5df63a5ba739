//! Who may be given work: officers and their positions, as identity tells of them, without names. Pure.

use std::collections::HashMap;

use chrono::NaiveDate;
use kit::caller::Role;
use kit::copies::UnitTable;

/// An officer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Officer {
    /// The subject of its tokens.
    pub subject: String,
    /// It gets no tokens.
    pub disabled: bool,
}

/// A role of an officer at a unit for a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Identity's.
    pub uid: String,
    /// Who holds it.
    pub subject: String,
    /// Where.
    pub unit: String,
    /// The role.
    pub role: Role,
    /// The first day.
    pub first: NaiveDate,
    /// The last day; `None` while it goes on.
    pub last: Option<NaiveDate>,
}

/// A role at a unit on a civil day.
#[derive(Clone, Copy, Debug)]
pub struct Post<'a> {
    /// The unit.
    pub unit: &'a str,
    /// The role.
    pub role: Role,
    /// The day.
    pub on: NaiveDate,
}

/// Whether an officer holds a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// On that day.
    Yes,
    /// On other days, or it is disabled.
    No,
    /// Identity has told of no such position.
    Unheard,
}

/// Officers with their positions, as far as they were loaded.
#[derive(Clone, Debug, Default)]
pub struct Staff {
    officers: HashMap<String, Officer>,
    positions: HashMap<String, Position>,
}

impl Position {
    /// Whether it is at a unit, or at one whose work that does on a day.
    pub fn is_at(&self, unit: &str, units: &UnitTable, on: NaiveDate) -> bool {
        let now = || units.resolve(&self.unit, on);
        self.unit == unit || now().is_some_and(|now| now.uid == unit)
    }

    fn has(&self, day: NaiveDate) -> bool {
        self.first <= day && self.last.is_none_or(|last| day <= last)
    }
}

impl Staff {
    /// Takes in an officer.
    pub fn put_officer(&mut self, officer: Officer) {
        self.officers.insert(officer.subject.clone(), officer);
    }

    /// Takes in a position as it stands now.
    pub fn put_position(&mut self, position: Position) {
        self.positions.insert(position.uid.clone(), position);
    }

    /// The units of all positions.
    pub fn units(&self) -> impl Iterator<Item = &str> {
        let positions = self.positions.values();
        positions.map(|position| position.unit.as_str())
    }

    /// Whether an officer holds a post.
    pub fn holds(&self, subject: &str, post: Post<'_>, units: &UnitTable) -> Holds {
        let officer = self.officers.get(subject);
        if officer.is_some_and(|officer| officer.disabled) {
            return Holds::No;
        }
        let positions = self.positions.values();
        let such = positions.filter(|position| {
            position.subject == subject
                && position.role == post.role
                && position.is_at(post.unit, units, post.on)
        });
        such.fold(Holds::Unheard, |known, position| {
            if position.has(post.on) {
                Holds::Yes
            } else if known == Holds::Yes {
                known
            } else {
                Holds::No
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2017, 8, day).unwrap()
    }

    fn position(uid: &str, first: u32, last: Option<u32>) -> Position {
        Position {
            uid: uid.to_owned(),
            subject: "lan".to_owned(),
            unit: "commune".to_owned(),
            role: Role::Examiner,
            first: day(first),
            last: last.map(day),
        }
    }

    fn holds(staff: &Staff, unit: &str, role: Role, on: u32) -> Holds {
        let post = Post {
            unit,
            role,
            on: day(on),
        };
        staff.holds("lan", post, &UnitTable::default())
    }

    #[test]
    fn a_post_is_held_on_the_days_of_a_position_at_the_unit_in_the_role() {
        let mut staff = Staff::default();
        staff.put_position(position("a", 1, Some(10)));
        let at = |on| holds(&staff, "commune", Role::Examiner, on);
        assert_eq!((at(1), at(10), at(11)), (Holds::Yes, Holds::Yes, Holds::No));
        assert_eq!(holds(&staff, "commune", Role::Leader, 1), Holds::Unheard);
        assert_eq!(holds(&staff, "district", Role::Examiner, 1), Holds::Unheard);
    }

    #[test]
    fn one_position_of_several_is_enough_and_none_counts_of_who_is_disabled() {
        let mut staff = Staff::default();
        staff.put_position(position("a", 1, Some(10)));
        staff.put_position(position("b", 8, None));
        assert_eq!(holds(&staff, "commune", Role::Examiner, 20), Holds::Yes);
        staff.put_officer(Officer {
            subject: "lan".to_owned(),
            disabled: true,
        });
        assert_eq!(holds(&staff, "commune", Role::Examiner, 20), Holds::No);
    }
}
