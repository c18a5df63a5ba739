//! Paper that travels beside dossiers: sent on with what is done, taken in by scanned codes, or received by itself.

use proto::intake::v1::HandedIn;
use proto::routing::v1::{CompleteTransferRequest, Paper, ReceivePaperRequest, Transfer};
use rand::RngExt as _;

use super::{Next, Refused, Work, officer};
use crate::cast::subject;
use crate::faults::plan::Fate;
use crate::new_request_id;

/// How it is refused to send paper on with nothing.
const GOES_WITH_NOTHING: &str = "PAPER_WITHOUT_OFFER";

impl Work {
    /// Completes a step, and sends its paper on with what is offered by that; without, where the steps after it wait for others.
    pub(super) async fn complete(
        &self,
        held: &Transfer,
        after: Option<&str>,
    ) -> Result<Next, Refused> {
        let complete = |paper| CompleteTransferRequest {
            request_id: new_request_id(),
            transfer_uid: held.uid.clone(),
            custody_epoch: held.custody_epoch,
            paper,
        };
        let line = &self.scene.line;
        let system = self.scene.systems.of(&held.to_unit_uid);
        let by = system.map_or_else(|| officer(held), |system| system.client.clone());
        let with_paper = complete(self.paper());
        match line.act(self.number, &by, after, with_paper).await {
            Ok(_) => {}
            Err(reason) if self.travels_on_paper() && reason == GOES_WITH_NOTHING => {
                let without = complete(Vec::new());
                line.act(self.number, &by, after, without).await?;
            }
            Err(reason) => return Err(reason),
        }
        Ok(Next::Wait)
    }

    /// The post room of the unit takes it in by its code, with whatever else of the dossier is offered there, and all of that is
    /// worked off.
    pub(super) async fn take_in(&self, offer: &Transfer) -> Result<Next, Refused> {
        let scene = &self.scene;
        let taken = scene.post.take_in(&scene.line, self.number, offer).await?;
        let mut next = Next::Wait;
        for held in &taken.transfers {
            next = self.work_off(held, taken.position.as_deref()).await?;
        }
        Ok(next)
    }

    /// Works off what was accepted, whose paper comes before that, or after it.
    pub(super) async fn work_off_on_paper(
        &self,
        held: &Transfer,
        offer: &Transfer,
        position: Option<String>,
    ) -> Result<Next, Refused> {
        let question = format!("paper of {}", offer.step_key);
        let mut dice = self.scene.dice.on(&question, self.number);
        let comes_before = dice.random_bool(0.5);
        if comes_before {
            self.receive_paper(offer).await?;
        }
        let next = self.work_off(held, position.as_deref()).await?;
        if !comes_before {
            self.receive_paper(offer).await?;
        }
        Ok(next)
    }

    /// Receives what the sender stated; of every other dossier an original is missing.
    async fn receive_paper(&self, offer: &Transfer) -> Result<(), Refused> {
        let Some(first) = offer.paper.first() else {
            return Ok(());
        };
        let missing = Paper {
            originals: 1,
            copies: 0,
            ..first.clone()
        };
        let is_whole = self.number % 2 == 1;
        let request = ReceivePaperRequest {
            request_id: new_request_id(),
            transfer_uid: offer.uid.clone(),
            missing: Some(missing).filter(|_| !is_whole).into_iter().collect(),
        };
        let desk = subject(&offer.to_unit_uid, "receptionist");
        let line = &self.scene.line;
        line.act(self.number, &desk, None, request).await?;
        Ok(())
    }

    fn travels_on_paper(&self) -> bool {
        matches!(self.fate, Fate::Scanned | Fate::OnPaper)
    }

    fn paper(&self) -> Vec<Paper> {
        let sheets = Paper {
            component: self.component.clone(),
            name: "Giấy tờ kèm theo".to_owned(),
            originals: 1,
            copies: 1,
        };
        Some(sheets)
            .filter(|_| self.travels_on_paper())
            .into_iter()
            .collect()
    }

    /// What goes with the result on paper: that itself.
    pub(super) fn paper_of_result(&self) -> Vec<HandedIn> {
        let result = HandedIn {
            component_key: String::new(),
            originals: 1,
            copies: 0,
        };
        Some(result)
            .filter(|_| self.travels_on_paper())
            .into_iter()
            .collect()
    }
}
