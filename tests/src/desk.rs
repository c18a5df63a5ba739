//! What units do to dossiers.

use std::time::Duration;

use kit::clock;
use proto::intake::v1::{
    ConfirmPaymentRequest, Decision, Dossier, GetDossierRequest, Outcome, Payment,
    ReceiveDossierRequest, RecordDecisionRequest, RequestItem, RequestPaymentRequest,
    RequestSupplementRequest, ReserveCodesRequest, ReturnCodesRequest, ReturnResultRequest,
    StopDossierRequest, get_dossier_request,
};
use proto::routing::v1::{
    AcceptTransferRequest, CompleteTransferRequest, ForwardTransferRequest, GetRouteRequest,
    GetRouteResponse, PullTransfersRequest, RecallTransferRequest, ReturnTransferRequest,
    SendBackTransferRequest, Transfer, TransferRole,
};

use crate::actor::Actor;
use crate::filing::Procedure;
use crate::new_request_id;
use crate::suite::Suite;

const WAIT: prost_types::Duration = prost_types::Duration {
    seconds: 10,
    nanos: 0,
};
/// How long an offer may be on its way: longer than a lease, since a taker whose connection broke may never have heard of it.
const PATIENCE: Duration = Duration::from_secs(75);

/// A step that a unit holds.
#[derive(Clone, Debug)]
pub struct Held {
    /// The transfer, accepted.
    pub transfer: Transfer,
    /// Where the acceptance stands in routing's log.
    pub position: Option<String>,
}

impl Suite {
    /// Hands a dossier in at the counter of a unit.
    pub async fn register(&self, procedure: Procedure, unit: &str) -> Dossier {
        let registered = self.receptionist(unit).ok(procedure.at_counter(unit)).await;
        registered
            .message
            .dossier
            .expect("the reply has the dossier")
    }

    /// The next offer to a unit, from its queue.
    pub async fn offer_to(&self, unit: &str) -> Transfer {
        let mut offers = self.offers_to(unit, 1).await;
        offers
            .pop()
            .unwrap_or_else(|| panic!("nothing is offered to {unit}: {}", self.log()))
    }

    /// The next offers to a unit, from its queue, waiting for the first.
    pub async fn offers_to(&self, unit: &str, most: i32) -> Vec<Transfer> {
        let pull = PullTransfersRequest {
            unit_uid: unit.to_owned(),
            max_transfers: most,
            wait: Some(WAIT),
            lease: None,
        };
        let deadline = clock::monotonic() + PATIENCE;
        loop {
            let pulled = self.examiner(unit).ok(pull.clone()).await;
            let deliveries = pulled.message.deliveries.into_iter();
            let offers: Vec<_> = deliveries
                .filter_map(|delivery| delivery.transfer)
                .collect();
            if !offers.is_empty() || clock::monotonic() > deadline {
                return offers;
            }
        }
    }

    /// The officer whose work a step is.
    pub fn officer_of(&self, transfer: &Transfer) -> Actor {
        let unit = &transfer.to_unit_uid;
        match transfer.role() {
            TransferRole::Receptionist => self.receptionist(unit),
            TransferRole::Leader => self.leader(unit),
            TransferRole::Examiner
            | TransferRole::HeadOfOffice
            | TransferRole::Clerk
            | TransferRole::Cashier
            | TransferRole::Unspecified => self.examiner(unit),
        }
    }

    /// Pulls the next offer to a unit and accepts it at that time.
    pub async fn take_over(&self, unit: &str, at: &str) -> Held {
        let offer = self.offer_to(unit).await;
        self.accept(&offer, at).await
    }

    /// Accepts an offer at that time.
    pub async fn accept(&self, offer: &Transfer, at: &str) -> Held {
        let accepted = self.officer_of(offer).at(at).ok(accept(offer)).await;
        Held {
            position: accepted.position.clone(),
            transfer: accepted
                .message
                .transfer
                .expect("the reply has the transfer"),
        }
    }

    /// Completes a step at that time.
    pub async fn complete(&self, held: &Held, at: &str) {
        self.officer_of(&held.transfer)
            .at(at)
            .ok(complete(held))
            .await;
    }

