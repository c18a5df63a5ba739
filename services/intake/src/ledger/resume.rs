//! The clock of a dossier goes on: when its result is due then, by which norm, and what is told of it.

use kit::clock::{self, Moment};
use proto::intake::v1::dossier_change::Change as Told;

use super::{World, timing};
use crate::dossier::{Adjustment, Cause, Dossier, Due, Receipt, Restart, Stop};
use crate::error::Error;
use crate::{law, wire};

/// What stopped the clock of a dossier, and has ended.
pub(super) struct Ended<'a> {
    /// The dossier with it.
    pub before: &'a Dossier,
    /// The receipt of that.
    pub receipt: Receipt,
    /// The stop as it stood.
    pub stop: &'a Stop,
    /// Who ended it, by the name of the token.
    pub by: &'a str,
    /// When.
    pub at: Moment,
}

impl Ended<'_> {
    /// The dossier after it, with when its result is due. That is reckoned as if a step outside the limit that still stops the clock
    /// ended too; while the applicant is waited for it stays as it was, and is reckoned with the answer.
    pub fn go_on(&self, world: &World, after: Dossier) -> Result<(Dossier, Told), Error> {
        let due = match after.state.worked_on() {
            Some(receipt) => timing::due(world, &after, receipt, self.at)?,
            None => self.receipt.due,
        };
        let cause = match self.stop.then {
            Restart::Resumes => Cause::Resumed(self.stop.why.clone()),
            Restart::Restarts => Cause::Restarted,
        };
        let times = (self.receipt.due.at, due.at);
        let stop = self.stop.ended(self.at);
        let told = wire::event::clock_resumed(&stop, times, (self.before, &after));
        let moved = moved(self.receipt, due, cause, (self.by, self.at));
        let moved = (moved.from != moved.to).then_some(moved);
        Ok((after.due(due, moved), told))
    }
}

/// How somebody moves a deadline, by the norm of the rule set.
pub(super) fn moved(
    receipt: Receipt,
    due: Due,
    cause: Cause,
    (by, at): (&str, Moment),
) -> Adjustment {
    let received = clock::local(receipt.received_at).date();
    Adjustment {
        from: receipt.due.at,
        to: due.at,
        legal_basis: law::basis(&cause, received).to_owned(),
        cause,
        by: by.to_owned(),
        at,
    }
}
