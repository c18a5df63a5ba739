//! Procedures on their way out.

use chrono::NaiveDate;
use kit::online::{Level as OnlineLevel, Online, Period, Service, Way};
use proto::catalogue::v1 as pb;

use crate::entry::{Draft, Entry, Standing, Version};
use crate::procedure::{
    ApplicantKind, Case, Channel, Component, CountFrom, Cutoffs, Fee, Level, Limit, PaidWhen,
    Procedure, Register, Time, TimeOfDay,
};
use crate::route::{Part, Role, Route, Step, UnitRule, UnitUid};

/// A published version, as it stands on a day; its online level is that at a unit, or everywhere.
pub(crate) fn version(
    entry: &Entry,
    version: &Version,
    unit: &str,
    day: NaiveDate,
) -> pb::Procedure {
    let state = match entry.standing(version, day) {
        Standing::Published => pb::VersionState::Published,
        Standing::InForce => pb::VersionState::InForce,
        Standing::Retired => pb::VersionState::Retired,
    };
    let of = pb::Version {
        number: version.number,
        effective_from: version.from.to_string(),
        valid_to: date(entry.last_day(version)),
        cases: cases(&version.procedure),
        state: state.into(),
    };
    let online = entry.online.on(unit, day);
    pb::Procedure {
        revision: entry.revision,
        ..whole(entry, &version.procedure, of, online)
    }
}

/// A draft.
pub(crate) fn draft(entry: &Entry, draft: &Draft, day: NaiveDate) -> pb::Procedure {
    let of = pb::Version {
        number: draft.number,
        cases: cases(&draft.procedure),
        state: pb::VersionState::Draft.into(),
        ..pb::Version::default()
    };
    pb::Procedure {
        revision: draft.revision,
        ..whole(entry, &draft.procedure, of, entry.online.on("", day))
    }
}

fn whole(
    entry: &Entry,
    procedure: &Procedure,
    version: pb::Version,
    online: Online,
) -> pb::Procedure {
    let applicants = procedure.applicants.iter().copied();
    pb::Procedure {
        code: procedure.code.to_string(),
        name: procedure.name.clone(),
        field: procedure.field.clone(),
        level: level(procedure.level).into(),
        lead_unit_uid: procedure.lead_unit.as_str().to_owned(),
        vertical_agency: procedure.vertical_agency,
        online_level: online.level.map_or(0, OnlineLevel::number),
        version: Some(version),
        revision: 0,
        name_en: procedure.name_en.clone(),
        local_code: procedure
            .local_code
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        legal_bases: procedure.legal_bases.clone(),
        result: procedure.result.clone(),
        applicants: applicants.map(|kind| applicant(kind).into()).collect(),
        online_service: service(online.service).into(),
        online_rights: Some(rights(online)),
        online_levels: entry.online.periods().iter().map(period).collect(),
    }
}

/// The level of government on the wire.
pub(crate) fn level(level: Level) -> pb::CompetentLevel {
    match level {
        Level::Department => pb::CompetentLevel::Department,
        Level::District => pb::CompetentLevel::District,
        Level::Commune => pb::CompetentLevel::Commune,
    }
}

/// A kind of service on the wire.
pub(crate) fn service(service: Option<Service>) -> pb::OnlineService {
    match service {
        None => pb::OnlineService::Unspecified,
        Some(Service::Partial) => pb::OnlineService::Partial,
        Some(Service::Full) => pb::OnlineService::Full,
    }
}

fn applicant(kind: ApplicantKind) -> pb::ApplicantKind {
    match kind {
        ApplicantKind::Citizen => pb::ApplicantKind::Citizen,
        ApplicantKind::Business => pb::ApplicantKind::Business,
        ApplicantKind::Organisation => pb::ApplicantKind::Organisation,
        ApplicantKind::Agency => pb::ApplicantKind::Agency,
    }
}

fn rights(online: Online) -> pb::OnlineRights {
    let way = |way: &Way| match way {
        Way::Desk => pb::ResultWay::Desk.into(),
        Way::Post => pb::ResultWay::Post.into(),
        Way::Online => pb::ResultWay::Online.into(),
    };
    pb::OnlineRights {
        files_online: online.files_online(),
        pays_online: online.pays_online(),
        result_ways: online.result_ways().iter().map(way).collect(),
    }
}

fn period(period: &Period) -> pb::OnlineLevel {
    pb::OnlineLevel {
        unit_uid: period.unit.clone(),
        valid_from: period.from.to_string(),
        valid_to: date(period.to),
        level: period.level.map_or(0, OnlineLevel::number),
        service: service(period.service).into(),
    }
}

