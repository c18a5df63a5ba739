//! What may be set.

/// What may be set about routing.
#[derive(Clone, Debug)]
pub struct Settings {
    /// After so many deliveries the queue gives an offer up.
    pub most_deliveries: u32,
}
