//! What a decision writes.

use chrono::NaiveDate;
use kit::copies::Copy;

use crate::custody::Custody;
use crate::dossier::{Dossier, Origin};

/// One row to write.
#[derive(Clone, Debug)]
pub enum Change {
    /// A dossier with the digest of its content.
    Dossier(Box<Dossier>),
    /// A custody.
    Custody(Custody),
    /// The last number allotted to a unit on a day.
    LastNumber {
        /// The unit.
        unit: String,
        /// The local day.
        date: NaiveDate,
        /// The number.
        number: u32,
    },
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
