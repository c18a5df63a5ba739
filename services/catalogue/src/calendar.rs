//! The working calendar of the province: what the files say of it.

use worktime::{Opening, SpecialDay};

/// The key of the one calendar that all units share.
pub const PROVINCE: &str = "province";

/// Office hours and the days that differ from them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// The openings of an ordinary week, in the order of the file; those of one day do not overlap.
    pub openings: Vec<Opening>,
    /// The days that differ, by date, each once.
    pub days: Vec<SpecialDay>,
}

/// Whether two openings share some time; those that only touch do not.
#[must_use]
pub fn overlap(one: &Opening, other: &Opening) -> bool {
    one.weekday == other.weekday && one.open < other.close && other.open < one.close
}
