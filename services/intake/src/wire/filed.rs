//! What is handed in, parsed at the edge.

use kit::authority::Context;
use kit::caller::Role;
use kit::clock;
use kit::failure::{Failure, Violation};
use kit::fields::{Fields, required};
use kit::identity_number::{IdentityNumber, Kind};
use kit::seal::DataKey;
use proto::intake::v1 as pb;

use super::codes;
use crate::act::{Act, Handed};
use crate::dossier::{Applicant, Channel, FiledBy, HandedIn, Origin};

const NAME: usize = 200;
const NUMBER: usize = 50;
const EXTERNAL_ID: usize = 100;
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
        competent_unit: &request.competent_unit_uid,
        returning_unit: &request.returning_unit_uid,
        external_id: &request.external_id,
        channel: Some(Channel::Online),
        offline: None,
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
        competent_unit: &request.competent_unit_uid,
        returning_unit: &request.returning_unit_uid,
        external_id: "",
        channel,
        offline: request.offline.as_ref(),
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
    competent_unit: &'a str,
    returning_unit: &'a str,
    external_id: &'a str,
    channel: Option<Channel>,
    offline: Option<&'a pb::OfflineReceipt>,
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
        let form = form(&mut fields, self.form);
        let competent_unit = optional(&mut fields, "competent_unit_uid", self.competent_unit);
        let returning_unit = optional(&mut fields, "returning_unit_uid", self.returning_unit);
        let origin = origin(&mut fields, self.external_id, context);
        let offline = self.offline;
        let offline = offline.and_then(|receipt| codes::offline(&mut fields, receipt, context.at));
        let comes_at = offline.as_ref().map_or(context.at, |of| of.received_at);
        fields.finish()?;
        let (Some((applicant, party)), Some(channel)) = (applicant, channel) else {
            return Err(Failure::invalid_fields(vec![required("applicant")]));
        };
        let handed = Handed {
            rights: context.rights.clone(),
            uid: clock::new_uid(),
            key: DataKey::generate(),
            date: clock::local(comes_at).date(),
            procedure_code,
            case_key,
            receiving_unit,
            competent_unit,
            returning_unit,
            filed_by: filed_by(context, party.as_deref(), at_desk),
            origin,
            applicant,
            party,
            components,
            form,
            channel,
            at_desk,
            offline,
        };
        Ok((request_id, Act::Hand(Box::new(handed))))
    }
}

/// Who hands it in, by the token.
fn filed_by(context: &Context, party: Option<&str>, at_desk: bool) -> FiledBy {
    let caller = context.caller();
    if at_desk {
        FiledBy::Officer
    } else if party.is_some() && party == caller.party() {
        FiledBy::Itself
    } else if caller.party().is_some() || caller.reaches(Role::Proxy).next().is_some() {
        FiledBy::Proxy
    } else {
        FiledBy::System
    }
}

/// The code of the dossier in the caller's own system.
fn origin(fields: &mut Fields, external_id: &str, context: &Context) -> Option<Origin> {
    (!external_id.is_empty()).then(|| Origin {
        system: context.caller().subject.clone(),
        code: fields.text("external_id", external_id, EXTERNAL_ID),
    })
}

/// Who applies, and as which party.
pub(super) fn applicant(
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
pub(super) fn optional(fields: &mut Fields, field: &str, value: &str) -> Option<String> {
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

pub(super) fn components(fields: &mut Fields, messages: &[pb::HandedIn]) -> Vec<HandedIn> {
    sheets(fields, "components", messages, |fields, at, key| {
        fields.text(at, key, NUMBER)
    })
}

/// What goes with a result on paper: that itself, which has no key, and components.
pub(super) fn paper(fields: &mut Fields, messages: &[pb::HandedIn]) -> Vec<HandedIn> {
    for (index, message) in messages.iter().take(MOST_COMPONENTS).enumerate() {
        if (message.originals, message.copies) == (0, 0) {
            fields.reject(required(&format!("paper[{index}].originals")));
        }
        let mut before = messages[..index].iter();
        if before.any(|before| before.component_key == message.component_key) {
            fields.reject(Violation::new(
                format!("paper[{index}].component_key"),
                "DUPLICATE",
                "is named twice: add its sheets up",
                "được nêu hai lần; hãy cộng số bản lại",
            ));
        }
    }
    sheets(fields, "paper", messages, |fields, at, key| {
        optional(fields, at, key).unwrap_or_default()
    })
}

fn sheets(
    fields: &mut Fields,
    field: &str,
    messages: &[pb::HandedIn],
    key: fn(&mut Fields, &str, &str) -> String,
) -> Vec<HandedIn> {
    if messages.len() > MOST_COMPONENTS {
        fields.reject(Violation::new(
            field,
            "TOO_MANY",
            format!("at most {MOST_COMPONENTS} are allowed"),
            format!("nhiều nhất là {MOST_COMPONENTS} thành phần"),
        ));
        return Vec::new();
    }
    let mut sheets = Vec::with_capacity(messages.len());
    for (index, message) in messages.iter().enumerate() {
        let at = format!("{field}[{index}].component_key");
        let key = key(fields, &at, &message.component_key);
        if message.originals < 0 || message.copies < 0 {
            fields.reject(Violation::new(
                format!("{field}[{index}]"),
                "OUT_OF_RANGE",
                "counts must not be negative",
                "số bản không được âm",
            ));
        }
        sheets.push(HandedIn {
            key,
            originals: message.originals,
            copies: message.copies,
        });
    }
    sheets.sort();
    sheets
}

/// What was filled in, composed (NFC).
pub(super) fn form(fields: &mut Fields, form: &str) -> String {
    if form.len() > LONGEST_FORM {
        let length = form.len();
        fields.reject(Violation::new(
            "form_data",
            "TOO_LONG",
            format!("has {length} bytes, at most {LONGEST_FORM} are allowed"),
            format!("dài {length} byte, nhiều nhất là {LONGEST_FORM}"),
        ));
    }
    kit::form::compose(form)
}