fn date(day: Option<NaiveDate>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

fn cases(procedure: &Procedure) -> Vec<pb::Case> {
    procedure.cases.iter().map(case).collect()
}

fn case(case: &Case) -> pb::Case {
    pb::Case {
        key: case.key.clone(),
        name: case.name.clone(),
        limit: Some(limit(&case.limit)),
        fees: case.fees.iter().map(fee).collect(),
        route: Some(case.route.as_ref().map(route).unwrap_or_default()),
        components: case.components.iter().map(component).collect(),
        form_schema: case
            .form
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
    }
}

fn component(component: &Component) -> pb::Component {
    let register = match component.register {
        None => pb::Register::Unspecified,
        Some(Register::Population) => pb::Register::Population,
        Some(Register::CivilStatus) => pb::Register::CivilStatus,
        Some(Register::Business) => pb::Register::Business,
        Some(Register::Land) => pb::Register::Land,
        Some(Register::Insurance) => pb::Register::Insurance,
    };
    let endings = component.file_types.iter();
    pb::Component {
        key: component.key.clone(),
        name: component.name.clone(),
        originals: component.originals.into(),
        copies: component.copies.into(),
        register: register.into(),
        file_types: endings.map(|ending| ending.as_str().to_owned()).collect(),
    }
}

fn channel(channel: Option<Channel>) -> pb::FeeChannel {
    match channel {
        None => pb::FeeChannel::Unspecified,
        Some(Channel::Online) => pb::FeeChannel::Online,
        Some(Channel::Counter) => pb::FeeChannel::Counter,
        Some(Channel::Post) => pb::FeeChannel::Post,
    }
}

fn fee(fee: &Fee) -> pb::Fee {
    let time = match fee.paid {
        PaidWhen::Before => pb::FeeTime::Before,
        PaidWhen::During => pb::FeeTime::During,
    };
    pb::Fee {
        key: fee.key.clone(),
        name: fee.name.clone(),
        amount_vnd: fee.amount.amount(),
        channel: channel(fee.channel).into(),
        unit_uids: uids(&fee.units),
        valid_from: date(fee.from),
        valid_to: date(fee.to),
        time: time.into(),
        payable_online: fee.payable_online,
    }
}

fn uids(units: &[UnitUid]) -> Vec<String> {
    units.iter().map(|uid| uid.as_str().to_owned()).collect()
}

fn limit(limit: &Limit) -> pb::Limit {
    let (unit, count) = match limit.time {
        Time::SameDay => (pb::LimitUnit::SameDay, 0),
        Time::WorkingHours(count) => (pb::LimitUnit::WorkingHour, count.get()),
        Time::WorkingDays(count) => (pb::LimitUnit::WorkingDay, count.get()),
        Time::CalendarDays(count) => (pb::LimitUnit::CalendarDay, count.get()),
        Time::Months(count) => (pb::LimitUnit::Month, count.get()),
    };
    let extras = limit.extras.iter().map(|extra| pb::RemoteExtra {
        unit_uids: uids(&extra.units),
        count: extra.count.get().into(),
    });
    pb::Limit {
        unit: unit.into(),
        count: count.into(),
        assumed: limit.assumed,
        remote_extras: extras.collect(),
        cutoffs: limit.cutoffs.iter().map(cutoffs).collect(),
    }
}

fn cutoffs(cutoffs: &Cutoffs) -> pb::Cutoffs {
    let time = |time: Option<TimeOfDay>| time.map(|time| time.to_string()).unwrap_or_default();
    let count_from = match cutoffs.count_from {
        None => pb::CountFrom::Unspecified,
        Some(CountFrom::Instant) => pb::CountFrom::Instant,
        Some(CountFrom::NextOpening) => pb::CountFrom::NextOpening,
        Some(CountFrom::NextWorkingDay) => pb::CountFrom::NextWorkingDay,
    };
    pb::Cutoffs {
        channel: channel(cutoffs.channel).into(),
        handover: time(cutoffs.handover),
        same_day: time(cutoffs.same_day),
        count_from: count_from.into(),
    }
}

fn route(route: &Route) -> pb::Route {
    pb::Route {
        name: route.name.clone(),
        steps: route.steps.iter().map(step).collect(),
    }
}

fn step(step: &Step) -> pb::Step {
    let uid = |unit: Option<&UnitUid>| unit.map_or("", UnitUid::as_str).to_owned();
    let (unit_rule, unit_uid, field) = match &step.unit_rule {
        UnitRule::Receiving => (pb::UnitRule::Receiving, String::new(), ""),
        UnitRule::ParentOfReceiving => (pb::UnitRule::ParentOfReceiving, String::new(), ""),
        UnitRule::Competent => (pb::UnitRule::Competent, String::new(), ""),
        UnitRule::Fixed(unit) => (pb::UnitRule::Fixed, uid(Some(unit)), ""),
        UnitRule::DepartmentOf { field, unit } => (
            pb::UnitRule::DepartmentOfField,
            uid(unit.as_ref()),
            field.as_str(),
        ),
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
        unit_uid,
        role: role.into(),
        share_percent: step.slice.percent().into(),
        part: part.into(),
        decides: step.decides,
        outside_working_days: step.slice.outside_days().into(),
        field: field.to_owned(),
        waits_for_paper: step.waits_for_paper,
    }
}
