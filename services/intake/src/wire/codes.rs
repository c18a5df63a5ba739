//! Blocks of codes on the wire.

use chrono::NaiveDate;
use kit::authority::Context;
use kit::clock::{self, Moment};
use kit::failure::{Failure, Violation};
use kit::fields::{Fields, required};
use prost::Message as _;
use proto::intake::v1 as pb;
use proto::intake::v1::code_change::Change;

use crate::act::{Act, GivenBack, Offline, Reservation};
use crate::block::{Block, Numbers};
use crate::code::DossierCode;

const UID: usize = 50;
const REASON: usize = 1_000;
const MOST_CODES: u32 = 200;

/// `ReserveCodes`.
///
/// # Errors
/// Every violation.
pub fn reserve(
    context: &Context,
    request: &pb::ReserveCodesRequest,
) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&request.request_id);
    let unit = fields.text("unit_uid", &request.unit_uid, UID);
    let date = fields.take(date(&request.date));
    let count = u32::try_from(request.count).unwrap_or_default();
    if !(1..=MOST_CODES).contains(&count) {
        fields.reject(Violation::new(
            "count",
            "OUT_OF_RANGE",
            format!("must be 1 to {MOST_CODES}"),
            format!("phải từ 1 đến {MOST_CODES}"),
        ));
    }
    fields.finish()?;
    let reservation = Reservation {
        rights: context.rights.clone(),
        uid: clock::new_uid(),
        unit,
        date: date.ok_or_else(|| Failure::invalid_fields(vec![required("date")]))?,
        count,
    };
    Ok((request_id, Act::Reserve(reservation)))
}

/// `ReturnCodes`.
///
/// # Errors
/// Every violation.
pub fn give_back(
    context: &Context,
    request: &pb::ReturnCodesRequest,
) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&request.request_id);
    let given_back = GivenBack {
        rights: context.rights.clone(),
        block: fields.text("block_uid", &request.block_uid, UID),
        reason: fields.text("reason", &request.reason, REASON),
    };
    fields.finish()?;
    Ok((request_id, Act::GiveBack(given_back)))
}

/// What a counter gave out while it was offline: a code, and a time on the day that it names and not to come.
pub(super) fn offline(
    fields: &mut Fields,
    message: &pb::OfflineReceipt,
    now: Moment,
) -> Option<Offline> {
    let code = DossierCode::parse(&message.code).map_err(|violation| Violation {
        field: "offline.code".to_owned(),
        ..violation
    });
    let code = fields.take(code);
    let received_at = message.received_at.as_ref().map(clock::from_timestamp);
    let received_at = received_at.ok_or_else(|| required("offline.received_at"));
    let received_at = fields.take(received_at);
    let (code, received_at) = (code?, received_at?);
    if received_at > now || code.date() != Some(clock::local(received_at).date()) {
        fields.reject(Violation::new(
            "offline.received_at",
            "OUT_OF_RANGE",
            "must be a time on the day of the code, and not in the future",
            "phải là thời điểm trong ngày ghi trong mã hồ sơ và không ở tương lai",
        ));
    }
    Some(Offline { code, received_at })
}

fn date(text: &str) -> Result<NaiveDate, Violation> {
    if text.is_empty() {
        return Err(required("date"));
    }
    NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| {
        Violation::new(
            "date",
            "MALFORMED",
            "must be YYYY-MM-DD",
            "phải có dạng YYYY-MM-DD",
        )
    })
}

/// The reply of `ReserveCodes`.
#[must_use]
pub fn reserved(block: &Block) -> Vec<u8> {
    let range = range(block, block.numbers);
    let last = block.code(block.numbers.last);
    pb::ReserveCodesResponse {
        block_uid: block.uid.clone(),
        unit_uid: block.unit.clone(),
        date: block.date.to_string(),
        first_code: range.first_code,
        last_code: range.last_code,
        warnings: grown(&last).into_iter().collect(),
    }
    .encode_to_vec()
}

/// The reply of `ReturnCodes`.
#[must_use]
pub fn returned(block: &Block, unused: &[Numbers]) -> Vec<u8> {
    pb::ReturnCodesResponse {
        voided: ranges(block, unused),
    }
    .encode_to_vec()
}

/// What the log tells of a block.
#[must_use]
pub fn told_reserved(block: &Block) -> Change {
    Change::Reserved(pb::CodesReserved {
        unit_uid: block.unit.clone(),
        date: block.date.to_string(),
        codes: Some(range(block, block.numbers)),
    })
}

/// What the log tells of a block that was given back.
#[must_use]
pub fn told_returned(block: &Block, unused: &[Numbers], reason: &str) -> Change {
    Change::Returned(pb::CodesReturned {
        unit_uid: block.unit.clone(),
        date: block.date.to_string(),
        voided: ranges(block, unused),
        reason: reason.to_owned(),
    })
}

/// What a desk should know of a code.
#[must_use]
pub fn grown(code: &DossierCode) -> Option<pb::Warning> {
    code.has_grown().then(|| pb::Warning {
        reason: "CODE_GREW".to_owned(),
        message: format!(
            "Mã hồ sơ {code} có số thứ tự nhiều hơn 4 chữ số; hệ thống khác có thể không đọc được"
        ),
    })
}

fn ranges(block: &Block, numbers: &[Numbers]) -> Vec<pb::CodeRange> {
    let numbers = numbers.iter();
    numbers.map(|numbers| range(block, *numbers)).collect()
}

fn range(block: &Block, numbers: Numbers) -> pb::CodeRange {
    pb::CodeRange {
        first_code: block.code(numbers.first).to_string(),
        last_code: block.code(numbers.last).to_string(),
    }
}
