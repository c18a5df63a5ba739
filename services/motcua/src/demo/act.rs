//! What people do to a dossier, and the calls by which they do it.

mod asking;

use chrono::{NaiveDateTime, Timelike as _};
use proto::intake::v1 as intake;
use proto::intake::v1::{Channel, Decision, Outcome, Payment};
use proto::routing::v1 as routing;
use proto::routing::v1::{Transfer, TransferRole};
use rand::RngExt as _;

use super::agenda::Entry;
use super::call::Call;
use super::course::Course;
use super::error::Error;
use super::plan::{Filing, Way};
use super::province::{Procedure, Province, Unit};
use crate::cast::Dice;
use crate::cast::{CallerId, Cast, Role};

/// Of a hundred decisions so many are refusals.
const REFUSED_PERCENT: u32 = 3;

/// What is done to a dossier.
#[derive(Debug)]
pub enum Act {
    /// A citizen hands it in online.
    Submit,
    /// A citizen tries to, although the procedure is not online.
    SubmitInVain,
    /// The desk takes it in at the counter.
    Register,
    /// The desk receives what came online.
    Receive,
    /// The desk refuses what came online.
    Refuse,
    /// The desk tells who came online what is missing.
    Guide,
    /// The holder of a step asks for what is missing.
    AskSupplement(Held),
    /// The applicant hands in what is missing: after a guidance, or to whom holds a step.
    Supplement(Option<Held>),
    /// The holder of a step asks for a payment.
    AskPayment(Held),
    /// The applicant pays at the desk.
    Pay(Held, Payment),
    /// The desk apologises and promises this time.
    Apologise(NaiveDateTime),
    /// The applicant withdraws it.
    Withdraw,
    /// A unit accepts an offer.
    Accept(Box<Transfer>),
    /// A unit declines an offer.
    Decline(Box<Transfer>),
    /// The sender offers it again.
    Forward(Box<Transfer>),
    /// The holder ends its step.
    Complete(Held),
    /// The holder decides.
    Decide(Held),
    /// The desk hands the result over.
    Return(Held),
}

/// A step that a unit holds.
#[derive(Debug)]
pub struct Held {
    /// The transfer, accepted.
    pub transfer: Box<Transfer>,
    /// The position of its acceptance.
    pub position: Option<String>,
    /// The position at which its clock went on, where it stood still.
    pub resumed: Option<String>,
}

/// What a call is made from.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The province.
    pub province: &'a Province,
    /// Who calls.
    pub cast: &'a Cast,
    /// How the dossier was handed in.
    pub filing: &'a Filing,
    /// How far it is.
    pub course: &'a Course,
    /// Chance.
    pub dice: Dice,
}

