//! Units on the wire.

use kit::failure::Failure;
use kit::fields::Fields;
use kit::page;
use proto::identity::v1 as pb;
use proto::identity::v1::identity_change::Change;

use crate::unit::{self, Page, Unit};

const USUAL_PAGE: u64 = 100;
const LARGEST_PAGE: u64 = 500;

impl TryFrom<&pb::ListUnitsRequest> for Page {
    type Error = Failure;

    fn try_from(message: &pb::ListUnitsRequest) -> Result<Self, Failure> {
        let mut fields = Fields::new();
        let size = fields.page_size(message.page_size, USUAL_PAGE, LARGEST_PAGE);
        let after = fields.take(page::keys(&message.page_token)).flatten();
        fields.finish()?;
        Ok(Self {
            kind: unit_kind(message.kind()),
            after: after.map(|[uid]| unit::Uid::new(uid)),
            size,
        })
    }
}

fn unit_kind(kind: pb::UnitKind) -> Option<unit::Kind> {
    match kind {
        pb::UnitKind::Unspecified => None,
        pb::UnitKind::Province => Some(unit::Kind::Province),
        pb::UnitKind::Department => Some(unit::Kind::Department),
        pb::UnitKind::District => Some(unit::Kind::District),
        pb::UnitKind::Commune => Some(unit::Kind::Commune),
    }
}

impl From<unit::Kind> for pb::UnitKind {
    fn from(kind: unit::Kind) -> Self {
        match kind {
            unit::Kind::Province => Self::Province,
            unit::Kind::Department => Self::Department,
            unit::Kind::District => Self::District,
            unit::Kind::Commune => Self::Commune,
        }
    }
}

impl From<&Unit> for pb::Unit {
    fn from(unit: &Unit) -> Self {
        let end = unit.end.as_ref();
        let text = |uid: Option<&unit::Uid>| uid.map(ToString::to_string).unwrap_or_default();
        Self {
            uid: unit.uid.to_string(),
            code: unit.code.clone(),
            kind: pb::UnitKind::from(unit.kind).into(),
            subtype: unit.subtype.clone(),
            name: unit.name.clone(),
            short_name: unit.short_name.clone(),
            parent_uid: text(unit.parent.as_ref()),
            national_code: unit.national_code.clone(),
            valid_from: unit.valid_from.to_string(),
            valid_to: end.map(|end| end.last_day.to_string()).unwrap_or_default(),
            successor_uid: text(end.and_then(|end| end.successor.as_ref())),
            revision: unit.revision,
        }
    }
}

/// A page of units, of which `page` asked for one too many to know whether another follows.
pub(crate) fn page(mut units: Vec<Unit>, page: &Page) -> pb::ListUnitsResponse {
    let size = usize::try_from(page.size).unwrap_or(usize::MAX);
    let more = units.len() > size;
    units.truncate(size);
    let last = units.last().filter(|_| more);
    pb::ListUnitsResponse {
        next_page_token: last
            .map(|unit| kit::page::token(&[unit.uid.as_str()]))
            .unwrap_or_default(),
        units: units.iter().map(pb::Unit::from).collect(),
    }
}

/// What the log tells of a unit.
pub(crate) fn imported(unit: &Unit) -> pb::IdentityChange {
    let unit = Some(unit.into());
    pb::IdentityChange {
        change: Some(Change::UnitImported(pb::UnitImported { unit })),
    }
}
