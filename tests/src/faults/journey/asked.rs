//! Dossiers that do not go straight on: guided, sent on, corrected, supplemented, paid for, promised anew, stopped, or taken in
//! offline.

use kit::clock;
use prost_types::Timestamp;
use proto::intake::v1::{
    ConfirmPaymentRequest, CorrectDossierRequest, Dossier, ForwardDossierRequest,
    GuideDossierRequest, HandedIn, OfflineReceipt, Payment, PostponeAppointmentRequest,
    RegisterDossierRequest, RequestItem, RequestPaymentRequest, RequestSupplementRequest,
    ReserveCodesRequest, ReturnCodesRequest, StopDossierRequest, SupplementDossierRequest,
};
use proto::routing::v1::Transfer;
use rand::RngExt as _;

use super::{Next, Refused, Scene, Work, officer};
use crate::cast::subject;
use crate::faults::dice::pick;
use crate::faults::plan::Plan;
use crate::faults::province::Procedure;
use crate::new_request_id;

/// What a desk asks for in a run, each to be paid by itself.
const FEES: [i64; 2] = [50_000, 20_000];
/// How far an appointment is put off: past the national day of 2017 and its day off, on the same weekday.
const PUT_OFF_SECONDS: i64 = 14 * 24 * 3_600;
/// How many codes an offline counter sets aside; it uses the first.
const CODES: i32 = 3;

/// A counter sets codes aside, takes a dossier in under the first, and gives the others back.
pub(super) async fn take_in_offline(scene: &Scene, plan: &Plan<'_>) -> Result<Dossier, Refused> {
    let (line, desk) = (&scene.line, subject(plan.desk, "receptionist"));
    let received_at = line.civil();
    let reserve = ReserveCodesRequest {
        request_id: new_request_id(),
        unit_uid: plan.desk.to_owned(),
        date: clock::local(received_at).date().to_string(),
        count: CODES,
    };
    let block = match line.act(plan.number, &desk, None, reserve).await {
        Ok(block) => block.message,
        // The day was over before it was asked for: it comes to the counter.
        Err(reason) if reason == "INVALID_FIELDS" => return register(scene, plan, None).await,
        Err(reason) => return Err(reason),
    };
    let offline = OfflineReceipt {
        code: block.first_code,
        received_at: Some(clock::to_timestamp(received_at)),
    };
    let dossier = register(scene, plan, Some(offline)).await?;
    let give_back = ReturnCodesRequest {
        request_id: new_request_id(),
        block_uid: block.block_uid,
        reason: "Đã có mạng trở lại".to_owned(),
    };
    line.act(plan.number, &desk, None, give_back).await?;
    Ok(dossier)
}

async fn register(
    scene: &Scene,
    plan: &Plan<'_>,
    offline: Option<OfflineReceipt>,
) -> Result<Dossier, Refused> {
    let request = RegisterDossierRequest {
        offline,
        ..plan.register()
    };
    let desk = subject(plan.desk, "receptionist");
    let registered = scene.line.act(plan.number, &desk, None, request).await?;
    let dossier = registered.message.dossier;
    dossier.ok_or_else(|| "a reply without a dossier".to_owned())
}

impl Work {
    pub(super) async fn guide(&self, citizen: &str) -> Result<(), Refused> {
        let request = GuideDossierRequest {
            request_id: new_request_id(),
            dossier_uid: self.dossier.clone(),
            expected_revision: 0,
            items: missing(),
        };
        let (line, desk) = (&self.scene.line, subject(&self.desk, "receptionist"));
        line.act(self.number, &desk, None, request).await?;
        self.answer_request(citizen).await?;
        Ok(())
    }

    /// The desk sends a submission on to another unit that is competent; that unit.
    pub(super) async fn send_on(&self, procedure: &Procedure) -> Result<String, Refused> {
        let desks = self.scene.province.desks(procedure).into_iter();
        let others: Vec<_> = desks.filter(|unit| unit.uid != self.desk).collect();
        let mut dice = self.scene.dice.on("sent on", self.number);
        let to = pick(&mut dice, &others).uid.clone();
        let request = ForwardDossierRequest {
            request_id: new_request_id(),
            dossier_uid: self.dossier.clone(),
            expected_revision: 0,
            competent_unit_uid: to.clone(),
        };
        let (line, desk) = (&self.scene.line, subject(&self.desk, "receptionist"));
        line.act(self.number, &desk, None, request).await?;
        Ok(to)
    }

    /// The desk mends what its clerk wrote down wrongly: of the first component there was one copy more, and the result is to be
    /// returned at whatever desk chance will have it.
    pub(super) async fn correct(&self, mut components: Vec<HandedIn>) -> Result<(), Refused> {
        if let Some(first) = components.first_mut() {
            first.copies += 1;
        }
        let mut dice = self.scene.dice.on("corrected", self.number);
        let returning = pick(&mut dice, &self.scene.province.units);
        let request = CorrectDossierRequest {
            request_id: new_request_id(),
            dossier_uid: self.dossier.clone(),
            reason: "Ghi nhầm".to_owned(),
            components,
            returning_unit_uid: returning.uid.clone(),
            ..CorrectDossierRequest::default()
        };
        let (line, desk) = (&self.scene.line, subject(&self.desk, "receptionist"));
        line.act(self.number, &desk, None, request).await?;
        Ok(())
    }

