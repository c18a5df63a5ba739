//! Requests, parsed at the edge: a domain value, or everything that is wrong at once.

use chrono::NaiveDate;
use kit::authority::Context;
use kit::clock;
use kit::failure::{Failure, Violation};
use kit::fields::{Fields, required};
use kit::identity_number::{IdentityNumber, Kind};
use kit::seal::DataKey;
use proto::intake::v1 as pb;

use crate::act::{Act, Handed, OnDossier, Verb};
use crate::custody::Claim;
use crate::dossier::{Applicant, Channel, Decision, HandedIn, Outcome};

const NAME: usize = 200;
const REASON: usize = 1_000;
const NUMBER: usize = 50;
const MOST_COMPONENTS: usize = 200;
/// In bytes.
const LONGEST_FORM: usize = 64 * 1024;

/// `SubmitDossier`.
///
/// # Errors
/// Every violation.
pub fn submit(
    context: &Context,
    request: &pb::SubmitDossierRequest,
) -> Result<(String, Act), Failure> {
    let filed = Filed {
        request_id: &request.request_id,
        procedure_code: &request.procedure_code,
        case_key: &request.case_key,
        receiving_unit: &request.receiving_unit_uid,
        applicant: request.applicant.as_ref(),
        components: &request.components,
        form: &request.form_data,
        channel: Some(Channel::Online),
    };
    filed.parse(context, false)
}

/// `RegisterDossier`.
///
/// # Errors
/// Every violation.
pub fn register(
    context: &Context,
    request: &pb::RegisterDossierRequest,
) -> Result<(String, Act), Failure> {
    let channel = match request.channel() {
        pb::Channel::Unspecified | pb::Channel::Counter => Some(Channel::Counter),
        pb::Channel::Post => Some(Channel::Post),
        pb::Channel::Online => None,
    };
    let filed = Filed {
        request_id: &request.request_id,
        procedure_code: &request.procedure_code,
        case_key: &request.case_key,
        receiving_unit: &request.receiving_unit_uid,
        applicant: request.applicant.as_ref(),
        components: &request.components,
        form: &request.form_data,
        channel,
    };
    filed.parse(context, true)
}

struct Filed<'a> {
    request_id: &'a str,
    procedure_code: &'a str,
    case_key: &'a str,
    receiving_unit: &'a str,
    applicant: Option<&'a pb::Applicant>,
    components: &'a [pb::HandedIn],
    form: &'a str,
    channel: Option<Channel>,
}

impl Filed<'_> {
    fn parse(&self, context: &Context, at_desk: bool) -> Result<(String, Act), Failure> {
        let mut fields = Fields::new();
        let request_id = fields.request_id(self.request_id);
        let procedure_code = fields.text("procedure_code", self.procedure_code, NUMBER);
        let receiving_unit = fields.text("receiving_unit_uid", self.receiving_unit, NUMBER);
        let case_key = optional(&mut fields, "case_key", self.case_key).unwrap_or_default();
        let channel = fields.take(self.channel.ok_or_else(|| {
            Violation::new(
                "channel",
                "OUT_OF_RANGE",
                "must be counter or post",
                "phải là trực tiếp hoặc bưu chính",
            )
        }));
        let applicant = applicant(&mut fields, self.applicant, context);
        let components = components(&mut fields, self.components);
        if self.form.len() > LONGEST_FORM {
            fields.reject(Violation::new(
                "form_data",
                "TOO_LONG",
                format!(
                    "has {} bytes, at most {LONGEST_FORM} are allowed",
                    self.form.len()
                ),
                format!("dài {} byte, nhiều nhất là {LONGEST_FORM}", self.form.len()),
            ));
        }
        fields.finish()?;
        let (Some((applicant, party)), Some(channel)) = (applicant, channel) else {
            return Err(Failure::invalid_fields(vec![required("applicant")]));
        };
        let handed = Handed {
            rights: context.rights.clone(),
            uid: clock::new_uid(),
            key: DataKey::generate(),
            date: clock::local(context.at).date(),
            procedure_code,
            case_key,
            receiving_unit,
            applicant,
            party,
            components,
            form: self.form.to_owned(),
            channel,
            at_desk,
        };
        Ok((request_id, Act::Hand(Box::new(handed))))
    }
}

