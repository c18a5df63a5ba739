//! The units of the province as identity publishes them.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use prost::Message as _;
use proto::identity::v1 as pb;

use super::Copy;

/// Longest chain of successors that is followed; reorganisations are years apart.
const MAX_SUCCESSIONS: usize = 16;

/// A unit as it stands on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit<'a> {
    /// Lasting.
    pub uid: &'a str,
    /// Full name.
    pub name: &'a str,
    /// Its kind.
    pub kind: UnitKind,
    /// The unit above it; empty for the province.
    pub parent: &'a str,
    /// Its identifier in dossier codes.
    pub national_code: &'a str,
}

/// The kinds of unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitKind {
    /// The province itself.
    Province,
    /// A department.
    Department,
    /// A district.
    District,
    /// A commune.
    Commune,
}

/// Units by uid, as far as they were loaded.
#[derive(Clone, Debug, Default)]
pub struct UnitTable(HashMap<String, Course>);

/// A unit through all its days.
#[derive(Clone, Debug)]
struct Course {
    uid: String,
    kind: UnitKind,
    /// In order of their first days; never empty.
    periods: Vec<Period>,
    /// `None` while it goes on.
    last_day: Option<NaiveDate>,
    /// The unit that does its work after that; empty where none does.
    heir: String,
}

/// How a unit is described from a day on.
#[derive(Clone, Debug)]
struct Period {
    from: NaiveDate,
    name: String,
    parent: String,
    national_code: String,
}

impl UnitTable {
    /// Takes in a copy, if it is one of a unit.
    pub fn take(&mut self, copy: &Copy) {
        if copy.kind == super::UNIT
            && let Some(unit) = parse(&copy.body)
        {
            self.0.insert(unit.uid.clone(), unit);
        }
    }

    /// Whether the unit is loaded.
    #[must_use]
    pub fn has(&self, uid: &str) -> bool {
        self.0.contains_key(uid)
    }

    /// The unit as it stands on a civil day, or the one that does its work on that day (NQ 190/2025; R16). `None` when it is not
    /// known, or begins later.
    #[must_use]
    pub fn resolve(&self, uid: &str, on: NaiveDate) -> Option<Unit<'_>> {
        let mut course = self.0.get(uid)?;
        for _ in 0..MAX_SUCCESSIONS {
            let has_ended = course.last_day.is_some_and(|last| last < on);
            match self.0.get(&course.heir).filter(|_| has_ended) {
                Some(heir) => course = heir,
                None => break,
            }
        }
        course.on(on)
    }

    /// A unit and those that came to do its work after it, in order, up to the one that does it on a civil day.
    pub fn line(&self, uid: &str, on: NaiveDate) -> impl Iterator<Item = &str> {
        let next = move |course: &&Course| {
            let has_ended = course.last_day.is_some_and(|last| last < on);
            self.0.get(&course.heir).filter(|_| has_ended)
        };
        let line = std::iter::successors(self.0.get(uid), next);
        let line = line.take(MAX_SUCCESSIONS + 1);
        line.map(|course| course.uid.as_str())
    }

    /// Whether no unit is loaded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The loaded units that exist on a civil day, as they stand on it, in no order.
    pub fn existing_on(&self, on: NaiveDate) -> impl Iterator<Item = Unit<'_>> {
        let there = self
            .0
            .values()
            .filter(move |course| course.last_day.is_none_or(|last| on <= last));
        there.filter_map(move |course| course.on(on))
    }

    /// The loaded units whose work another loaded one does on a civil day, in no order.
    pub fn succeeded_on(&self, on: NaiveDate) -> impl Iterator<Item = &str> {
        let uids = self.0.keys().map(String::as_str);
        uids.filter(move |uid| self.resolve(uid, on).is_some_and(|unit| unit.uid != *uid))
    }

    /// Whether a unit is one of these on a civil day, or below one of them in the tree.
    pub fn lies_in<'a>(
        &self,
        uid: &str,
        mut area: impl Iterator<Item = &'a str>,
        on: NaiveDate,
    ) -> bool {
        let mut above = BTreeSet::new();
        let mut next = self.resolve(uid, on);
        while let Some(unit) = next {
            if !above.insert(unit.uid) {
                break;
            }
            next = self.resolve(unit.parent, on);
        }
        area.any(|uid| {
            let named = self.resolve(uid, on).map_or(uid, |unit| unit.uid);
            above.contains(named)
        })
    }

    /// The units that loaded units name as parent or successor and that are not loaded themselves.
    pub fn missing(&self) -> impl Iterator<Item = &str> {
        let named = self.0.values().flat_map(|course| {
            let parents = course.periods.iter().map(|period| period.parent.as_str());
            parents.chain([course.heir.as_str()])
        });
        named.filter(|uid| !uid.is_empty() && !self.0.contains_key(*uid))
    }
}

