//! What is asked of units, on the wire.

use chrono::NaiveDate;
use kit::failure::{Failure, Violation};
use kit::fields::Fields;
use kit::page;
use kit::text::Wanted;
use proto::identity::v1 as pb;

use super::unit::unit_kind;
use crate::register::{Page, Search};
use crate::unit::Uid;

const USUAL_PAGE: u64 = 100;
const USUAL_FOUND: u64 = 20;
const LARGEST_PAGE: u64 = 500;
const LONGEST_TEXT: usize = 200;

/// Which units a list asks for.
///
/// # Errors
/// `INVALID_FIELDS`.
pub(crate) fn list(message: &pb::ListUnitsRequest, today: NaiveDate) -> Result<Page, Failure> {
    let mut fields = Fields::new();
    let size = fields.page_size(message.page_size, USUAL_PAGE, LARGEST_PAGE);
    let after = fields.take(page::keys(&message.page_token)).flatten();
    let on = day(&mut fields, "as_of", &message.as_of, today);
    fields.finish()?;
    Ok(Page {
        on,
        include_ended: message.include_ended,
        kind: unit_kind(message.kind()),
        parent: given(&message.parent_uid).map(Uid::new),
        code: given(&message.code),
        national_code: given(&message.national_code),
        after: after.map(|[uid]| Uid::new(uid)),
        size: usize::try_from(size).unwrap_or(usize::MAX),
    })
}

/// What a search asks for.
///
/// # Errors
/// `INVALID_FIELDS`.
pub(crate) fn search(
    message: &pb::SearchUnitsRequest,
    today: NaiveDate,
) -> Result<Search, Failure> {
    let mut fields = Fields::new();
    let wanted = Wanted::new(&fields.text("text", &message.text, LONGEST_TEXT));
    if wanted.is_empty() && !message.text.trim().is_empty() {
        fields.reject(Violation::new(
            "text",
            "MALFORMED",
            "has no letter or digit",
            "không có chữ cái hoặc chữ số nào",
        ));
    }
    let size = fields.page_size(message.page_size, USUAL_FOUND, LARGEST_PAGE);
    let after = fields.take(page::keys(&message.page_token)).flatten();
    let on = day(&mut fields, "as_of", &message.as_of, today);
    fields.finish()?;
    Ok(Search {
        wanted,
        on,
        kind: unit_kind(message.kind()),
        after: after.map(|[uid]| Uid::new(uid)),
        size: usize::try_from(size).unwrap_or(usize::MAX),
    })
}

/// The unit and the day that something is asked of.
///
/// # Errors
/// `INVALID_FIELDS`.
pub(crate) fn asked(uid: &str, as_of: &str, today: NaiveDate) -> Result<(Uid, NaiveDate), Failure> {
    let mut fields = Fields::new();
    let uid = fields.text("uid", uid, LONGEST_TEXT);
    let on = day(&mut fields, "as_of", as_of, today);
    fields.finish()?;
    Ok((Uid::new(uid), on))
}

fn day(fields: &mut Fields, field: &str, value: &str, today: NaiveDate) -> NaiveDate {
    if value.is_empty() {
        return today;
    }
    fields.take(date(field, value)).unwrap_or(today)
}

/// A day on the wire.
///
/// # Errors
/// `MALFORMED`.
pub(super) fn date(field: &str, value: &str) -> Result<NaiveDate, Violation> {
    value.parse().map_err(|_| {
        Violation::new(
            field,
            "MALFORMED",
            "must be a day such as 2017-01-31",
            "phải là ngày, ví dụ 2017-01-31",
        )
    })
}

fn given(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}
