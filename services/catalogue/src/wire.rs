//! Protobuf to domain and back.

pub(crate) mod calendar;

use kit::failure::{Failure, Violation};
use kit::fields::Fields;
use kit::page;
use prost::Message;
use proto::catalogue::v1 as pb;
use proto::catalogue::v1::catalogue_change::Change;

use crate::error::Error;
use crate::procedure::{
    Component, Edition, Handling, Level, Limit, OnlineLevel, Page, Procedure, Time,
};
use crate::route::{Part, Role, Route, Step, UnitRule};

const USUAL_PAGE: u64 = 100;
const LARGEST_PAGE: u64 = 500;
/// The one case that the files give a procedure.
const STANDARD: (&str, &str) = ("standard", "Trường hợp chung");

impl TryFrom<&pb::ListProceduresRequest> for Page {
    type Error = Failure;

    fn try_from(message: &pb::ListProceduresRequest) -> Result<Self, Failure> {
        let mut fields = Fields::new();
        let size = fields.page_size(message.page_size, USUAL_PAGE, LARGEST_PAGE);
        let after = fields.take(page::keys(&message.page_token)).flatten();
        let online_level = fields.take(online_level(message.online_level)).flatten();
        fields.finish()?;
        Ok(Self {
            level: level(message.level()),
            online_level,
            after: after.map(|[code]| code),
            size,
        })
    }
}

fn online_level(number: i32) -> Result<Option<OnlineLevel>, Violation> {
    let unknown = || {
        Violation::new(
            "online_level",
            "OUT_OF_RANGE",
            "must be 0 to 4",
            "phải từ 0 đến 4",
        )
    };
    match number {
        0 => Ok(None),
        number => OnlineLevel::new(number).map(Some).ok_or_else(unknown),
    }
}

fn level(level: pb::CompetentLevel) -> Option<Level> {
    match level {
        pb::CompetentLevel::Unspecified => None,
        pb::CompetentLevel::Department => Some(Level::Department),
        pb::CompetentLevel::District => Some(Level::District),
        pb::CompetentLevel::Commune => Some(Level::Commune),
    }
}

/// A message that the store keeps.
pub(crate) fn stored<M: Message + Default>(body: &[u8]) -> Result<M, Error> {
    Ok(M::decode(body)?)
}

/// A page of stored procedures, of which `page` asked for one too many to know whether another follows.
pub(crate) fn procedure_page(
    bodies: &[Vec<u8>],
    page: &Page,
) -> Result<pb::ListProceduresResponse, Error> {
    let size = usize::try_from(page.size).unwrap_or(usize::MAX);
    let procedures: Result<Vec<pb::Procedure>, Error> =
        bodies.iter().take(size).map(|body| stored(body)).collect();
    let procedures = procedures?;
    let last = procedures.last().filter(|_| bodies.len() > size);
    Ok(pb::ListProceduresResponse {
        next_page_token: last
            .map(|last| page::token(&[&last.code]))
            .unwrap_or_default(),
        procedures,
    })
}

/// The catalogue in figures, from counts by online level.
pub(crate) fn summary(counts: Vec<(i32, i64)>) -> pb::GetCatalogueSummaryResponse {
    let level = |(online_level, procedures)| pb::LevelCount {
        online_level,
        procedures: i32::try_from(procedures).unwrap_or(i32::MAX),
    };
    let levels: Vec<pb::LevelCount> = counts.into_iter().map(level).collect();
    pb::GetCatalogueSummaryResponse {
        procedures: levels.iter().map(|level| level.procedures).sum(),
        levels,
    }
}

/// One edition of a procedure.
pub(crate) fn procedure(procedure: &Procedure, edition: Edition) -> pb::Procedure {
    let level = match procedure.level {
        Level::Department => pb::CompetentLevel::Department,
        Level::District => pb::CompetentLevel::District,
        Level::Commune => pb::CompetentLevel::Commune,
    };
    pb::Procedure {
        code: procedure.code.to_string(),
        name: procedure.name.clone(),
        field: procedure.field.clone(),
        level: level.into(),
        lead_unit_uid: procedure.lead_unit.as_str().to_owned(),
        vertical_agency: procedure.handling == Handling::VerticalAgency,
        online_level: procedure.online_level.number(),
        version: Some(pb::Version {
            number: edition.version,
            effective_from: edition.effective_from.to_string(),
            components: procedure.components.iter().map(component).collect(),
            cases: vec![standard_case(procedure)],
        }),
        revision: edition.revision,
    }
}

fn component(component: &Component) -> pb::Component {
    pb::Component {
        key: component.key.clone(),
        name: component.name.clone(),
        originals: component.originals.into(),
        copies: component.copies.into(),
    }
}

fn standard_case(procedure: &Procedure) -> pb::Case {
    let (key, name) = STANDARD;
    let route = match &procedure.handling {
        Handling::Units(units) => route(units),
        Handling::VerticalAgency => pb::Route::default(),
    };
    pb::Case {
        key: key.to_owned(),
        name: name.to_owned(),
        limit: Some(limit(procedure.limit)),
        fee_vnd: procedure.fee.amount(),
        route: Some(route),
    }
}

fn limit(limit: Limit) -> pb::Limit {
    let (unit, count) = match limit.time {
        Time::SameDay => (pb::LimitUnit::SameDay, 0),
        Time::WorkingHours(count) => (pb::LimitUnit::WorkingHour, count.get()),
        Time::WorkingDays(count) => (pb::LimitUnit::WorkingDay, count.get()),
        Time::CalendarDays(count) => (pb::LimitUnit::CalendarDay, count.get()),
        Time::Months(count) => (pb::LimitUnit::Month, count.get()),
    };
    pb::Limit {
        unit: unit.into(),
        count: count.into(),
        assumed: limit.assumed,
    }
}

fn route(route: &Route) -> pb::Route {
    pb::Route {
        name: route.name().to_owned(),
        steps: route.steps().iter().map(step).collect(),
    }
}

fn step(step: &Step) -> pb::Step {
    let (unit_rule, unit_uid) = match &step.unit_rule {
        UnitRule::Receiving => (pb::UnitRule::Receiving, ""),
        UnitRule::ParentOfReceiving => (pb::UnitRule::ParentOfReceiving, ""),
        UnitRule::Competent => (pb::UnitRule::Competent, ""),
        UnitRule::Fixed(unit) => (pb::UnitRule::Fixed, unit.as_str()),
    };
    let role = match step.role {
        Role::Examiner => pb::StepRole::Examiner,
        Role::Leader => pb::StepRole::Leader,
        Role::HeadOfOffice => pb::StepRole::HeadOfOffice,
        Role::Clerk => pb::StepRole::Clerk,
        Role::Cashier => pb::StepRole::Cashier,
    };
    let part = match step.part {
        Part::Sole => pb::StepPart::Sole,
        Part::Lead => pb::StepPart::Lead,
        Part::Consulted => pb::StepPart::Consulted,
    };
    pb::Step {
        key: step.key.clone(),
        name: step.name.clone(),
        after: step.after.clone(),
        unit_rule: unit_rule.into(),
        unit_uid: unit_uid.to_owned(),
        role: role.into(),
        share_percent: step.share.percent().into(),
        part: part.into(),
        decides: step.decides,
    }
}

/// What the log tells of a procedure.
pub(crate) fn procedure_published(procedure: pb::Procedure) -> pb::CatalogueChange {
    let procedure = Some(procedure);
    pb::CatalogueChange {
        change: Some(Change::ProcedurePublished(pb::ProcedurePublished {
            procedure,
        })),
    }
}