    /// Pulls the next offer to a unit, accepts and completes it.
    pub async fn work_off(&self, unit: &str, at: &str) -> Held {
        let held = self.take_over(unit, at).await;
        self.complete(&held, at).await;
        held
    }

    /// Decides at that time: granted.
    pub async fn decide(&self, held: &Held, at: &str) -> Dossier {
        let leader = self
            .officer_of(&held.transfer)
            .at(at)
            .after(held.position.as_ref());
        let decided = leader.ok(decide(held)).await;
        decided.message.dossier.expect("the reply has the dossier")
    }

    /// Hands the result over at that time.
    pub async fn give_back(&self, held: &Held, at: &str) -> Dossier {
        let desk = self
            .officer_of(&held.transfer)
            .at(at)
            .after(held.position.as_ref());
        let returned = desk.ok(give_back(held)).await;
        returned.message.dossier.expect("the reply has the dossier")
    }

    /// A dossier as the desk of its unit sees it.
    pub async fn dossier(&self, uid: &str, unit: &str) -> Dossier {
        let found = self.receptionist(unit).ok(by_uid(uid)).await;
        found.message.dossier.expect("the reply has the dossier")
    }

    /// The journey of a dossier as the desk of a unit sees it.
    pub async fn route(&self, dossier: &str, unit: &str) -> GetRouteResponse {
        let request = GetRouteRequest {
            dossier_uid: dossier.to_owned(),
        };
        self.receptionist(unit).ok(request).await.message
    }
}

/// Asks for a dossier by uid.
pub fn by_uid(uid: &str) -> GetDossierRequest {
    GetDossierRequest {
        key: Some(get_dossier_request::Key::Uid(uid.to_owned())),
    }
}

/// Asks for a dossier by code.
pub fn by_code(code: &str) -> GetDossierRequest {
    GetDossierRequest {
        key: Some(get_dossier_request::Key::Code(code.to_owned())),
    }
}

/// Receives a dossier.
pub fn receive(dossier: &Dossier) -> ReceiveDossierRequest {
    ReceiveDossierRequest {
        request_id: new_request_id(),
        dossier_uid: dossier.uid.clone(),
        expected_revision: dossier.revision,
    }
}

/// Accepts an offer.
pub fn accept(offer: &Transfer) -> AcceptTransferRequest {
    AcceptTransferRequest {
        request_id: new_request_id(),
        transfer_uid: offer.uid.clone(),
        offer_epoch: offer.offer_epoch,
    }
}

/// Completes a step.
pub fn complete(held: &Held) -> CompleteTransferRequest {
    CompleteTransferRequest {
        request_id: new_request_id(),
        transfer_uid: held.transfer.uid.clone(),
        custody_epoch: held.transfer.custody_epoch,
        paper: Vec::new(),
    }
}

/// Forwards to this unit what was seen under its present offer.
pub fn forward(transfer: &Transfer, to: &str) -> ForwardTransferRequest {
    ForwardTransferRequest {
        request_id: new_request_id(),
        transfer_uid: transfer.uid.clone(),
        offer_epoch: transfer.offer_epoch,
        to_unit_uid: to.to_owned(),
        reason: "Chuyển đúng nơi".to_owned(),
        paper: Vec::new(),
    }
}

/// Calls an offer back.
pub fn recall(offer: &Transfer) -> RecallTransferRequest {
    RecallTransferRequest {
        request_id: new_request_id(),
        transfer_uid: offer.uid.clone(),
        offer_epoch: offer.offer_epoch,
        reason: "Gửi nhầm nơi".to_owned(),
    }
}

/// Gives a step back to the unit that sent it.
pub fn return_transfer(held: &Held) -> ReturnTransferRequest {
    ReturnTransferRequest {
        request_id: new_request_id(),
        transfer_uid: held.transfer.uid.clone(),
        custody_epoch: held.transfer.custody_epoch,
        reason: "Thiếu ý kiến của xã".to_owned(),
    }
}

