//! Who took over whose work: the chains of successors that reorganisations leave behind (R16).

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::unit::{Uid, Unit};

/// The successions that are in force on one day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Succession {
    successors: BTreeMap<Uid, Uid>,
}

impl Succession {
    /// Of these units, those count that have ended before `today` and name a successor.
    #[must_use]
    pub fn on(today: NaiveDate, units: Vec<Unit>) -> Self {
        let succeeded = |unit: Unit| {
            let end = unit.end.filter(|end| end.last_day < today)?;
            Some((unit.uid, end.successor?))
        };
        Self {
            successors: units.into_iter().filter_map(succeeded).collect(),
        }
    }

    /// The unit that does the work of `unit` now: `unit` itself while it goes on.
    #[must_use]
    pub fn heir<'a>(&'a self, unit: &'a Uid) -> &'a Uid {
        let mut heir = unit;
        // An import refuses loops; a chain has at most as many links as there are successors.
        for _ in 0..self.successors.len() {
            match self.successors.get(heir) {
                Some(successor) => heir = successor,
                None => break,
            }
        }
        heir
    }

    /// The heir of `unit`, then every unit whose work came down to that heir.
    #[must_use]
    pub fn estate(&self, unit: &Uid) -> Vec<Uid> {
        let heir = self.heir(unit);
        let inherited = self
            .successors
            .keys()
            .filter(|ended| self.heir(ended) == heir);
        std::iter::once(heir).chain(inherited).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::End;
    use crate::unit::tests::commune;

    const LAST_DAY: NaiveDate = NaiveDate::from_ymd_opt(2025, 6, 30).unwrap();

    fn ended(uid: &str, successor: &str) -> Unit {
        Unit {
            end: Some(End {
                last_day: LAST_DAY,
                successor: Some(Uid::new(successor)),
            }),
            ..commune(uid)
        }
    }

    fn units() -> Vec<Unit> {
        vec![
            ended("a", "b"),
            ended("b", "d"),
            ended("c", "d"),
            commune("d"),
        ]
    }

    #[test]
    fn work_comes_down_the_whole_chain_to_one_heir() {
        let succession = Succession::on(LAST_DAY.succ_opt().unwrap(), units());
        assert_eq!(succession.heir(&Uid::new("a")), &Uid::new("d"));
        let estate = ["d", "a", "b", "c"].map(Uid::new);
        assert_eq!(succession.estate(&Uid::new("b")), estate);
        assert_eq!(succession.estate(&Uid::new("d")), estate);
    }

    #[test]
    fn on_its_last_day_a_unit_still_acts_for_itself() {
        let succession = Succession::on(LAST_DAY, units());
        assert_eq!(succession.estate(&Uid::new("a")), [Uid::new("a")]);
    }
}
