//! What a decision writes.

use kit::copies::Copy;

use crate::journey::Journey;

/// One thing to write.
#[derive(Clone, Debug)]
pub enum Change {
    /// A journey; of its rows those are written that were touched.
    Journey(Box<Journey>),
    /// A local copy.
    Copy(Copy),
}
