//! What a decision writes.

use kit::copies::Copy;

use crate::journey::Journey;
use crate::link::LinkStep;
use crate::staff::{Officer, Position};

/// One thing to write.
#[derive(Clone, Debug)]
pub enum Change {
    /// A journey; of its rows those are written that were touched.
    Journey {
        /// As it is now.
        journey: Box<Journey>,
        /// W3C trace context of what changed it.
        traceparent: String,
    },
    /// The data key of this dossier is dropped.
    Erased(String),
    /// An officer.
    Officer(Officer),
    /// A position.
    Position(Position),
    /// A local copy.
    Copy(Copy),
    /// Nothing to write: intake told of this dossier that its deadline moved.
    DeadlineMoved(String),
    /// Nothing to write: a link is late, which the operator is told once that is committed.
    LinkLate {
        /// The transfer.
        transfer: String,
        /// The unit.
        unit: String,
        /// With what.
        with: LinkStep,
    },
}

impl Change {
    /// The change of a journey under no trace.
    pub fn journey(journey: Journey) -> Self {
        Self::Journey {
            journey: Box::new(journey),
            traceparent: String::new(),
        }
    }

    /// The same under this trace.
    #[must_use]
    pub fn under(self, traceparent: &str) -> Self {
        match self {
            Self::Journey { journey, .. } => Self::Journey {
                journey,
                traceparent: traceparent.to_owned(),
            },
            other => other,
        }
    }
}
