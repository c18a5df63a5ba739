//! What routing can be asked to do.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use kit::authority::Rights;
use kit::clock::Moment;
use kit::copies::Copy;

use crate::paper::Piece;
use crate::route::Pause;
use crate::staff::{Officer, Position};

/// A command, or what an event of another service asks for.
#[derive(Clone, Debug)]
pub enum Act {
    /// A unit's act on a transfer.
    On(OnTransfer),
    /// Intake received a dossier.
    Opened(Opened),
    /// Intake recorded that this dossier was withdrawn or stopped.
    Withdrawn(String),
    /// Intake recorded the decision.
    Decided(Decided),
    /// Intake recorded that the result was handed over.
    Returned {
        /// The dossier.
        dossier: String,
        /// The transfer by which the desk held the result.
        transfer: String,
    },
    /// Intake forgot the person of this dossier.
    Erased(String),
    /// Intake reckoned the deadline of a dossier anew.
    DeadlineMoved {
        /// The dossier.
        dossier: String,
        /// When its result is due now.
        due: Moment,
    },
    /// Intake stopped the clock of a dossier.
    ClockStopped {
        /// The dossier.
        dossier: String,
        /// The transfer whose holder asked the applicant for something.
        transfer: String,
    },
    /// Intake let the clock of a dossier go on.
    ClockResumed(Resumed),
    /// Intake mended the unit whose desk returns the result.
    Corrected {
        /// The dossier.
        dossier: String,
        /// That unit.
        returning: String,
    },
    /// A unit takes in what came with the post.
    BatchAccept(BatchAccept),
    /// What units that are no more have of these dossiers goes to those that do their work.
    Inherit(Vec<String>),
    /// Steps under way of these dossiers are reckoned anew by the calendar of now.
    Reckon(Vec<String>),
    /// The queue gave up these offers.
    GivenUp(Vec<GivenUp>),
    /// `RedriveDeadLetters`.
    Redrive(Redrive),
    /// Time has come for what is late of these dossiers to go up.
    Ring(Vec<String>),
    /// These offers, each with its epoch, were brought to the systems of their units.
    Delivered(Vec<(String, i64)>),
    /// Identity told of an officer or a position.
    Staff(Staffing),
    /// Identity told of a client system: the units for which it works on steps, none where it does not.
    System(String, BTreeSet<String>),
    /// Another service told of a unit, procedure or calendar.
    Copies(Vec<Copy>),
}

/// An offer that was delivered too often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenUp {
    /// The transfer.
    pub transfer: String,
    /// The offer.
    pub offer_epoch: i64,
    /// How often.
    pub deliveries: u32,
}

/// Dead letters that are to be delivered anew.
#[derive(Clone, Debug)]
pub struct Redrive {
    /// Who, and by what right.
    pub rights: Rights,
    /// The unit that they are offered to.
    pub unit: String,
    /// Which transfers; `None` for all of the unit.
    pub transfers: Option<Vec<String>>,
}

/// What identity tells of those who may be given work.
#[derive(Clone, Debug)]
pub enum Staffing {
    /// An officer is there, or is disabled.
    Officer(Officer),
    /// A position is held, or its last day was set.
    Position(Position),
    /// A position is held no longer from this day on.
    Ended(Position, NaiveDate),
}

impl Staffing {
    /// The officer whom it is about.
    pub fn subject(&self) -> &str {
        match self {
            Self::Officer(officer) => &officer.subject,
            Self::Position(position) | Self::Ended(position, _) => &position.subject,
        }
    }
}

/// A unit's act on a transfer.
#[derive(Clone, Debug)]
pub struct OnTransfer {
    /// Who, and by what right.
    pub rights: Rights,
    /// The transfer.
    pub transfer: String,
    /// What.
    pub verb: Verb,
    /// The paper that travels with what is offered by it.
    pub paper: Vec<Piece>,
}

/// A unit takes in what came with the post from another.
#[derive(Clone, Debug)]
pub struct BatchAccept {
    /// Who, and by what right.
    pub rights: Rights,
    /// The unit that takes it in.
    pub unit: String,
    /// The unit that sent it.
    pub from: String,
    /// When its manifest was made; `None` for one of now.
    pub manifest_at: Option<Moment>,
    /// The codes that were scanned.
    pub codes: BTreeSet<String>,
}

/// The acts on a transfer.
#[derive(Clone, Debug)]
pub enum Verb {
    /// `AcceptTransfer` of this offer.
    Accept(i64),
    /// `DeclineTransfer` of this offer, with the reason.
    Decline(i64, String),
    /// `ForwardTransfer`.
    Forward {
        /// The offer that the caller has seen.
        offer_epoch: i64,
        /// The unit to offer it to.
        to: String,
        /// Why.
        reason: String,
    },
    /// `CompleteTransfer` under this custody epoch.
    Complete(i64),
    /// `RecallTransfer` of this offer, with the reason.
    Recall(i64, String),
    /// `ReturnTransfer` under this custody epoch, with the reason.
    Return(i64, String),
    /// `SendBackTransfer`.
    SendBack {
        /// The custody that the caller has.
        custody_epoch: i64,
        /// The step to which the dossier goes back.
        to: String,
        /// Why.
        reason: String,
    },
    /// `ReceivePaper`, but for what is missing.
    ReceivePaper(Vec<Piece>),
    /// An act on who works on it, which moves no custody, of a caller who has seen this revision; 0 does not check.
    AtDesk(AtDesk, i64),
}

/// The acts on who works on a transfer.
#[derive(Clone, Debug)]
pub enum AtDesk {
    /// `ClaimTransfer`.
    Claim,
    /// `AssignTransfer` to this officer.
    Assign(String),
    /// `ReleaseTransfer`.
    Release,
}

/// How the clock of a dossier goes on.
#[derive(Clone, Debug)]
pub struct Resumed {
    /// The dossier.
    pub dossier: String,
    /// When it stood still.
    pub pause: Pause,
    /// The full limit begins anew with the end of that.
    pub restarts: bool,
    /// When the result is due now.
    pub due: Moment,
}

/// What intake tells of a decision.
#[derive(Clone, Debug)]
pub struct Decided {
    /// The dossier.
    pub dossier: String,
    /// The transfer whose holder decided.
    pub transfer: String,
    /// The version of the procedure that it stays on.
    pub version: i32,
    /// The case of the version.
    pub case_key: String,
    /// What goes with the result on paper, without names; the result itself has no component either.
    pub paper: Vec<Piece>,
}

/// What intake tells of a dossier that it received.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The dossier.
    pub dossier: String,
    /// Its code.
    pub code: String,
    /// The procedure.
    pub procedure: String,
    /// The version that it stays on.
    pub version: i32,
    /// The case of the version.
    pub case_key: String,
    /// The unit whose desk received it.
    pub receiving: String,
    /// The unit that decides.
    pub competent: String,
    /// The unit whose desk returns the result.
    pub returning: String,
    /// When the clock began.
    pub received_at: Moment,
    /// The time promised.
    pub appointment: Moment,
    /// What the desk has of it on paper, without names.
    pub paper: Vec<Piece>,
}
