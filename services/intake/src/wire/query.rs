//! Queries and their replies.

use kit::clock::{self, Moment};
use kit::failure::{Failure, Violation};
use kit::fields::{Fields, name, required};
use kit::page;
use proto::intake::v1 as pb;
use proto::intake::v1::get_dossier_request::Key as WireKey;

use super::reply;
use crate::code::DossierCode;
use crate::dossier::{Channel, Dossier};
use crate::ledger::{Asked, Preview};
use crate::reference::Component;
use crate::store::{self, After, Filter, Pressing, Text};

const USUAL_PAGE: u64 = 50;
const LARGEST_PAGE: u64 = 500;
const UID: usize = 50;
const TEXT: usize = 200;

/// How a dossier is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// By uid.
    Uid(String),
    /// By code.
    Code(DossierCode),
}

/// `GetDossier`.
///
/// # Errors
/// Every violation.
pub fn key(request: pb::GetDossierRequest) -> Result<Key, Failure> {
    match request.key {
        Some(WireKey::Uid(uid)) if !uid.is_empty() => Ok(Key::Uid(name("uid", &uid)?)),
        Some(WireKey::Code(code)) => parse_code(&code).map(Key::Code),
        Some(WireKey::Uid(_)) | None => Err(Failure::invalid_fields(vec![required("key")])),
    }
}

/// `TrackDossier`.
///
/// # Errors
/// `DOSSIER_CODE_MALFORMED`.
pub fn tracked_code(request: &pb::TrackDossierRequest) -> Result<DossierCode, Failure> {
    parse_code(&request.code)
}

fn parse_code(code: &str) -> Result<DossierCode, Failure> {
    DossierCode::parse(code)
        .map_err(|violation| Failure::invalid("DOSSIER_CODE_MALFORMED", vec![violation]))
}

/// `ListDossiers`.
///
/// # Errors
/// Every violation.
pub fn filter(request: &pb::ListDossiersRequest, now: Moment) -> Result<Filter, Failure> {
    let mut fields = Fields::new();
    let limit = fields.page_size(request.page_size, USUAL_PAGE, LARGEST_PAGE);
    let after = fields.take(after(&request.page_token)).flatten();
    let mut named =
        |field, value: &str| (!value.is_empty()).then(|| fields.text(field, value, UID));
    let receiving_unit = named("receiving_unit_uid", &request.receiving_unit_uid);
    let competent_unit = named("competent_unit_uid", &request.competent_unit_uid);
    let procedure = named("procedure_code", &request.procedure_code);
    let party = named("party_uid", &request.party_uid);
    let text = (!request.text.is_empty()).then(|| fields.text("text", &request.text, TEXT));
    fields.finish()?;
    let now = clock::micros(now);
    let pressing = match request.urgency() {
        pb::Urgency::Unspecified => None,
        pb::Urgency::AtRisk => Some(Pressing::AtRisk(now)),
        pb::Urgency::Overdue => Some(Pressing::Overdue(now)),
    };
    let due_before = request.due_before.as_ref().map(clock::from_timestamp);
    Ok(Filter {
        receiving_unit,
        competent_unit,
        procedure,
        party,
        state: Some(request.state).filter(|state| *state != 0),
        due_before: due_before.map(clock::micros),
        pressing,
        text: text.map(|text| searched(&text)),
        after,
        limit,
    })
}

/// A code has digits and points, a name has not.
fn searched(text: &str) -> Text {
    if text.contains(|letter: char| letter.is_ascii_digit()) {
        return Text::Code(text.trim().to_uppercase());
    }
    Text::Words(store::words_of(text))
}

fn after(token: &str) -> Result<Option<After>, Violation> {
    let Some([at, uid]) = page::keys::<2>(token)? else {
        return Ok(None);
    };
    let at = at.parse().map_err(|_| page::foreign_token())?;
    Ok(Some(After { at, uid }))
}

/// The reply of `ListDossiers`.
#[must_use]
pub fn page(dossiers: &[Dossier], filter: &Filter, cursor: String) -> pb::ListDossiersResponse {
    let full = u64::try_from(dossiers.len()).is_ok_and(|length| length >= filter.limit);
    let last = dossiers.last().filter(|_| full);
    let at = |last: &Dossier| match (filter.pressing, last.late_at()) {
        (Some(_), Some(late_at)) => late_at,
        _ => last.submitted_at,
    };
    let token = |last: &Dossier| page::token(&[&clock::micros(at(last)).to_string(), &last.uid]);
    pb::ListDossiersResponse {
        dossiers: dossiers.iter().map(reply::dossier).collect(),
        next_page_token: last.map(token).unwrap_or_default(),
        cursor,
    }
}

/// `PreviewDossier`.
///
/// # Errors
/// Every violation.
pub fn preview(request: &pb::PreviewDossierRequest) -> Result<Asked, Failure> {
    let mut fields = Fields::new();
    let mut optional =
        |field, value: &str| (!value.is_empty()).then(|| fields.text(field, value, UID));
    let case_key = optional("case_key", &request.case_key).unwrap_or_default();
    let competent_unit = optional("competent_unit_uid", &request.competent_unit_uid);
    let procedure_code = fields.text("procedure_code", &request.procedure_code, UID);
    let receiving_unit = fields.text("receiving_unit_uid", &request.receiving_unit_uid, UID);
    fields.finish()?;
    let channel = match request.channel() {
        pb::Channel::Unspecified | pb::Channel::Online => Channel::Online,
        pb::Channel::Counter => Channel::Counter,
        pb::Channel::Post => Channel::Post,
    };
    Ok(Asked {
        procedure_code,
        case_key,
        receiving_unit,
        competent_unit,
        channel,
    })
}

/// The reply of `PreviewDossier`.
#[must_use]
pub fn previewed(preview: &Preview) -> pb::PreviewDossierResponse {
    let component = |component: &Component| pb::PreviewedComponent {
        key: component.key.clone(),
        name: component.name.clone(),
        originals: component.originals,
        copies: component.copies,
        from_register: component.from_register,
    };
    pb::PreviewDossierResponse {
        procedure_version: preview.version,
        case_key: preview.case_key.clone(),
        files_online: preview.files_online,
        competent_unit_uid: preview.units.competent.clone(),
        components: preview.components.iter().map(component).collect(),
        form_schema: preview.form_schema.clone(),
        fees: preview.fees.iter().map(reply::fee).collect(),
        appointment: preview.appointment.map(clock::to_timestamp),
    }
}
