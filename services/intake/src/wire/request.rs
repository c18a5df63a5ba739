//! Requests about a dossier, parsed at the edge: a domain value, or everything that is wrong at once.

use chrono::NaiveDate;
use kit::authority::Context;
use kit::clock;
use kit::failure::{Failure, Violation};
use kit::fields::{Fields, required};
use proto::intake::v1 as pb;

use super::filed;
use crate::act::{Act, Confirmed, OnDossier, Order, Postponed, Verb};
use crate::custody::Claim;
use crate::dossier::{Addition, Correction, Decision, Item, Method, Outcome};

const NAME: usize = 200;
const REASON: usize = 1_000;
const NUMBER: usize = 50;
const EVIDENCE: usize = 500;
const REFERENCE: usize = 100;
const MOST_ITEMS: usize = 100;
const MOST_ORDERS: usize = 20;

/// The `request_id`, the dossier and the revision that the caller has seen.
type Target<'a> = (&'a str, &'a str, i64);

/// Every request about a dossier begins with these.
macro_rules! target {
    ($request:ident) => {
        (
            &*$request.request_id,
            &*$request.dossier_uid,
            $request.expected_revision,
        )
    };
}

/// `ReceiveDossier`.
///
/// # Errors
/// Every violation.
pub fn receive(
    context: &Context,
    request: &pb::ReceiveDossierRequest,
) -> Result<(String, Act), Failure> {
    let fields = Fields::new();
    on_dossier(context, fields, target!(request), Some(Verb::Receive))
}

/// `RefuseDossier`.
///
/// # Errors
/// Every violation.
pub fn refuse(
    context: &Context,
    request: &pb::RefuseDossierRequest,
) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let verb = Verb::Refuse(fields.text("reason", &request.reason, REASON));
    on_dossier(context, fields, target!(request), Some(verb))
}

/// `WithdrawDossier`.
///
/// # Errors
/// Every violation.
pub fn withdraw(
    context: &Context,
    request: &pb::WithdrawDossierRequest,
) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let verb = Verb::Withdraw(fields.text("reason", &request.reason, REASON));
    on_dossier(context, fields, target!(request), Some(verb))
}

/// `StopDossier`.
///
/// # Errors
/// Every violation.
pub fn stop(context: &Context, request: &pb::StopDossierRequest) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let verb = Verb::Stop(fields.text("reason", &request.reason, REASON));
    on_dossier(context, fields, target!(request), Some(verb))
}

/// `GuideDossier`.
///
/// # Errors
/// Every violation.
pub fn guide(
    context: &Context,
    request: &pb::GuideDossierRequest,
) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let verb = Verb::Guide(items(&mut fields, &request.items));
    on_dossier(context, fields, target!(request), Some(verb))
}

/// `ForwardDossier`.
///
/// # Errors
/// Every violation.
pub fn forward(
    context: &Context,
    request: &pb::ForwardDossierRequest,
) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let to = fields.text("competent_unit_uid", &request.competent_unit_uid, NUMBER);
    on_dossier(context, fields, target!(request), Some(Verb::Forward(to)))
}

/// `RequestSupplement`.
///
/// # Errors
/// Every violation.
pub fn request_supplement(
    context: &Context,
    request: &pb::RequestSupplementRequest,
) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let claim = claim(&mut fields, &request.transfer_uid, request.custody_epoch);
    let verb = Verb::AskSupplement(claim, items(&mut fields, &request.items));
    on_dossier(context, fields, target!(request), Some(verb))
}

/// `SupplementDossier`.
///
/// # Errors
/// Every violation.
pub fn supplement(
    context: &Context,
    request: &pb::SupplementDossierRequest,
) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    if request.components.is_empty() && request.form_data.is_empty() {
        fields.reject(required("components"));
    }
    let verb = Verb::Supplement(Addition {
        components: filed::components(&mut fields, &request.components),
        form: filed::form(&mut fields, &request.form_data),
    });
    on_dossier(context, fields, target!(request), Some(verb))
}

