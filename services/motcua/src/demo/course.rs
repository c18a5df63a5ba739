//! How far a dossier is, as its acknowledged replies tell.

use chrono::NaiveDateTime;
use proto::intake::v1::{Dossier, DossierState, Payment};

use super::time;

/// How far a dossier is.
#[derive(Clone, Debug, Default)]
pub struct Course {
    /// Its uid; empty until it was handed in.
    pub uid: String,
    /// Its code.
    pub code: String,
    /// The highest revision that a reply has told.
    pub revision: i64,
    /// Its state, acceptances included.
    pub state: DossierState,
    /// The time that it was promised for; none before it was received.
    pub appointment: Option<NaiveDateTime>,
    /// What was asked for and is not paid.
    pub owed: Option<Payment>,
    /// Steps offered to or held by a unit.
    pub open_steps: usize,
    /// Those of them that no unit has accepted.
    pub open_offers: usize,
}

impl Course {
    /// Takes in what a reply tells of the dossier.
    pub fn learn(&mut self, dossier: &Dossier) {
        self.uid.clone_from(&dossier.uid);
        self.code.clone_from(&dossier.code);
        self.revision = self.revision.max(dossier.revision);
        self.state = dossier.state();
        let appointment = dossier.appointment.as_ref();
        self.appointment = appointment.map(|appointment| time::of(Some(appointment)));
        let mut owed = dossier.payments.iter();
        self.owed = owed.find(|payment| payment.paid_at.is_none()).cloned();
    }

    /// A unit has accepted one of its steps: from the first on it is processed.
    pub fn accepted(&mut self) {
        self.open_offers = self.open_offers.saturating_sub(1);
        if self.state == DossierState::Received {
            self.state = DossierState::Processing;
        }
    }

    /// It is closed: nothing more is done to it.
    pub fn close(&mut self) {
        self.open_steps = 0;
        self.open_offers = 0;
    }

    /// Whether it was handed in.
    #[must_use]
    pub fn exists(&self) -> bool {
        !self.uid.is_empty()
    }

    /// Whether nothing more can be done to it.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(
            self.state,
            DossierState::Refused | DossierState::Withdrawn | DossierState::Returned
        )
    }
}
