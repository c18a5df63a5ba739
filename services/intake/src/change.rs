//! What a decision writes.

use chrono::NaiveDate;
use kit::copies::Copy;

use crate::block::{Block, Void};
use crate::custody::Custody;
use crate::dossier::{Dossier, Origin};

/// One row to write.
#[derive(Clone, Debug)]
pub enum Change {
    /// A dossier with the digest of its content.
    Dossier(Box<Dossier>),
    /// Nothing of a dossier but its clock: it was looked at, and moves nothing.
    Clock(Box<Dossier>),
    /// A custody.
    Custody(Custody),
    /// The last number allotted to a unit on a day.
    LastNumber(LastNumber),
    /// Codes that are set aside for a counter that works offline.
    Block(Block),
    /// Numbers that no dossier will have.
    Void(Void),
    /// A system has handed in a dossier under this code, for ever.
    Named {
        /// Where it was handed in first.
        origin: Origin,
        /// The dossier.
        dossier: String,
    },
    /// The data key of a dossier is dropped.
    Erased(String),
    /// A local copy.
    Copy(Copy),
}

/// The last number allotted to a unit on a day.
#[derive(Clone, Debug)]
pub struct LastNumber {
    /// The unit.
    pub unit: String,
    /// The local day.
    pub date: NaiveDate,
    /// The number.
    pub number: u32,
    /// The unit had given out none on that day.
    pub is_new: bool,
}
