//! Who in the unit works on a transfer: a note among its officers, which moves no custody. Pure.

use super::{State, Transfer};
use crate::error::Error;

/// The officer who has a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignee {
    /// The subject of its tokens.
    pub subject: String,
    /// The unit of the position by which it has it.
    pub unit: String,
}

impl Transfer {
    /// Nobody's → this officer's; what it has already it keeps.
    ///
    /// # Errors
    /// `STATE_FORBIDS`, `ASSIGNED_ALREADY`.
    pub fn claim(&self, by: Assignee) -> Result<Self, Error> {
        match &self.assignee {
            Some(known) if known.subject != by.subject => Err(Error::AssignedAlready {
                assignee: known.subject.clone(),
            }),
            Some(_) | None => self.assign(by, "ClaimTransfer"),
        }
    }

    /// Anybody's or nobody's → this officer's.
    ///
    /// # Errors
    /// `STATE_FORBIDS`.
    pub fn assign(&self, to: Assignee, act: &'static str) -> Result<Self, Error> {
        self.must_be_workable(act)?;
        Ok(self.had_by(Some(to)))
    }

    /// Somebody's → nobody's.
    ///
    /// # Errors
    /// `STATE_FORBIDS`, `NOT_ASSIGNED`.
    pub fn release(&self) -> Result<Self, Error> {
        self.must_be_workable("ReleaseTransfer")?;
        if self.assignee.is_none() {
            return Err(Error::NotAssigned {
                transfer: self.uid.clone(),
            });
        }
        Ok(self.had_by(None))
    }

    fn had_by(&self, assignee: Option<Assignee>) -> Self {
        if self.assignee == assignee {
            return self.clone();
        }
        Self {
            assignee,
            revision: self.revision + 1,
            ..self.clone()
        }
    }

    fn must_be_workable(&self, act: &'static str) -> Result<(), Error> {
        match self.state {
            State::Offered | State::Accepted(_) => Ok(()),
            state => Err(state.forbids(act, &["OFFERED", "ACCEPTED"])),
        }
    }
}