    /// Whether this is where the applicant is asked, if it is: by the first unit, or by whoever decides.
    pub(super) fn is_to_ask(&self, held: &Transfer) -> bool {
        let mut dice = self.scene.dice.on("asked", self.number);
        if dice.random_bool(0.5) {
            held.decides
        } else {
            held.custody_epoch == 1
        }
    }

    /// Asks for a supplement, which comes; the position of that.
    pub(super) async fn supplement(
        &self,
        held: &Transfer,
        after: Option<&str>,
    ) -> Result<Option<String>, Refused> {
        let request = RequestSupplementRequest {
            request_id: new_request_id(),
            dossier_uid: self.dossier.clone(),
            expected_revision: 0,
            transfer_uid: held.uid.clone(),
            custody_epoch: held.custody_epoch,
            items: missing(),
        };
        let line = &self.scene.line;
        line.act(self.number, &officer(held), after, request)
            .await?;
        let desk = subject(&self.desk, "receptionist");
        self.answer_request(&desk).await
    }

    async fn answer_request(&self, by: &str) -> Result<Option<String>, Refused> {
        let request = SupplementDossierRequest {
            request_id: new_request_id(),
            dossier_uid: self.dossier.clone(),
            components: vec![HandedIn {
                component_key: self.component.clone(),
                originals: 1,
                copies: 1,
            }],
            ..SupplementDossierRequest::default()
        };
        let line = &self.scene.line;
        let answered = line.act(self.number, by, None, request).await?;
        Ok(answered.position)
    }

    /// Asks for payments, which are made at the desk one after the other; the position of the last.
    pub(super) async fn have_paid(
        &self,
        held: &Transfer,
        after: Option<&str>,
    ) -> Result<Option<String>, Refused> {
        let request = RequestPaymentRequest {
            request_id: new_request_id(),
            dossier_uid: self.dossier.clone(),
            expected_revision: 0,
            transfer_uid: held.uid.clone(),
            custody_epoch: held.custody_epoch,
            payments: FEES.map(payment).into(),
        };
        let line = &self.scene.line;
        let asked = line
            .act(self.number, &officer(held), after, request)
            .await?;
        let owed = asked.message.dossier.unwrap_or_default().payments;
        let cashier = subject(&self.desk, "cashier");
        let mut position = None;
        for payment in owed {
            let confirm = ConfirmPaymentRequest {
                request_id: new_request_id(),
                dossier_uid: self.dossier.clone(),
                reference: format!("BL-{}-{}", self.number, payment.amount_vnd),
                order_uid: payment.order_uid,
                amount_vnd: payment.amount_vnd,
            };
            let paid = line.act(self.number, &cashier, None, confirm).await?;
            position = paid.position;
        }
        Ok(position)
    }

    pub(super) async fn postpone(&self, dossier: &Dossier) -> Result<(), Refused> {
        let appointment = dossier.appointment.unwrap_or_default();
        let request = PostponeAppointmentRequest {
            request_id: new_request_id(),
            dossier_uid: self.dossier.clone(),
            expected_revision: 0,
            new_appointment: Some(Timestamp {
                seconds: appointment.seconds + PUT_OFF_SECONDS,
                ..appointment
            }),
            reason: "Cần xác minh thêm".to_owned(),
            legal_basis: String::new(),
        };
        let (line, desk) = (&self.scene.line, subject(&self.desk, "receptionist"));
        match line.act(self.number, &desk, None, request).await {
            Ok(_) => Ok(()),
            // Two weeks later is a day off: the old promise stands.
            Err(reason) if reason == "NOT_WORKING_TIME" => Ok(()),
            Err(reason) => Err(reason),
        }
    }

    pub(super) async fn stop(&self) -> Result<Next, Refused> {
        let request = StopDossierRequest {
            request_id: new_request_id(),
            dossier_uid: self.dossier.clone(),
            expected_revision: 0,
            reason: "Đề nghị dừng".to_owned(),
        };
        let (line, desk) = (&self.scene.line, subject(&self.desk, "receptionist"));
        line.act(self.number, &desk, None, request).await?;
        Ok(Next::Over)
    }
}

fn payment(amount_vnd: i64) -> Payment {
    Payment {
        name: "Nghĩa vụ tài chính".to_owned(),
        amount_vnd,
        ..Payment::default()
    }
}

fn missing() -> Vec<RequestItem> {
    vec![RequestItem {
        place: String::new(),
        reason: "Bản chụp không rõ".to_owned(),
    }]
}
