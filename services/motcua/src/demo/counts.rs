//! What is counted while the play goes on.

/// Running counts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Dossiers for which the clock runs or ran.
    pub received: usize,
    /// Acceptances.
    pub handed_over: usize,
    /// Steps that were declined and offered again.
    pub declined: usize,
    /// Decisions.
    pub decided: usize,
    /// Results handed over.
    pub returned: usize,
    /// Steps that ended: completed, decided, handed over.
    pub steps_done: usize,
    /// Dossiers tried online in vain.
    pub in_vain: usize,
    /// Offers that came through the queue more than once.
    pub delivered_again: usize,
}

/// How long a unit worked on one step.
#[derive(Clone, Copy, Debug)]
pub struct StepTime {
    /// The unit's place in the province.
    pub unit: usize,
    /// Working minutes from acceptance to the end.
    pub minutes: u32,
}
