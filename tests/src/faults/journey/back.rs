//! Steps that go back: called back by their sender, given back by their holder, sent back by a leader.

use proto::routing::v1::{
    RecallTransferRequest, ReturnTransferRequest, SendBackTransferRequest, Transfer,
};

use super::{Next, Refused, Work, officer};
use crate::cast::subject;
use crate::faults::dice::pick;
use crate::faults::province::Step;
use crate::new_request_id;

impl Work {
    /// The sender calls an offer back and makes it again. Nobody accepts it meanwhile.
    pub(super) async fn call_back(&self, offer: &Transfer) -> Result<Next, Refused> {
        let request = RecallTransferRequest {
            request_id: new_request_id(),
            transfer_uid: offer.uid.clone(),
            offer_epoch: offer.offer_epoch,
            reason: "Gửi nhầm nơi".to_owned(),
        };
        let sender = subject(&offer.from_unit_uid, "receptionist");
        let line = &self.scene.line;
        line.act(self.number, &sender, None, request).await?;
        self.answer_late(offer).await?;
        self.forward(offer, &offer.from_unit_uid).await
    }

    /// The holder gives a step back to the unit that sent it, which offers it again.
    pub(super) async fn return_step(&self, held: &Transfer) -> Result<Next, Refused> {
        let request = ReturnTransferRequest {
            request_id: new_request_id(),
            transfer_uid: held.uid.clone(),
            custody_epoch: held.custody_epoch,
            reason: "Thiếu ý kiến của đơn vị gửi".to_owned(),
        };
        let line = &self.scene.line;
        line.act(self.number, &officer(held), None, request).await?;
        self.forward(held, &held.from_unit_uid).await
    }

    /// Whether this is where the dossier goes back: at its decision, when it has gone its way for the first time. Until then each
    /// step was accepted once.
    pub(super) fn is_to_go_back(&self, held: &Transfer) -> bool {
        let steps = self.scene.province.route(&held.procedure_code).len();
        held.decides && usize::try_from(held.custody_epoch).is_ok_and(|epoch| epoch <= steps)
    }

    /// The leader sends the dossier back to a step before.
    pub(super) async fn send_back(&self, held: &Transfer) -> Result<Next, Refused> {
        let route = self.scene.province.route(&held.procedure_code).iter();
        let before: Vec<&Step> = route.filter(|step| !step.decides()).collect();
        let step = pick(&mut self.scene.dice.on("sent back", self.number), &before);
        let request = SendBackTransferRequest {
            request_id: new_request_id(),
            transfer_uid: held.uid.clone(),
            custody_epoch: held.custody_epoch,
            to_step_key: step.key.clone(),
            reason: "Thẩm định lại".to_owned(),
            paper: Vec::new(),
        };
        let line = &self.scene.line;
        line.act(self.number, &officer(held), None, request).await?;
        Ok(Next::Wait)
    }
}
