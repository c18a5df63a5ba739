//! What may be set.

use crate::link::Limits;

/// What may be set about routing.
#[derive(Clone, Debug)]
pub struct Settings {
    /// After so many deliveries the queue gives an offer up.
    pub most_deliveries: u32,
    /// How fast links to other systems must be (R12).
    pub links: Limits,
}