impl Scene<'_> {
    /// The call of an act.
    ///
    /// # Errors
    /// When nobody plays the officer that it needs.
    pub fn call(&self, entry: &Entry<Act>) -> Result<Call, Error> {
        let request_id = format!("{}-{}", entry.dossier, entry.number);
        let call = match &entry.act {
            Act::Submit | Act::SubmitInVain => self.submit(request_id)?,
            Act::Register => self.register(request_id)?,
            Act::Receive => self.receive(request_id)?,
            Act::Refuse => self.refuse(request_id)?,
            Act::Guide => self.guide(request_id)?,
            Act::AskSupplement(held) => self.ask_supplement(held, request_id)?,
            Act::Supplement(_) => self.supplement(request_id)?,
            Act::AskPayment(held) => self.ask_payment(held, entry.dossier, request_id)?,
            Act::Pay(_, order) => self.pay(order, entry.dossier, request_id)?,
            Act::Apologise(appointment) => self.apologise(*appointment, request_id)?,
            Act::Withdraw => self.withdraw(request_id)?,
            Act::Accept(offer) => self.accept(offer, request_id)?,
            Act::Decline(offer) => self.decline(offer, request_id)?,
            Act::Forward(offer) => self.forward(offer, request_id)?,
            Act::Complete(held) => self.complete(held, request_id)?,
            Act::Decide(held) => self.decide(held, entry, request_id)?,
            Act::Return(held) => self.give_back(held, request_id)?,
        };
        Ok(call.at(entry.at))
    }

    fn submit(&self, request_id: String) -> Result<Call, Error> {
        let (Way::Online(citizen) | Way::InVain(citizen)) = self.filing.way else {
            return Err(Error::Province(
                "somebody at the counter submits online".to_owned(),
            ));
        };
        let request = intake::SubmitDossierRequest {
            request_id,
            procedure_code: self.procedure().code.clone(),
            case_key: self.case(),
            receiving_unit_uid: self.unit().uid.clone(),
            applicant: Some(self.filing.applicant.clone()),
            components: self.procedure().components.clone(),
            form_data: String::new(),
            ..Default::default()
        };
        Ok(Call::new(&request).by(citizen))
    }

    fn register(&self, request_id: String) -> Result<Call, Error> {
        let request = intake::RegisterDossierRequest {
            request_id,
            procedure_code: self.procedure().code.clone(),
            case_key: self.case(),
            receiving_unit_uid: self.unit().uid.clone(),
            applicant: Some(self.filing.applicant.clone()),
            components: self.procedure().components.clone(),
            channel: Channel::Counter.into(),
            form_data: String::new(),
            ..Default::default()
        };
        Ok(Call::new(&request).by(self.desk()?))
    }

    fn receive(&self, request_id: String) -> Result<Call, Error> {
        let request = intake::ReceiveDossierRequest {
            request_id,
            dossier_uid: self.course.uid.clone(),
            expected_revision: self.course.revision,
        };
        Ok(Call::new(&request).by(self.desk()?))
    }

    fn refuse(&self, request_id: String) -> Result<Call, Error> {
        let request = intake::RefuseDossierRequest {
            request_id,
            dossier_uid: self.course.uid.clone(),
            expected_revision: self.course.revision,
            reason: "Giấy tờ kèm theo không đúng với thủ tục đã chọn".to_owned(),
        };
        Ok(Call::new(&request).by(self.desk()?))
    }

    fn withdraw(&self, request_id: String) -> Result<Call, Error> {
        let request = intake::WithdrawDossierRequest {
            request_id,
            dossier_uid: self.course.uid.clone(),
            expected_revision: 0,
            reason: "Người nộp đề nghị rút hồ sơ".to_owned(),
        };
        Ok(Call::new(&request).by(self.applicant_or_desk()?))
    }

    fn accept(&self, offer: &Transfer, request_id: String) -> Result<Call, Error> {
        let request = routing::AcceptTransferRequest {
            request_id,
            transfer_uid: offer.uid.clone(),
            offer_epoch: offer.offer_epoch,
        };
        Ok(Call::new(&request).by(self.officer_of(offer)?))
    }

    fn decline(&self, offer: &Transfer, request_id: String) -> Result<Call, Error> {
        let request = routing::DeclineTransferRequest {
            request_id,
            transfer_uid: offer.uid.clone(),
            offer_epoch: offer.offer_epoch,
            reason: "Hồ sơ chuyển nhầm bộ phận".to_owned(),
        };
        Ok(Call::new(&request).by(self.officer_of(offer)?))
    }

    fn forward(&self, offer: &Transfer, request_id: String) -> Result<Call, Error> {
        let request = routing::ForwardTransferRequest {
            request_id,
            transfer_uid: offer.uid.clone(),
            offer_epoch: offer.offer_epoch,
            to_unit_uid: offer.to_unit_uid.clone(),
            reason: "Đã kiểm tra lại, đúng thẩm quyền".to_owned(),
            paper: Vec::new(),
        };
        Ok(Call::new(&request).by(self.officer(&offer.from_unit_uid, Role::Receptionist)?))
    }

    fn complete(&self, held: &Held, request_id: String) -> Result<Call, Error> {
        let request = routing::CompleteTransferRequest {
            request_id,
            transfer_uid: held.transfer.uid.clone(),
            custody_epoch: held.transfer.custody_epoch,
            paper: Vec::new(),
        };
        let caller = self.officer_of(&held.transfer)?;
        Ok(Call::new(&request).by(caller).after(held.resumed.as_ref()))
    }

    fn decide(&self, held: &Held, entry: &Entry<Act>, request_id: String) -> Result<Call, Error> {
        let request = intake::RecordDecisionRequest {
            request_id,
            dossier_uid: self.course.uid.clone(),
            expected_revision: 0,
            transfer_uid: held.transfer.uid.clone(),
            custody_epoch: held.transfer.custody_epoch,
            decision: Some(self.decision(&held.transfer, entry.dossier, entry.at)),
            paper: Vec::new(),
        };
        let caller = self.officer(&held.transfer.to_unit_uid, Role::Leader)?;
        Ok(Call::new(&request).by(caller).after(held.position.as_ref()))
    }

    fn decision(&self, step: &Transfer, dossier: usize, at: NaiveDateTime) -> Decision {
        let refused = self
            .dice
            .on("decision", dossier)
            .random_ratio(REFUSED_PERCENT, 100);
        let outcome = if refused {
            Outcome::Refused
        } else {
            Outcome::Granted
        };
        Decision {
            outcome: outcome.into(),
            number: format!("{}/QĐ", dossier + 1),
            date: at.date().to_string(),
            signer: format!("Lãnh đạo {}", self.province.name(&step.to_unit_uid)),
            ..Default::default()
        }
    }

    fn give_back(&self, held: &Held, request_id: String) -> Result<Call, Error> {
        let request = intake::ReturnResultRequest {
            request_id,
            dossier_uid: self.course.uid.clone(),
            expected_revision: 0,
            transfer_uid: held.transfer.uid.clone(),
            custody_epoch: held.transfer.custody_epoch,
            ..Default::default()
        };
        let caller = self.officer(&held.transfer.to_unit_uid, Role::Receptionist)?;
        Ok(Call::new(&request).by(caller).after(held.position.as_ref()))
    }

    /// Where there is another case than the standard one, one in three is of it.
    fn case(&self) -> String {
        let other = self.procedure().other_case.as_deref();
        let is_of_it = self.filing.at.minute().is_multiple_of(3);
        other.filter(|_| is_of_it).unwrap_or_default().to_owned()
    }

    fn procedure(&self) -> &Procedure {
        &self.province.procedures[self.filing.procedure]
    }

    fn unit(&self) -> &Unit {
        &self.province.units[self.filing.unit]
    }

    /// Who came online acts online; for who came to the counter the desk does it.
    fn applicant_or_desk(&self) -> Result<CallerId, Error> {
        match self.filing.way {
            Way::Online(citizen) => Ok(citizen),
            Way::Counter | Way::InVain(_) => self.desk(),
        }
    }

    fn desk(&self) -> Result<CallerId, Error> {
        self.officer(&self.unit().uid, Role::Receptionist)
    }

    fn officer_of(&self, transfer: &Transfer) -> Result<CallerId, Error> {
        let role = match transfer.role() {
            TransferRole::Receptionist => Role::Receptionist,
            TransferRole::Leader => Role::Leader,
            TransferRole::Examiner
            | TransferRole::HeadOfOffice
            | TransferRole::Clerk
            | TransferRole::Cashier
            | TransferRole::Unspecified => Role::Examiner,
        };
        self.officer(&transfer.to_unit_uid, role)
    }

    fn officer(&self, unit: &str, role: Role) -> Result<CallerId, Error> {
        let officer = self.cast.officer(unit, role);
        officer.ok_or_else(|| Error::Province(format!("nobody works at the unit {unit}")))
    }
}
