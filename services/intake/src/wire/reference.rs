//! Procedures as the catalogue publishes them, as far as intake needs them.

use kit::copies::UnitKind;
use prost::Message as _;
use proto::catalogue::v1 as catalogue;
use worktime::Limit;

use crate::reference::{Case, Component, Procedure};

/// The procedure in an encoded message; `None` when it is not one.
#[must_use]
pub fn procedure(body: &[u8]) -> Option<Procedure> {
    let message = catalogue::Procedure::decode(body).ok()?;
    let level = match message.level() {
        catalogue::CompetentLevel::Unspecified => return None,
        catalogue::CompetentLevel::Department => UnitKind::Department,
        catalogue::CompetentLevel::District => UnitKind::District,
        catalogue::CompetentLevel::Commune => UnitKind::Commune,
    };
    let version = message.version?;
    let cases: Option<Vec<_>> = version.cases.into_iter().map(case).collect();
    Some(Procedure {
        level,
        code: message.code,
        lead_unit: message.lead_unit_uid,
        vertical_agency: message.vertical_agency,
        online_level: message.online_level,
        version: version.number,
        components: version.components.into_iter().map(component).collect(),
        cases: cases?,
    })
}

fn component(message: catalogue::Component) -> Component {
    Component {
        key: message.key,
        name: message.name,
        originals: message.originals,
        copies: message.copies,
    }
}

fn case(message: catalogue::Case) -> Option<Case> {
    let route = message.route.unwrap_or_default();
    let above = catalogue::UnitRule::ParentOfReceiving;
    Some(Case {
        key: message.key,
        limit: limit(&message.limit?)?,
        decided_above: route
            .steps
            .iter()
            .any(|step| step.decides && step.unit_rule() == above),
        routed: !route.steps.is_empty(),
    })
}

fn limit(message: &catalogue::Limit) -> Option<Limit> {
    let count = u32::try_from(message.count).ok()?;
    match message.unit() {
        catalogue::LimitUnit::Unspecified => None,
        catalogue::LimitUnit::SameDay => Some(Limit::SameDay),
        catalogue::LimitUnit::WorkingHour => Some(Limit::WorkingHours(count)),
        catalogue::LimitUnit::WorkingDay => Some(Limit::WorkingDays(count)),
        catalogue::LimitUnit::CalendarDay => Some(Limit::CalendarDays(count)),
        catalogue::LimitUnit::Month => Some(Limit::Months(count)),
    }
}
