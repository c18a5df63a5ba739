//! Dossiers on their way through the units.

use std::sync::Arc;
use std::time::Duration;

use kit::clock;
use proto::intake::v1::{
    Decision, Dossier, Outcome, ReceiveDossierRequest, ReceiveDossierResponse,
    RecordDecisionRequest, ReturnResultRequest, SubmitDossierResponse,
};
use proto::routing::v1::{
    AcceptTransferRequest, AcceptTransferResponse, CompleteTransferRequest, Transfer, TransferRole,
};

use super::desks::{Desks, Following};
use super::error::Error;
use super::line::Line;
use super::measure::Recorder;
use super::plans::Plans;
use super::scenario::{officer, submission};
use crate::cast::{CallerId, Role};
use crate::rpc::Answer;

/// How many hand-overs one turn of `transfer` makes.
pub const TRANSFERS: f64 = 3.0;
/// How long an offer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// The step key of the way of a result to the desk.
pub const RESULT: &str = "result";

/// Dossiers on their way.
pub struct Journeys {
    line: Arc<Line>,
    plans: Plans,
    desks: Desks,
}

/// A step that a unit has accepted.
struct Held {
    transfer: Transfer,
    /// The position of its acceptance.
    position: Option<String>,
}

impl Journeys {
    /// Dossiers that go as planned.
    #[must_use]
    pub fn new(line: Arc<Line>, plans: Plans, desks: Desks) -> Self {
        Self { line, plans, desks }
    }

    /// The way to the suite.
    #[must_use]
    pub fn line(&self) -> &Line {
        &self.line
    }

    /// From handing in to the returned result.
    ///
    /// # Errors
    /// What is refused, or an offer that does not come.
    pub async fn whole(&self, turn: u64) -> Result<(), Error> {
        let (mut offers, dossier) = self.submit(turn).await?;
        self.receive(&dossier).await?;
        loop {
            let offer = offers.next(PATIENCE).await?.transfer;
            let held = self.accept(offer).await?;
            if held.transfer.step_key == RESULT {
                return self.give_back(&dossier, &held).await;
            }
            if held.transfer.decides {
                self.decide(&dossier, &held).await?;
            } else {
                self.complete(&held).await?;
            }
        }
    }

    /// A dossier's hand-overs up to the unit that decides; each is measured from the reply to the act that made the offer
    /// to the acceptance's.
    ///
    /// # Errors
    /// What is refused, or an offer that does not come.
    pub async fn hand_overs(&self, turn: u64, recorder: &Recorder) -> Result<(), Error> {
        let (mut offers, dossier) = self.submit(turn).await?;
        self.receive(&dossier).await?;
        loop {
            let offered = clock::monotonic();
            let delivery = offers.next(PATIENCE).await?;
            if let Some(took) = delivery.took {
                recorder.delivered(took);
            }
            let held = self.accept(delivery.transfer).await?;
            recorder.done(offered);
            if held.transfer.decides {
                return Ok(());
            }
            self.complete(&held).await?;
        }
    }

    async fn submit(&self, turn: u64) -> Result<(Following, Dossier), Error> {
        let (citizen, request) = submission(&self.line, &self.plans, turn);
        let answer = self.line.call(Some(citizen), &request, None).await?;
        let reply: SubmitDossierResponse = answer.read()?;
        let dossier = must_have(reply.dossier, &answer)?;
        Ok((self.desks.follow(&dossier.uid), dossier))
    }

    async fn receive(&self, dossier: &Dossier) -> Result<(), Error> {
        let request = ReceiveDossierRequest {
            request_id: clock::new_uid(),
            dossier_uid: dossier.uid.clone(),
            expected_revision: dossier.revision,
        };
        let desk = officer(&self.line, &dossier.receiving_unit_uid, Role::Receptionist)?;
        let answer = self.line.call(Some(desk), &request, None).await?;
        answer.read::<ReceiveDossierResponse>()?;
        Ok(())
    }

    async fn accept(&self, offer: Transfer) -> Result<Held, Error> {
        let by = officer_of(&self.line, &offer)?;
        let request = AcceptTransferRequest {
            request_id: clock::new_uid(),
            transfer_uid: offer.uid,
            offer_epoch: offer.offer_epoch,
        };
        let answer = self.line.call(Some(by), &request, None).await?;
        let reply: AcceptTransferResponse = answer.read()?;
        Ok(Held {
            transfer: must_have(reply.transfer, &answer)?,
            position: answer.position,
        })
    }

    async fn complete(&self, held: &Held) -> Result<(), Error> {
        let request = CompleteTransferRequest {
            request_id: clock::new_uid(),
            transfer_uid: held.transfer.uid.clone(),
            custody_epoch: held.transfer.custody_epoch,
            paper: Vec::new(),
        };
        let by = officer_of(&self.line, &held.transfer)?;
        self.line.call(Some(by), &request, None).await?;
        Ok(())
    }

    async fn decide(&self, dossier: &Dossier, held: &Held) -> Result<(), Error> {
        let decision = Decision {
            outcome: Outcome::Granted.into(),
            number: format!("{}/QĐ", dossier.code),
            date: accepted_on(&held.transfer),
            signer: "Lãnh đạo đơn vị".to_owned(),
            ..Default::default()
        };
        let request = RecordDecisionRequest {
            request_id: clock::new_uid(),
            dossier_uid: dossier.uid.clone(),
            expected_revision: 0,
            transfer_uid: held.transfer.uid.clone(),
            custody_epoch: held.transfer.custody_epoch,
            decision: Some(decision),
            paper: Vec::new(),
        };
        let by = officer(&self.line, &held.transfer.to_unit_uid, Role::Leader)?;
        let after = held.position.as_deref();
        self.line.call(Some(by), &request, after).await?;
        Ok(())
    }

    async fn give_back(&self, dossier: &Dossier, held: &Held) -> Result<(), Error> {
        let request = ReturnResultRequest {
            request_id: clock::new_uid(),
            dossier_uid: dossier.uid.clone(),
            expected_revision: 0,
            transfer_uid: held.transfer.uid.clone(),
            custody_epoch: held.transfer.custody_epoch,
            ..Default::default()
        };
        let by = officer(&self.line, &held.transfer.to_unit_uid, Role::Receptionist)?;
        let after = held.position.as_deref();
        self.line.call(Some(by), &request, after).await?;
        Ok(())
    }
}

/// Who may accept a transfer, and work on it.
///
/// # Errors
/// When the unit has nobody among the callers.
pub fn officer_of(line: &Line, transfer: &Transfer) -> Result<CallerId, Error> {
    let role = match transfer.role() {
        TransferRole::Receptionist => Role::Receptionist,
        TransferRole::Leader => Role::Leader,
        TransferRole::Examiner
        | TransferRole::HeadOfOffice
        | TransferRole::Clerk
        | TransferRole::Cashier
        | TransferRole::Unspecified => Role::Examiner,
    };
    officer(line, &transfer.to_unit_uid, role)
}

/// The day of acceptance by the suite's own clock, which may be simulated.
fn accepted_on(transfer: &Transfer) -> String {
    let accepted_at = transfer.accepted_at.as_ref().map(clock::from_timestamp);
    let local = clock::local(accepted_at.unwrap_or_default());
    local.date().to_string()
}

fn must_have<T>(value: Option<T>, answer: &Answer) -> Result<T, Error> {
    Ok(value.ok_or_else(|| answer.lacks("it does not hold what it is about"))?)
}
