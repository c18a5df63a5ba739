//! Who does what next with one dossier, from the desk that takes it in to the desk that returns the result.

mod asked;
mod back;
mod calendar;
mod desk;
mod filed;
mod paper;
mod queue;

use std::collections::HashSet;
use std::sync::Arc;

use proto::intake::v1::{
    Decision, Dossier, Outcome, ReceiveDossierRequest, RecordDecisionRequest, RefuseDossierRequest,
    ReturnResultRequest, WithdrawDossierRequest,
};
use proto::routing::v1::{
    DeclineTransferRequest, Delivery, ForwardTransferRequest, Transfer, TransferRole,
};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::crowd::Crowd;
use super::dice::Dice;
use super::line::Line;
use super::mail::{Mail, OfferKey};
use super::plan::{Fate, Plan, announces, citizen};
use super::post::Post;
use super::promise::Promises;
use super::province::Province;
use super::system::Systems;
use crate::cast::subject;
use crate::new_request_id;

/// What every journey needs.
pub struct Scene {
    /// The way to the suite.
    pub line: Arc<Line>,
    /// The offers.
    pub mail: Arc<Mail>,
    /// What comes on paper.
    pub post: Post,
    /// The systems that work units' queues.
    pub systems: Systems,
    /// How much is going on.
    pub crowd: Arc<Crowd>,
    /// Units, procedures and routes.
    pub province: Province,
    /// Chance.
    pub dice: Dice,
    /// When the results of those are due that wait.
    pub promises: Promises,
    /// Whether all journeys are over but those that wait for that.
    pub over: watch::Sender<bool>,
}

/// Why a journey does not go on: a refusal that nothing in its plan explains.
pub type Refused = String;

/// How an act is refused because a withdrawal, or what it raced against, was faster.
const LOST_TO_ANOTHER: [&str; 2] = ["STATE_FORBIDS", "NOT_THE_HOLDER"];

/// What an answered offer leads to.
enum Next {
    /// More offers, or those that are under way.
    Wait,
    /// The same offer, which was given back and is to be delivered again.
    Again(OfferKey),
    /// The dossier is at its end.
    Over,
}

/// One dossier and those who work on it.
#[derive(Clone)]
struct Work {
    scene: Arc<Scene>,
    number: usize,
    dossier: String,
    desk: String,
    /// A component of its procedure.
    component: String,
    fate: Fate,
}

/// Plays one journey to its end.
///
/// # Errors
/// A refusal that nothing in the plan explains.
pub async fn play(scene: Arc<Scene>, number: usize) -> Result<(), Refused> {
    let plan = Plan::of(number, &scene.province, scene.dice);
    if announces(number) {
        calendar::announce(&scene, number).await?;
    }
    let dossier = filed::hand_in(&scene, &plan).await?;
    let work = Work {
        number,
        // The successor's, where the unit has ended at which it was handed in.
        desk: dossier.receiving_unit_uid.clone(),
        component: plan
            .procedure
            .components()
            .next()
            .unwrap_or_default()
            .to_owned(),
        fate: plan.fate,
        dossier: dossier.uid.clone(),
        scene: Arc::clone(&scene),
    };
    let mut dossier = dossier;
    if let Some(number) = plan.citizen {
        if plan.fate == Fate::Refused {
            return work.refuse().await;
        }
        if plan.fate == Fate::Guided {
            work.guide(&citizen(number)).await?;
        }
        let unit = match plan.fate {
            Fate::SentOn => work.send_on(plan.procedure).await?,
            _ => work.desk.clone(),
        };
        dossier = work.receive(&unit).await?;
    }
    match plan.fate {
        Fate::Postponed => work.postpone(&dossier).await?,
        Fate::Corrected => work.correct(plan.components()).await?,
        Fate::Waiting => return work.wait().await,
        _ => {}
    }
    work.follow().await
}

impl Work {
    /// The desk of this unit receives it.
    async fn receive(&self, unit: &str) -> Result<Dossier, Refused> {
        let request = ReceiveDossierRequest {
            request_id: new_request_id(),
            dossier_uid: self.dossier.clone(),
            expected_revision: 0,
        };
        let desk = subject(unit, "receptionist");
        let line = &self.scene.line;
        let received = line.act(self.number, &desk, None, request).await?;
        let dossier = received.message.dossier;
        dossier.ok_or_else(|| "a reply without a dossier".to_owned())
    }

