//! Who in a unit works on what, and who is told that it is late. Custody stays where it is.

use kit::clock::Moment;

use super::{Journey, Surroundings, What};
use crate::error::Error;
use crate::transfer::{Assignee, Cause, Escalation, Level, Transfer};

impl Journey {
    /// An officer takes a transfer that nobody has.
    ///
    /// # Errors
    /// `STATE_FORBIDS`, `ASSIGNED_ALREADY`.
    pub fn claim(&mut self, uid: &str, by: Assignee) -> Result<(), Error> {
        let claimed = self.transfer(uid)?.claim(by)?;
        self.note_assigned(claimed);
        Ok(())
    }

    /// An officer is given a transfer, whoever has it.
    ///
    /// # Errors
    /// `STATE_FORBIDS`.
    pub fn assign(&mut self, uid: &str, to: Assignee) -> Result<(), Error> {
        let assigned = self.transfer(uid)?.assign(to, "AssignTransfer")?;
        self.note_assigned(assigned);
        Ok(())
    }

    fn note_assigned(&mut self, assigned: Transfer) {
        let known = self.transfer(&assigned.uid);
        if known.is_ok_and(|known| *known == assigned) {
            return;
        }
        self.note(What::Assigned, assigned);
    }

    /// A transfer is the whole unit's again.
    ///
    /// # Errors
    /// `STATE_FORBIDS`, `NOT_ASSIGNED`.
    pub fn release_to_unit(&mut self, uid: &str) -> Result<(), Error> {
        let released = self.transfer(uid)?.release()?;
        self.note(What::Unassigned, released);
        Ok(())
    }

    /// Those of its transfers that officers may not keep are the whole unit's again. Whether there were any.
    pub fn take_back(&mut self, may_keep: impl Fn(&Transfer, &Assignee) -> bool) -> bool {
        let lost = |transfer: &&Transfer| {
            let assignee = transfer.assignee.as_ref();
            assignee.is_some_and(|assignee| !may_keep(transfer, assignee))
        };
        let released: Vec<Transfer> = self
            .transfers
            .iter()
            .filter(lost)
            .filter_map(|transfer| transfer.release().ok())
            .collect();
        let any = !released.is_empty();
        for transfer in released {
            self.note(What::Unassigned, transfer);
        }
        any
    }

    /// Whoever is above is told of what is late by now, each level once.
    pub fn ring(&mut self, now: Moment, around: Surroundings<'_>) {
        let stopped = self.route.stopped_at;
        for mut transfer in self.transfers.clone() {
            for (level, cause) in transfer.ringing(now, stopped) {
                let to = receiver(&transfer, (level, cause), now, around);
                transfer = transfer.escalated(Escalation {
                    level,
                    cause,
                    at: now,
                    to,
                });
                self.note(What::Escalated, transfer.clone());
            }
            self.ring_link(&transfer, now, around);
        }
    }
}

/// The unit whose leaders are told: for paper that has not come, those of the one that was to bring it, or that does its work now.
fn receiver(
    transfer: &Transfer,
    (level, cause): (Level, Cause),
    now: Moment,
    around: Surroundings<'_>,
) -> String {
    let late = match cause {
        Cause::HandOver | Cause::Step => transfer.to.as_str(),
        Cause::Paper => around.unit(&transfer.from, now),
    };
    match level {
        Level::Unit => late.to_owned(),
        Level::Above => around.above(late, now).to_owned(),
    }
}
