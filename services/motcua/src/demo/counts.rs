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
    /// Dossiers that were guided before their reception.
    pub guided: usize,
    /// Supplements that were asked for.
    pub supplements_asked: usize,
    /// Those of them that were handed in.
    pub supplements_given: usize,
    /// Payments that were asked for.
    pub payments_asked: usize,
    /// Those of them that were made.
    pub payments_made: usize,
    /// Appointments that were put off with an apology.
    pub apologies: usize,
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