/// `RequestPayment`.
///
/// # Errors
/// Every violation.
pub fn request_payment(
    context: &Context,
    request: &pb::RequestPaymentRequest,
) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let claim = claim(&mut fields, &request.transfer_uid, request.custody_epoch);
    let verb = Verb::AskPayment(claim, orders(&mut fields, &request.payments));
    on_dossier(context, fields, target!(request), Some(verb))
}

/// `ConfirmPayment`.
///
/// # Errors
/// Every violation.
pub fn confirm_payment(
    context: &Context,
    request: &pb::ConfirmPaymentRequest,
) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let verb = Verb::Pay(Confirmed {
        order: fields.text("order_uid", &request.order_uid, NUMBER),
        amount_vnd: amount(&mut fields, "amount_vnd", request.amount_vnd),
        reference: fields.text("reference", &request.reference, REFERENCE),
    });
    // A payment provider has seen no revision.
    let target = (&*request.request_id, &*request.dossier_uid, 0);
    on_dossier(context, fields, target, Some(verb))
}

/// `PostponeAppointment`.
///
/// # Errors
/// Every violation.
pub fn postpone(
    context: &Context,
    request: &pb::PostponeAppointmentRequest,
) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let to = request.new_appointment.as_ref().map(clock::from_timestamp);
    let to = fields.take(to.ok_or_else(|| required("new_appointment")));
    let reason = fields.text("reason", &request.reason, REASON);
    let legal_basis = may_be_empty(&mut fields, "legal_basis", &request.legal_basis, NAME);
    let verb = to.map(|to| {
        Verb::Postpone(Postponed {
            to,
            reason,
            legal_basis,
        })
    });
    on_dossier(context, fields, target!(request), verb)
}

/// `CorrectDossier`.
///
/// # Errors
/// Every violation.
pub fn correct(
    context: &Context,
    request: &pb::CorrectDossierRequest,
) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let reason = fields.text("reason", &request.reason, REASON);
    let applicant = request.applicant.as_ref().and_then(|applicant| {
        // The party stays: who that is does not hang on how it is written.
        let applicant = pb::Applicant {
            party_uid: String::new(),
            ..applicant.clone()
        };
        filed::applicant(&mut fields, Some(&applicant), context)
    });
    let components = filed::components(&mut fields, &request.components);
    let returning = &request.returning_unit_uid;
    let returning = filed::optional(&mut fields, "returning_unit_uid", returning);
    let correction = Correction {
        applicant: applicant.map(|(applicant, _)| applicant),
        components,
        returning,
    };
    if correction == Correction::default() {
        fields.reject(required("applicant"));
    }
    let verb = Verb::Correct(Box::new(correction), reason);
    on_dossier(context, fields, target!(request), Some(verb))
}

/// `RecordDecision`.
///
/// # Errors
/// Every violation.
pub fn record_decision(
    context: &Context,
    request: &pb::RecordDecisionRequest,
) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let claim = claim(&mut fields, &request.transfer_uid, request.custody_epoch);
    let decision = decision(&mut fields, request.decision.as_ref(), context);
    let paper = filed::paper(&mut fields, &request.paper);
    let verb = decision.map(|decision| Verb::Decide(claim, Box::new(decision), paper));
    on_dossier(context, fields, target!(request), verb)
}

/// `ReturnResult`.
///
/// # Errors
/// Every violation.
pub fn return_result(
    context: &Context,
    request: &pb::ReturnResultRequest,
) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let claim = claim(&mut fields, &request.transfer_uid, request.custody_epoch);
    let method = match request.method() {
        pb::ReturnMethod::Unspecified | pb::ReturnMethod::Desk => Method::Desk,
        pb::ReturnMethod::Online => Method::Online,
        pb::ReturnMethod::Post => Method::Post,
    };
    on_dossier(
        context,
        fields,
        target!(request),
        Some(Verb::Return(claim, method)),
    )
}