impl Course {
    fn on(&self, day: NaiveDate) -> Option<Unit<'_>> {
        let period = self.periods.iter().rfind(|period| period.from <= day)?;
        Some(Unit {
            uid: &self.uid,
            name: &period.name,
            kind: self.kind,
            parent: &period.parent,
            national_code: &period.national_code,
        })
    }
}

fn parse(body: &[u8]) -> Option<Course> {
    let message = pb::Unit::decode(body).ok()?;
    let kind = match message.kind() {
        pb::UnitKind::Unspecified => return None,
        pb::UnitKind::Province => UnitKind::Province,
        pb::UnitKind::Department => UnitKind::Department,
        pb::UnitKind::District => UnitKind::District,
        pb::UnitKind::Commune => UnitKind::Commune,
    };
    let periods: Option<Vec<_>> = message.periods.into_iter().map(period).collect();
    let last_day = match message.valid_to.as_str() {
        "" => None,
        date => Some(date.parse().ok()?),
    };
    Some(Course {
        kind,
        uid: message.uid,
        periods: periods.filter(|periods| !periods.is_empty())?,
        last_day,
        heir: message.successor_uid,
    })
}

fn period(message: pb::UnitPeriod) -> Option<Period> {
    Some(Period {
        from: message.valid_from.parse().ok()?,
        name: message.name,
        parent: message.parent_uid,
        national_code: message.national_code,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAST_DAY: NaiveDate = NaiveDate::from_ymd_opt(2025, 6, 30).unwrap();
    const NEXT_DAY: NaiveDate = NaiveDate::from_ymd_opt(2025, 7, 1).unwrap();

    /// A unit that ends on the last day, if it has a successor, and begins on this.
    fn unit(uid: &str, successor: &str, from: &str) -> Copy {
        let period = |valid_from: &str, name: String| pb::UnitPeriod {
            valid_from: valid_from.to_owned(),
            name,
            parent_uid: "p".to_owned(),
            ..pb::UnitPeriod::default()
        };
        let ended = !successor.is_empty();
        let message = pb::Unit {
            uid: uid.to_owned(),
            kind: pb::UnitKind::Commune.into(),
            valid_to: if ended {
                LAST_DAY.to_string()
            } else {
                String::new()
            },
            successor_uid: successor.to_owned(),
            periods: vec![
                period(from, format!("Xã {uid}")),
                period("2025-07-01", format!("Phường {uid}")),
            ],
            ..pb::Unit::default()
        };
        Copy::new(crate::copies::UNIT, uid, &message)
    }

    fn table(units: impl IntoIterator<Item = Copy>) -> UnitTable {
        let mut table = UnitTable::default();
        for copy in units {
            table.take(&copy);
        }
        table
    }

    #[test]
    fn a_unit_does_its_own_work_up_to_its_last_day_and_its_successors_do_it_after_that() {
        let table = table([
            unit("a", "b", "2004-01-01"),
            unit("b", "c", "2004-01-01"),
            unit("c", "", "2004-01-01"),
        ]);
        let resolved = |on| table.resolve("a", on).map(|unit| (unit.uid, unit.name));
        assert_eq!(resolved(LAST_DAY), Some(("a", "Xã a")));
        assert_eq!(resolved(NEXT_DAY), Some(("c", "Phường c")));
        assert_eq!(table.succeeded_on(LAST_DAY).count(), 0);
        let gone: BTreeSet<_> = table.succeeded_on(NEXT_DAY).collect();
        assert_eq!(gone, ["a", "b"].into());
        assert_eq!(table.resolve("x", NEXT_DAY), None);
        assert!(table.missing().all(|uid| uid == "p"));
    }

    #[test]
    fn a_unit_of_days_to_come_is_not_there_yet() {
        let table = table([unit("new", "", "2025-07-01")]);
        assert_eq!(table.resolve("new", LAST_DAY), None);
        assert!(table.has("new") && table.resolve("new", NEXT_DAY).is_some());
    }

    #[test]
    fn a_unit_lies_in_itself_and_in_what_is_above_it_or_did_the_work_of_that() {
        let table = table([
            unit("a", "b", "2004-01-01"),
            unit("b", "", "2004-01-01"),
            unit("p", "", "2004-01-01"),
        ]);
        let lies = |uid: &str, area: &str| table.lies_in(uid, [area].into_iter(), NEXT_DAY);
        assert!(lies("b", "b") && lies("b", "a") && lies("b", "p"));
        assert!(!lies("p", "b") && !lies("b", "x"));
        let there: Vec<_> = table.existing_on(NEXT_DAY).map(|unit| unit.uid).collect();
        assert!(there.len() == 2 && !there.contains(&"a"));
    }

    #[test]
    fn successors_in_a_ring_do_not_hang() {
        let table = table([unit("a", "b", "2004-01-01"), unit("b", "a", "2004-01-01")]);
        assert!(table.resolve("a", NEXT_DAY).is_some());
    }
}
