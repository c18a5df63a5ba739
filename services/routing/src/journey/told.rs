//! What a journey remembers and tells.

use kit::clock::Moment;

use crate::transfer::Transfer;

/// One unit's responsibility for one branch, from when until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The transfer of the branch's step.
    pub transfer: String,
    /// 0 for the sender's, then 1, 2 …
    pub ordinal: i32,
    /// The dossier.
    pub dossier: String,
    /// The step.
    pub step: String,
    /// The responsible unit.
    pub custodian: String,
    /// From when.
    pub since: Moment,
    /// Until when; `None` while it lasts.
    pub until: Option<Moment>,
}

/// What happened to a transfer, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What.
    pub what: What,
    /// The transfer after it; before it, where it went on to another unit.
    pub transfer: Transfer,
    /// Who is responsible for the branch since when; `None` once it is closed.
    pub custodian: Option<(String, Moment)>,
}

/// What can happen to a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Offered.
    Offered,
    /// Accepted.
    Accepted,
    /// Declined.
    Declined,
    /// Called back by the sender, or ended with its dossier before acceptance.
    Recalled,
    /// Gone on to another unit before acceptance.
    Rehomed,
    /// Done.
    Completed,
    /// Ended without being done.
    Cancelled,
    /// Its custody went on to the steps after it.
    Released,
    /// Due at another time.
    DueMoved,
    /// Given back to the unit that sent it, or ended since the dossier was sent back to a step before.
    Returned,
    /// Done, and to be done again.
    Undone,
    /// Gone to the unit that does the work of its own.
    Inherited,
    /// Its paper has come.
    PaperReceived,
    /// Its open offer was delivered too often.
    DeadLettered,
    /// Its open offer is delivered anew.
    Redriven,
    /// An officer has it.
    Assigned,
    /// No officer has it any more.
    Unassigned,
    /// Somebody above is told that it is late.
    Escalated,
    /// Its link is late.
    LinkLate,
    /// Its link was late, and is not any more.
    LinkMended,
    /// Its offer waited for the clock of the dossier, and is brought to its unit from now on.
    HoldEnded,
}
