//! The paper beside a journey.

use super::{Journey, What};
use crate::error::Error;
use crate::paper::{Paper, Piece, Receipt};
use crate::route::Part;
use crate::transfer::{State, Transfer};

impl Journey {
    /// Paper goes with what was offered since it was last asked what happened: with the step that leads, where several were.
    ///
    /// # Errors
    /// `PAPER_WITHOUT_OFFER` when nothing was offered.
    pub fn send_paper(&mut self, pieces: &[Piece]) -> Result<(), Error> {
        if pieces.is_empty() {
            return Ok(());
        }
        let leads = |transfer: &&Transfer| {
            let step = self.route.step(&transfer.work.key);
            step.is_some_and(|step| step.part == Part::Lead)
        };
        let goes_with = self.offered_now().find(leads);
        let goes_with = goes_with.or_else(|| self.offered_now().next());
        let uid = goes_with.ok_or(Error::PaperWithoutOffer)?.uid.clone();
        let told = self.told.iter_mut();
        let told = told.filter(|told| told.what == What::Offered);
        let known = self.transfers.iter_mut();
        let both = told.map(|told| &mut told.transfer).chain(known);
        for transfer in both.filter(|transfer| transfer.uid == uid) {
            transfer.paper = Paper::of(pieces.to_vec());
        }
        Ok(())
    }

    /// The paper of a step that is held, or was done meanwhile, has come.
    ///
    /// # Errors
    /// `STATE_FORBIDS`, `PAPER_NOT_STATED`, `PAPER_ALREADY_RECEIVED`.
    pub fn receive_paper(&mut self, uid: &str, receipt: Receipt) -> Result<(), Error> {
        let transfer = self.transfer(uid)?;
        let came = matches!(transfer.state, State::Accepted(_) | State::Completed(..));
        if !came {
            return Err(Error::StateForbids {
                act: "ReceivePaper",
                current: transfer.state.name(),
                allowed: &["ACCEPTED", "COMPLETED"],
            });
        }
        let received = Transfer {
            paper: transfer.paper.receive(receipt)?,
            revision: transfer.revision + 1,
            ..transfer.clone()
        };
        self.note(What::PaperReceived, received);
        Ok(())
    }
}
