//! The offers of a log, counted.

use std::collections::BTreeMap;

use crate::journey::{Told, What};

/// Per pair: offered = accepted + declined + recalled + re-homed + open, as `motcua check` counts.
#[derive(Default)]
pub struct Offers<'a> {
    pub open: BTreeMap<(&'a str, i64), (&'a str, &'a str)>,
    pub left: BTreeMap<(&'a str, &'a str), i64>,
}

impl<'a> Offers<'a> {
    pub fn take(&mut self, Told { what, transfer, .. }: &'a Told) {
        let (uid, epoch) = (transfer.uid.as_str(), transfer.offer_epoch);
        let pair = (transfer.from.as_str(), transfer.to.as_str());
        match what {
            What::Offered => {
                let twice = self.open.keys().any(|(other, _)| *other == uid);
                assert!(!twice, "two open offers of {transfer:?}");
                self.open.insert((uid, epoch), pair);
                *self.left.entry(pair).or_default() += 1;
            }
            What::Accepted | What::Declined | What::Rehomed => {
                // Who answers for it may be the heir of the unit that offered it.
                let offer = self.open.remove(&(uid, epoch));
                let (from, to) = offer.expect("there is no such offer");
                assert_eq!(to, pair.1);
                *self.left.entry((from, to)).or_default() -= 1;
            }
            // What was declined is no open offer any more when it is recalled.
            What::Recalled => {
                if let Some(pair) = self.open.remove(&(uid, epoch)) {
                    *self.left.entry(pair).or_default() -= 1;
                }
            }
            What::Completed
            | What::Cancelled
            | What::Released
            | What::DueMoved
            | What::Returned
            | What::Undone
            | What::Inherited
            | What::PaperReceived
            | What::DeadLettered
            | What::Redriven
            | What::Assigned
            | What::Unassigned
            | What::Escalated
            | What::LinkLate
            | What::LinkMended
            | What::HoldEnded => {}
        }
    }
}