    async fn refuse(&self) -> Result<(), Refused> {
        let request = RefuseDossierRequest {
            request_id: new_request_id(),
            dossier_uid: self.dossier.clone(),
            expected_revision: 0,
            reason: "Thiếu giấy tờ".to_owned(),
        };
        let desk = subject(&self.desk, "receptionist");
        self.scene
            .line
            .act(self.number, &desk, None, request)
            .await?;
        Ok(())
    }

    async fn withdraw(&self) -> Result<Next, Refused> {
        let request = WithdrawDossierRequest {
            request_id: new_request_id(),
            dossier_uid: self.dossier.clone(),
            expected_revision: 0,
            reason: "Không còn nhu cầu".to_owned(),
        };
        let desk = subject(&self.desk, "receptionist");
        self.scene
            .line
            .act(self.number, &desk, None, request)
            .await?;
        Ok(Next::Over)
    }

    /// Answers every offer, each once, those of different branches at the same time.
    async fn follow(&self) -> Result<(), Refused> {
        let mail = self.scene.mail.of(&self.dossier);
        let mut mail = mail.ok_or_else(|| format!("{} was given out twice", self.dossier))?;
        let (mut seen, mut at_work) = (HashSet::new(), JoinSet::new());
        loop {
            tokio::select! {
                Some(delivery) = mail.recv() => {
                    if seen.insert(queue::offer_of(&delivery)) {
                        let work = self.clone();
                        at_work.spawn(async move { work.answer(delivery).await });
                    }
                }
                Some(done) = at_work.join_next() => {
                    match done.map_err(|error| error.to_string())?? {
                        Next::Wait => {}
                        Next::Again(offer) => { seen.remove(&offer); }
                        Next::Over => break,
                    }
                }
            }
        }
        // What others were doing when the dossier was withdrawn is answered before the journey ends.
        while let Some(done) = at_work.join_next().await {
            done.map_err(|error| error.to_string())??;
        }
        Ok(())
    }

    /// Answers an offer. One that has gone on to the successor of its unit meanwhile comes again from there.
    async fn answer(&self, delivery: Delivery) -> Result<Next, Refused> {
        let offer = delivery.transfer.as_ref();
        let unit = offer.map_or_else(String::new, |offer| offer.to_unit_uid.clone());
        match self.answer_as_seen(delivery).await {
            Err(reason) if self.scene.line.ends.may_have_moved(&unit, &reason) => Ok(Next::Wait),
            answered => answered,
        }
    }

    async fn answer_as_seen(&self, delivery: Delivery) -> Result<Next, Refused> {
        let key = queue::offer_of(&delivery);
        let attempt = delivery.attempt;
        let offer = delivery.transfer.unwrap_or_default();
        let is_first = offer.offer_epoch == 1 && offer.from_unit_uid == self.desk;
        let is_first = is_first && offer.step_key != "result";
        match self.fate {
            Fate::Declined if is_first => return self.decline(&offer).await,
            Fate::Forwarded if is_first => return self.forward(&offer, &offer.to_unit_uid).await,
            Fate::Recalled if is_first => return self.call_back(&offer).await,
            Fate::Scanned => return self.take_in(&offer).await,
            _ => {}
        }
        let Some(taking) = self.take(&offer, attempt).await else {
            return Ok(Next::Again(key));
        };
        if self.fate == Fate::Shared && is_first {
            self.share(&offer).await?;
        }
        let accepted = self.accept(&offer, taking).await;
        if matches!(self.fate, Fate::Withdrawn | Fate::Stopped) {
            return self.go_on_until_given_up(accepted).await;
        }
        let (held, position) = accepted?;
        let position = match self.fate {
            Fate::Returned if is_first => return self.return_step(&held).await,
            Fate::SentBack if self.is_to_go_back(&held) => return self.send_back(&held).await,
            Fate::Shared if is_first => self.let_go(&held, position).await?,
            Fate::OnPaper => return self.work_off_on_paper(&held, &offer, position).await,
            _ if !self.is_to_ask(&held) => position,
            Fate::Supplemented => self.supplement(&held, position.as_deref()).await?,
            Fate::Paying => self.have_paid(&held, position.as_deref()).await?,
            _ => position,
        };
        self.work_off(&held, position.as_deref()).await
    }