/// Sends the dossier back to a step.
pub fn send_back(held: &Held, to: &str) -> SendBackTransferRequest {
    SendBackTransferRequest {
        request_id: new_request_id(),
        transfer_uid: held.transfer.uid.clone(),
        custody_epoch: held.transfer.custody_epoch,
        to_step_key: to.to_owned(),
        reason: "Thẩm định lại diện tích".to_owned(),
        paper: Vec::new(),
    }
}

/// Decides: granted.
pub fn decide(held: &Held) -> RecordDecisionRequest {
    RecordDecisionRequest {
        request_id: new_request_id(),
        dossier_uid: held.transfer.dossier_uid.clone(),
        expected_revision: 0,
        transfer_uid: held.transfer.uid.clone(),
        custody_epoch: held.transfer.custody_epoch,
        decision: Some(Decision {
            outcome: Outcome::Granted.into(),
            number: "12/QĐ-UBND".to_owned(),
            date: "2017-08-28".to_owned(),
            signer: "Chủ tịch UBND".to_owned(),
            ..Default::default()
        }),
        paper: Vec::new(),
    }
}

/// Hands a result over.
pub fn give_back(held: &Held) -> ReturnResultRequest {
    ReturnResultRequest {
        request_id: new_request_id(),
        dossier_uid: held.transfer.dossier_uid.clone(),
        expected_revision: 0,
        transfer_uid: held.transfer.uid.clone(),
        custody_epoch: held.transfer.custody_epoch,
        ..Default::default()
    }
}

/// Asks the applicant for a supplement: for the component of this key, or for whatever it names.
pub fn ask_supplement(held: &Held, place: &str) -> RequestSupplementRequest {
    RequestSupplementRequest {
        request_id: new_request_id(),
        dossier_uid: held.transfer.dossier_uid.clone(),
        expected_revision: 0,
        transfer_uid: held.transfer.uid.clone(),
        custody_epoch: held.transfer.custody_epoch,
        items: vec![item(place)],
    }
}

/// What an applicant is told of something that is missing.
pub fn item(place: &str) -> RequestItem {
    RequestItem {
        place: place.to_owned(),
        reason: "Thiếu chữ ký của người nộp".to_owned(),
    }
}

/// Asks the applicant to pay.
pub fn ask_payment(held: &Held, amounts: &[i64]) -> RequestPaymentRequest {
    let payment = |amount: &i64| Payment {
        name: "Lệ phí trước bạ".to_owned(),
        amount_vnd: *amount,
        ..Default::default()
    };
    RequestPaymentRequest {
        request_id: new_request_id(),
        dossier_uid: held.transfer.dossier_uid.clone(),
        expected_revision: 0,
        transfer_uid: held.transfer.uid.clone(),
        custody_epoch: held.transfer.custody_epoch,
        payments: amounts.iter().map(payment).collect(),
    }
}

/// Confirms that an order was paid.
pub fn confirm(dossier: &Dossier, payment: &Payment) -> ConfirmPaymentRequest {
    ConfirmPaymentRequest {
        request_id: new_request_id(),
        dossier_uid: dossier.uid.clone(),
        order_uid: payment.order_uid.clone(),
        amount_vnd: payment.amount_vnd,
        reference: "BL-0001".to_owned(),
    }
}

/// Stops a dossier.
pub fn stop(dossier: &Dossier) -> StopDossierRequest {
    StopDossierRequest {
        request_id: new_request_id(),
        dossier_uid: dossier.uid.clone(),
        expected_revision: 0,
        reason: "Không còn nhu cầu".to_owned(),
    }
}

/// Sets codes aside for a counter that will be offline on a day.
pub fn reserve(unit: &str, date: &str, count: i32) -> ReserveCodesRequest {
    ReserveCodesRequest {
        request_id: new_request_id(),
        unit_uid: unit.to_owned(),
        date: date.to_owned(),
        count,
    }
}

/// Gives a block of codes back.
pub fn return_codes(block: &str) -> ReturnCodesRequest {
    ReturnCodesRequest {
        request_id: new_request_id(),
        block_uid: block.to_owned(),
        reason: "Đã có mạng trở lại".to_owned(),
    }
}