fn on_dossier(
    context: &Context,
    mut fields: Fields,
    (request_id, dossier, expected_revision): Target<'_>,
    verb: Option<Verb>,
) -> Result<(String, Act), Failure> {
    let request_id = fields.request_id(request_id);
    let dossier = fields.text("dossier_uid", dossier, NUMBER);
    let expected_revision = fields.revision(expected_revision);
    fields.finish()?;
    let verb = verb.ok_or_else(|| Failure::invalid_fields(vec![required("request")]))?;
    let on = OnDossier {
        rights: context.rights.clone(),
        dossier,
        expected_revision,
        verb,
    };
    Ok((request_id, Act::On(on)))
}

fn claim(fields: &mut Fields, transfer: &str, epoch: i64) -> Claim {
    if epoch < 1 {
        fields.reject(required("custody_epoch"));
    }
    Claim {
        transfer: fields.text("transfer_uid", transfer, NUMBER),
        epoch,
    }
}

fn decision(
    fields: &mut Fields,
    message: Option<&pb::Decision>,
    context: &Context,
) -> Option<Decision> {
    let Some(message) = message else {
        fields.reject(required("decision"));
        return None;
    };
    let outcome = match message.outcome() {
        pb::Outcome::Unspecified => Err(required("decision.outcome")),
        pb::Outcome::Granted => Ok(Outcome::Granted),
        pb::Outcome::Refused => Ok(Outcome::Refused),
    };
    let outcome = fields.take(outcome);
    let number = fields.text("decision.number", &message.number, NUMBER);
    let signer = fields.text("decision.signer", &message.signer, NAME);
    let evidence = may_be_empty(fields, "decision.evidence", &message.evidence, EVIDENCE);
    let date = NaiveDate::parse_from_str(&message.date, "%Y-%m-%d").map_err(|_| {
        Violation::new(
            "decision.date",
            "MALFORMED",
            "must be YYYY-MM-DD",
            "phải có dạng YYYY-MM-DD",
        )
    });
    Some(Decision {
        date: fields.take(date)?,
        outcome: outcome?,
        number,
        signer,
        evidence,
        unit: String::new(),
        recorded_at: context.at,
    })
}

/// All that an applicant is asked for.
fn items(fields: &mut Fields, messages: &[pb::RequestItem]) -> Vec<Item> {
    must_be_some(fields, "items", messages.len(), MOST_ITEMS);
    let items = messages.iter().take(MOST_ITEMS).enumerate();
    let item = |(index, message): (usize, &pb::RequestItem)| Item {
        place: may_be_empty(
            fields,
            &format!("items[{index}].place"),
            &message.place,
            NAME,
        ),
        reason: fields.text(&format!("items[{index}].reason"), &message.reason, REASON),
    };
    items.map(item).collect()
}

/// All that an applicant has to pay.
fn orders(fields: &mut Fields, messages: &[pb::Payment]) -> Vec<Order> {
    must_be_some(fields, "payments", messages.len(), MOST_ORDERS);
    let payments = messages.iter().take(MOST_ORDERS).enumerate();
    let order = |(index, message): (usize, &pb::Payment)| Order {
        uid: clock::new_uid(),
        name: fields.text(&format!("payments[{index}].name"), &message.name, NAME),
        amount_vnd: amount(
            fields,
            &format!("payments[{index}].amount_vnd"),
            message.amount_vnd,
        ),
    };
    payments.map(order).collect()
}

fn must_be_some(fields: &mut Fields, field: &str, count: usize, most: usize) {
    if count == 0 {
        fields.reject(required(field));
    } else if count > most {
        fields.reject(Violation::new(
            field,
            "TOO_MANY",
            format!("at most {most} are allowed"),
            format!("nhiều nhất là {most}"),
        ));
    }
}

fn amount(fields: &mut Fields, field: &str, amount: i64) -> i64 {
    if amount <= 0 {
        fields.reject(Violation::new(
            field,
            "OUT_OF_RANGE",
            "must be more than 0",
            "phải lớn hơn 0",
        ));
    }
    amount
}

/// Text that may be left out.
fn may_be_empty(fields: &mut Fields, field: &str, value: &str, most: usize) -> String {
    if value.is_empty() {
        return String::new();
    }
    fields.text(field, value, most)
}
