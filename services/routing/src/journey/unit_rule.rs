//! Steps that are offered for the first time go to the units that the rules in force name.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use kit::copies::UnitTable;

use super::Journey;
use crate::route::{Planned, Step};

impl Journey {
    /// Whether a step is offered for the first time once that of this transfer is completed.
    #[must_use]
    pub fn leads_on(&self, uid: &str) -> bool {
        self.opened_by(uid).next().is_some()
    }

    /// The steps that are offered for the first time once that of a transfer is completed follow these rules, which are in force on
    /// a day.
    pub fn follow(&mut self, uid: &str, rules: &[Planned], known: (&UnitTable, NaiveDate)) {
        let opened: BTreeSet<String> = self.opened_by(uid).map(|step| step.key.clone()).collect();
        let may_follow = |step: &Step| opened.contains(&step.key);
        self.route.follow(rules, may_follow, known);
    }

    fn opened_by(&self, uid: &str) -> impl Iterator<Item = &Step> {
        let completed = self.transfer(uid).ok().map(|transfer| &*transfer.work.key);
        let after = completed.into_iter().flat_map(move |key| {
            let after = self.route.steps_after(key);
            after.filter(move |step| self.is_ready_with(step, key))
        });
        after.filter(move |step| self.attempts(&step.key).next().is_none())
    }

    /// Whether nothing but the step with this key is left to be done before another.
    fn is_ready_with(&self, step: &Step, key: &str) -> bool {
        let mut before = step.after.iter();
        before.all(|before| before == key || self.is_done(before))
    }
}