    /// Works on what was accepted, and gives the whole dossier up while the first unit does.
    async fn go_on_until_given_up(
        &self,
        accepted: Result<(Transfer, Option<String>), Refused>,
    ) -> Result<Next, Refused> {
        // Recalled with the dossier.
        let Some((held, position)) = or_lost(accepted)? else {
            return Ok(Next::Wait);
        };
        let worked_off = self.work_off(&held, position.as_deref());
        if held.custody_epoch != 1 {
            return Ok(or_lost(worked_off.await)?.unwrap_or(Next::Wait));
        }
        let (withdrawn, worked_off) = tokio::join!(self.give_up(), worked_off);
        or_lost(worked_off)?;
        // Where the decision was faster, the dossier goes its way to the end.
        Ok(or_lost(withdrawn)?.unwrap_or(Next::Wait))
    }

    /// Withdraws or stops it, as its fate is.
    async fn give_up(&self) -> Result<Next, Refused> {
        match self.fate {
            Fate::Stopped => self.stop().await,
            _ => self.withdraw().await,
        }
    }

    async fn work_off(&self, held: &Transfer, after: Option<&str>) -> Result<Next, Refused> {
        if held.step_key == "result" {
            return self.give_back(held, after).await;
        }
        if held.decides {
            return self.decide(held, after).await;
        }
        self.complete(held, after).await
    }

    async fn decide(&self, held: &Transfer, after: Option<&str>) -> Result<Next, Refused> {
        let request = RecordDecisionRequest {
            request_id: new_request_id(),
            dossier_uid: self.dossier.clone(),
            expected_revision: 0,
            transfer_uid: held.uid.clone(),
            custody_epoch: held.custody_epoch,
            decision: Some(Decision {
                outcome: Outcome::Granted.into(),
                number: format!("{}/QĐ", self.number + 1),
                date: "2017-08-28".to_owned(),
                signer: "Lãnh đạo".to_owned(),
                ..Decision::default()
            }),
            paper: self.paper_of_result(),
        };
        let line = &self.scene.line;
        line.act(self.number, &officer(held), after, request)
            .await?;
        Ok(Next::Wait)
    }

    async fn give_back(&self, held: &Transfer, after: Option<&str>) -> Result<Next, Refused> {
        let request = ReturnResultRequest {
            request_id: new_request_id(),
            dossier_uid: self.dossier.clone(),
            expected_revision: 0,
            transfer_uid: held.uid.clone(),
            custody_epoch: held.custody_epoch,
            ..Default::default()
        };
        let line = &self.scene.line;
        line.act(self.number, &officer(held), after, request)
            .await?;
        Ok(Next::Over)
    }

    async fn decline(&self, offer: &Transfer) -> Result<Next, Refused> {
        let request = DeclineTransferRequest {
            request_id: new_request_id(),
            transfer_uid: offer.uid.clone(),
            offer_epoch: offer.offer_epoch,
            reason: "Không thuộc thẩm quyền".to_owned(),
        };
        let line = &self.scene.line;
        line.act(self.number, &officer(offer), None, request)
            .await?;
        self.forward(offer, &offer.from_unit_uid).await
    }

    /// Offers it again to the same unit, under the next epoch. Whoever answers the offer of before then is refused.
    async fn forward(&self, offer: &Transfer, by: &str) -> Result<Next, Refused> {
        let request = ForwardTransferRequest {
            request_id: new_request_id(),
            transfer_uid: offer.uid.clone(),
            offer_epoch: offer.offer_epoch,
            to_unit_uid: offer.to_unit_uid.clone(),
            reason: "Đề nghị xem lại".to_owned(),
            paper: Vec::new(),
        };
        let desk = subject(by, "receptionist");
        self.scene
            .line
            .act(self.number, &desk, None, request)
            .await?;
        self.answer_late(offer).await?;
        Ok(Next::Wait)
    }
}

/// `None` for what a race against a withdrawal may lose.
fn or_lost<T>(done: Result<T, Refused>) -> Result<Option<T>, Refused> {
    match done {
        Ok(done) => Ok(Some(done)),
        Err(reason) if LOST_TO_ANOTHER.contains(&reason.as_str()) => Ok(None),
        Err(reason) => Err(reason),
    }
}

/// The officer whose work a step is.
fn officer(transfer: &Transfer) -> String {
    let role = match transfer.role() {
        TransferRole::Receptionist => "receptionist",
        TransferRole::Leader => "leader",
        TransferRole::Examiner
        | TransferRole::HeadOfOffice
        | TransferRole::Clerk
        | TransferRole::Cashier
        | TransferRole::Unspecified => "examiner",
    };
    subject(&transfer.to_unit_uid, role)
}
