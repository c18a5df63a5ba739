//! Forgetting the person whom a dossier is of.

use super::{Closing, Decision, Dossier, InvalidTransition, State};

const ERASE: &str = "erase";

impl Dossier {
    /// Forgets the person: what is personal about it, and the key. Only a dossier that has come to its end is forgotten.
    ///
    /// # Errors
    /// When it has not.
    pub fn erase(self) -> Result<Self, InvalidTransition> {
        let forgotten = |closing: Closing| Closing {
            reason: String::new(),
            ..closing
        };
        let state = match self.state.clone() {
            State::Refused(closing) => State::Refused(forgotten(closing)),
            State::Withdrawn(receipt, closing) => State::Withdrawn(receipt, forgotten(closing)),
            State::Stopped(receipt, closing) => State::Stopped(receipt, forgotten(closing)),
            State::Returned(receipt, decision, how) => {
                State::Returned(receipt, decision.forgotten(), how)
            }
            state => {
                let ended = &["REFUSED", "WITHDRAWN", "STOPPED", "RETURNED"];
                return Err(state.out_of_turn(ERASE, ended));
            }
        };
        let mut erased = self.becomes(state, None);
        erased.course = erased.course.forgotten();
        erased.filing.applicant = None;
        erased.filing.form = String::new();
        erased.key = None;
        Ok(erased)
    }
}

impl Decision {
    fn forgotten(self) -> Self {
        Self {
            number: String::new(),
            signer: String::new(),
            evidence: String::new(),
            ..self
        }
    }
}
