//! What a desk asks an applicant for, what the applicant does about it, and the apology of a desk that will be late.

use chrono::NaiveDateTime;
use kit::clock;
use proto::intake::v1::{
    ConfirmPaymentRequest, GuideDossierRequest, Payment, PostponeAppointmentRequest, RequestItem,
    RequestPaymentRequest, RequestSupplementRequest, SupplementDossierRequest,
};
use rand::RngExt as _;

use super::{Held, Scene};
use crate::cast::Role;
use crate::demo::call::Call;
use crate::demo::error::Error;

impl Scene<'_> {
    pub(super) fn guide(&self, request_id: String) -> Result<Call, Error> {
        let request = GuideDossierRequest {
            request_id,
            dossier_uid: self.course.uid.clone(),
            expected_revision: self.course.revision,
            items: self.missing(),
        };
        Ok(Call::new(&request).by(self.desk()?))
    }

    pub(super) fn ask_supplement(&self, held: &Held, request_id: String) -> Result<Call, Error> {
        let request = RequestSupplementRequest {
            request_id,
            dossier_uid: self.course.uid.clone(),
            expected_revision: 0,
            transfer_uid: held.transfer.uid.clone(),
            custody_epoch: held.transfer.custody_epoch,
            items: self.missing(),
        };
        let caller = self.officer_of(&held.transfer)?;
        Ok(Call::new(&request).by(caller).after(held.position.as_ref()))
    }

    pub(super) fn supplement(&self, request_id: String) -> Result<Call, Error> {
        let components = &self.procedure().components;
        let request = SupplementDossierRequest {
            request_id,
            dossier_uid: self.course.uid.clone(),
            expected_revision: 0,
            components: components.iter().take(1).cloned().collect(),
            form_data: String::new(),
        };
        Ok(Call::new(&request).by(self.applicant_or_desk()?))
    }

    pub(super) fn ask_payment(
        &self,
        held: &Held,
        dossier: usize,
        request_id: String,
    ) -> Result<Call, Error> {
        let thousands = self.dice.on("fee", dossier).random_range(15..400);
        let payment = Payment {
            name: "Nghĩa vụ tài chính".to_owned(),
            amount_vnd: thousands * 1_000,
            ..Payment::default()
        };
        let request = RequestPaymentRequest {
            request_id,
            dossier_uid: self.course.uid.clone(),
            expected_revision: 0,
            transfer_uid: held.transfer.uid.clone(),
            custody_epoch: held.transfer.custody_epoch,
            payments: vec![payment],
        };
        let caller = self.officer_of(&held.transfer)?;
        Ok(Call::new(&request).by(caller).after(held.position.as_ref()))
    }

    pub(super) fn pay(
        &self,
        order: &Payment,
        dossier: usize,
        request_id: String,
    ) -> Result<Call, Error> {
        let request = ConfirmPaymentRequest {
            request_id,
            dossier_uid: self.course.uid.clone(),
            order_uid: order.order_uid.clone(),
            amount_vnd: order.amount_vnd,
            reference: format!("BL-{:06}", dossier + 1),
        };
        let cashier = self.officer(&self.unit().uid, Role::Cashier)?;
        Ok(Call::new(&request).by(cashier))
    }

    pub(super) fn apologise(
        &self,
        appointment: NaiveDateTime,
        request_id: String,
    ) -> Result<Call, Error> {
        let new_appointment = clock::to_timestamp(clock::from_local(appointment));
        let request = PostponeAppointmentRequest {
            request_id,
            dossier_uid: self.course.uid.clone(),
            expected_revision: 0,
            new_appointment: Some(new_appointment),
            reason: "Cần xác minh thêm tại cơ quan liên quan".to_owned(),
            legal_basis: "Nghị định 61/2018/NĐ-CP, Điều 19".to_owned(),
        };
        Ok(Call::new(&request).by(self.desk()?))
    }

    fn missing(&self) -> Vec<RequestItem> {
        let component = self.procedure().components.first();
        let place = component.map(|component| component.component_key.clone());
        vec![RequestItem {
            place: place.unwrap_or_default(),
            reason: "Bản chụp không rõ, đề nghị nộp lại".to_owned(),
        }]
    }
}
