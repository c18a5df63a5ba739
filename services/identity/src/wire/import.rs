//! An import of units on the wire.

use kit::failure::{Failure, Violation};
use kit::fields::{Fields, required};
use kit::text::normalise;
use proto::identity::v1 as pb;

use super::query::date;
use super::unit::unit_kind;
use crate::register::{Column, Described, Draft, Fault, Place, Succeeded};
use crate::unit::{Change, Heir, Kind, Period, Uid};

const LONGEST: usize = 200;

/// A request to take units in.
pub(crate) struct ImportUnits {
    pub request_id: String,
    pub is_dry_run: bool,
    pub draft: Draft,
}

impl TryFrom<&pb::ImportUnitsRequest> for ImportUnits {
    type Error = Failure;

    fn try_from(message: &pb::ImportUnitsRequest) -> Result<Self, Failure> {
        let mut fields = Fields::new();
        let request_id = fields.request_id(&message.request_id);
        let mut draft = Draft::default();
        for (index, row) in message.units.iter().enumerate() {
            let described = described(&mut fields, &format!("units[{index}]"), row);
            draft.units.extend(described.map(|row| (index, row)));
        }
        for (index, row) in message.successions.iter().enumerate() {
            let succeeded = succeeded(&mut fields, &format!("successions[{index}]"), row);
            draft.successions.extend(succeeded.map(|row| (index, row)));
        }
        fields.finish()?;
        Ok(Self {
            request_id,
            is_dry_run: message.dry_run,
            draft,
        })
    }
}

fn described(fields: &mut Fields, at: &str, row: &pb::DescribedUnit) -> Option<Described> {
    let mut text = |field: &str, value: &str| fields.text(&format!("{at}.{field}"), value, LONGEST);
    let uid = text("uid", &row.uid);
    let code = text("code", &row.code);
    let subtype = text("subtype", &row.subtype);
    let name = text("name", &row.name);
    let short_name = text("short_name", &row.short_name);
    let national_code = text("national_code", &row.national_code);
    let field = |name: &str| format!("{at}.{name}");
    let kind = unit_kind(row.kind()).ok_or_else(|| required(&field("kind")));
    let kind = fields.take(kind);
    let is_below = kind.is_some_and(|kind| kind != Kind::Province);
    if is_below && row.parent_uid.is_empty() {
        fields.reject(required(&field("parent_uid")));
    }
    let from = fields.take(date(&field("valid_from"), &row.valid_from));
    let last_day = match row.valid_to.as_str() {
        "" => Some(None),
        day => fields.take(date(&field("valid_to"), day)).map(Some),
    };
    Some(Described {
        uid: Uid::new(uid),
        kind: kind?,
        period: Period {
            from: from?,
            code,
            subtype,
            name: normalise(&name),
            short_name: normalise(&short_name),
            parent: (!row.parent_uid.is_empty()).then(|| Uid::new(&row.parent_uid)),
            national_code,
        },
        last_day: last_day?,
    })
}

fn succeeded(fields: &mut Fields, at: &str, row: &pb::UnitSuccession) -> Option<Succeeded> {
    let field = |name: &str| format!("{at}.{name}");
    let from = fields.text(&field("from_uid"), &row.from_uid, LONGEST);
    let to = fields.text(&field("to_uid"), &row.to_uid, LONGEST);
    let day = fields.take(date(&field("day"), &row.day));
    let change = match row.change() {
        pb::UnitChange::Merged => Ok(Change::Merged),
        pb::UnitChange::Split => Ok(Change::Split),
        pb::UnitChange::Abolished => Ok(Change::Abolished),
        pb::UnitChange::Unspecified => Err(required(&field("change"))),
        pb::UnitChange::Renamed | pb::UnitChange::Recoded | pb::UnitChange::Moved => {
            Err(Violation::new(
                field("change"),
                "OUT_OF_RANGE",
                "a unit that is renamed, re-coded or moved goes on; describe it anew instead",
                "đơn vị đổi tên, đổi mã hoặc đổi cấp trên vẫn tiếp tục hoạt động",
            ))
        }
    };
    let change = fields.take(change);
    Some(Succeeded {
        from: Uid::new(from),
        day: day?,
        change: change?,
        heir: Heir {
            to: Uid::new(to),
            is_whole: row.is_whole,
            is_default: row.is_default,
            basis: row.basis.trim().to_owned(),
        },
    })
}

/// A fault as a violation of a field of the request.
pub(crate) fn violation(fault: &Fault) -> Violation {
    let row = match fault.place {
        Place::Unit(index) => format!("units[{index}]"),
        Place::Succession(index) => format!("successions[{index}]"),
    };
    Violation::new(
        format!("{row}.{}", field(fault.column)),
        fault.flaw.reason(),
        fault.flaw.to_string(),
        fault.flaw.vietnamese(),
    )
}

fn field(column: Column) -> &'static str {
    match column {
        Column::Uid => "uid",
        Column::Kind => "kind",
        Column::Code => "code",
        Column::NationalCode => "national_code",
        Column::Parent => "parent_uid",
        Column::ValidFrom => "valid_from",
        Column::ValidTo => "valid_to",
        Column::Day => "day",
        Column::From => "from_uid",
        Column::To => "to_uid",
        Column::Change => "change",
        Column::Default => "is_default",
    }
}
