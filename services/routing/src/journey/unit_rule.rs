//! Steps that were never offered go to the units that the rules in force name.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use kit::copies::UnitTable;

use super::Journey;
use crate::route::Planned;

impl Journey {
    /// Whether a step comes right after that of a transfer which was never offered.
    #[must_use]
    pub fn leads_on(&self, uid: &str) -> bool {
        let Ok(transfer) = self.transfer(uid) else {
            return false;
        };
        let mut after = self.route.steps_after(&transfer.work.key);
        after.any(|step| self.attempts(&step.key).next().is_none())
    }

    /// Its steps that were never offered follow these rules, which are in force on a day.
    pub fn follow(&mut self, rules: &[Planned], known: (&UnitTable, NaiveDate)) {
        let transfers = self.transfers.iter();
        let offered: BTreeSet<&str> = transfers
            .map(|transfer| transfer.work.key.as_str())
            .collect();
        let may_follow = |step: &str| !offered.contains(step);
        self.route.follow(rules, may_follow, known);
    }
}
