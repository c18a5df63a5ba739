//! Queries and their replies.

use kit::clock;
use kit::failure::{Failure, Violation};
use kit::fields::{Fields, name, required};
use kit::page;
use proto::intake::v1 as pb;
use proto::intake::v1::get_dossier_request::Key as WireKey;

use super::reply;
use crate::code::DossierCode;
use crate::dossier::Dossier;
use crate::store::{After, Filter};

const USUAL_PAGE: u64 = 50;
const LARGEST_PAGE: u64 = 500;
const UID: usize = 50;

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
pub fn filter(request: &pb::ListDossiersRequest) -> Result<Filter, Failure> {
    let mut fields = Fields::new();
    let limit = fields.page_size(request.page_size, USUAL_PAGE, LARGEST_PAGE);
    let after = fields.take(after(&request.page_token)).flatten();
    let unit = Some(request.receiving_unit_uid.as_str()).filter(|unit| !unit.is_empty());
    let unit = unit.map(|unit| fields.text("receiving_unit_uid", unit, UID));
    fields.finish()?;
    Ok(Filter {
        receiving_unit: unit,
        state: Some(request.state).filter(|state| *state != 0),
        after,
        limit,
    })
}

fn after(token: &str) -> Result<Option<After>, Violation> {
    let Some([submitted_at, uid]) = page::keys::<2>(token)? else {
        return Ok(None);
    };
    let submitted_at = submitted_at.parse().map_err(|_| {
        Violation::new(
            "page_token",
            "MALFORMED",
            "was not handed out by this list",
            "không hợp lệ",
        )
    })?;
    Ok(Some(After { submitted_at, uid }))
}

/// The reply of `ListDossiers`.
#[must_use]
pub fn page(dossiers: &[Dossier], limit: u64) -> pb::ListDossiersResponse {
    let full = u64::try_from(dossiers.len()).is_ok_and(|length| length >= limit);
    let last = dossiers.last().filter(|_| full);
    let token =
        |last: &Dossier| page::token(&[&clock::micros(last.submitted_at).to_string(), &last.uid]);
    pb::ListDossiersResponse {
        dossiers: dossiers.iter().map(reply::dossier).collect(),
        next_page_token: last.map(token).unwrap_or_default(),
    }
}
