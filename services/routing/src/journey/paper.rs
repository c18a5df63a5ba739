//! The paper beside a journey.

use kit::copies::Calendars;

use super::{Journey, What};
use crate::error::Error;
use crate::paper::{Paper, Piece, Receipt};
use crate::route::Part;
use crate::transfer::{State, Transfer};

impl Journey {
    /// Paper goes with what was offered since it was last asked what happened: where several steps were, with one that waits for
    /// paper, or else with the one that leads.
    ///
    /// # Errors
    /// `PAPER_WITHOUT_OFFER` when nothing was offered.
    pub fn send_paper(&mut self, pieces: &[Piece]) -> Result<(), Error> {
        if pieces.is_empty() {
            return Ok(());
        }
        let comes_after = |transfer: &&Transfer| {
            let step = self.route.step(&transfer.work.key);
            let leads = step.is_some_and(|step| step.part == Part::Lead);
            (!transfer.work.waits_for_paper, !leads)
        };
        let goes_with = self.offered_now().min_by_key(comes_after);
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

    /// The paper of a step that is held, or was done meanwhile, has come. The time of a step that waited for it begins, whatever of
    /// it is missing.
    ///
    /// # Errors
    /// `STATE_FORBIDS`, `PAPER_NOT_STATED`, `PAPER_ALREADY_RECEIVED`; when the calendar has no working time ahead.
    pub fn receive_paper(
        &mut self,
        uid: &str,
        receipt: Receipt,
        calendars: &Calendars,
    ) -> Result<(), Error> {
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
        let received = Transfer {
            due: self.begun(&received, received.due, calendars)?,
            ..received
        };
        self.note(What::PaperReceived, received.with_escalation_reckoned());
        Ok(())
    }
}