/// Who applies, and as which party.
fn applicant(
    fields: &mut Fields,
    message: Option<&pb::Applicant>,
    context: &Context,
) -> Option<(Applicant, Option<String>)> {
    let Some(message) = message else {
        fields.reject(required("applicant"));
        return None;
    };
    let name = fields.text("applicant.name", &message.name, NAME);
    let kind = match message.number_kind() {
        pb::ApplicantNumberKind::Unspecified => Err(required("applicant.number_kind")),
        pb::ApplicantNumberKind::Cccd => Ok(Kind::Cccd),
        pb::ApplicantNumberKind::Cmnd => Ok(Kind::Cmnd),
        pb::ApplicantNumberKind::Mst => Ok(Kind::Mst),
        pb::ApplicantNumberKind::Passport => Ok(Kind::Passport),
    };
    let number =
        kind.and_then(|kind| IdentityNumber::parse(kind, &message.number, "applicant.number"));
    let number = fields.take(number);
    phone(fields, &message.phone);
    let named = optional(fields, "applicant.party_uid", &message.party_uid);
    // Who applies in person need not say who that is.
    let party = named.or_else(|| context.caller().party().map(str::to_owned));
    let applicant = Applicant {
        name,
        number: number?,
        phone: message.phone.clone(),
    };
    Some((applicant, party))
}

/// Text that may be left out.
fn optional(fields: &mut Fields, field: &str, value: &str) -> Option<String> {
    (!value.is_empty()).then(|| fields.text(field, value, NUMBER))
}

fn phone(fields: &mut Fields, phone: &str) {
    let digits = phone.bytes().all(|byte| byte.is_ascii_digit());
    let well_formed = digits && (8..=15).contains(&phone.len());
    if !phone.is_empty() && !well_formed {
        fields.reject(Violation::new(
            "applicant.phone",
            "MALFORMED",
            "must be 8 to 15 digits",
            "số điện thoại phải gồm 8 đến 15 chữ số",
        ));
    }
}

fn components(fields: &mut Fields, messages: &[pb::HandedIn]) -> Vec<HandedIn> {
    if messages.len() > MOST_COMPONENTS {
        fields.reject(Violation::new(
            "components",
            "TOO_MANY",
            format!("at most {MOST_COMPONENTS} are allowed"),
            format!("nhiều nhất là {MOST_COMPONENTS} thành phần"),
        ));
        return Vec::new();
    }
    let mut components = Vec::with_capacity(messages.len());
    for (index, message) in messages.iter().enumerate() {
        let key = fields.text(
            &format!("components[{index}].component_key"),
            &message.component_key,
            NUMBER,
        );
        if message.originals < 0 || message.copies < 0 {
            fields.reject(Violation::new(
                format!("components[{index}]"),
                "OUT_OF_RANGE",
                "counts must not be negative",
                "số bản không được âm",
            ));
        }
        components.push(HandedIn {
            key,
            originals: message.originals,
            copies: message.copies,
        });
    }
    components.sort();
    components
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
    let target = (
        &*request.request_id,
        &*request.dossier_uid,
        request.expected_revision,
    );
    on_dossier(context, fields, target, Some(Verb::Receive))
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
    let target = (
        &*request.request_id,
        &*request.dossier_uid,
        request.expected_revision,
    );
    on_dossier(context, fields, target, Some(verb))
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
    let target = (
        &*request.request_id,
        &*request.dossier_uid,
        request.expected_revision,
    );
    on_dossier(context, fields, target, Some(verb))
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
    let verb = decision.map(|decision| Verb::Decide(claim, Box::new(decision)));
    let target = (
        &*request.request_id,
        &*request.dossier_uid,
        request.expected_revision,
    );
    on_dossier(context, fields, target, verb)
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
    let verb = Verb::Return(claim(
        &mut fields,
        &request.transfer_uid,
        request.custody_epoch,
    ));
    let target = (
        &*request.request_id,
        &*request.dossier_uid,
        request.expected_revision,
    );
    on_dossier(context, fields, target, Some(verb))
}

fn on_dossier(
    context: &Context,
    mut fields: Fields,
    (request_id, dossier, expected_revision): (&str, &str, i64),
    verb: Option<Verb>,
) -> Result<(String, Act), Failure> {
    let request_id = fields.request_id(request_id);
    let dossier = fields.text("dossier_uid", dossier, NUMBER);
    let expected_revision = fields.revision(expected_revision);
    fields.finish()?;
    let verb = verb.ok_or_else(|| Failure::invalid_fields(vec![required("decision")]))?;
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
        unit: String::new(),
        recorded_at: context.at,
    })
}
