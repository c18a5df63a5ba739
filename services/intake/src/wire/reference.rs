//! Procedures as the catalogue publishes them, as far as intake needs them.

use chrono::{NaiveDate, NaiveTime};
use kit::copies::{self, Copy, UnitKind};
use kit::online;
use proto::catalogue::v1 as catalogue;
use worktime::{CountFrom, Limit};

use crate::dossier::{Channel, FeeDue};
use crate::reference::{Case, Component, Cutoffs, Fee, Procedure};

/// The versions of a procedure in a copy; those that cannot be read are left out.
#[must_use]
pub fn procedures(copy: &Copy) -> Vec<Procedure> {
    let procedures = copies::procedures(copy).into_iter();
    procedures.filter_map(procedure).collect()
}

fn procedure(message: catalogue::Procedure) -> Option<Procedure> {
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
        online: online::from_wire(&message.online_levels),
        version: version.number,
        from: version.effective_from.parse().ok()?,
        to: day(&version.valid_to).ok()?,
        cases: cases?,
    })
}

/// A day that may be left out.
fn day(text: &str) -> Result<Option<NaiveDate>, chrono::ParseError> {
    match text {
        "" => Ok(None),
        text => text.parse().map(Some),
    }
}

fn component(message: catalogue::Component) -> Component {
    let from_register = message.register() != catalogue::Register::Unspecified;
    Component {
        key: message.key,
        name: message.name,
        originals: message.originals,
        copies: message.copies,
        from_register,
    }
}

fn case(message: catalogue::Case) -> Option<Case> {
    let route = message.route.unwrap_or_default();
    let above = catalogue::UnitRule::ParentOfReceiving;
    let limit = message.limit?;
    let extras = limit.remote_extras.iter().map(|extra| {
        let count = u32::try_from(extra.count).ok()?;
        Some((extra.unit_uids.clone(), count))
    });
    let cutoffs = limit.cutoffs.iter().map(cutoffs);
    Some(Case {
        key: message.key,
        extras: extras.collect::<Option<_>>()?,
        cutoffs: cutoffs.collect::<Option<_>>()?,
        limit: self::limit(&limit)?,
        decided_above: route
            .steps
            .iter()
            .any(|step| step.decides && step.unit_rule() == above),
        routed: !route.steps.is_empty(),
        components: message.components.into_iter().map(component).collect(),
        fees: message.fees.into_iter().map(fee).collect::<Option<_>>()?,
        form_schema: message.form_schema,
    })
}

fn fee(message: catalogue::Fee) -> Option<Fee> {
    let before_reception = match message.time() {
        catalogue::FeeTime::Unspecified => return None,
        catalogue::FeeTime::Before => true,
        catalogue::FeeTime::During => false,
    };
    Some(Fee {
        channel: channel(message.channel()),
        from: day(&message.valid_from).ok()?,
        to: day(&message.valid_to).ok()?,
        units: message.unit_uids,
        due: FeeDue {
            key: message.key,
            name: message.name,
            amount_vnd: message.amount_vnd,
            before_reception,
        },
    })
}

/// None for every way.
fn channel(channel: catalogue::FeeChannel) -> Option<Channel> {
    match channel {
        catalogue::FeeChannel::Unspecified => None,
        catalogue::FeeChannel::Online => Some(Channel::Online),
        catalogue::FeeChannel::Counter => Some(Channel::Counter),
        catalogue::FeeChannel::Post => Some(Channel::Post),
    }
}

fn cutoffs(message: &catalogue::Cutoffs) -> Option<Cutoffs> {
    let count_from = match message.count_from() {
        catalogue::CountFrom::Unspecified => None,
        catalogue::CountFrom::Instant => Some(CountFrom::Instant),
        catalogue::CountFrom::NextOpening => Some(CountFrom::NextOpening),
        catalogue::CountFrom::NextWorkingDay => Some(CountFrom::NextWorkingDay),
    };
    Some(Cutoffs {
        channel: channel(message.channel()),
        handover: time(&message.handover).ok()?,
        same_day: time(&message.same_day).ok()?,
        count_from,
    })
}

/// A time of day that may be left out.
fn time(text: &str) -> Result<Option<NaiveTime>, chrono::ParseError> {
    match text {
        "" => Ok(None),
        text => NaiveTime::parse_from_str(text, "%H:%M").map(Some),
    }
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
