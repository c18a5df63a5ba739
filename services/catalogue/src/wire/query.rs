//! What is read and searched, parsed at the edge.

use chrono::NaiveDate;
use kit::failure::{Failure, Violation};
use kit::fields::Fields;
use kit::page;
use proto::catalogue::v1 as pb;

use super::parse::{applicant, level, optional_day};
use crate::shelf::{Page, Search};

const USUAL_PAGE: u64 = 100;
const LARGEST_PAGE: u64 = 500;
const USUAL_FINDS: u64 = 20;
const MOST_FINDS: u64 = 100;
const NAME: usize = 200;

/// Which procedure somebody asks for.
pub(crate) struct Asked {
    pub code: String,
    pub on: NaiveDate,
    pub unit: String,
    pub version: i32,
}

/// `GetProcedure`.
pub(crate) fn asked(message: &pb::GetProcedureRequest, today: NaiveDate) -> Result<Asked, Failure> {
    let mut fields = Fields::new();
    let code = fields.text("code", &message.code, NAME);
    let on = optional_day(&mut fields, "as_of", &message.as_of);
    if message.version < 0 {
        let english = "must not be negative";
        fields.reject(Violation::new(
            "version",
            "OUT_OF_RANGE",
            english,
            "không được âm",
        ));
    }
    fields.finish()?;
    Ok(Asked {
        code,
        on: on.unwrap_or(today),
        unit: message.unit_uid.clone(),
        version: message.version,
    })
}

/// `GetCatalogueSummary`.
pub(crate) fn day(as_of: &str, today: NaiveDate) -> Result<NaiveDate, Failure> {
    let mut fields = Fields::new();
    let on = optional_day(&mut fields, "as_of", as_of);
    fields.finish()?;
    Ok(on.unwrap_or(today))
}

/// `ListProcedures`.
pub(crate) fn page(message: &pb::ListProceduresRequest, today: NaiveDate) -> Result<Page, Failure> {
    let mut fields = Fields::new();
    let size = fields.page_size(message.page_size, USUAL_PAGE, LARGEST_PAGE);
    let after = fields.take(page::keys(&message.page_token)).flatten();
    let online_level = online_level(&mut fields, message.online_level);
    let on = optional_day(&mut fields, "as_of", &message.as_of);
    fields.finish()?;
    Ok(Page {
        on: on.unwrap_or(today),
        level: level(message.level()),
        online_level,
        after: after.map(|[code]| code),
        size: as_size(size),
    })
}

/// `SearchProcedures`.
pub(crate) fn search(
    message: &pb::SearchProceduresRequest,
    today: NaiveDate,
) -> Result<Search, Failure> {
    let mut fields = Fields::new();
    let text = optional(&mut fields, "text", &message.text);
    let field = optional(&mut fields, "field", &message.field);
    let lead_unit = optional(&mut fields, "lead_unit_uid", &message.lead_unit_uid);
    let size = fields.page_size(message.page_size, USUAL_FINDS, MOST_FINDS);
    let online_level = online_level(&mut fields, message.online_level);
    let on = optional_day(&mut fields, "as_of", &message.as_of);
    let after = fields.take(place(&message.page_token)).flatten();
    fields.finish()?;
    Ok(Search {
        text: text.unwrap_or_default(),
        field,
        lead_unit,
        level: level(message.level()),
        online_level,
        applicant: applicant(message.applicant()),
        on: on.unwrap_or(today),
        after,
        size: as_size(size),
    })
}

fn place(token: &str) -> Result<Option<(crate::shelf::Agreement, String)>, Violation> {
    let Some([agreement, code]) = page::keys(token)? else {
        return Ok(None);
    };
    match agreement.parse() {
        Ok(agreement) => Ok(Some((agreement, code))),
        Err(()) => Err(page::foreign_token()),
    }
}

fn optional(fields: &mut Fields, field: &str, text: &str) -> Option<String> {
    (!text.trim().is_empty()).then(|| fields.text(field, text, NAME))
}

fn online_level(fields: &mut Fields, number: i32) -> Option<i32> {
    if !(0..=4).contains(&number) {
        fields.reject(Violation::new(
            "online_level",
            "OUT_OF_RANGE",
            "must be 0 to 4",
            "phải từ 0 đến 4",
        ));
    }
    (number != 0).then_some(number)
}

fn as_size(size: u64) -> usize {
    usize::try_from(size).unwrap_or(usize::MAX)
}
