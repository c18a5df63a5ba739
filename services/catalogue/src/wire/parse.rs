//! Procedures on their way in. A draft may be incomplete, but what it says must be of the kind that is asked for.

mod case;

use chrono::NaiveDate;
use kit::failure::Violation;
use kit::fields::{Fields, required};
use kit::online::{self, Period};
use proto::catalogue::v1 as pb;

use crate::procedure::{ApplicantKind, Code, Level, Procedure};
use crate::route::UnitUid;

/// Longest name, in characters; official names are sentences.
const NAME: usize = 2_000;
/// Longest uid, key or field, in characters.
const KEY: usize = 200;
/// Most things of one kind.
const MOST: usize = 500;

/// What a draft says.
pub(super) fn procedure(fields: &mut Fields, message: Option<&pb::Procedure>) -> Option<Procedure> {
    let Some(message) = message else {
        fields.reject(required("draft"));
        return None;
    };
    let code = code(fields, "draft.code", &message.code);
    let local_code = match message.local_code.as_str() {
        "" => None,
        text => self::code(fields, "draft.local_code", text),
    };
    let level = level(message.level()).ok_or_else(|| required("draft.level"));
    let level = fields.take(level);
    let lead_unit = fields.text("draft.lead_unit_uid", &message.lead_unit_uid, KEY);
    let version = message.version.as_ref();
    let cases = version.map_or(&[][..], |version| &version.cases);
    few(fields, "draft.version.cases", cases.len());
    let cases = cases.iter().enumerate().map(|(index, message)| {
        case::case(fields, &format!("draft.version.cases[{index}]"), message)
    });
    let cases: Vec<_> = cases.collect();
    let procedure = Procedure {
        code: code?,
        local_code,
        name: optional(fields, "draft.name", &message.name, NAME),
        name_en: optional(fields, "draft.name_en", &message.name_en, NAME),
        field: optional(fields, "draft.field", &message.field, KEY),
        legal_bases: texts(fields, "draft.legal_bases", &message.legal_bases),
        level: level?,
        lead_unit: UnitUid::new(lead_unit),
        vertical_agency: message.vertical_agency,
        result: optional(fields, "draft.result", &message.result, NAME),
        applicants: message.applicants().filter_map(applicant).collect(),
        cases: cases.into_iter().collect::<Option<_>>()?,
    };
    Some(procedure)
}

/// A code that somebody names.
pub(super) fn code(fields: &mut Fields, field: &str, text: &str) -> Option<Code> {
    fields.take(text.parse().map_err(|()| {
        Violation::new(
            field,
            "MALFORMED",
            "must be a code such as 1.001193",
            "phải là mã thủ tục, ví dụ 1.001193",
        )
    }))
}

/// The level of government; `None` when it is not said.
pub(super) fn level(level: pb::CompetentLevel) -> Option<Level> {
    match level {
        pb::CompetentLevel::Unspecified => None,
        pb::CompetentLevel::Department => Some(Level::Department),
        pb::CompetentLevel::District => Some(Level::District),
        pb::CompetentLevel::Commune => Some(Level::Commune),
    }
}

/// Who may apply; `None` when it is not said.
pub(super) fn applicant(kind: pb::ApplicantKind) -> Option<ApplicantKind> {
    match kind {
        pb::ApplicantKind::Unspecified => None,
        pb::ApplicantKind::Citizen => Some(ApplicantKind::Citizen),
        pb::ApplicantKind::Business => Some(ApplicantKind::Business),
        pb::ApplicantKind::Organisation => Some(ApplicantKind::Organisation),
        pb::ApplicantKind::Agency => Some(ApplicantKind::Agency),
    }
}

/// A day, `YYYY-MM-DD`.
pub(super) fn day(fields: &mut Fields, field: &str, text: &str) -> Option<NaiveDate> {
    let parsed = NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| {
        Violation::new(
            field,
            "MALFORMED",
            "must be YYYY-MM-DD",
            "phải có dạng YYYY-MM-DD",
        )
    });
    fields.take(parsed)
}

/// A day that may be left out.
pub(super) fn optional_day(fields: &mut Fields, field: &str, text: &str) -> Option<NaiveDate> {
    if text.is_empty() {
        return None;
    }
    day(fields, field, text)
}

/// How far a procedure is online in a period.
pub(super) fn period(fields: &mut Fields, message: Option<&pb::OnlineLevel>) -> Option<Period> {
    let Some(message) = message else {
        fields.reject(required("online_level"));
        return None;
    };
    if !(0..=4).contains(&message.level) {
        fields.reject(out_of_range("online_level.level", 0, 4));
    }
    if message.level == 0 && message.service() == pb::OnlineService::Unspecified {
        fields.reject(required("online_level.level"));
    }
    optional(fields, "online_level.unit_uid", &message.unit_uid, KEY);
    day(fields, "online_level.valid_from", &message.valid_from)?;
    optional_day(fields, "online_level.valid_to", &message.valid_to);
    online::period(message)
}

/// Text that may be left out.
fn optional(fields: &mut Fields, field: &str, text: &str, most: usize) -> String {
    if text.is_empty() {
        return String::new();
    }
    fields.text(field, text, most)
}

fn texts(fields: &mut Fields, field: &str, texts: &[String]) -> Vec<String> {
    few(fields, field, texts.len());
    let text =
        |(index, text): (usize, &String)| fields.text(&format!("{field}[{index}]"), text, NAME);
    texts.iter().enumerate().map(text).collect()
}

fn few(fields: &mut Fields, field: &str, count: usize) {
    if count > MOST {
        fields.reject(Violation::new(
            field,
            "TOO_MANY",
            format!("at most {MOST} are allowed"),
            format!("nhiều nhất là {MOST} mục"),
        ));
    }
}

fn out_of_range(field: &str, least: i64, most: i64) -> Violation {
    Violation::new(
        field,
        "OUT_OF_RANGE",
        format!("must be {least} to {most}"),
        format!("phải từ {least} đến {most}"),
    )
}
