//! A case on its way in.

use std::num::NonZeroU16;

use kit::failure::Violation;
use kit::fields::{Fields, required};
use proto::catalogue::v1 as pb;

use super::{KEY, NAME, few, optional, optional_day, out_of_range, texts};
use crate::procedure::{
    Case, Channel, Component, CountFrom, Cutoffs, Dong, Extra, Fee, FileType, Limit, PaidWhen,
    Register, Time, TimeOfDay,
};
use crate::route::{Part, Role, Route, Share, Slice, Step, UnitRule, UnitUid};

pub(super) fn case(fields: &mut Fields, at: &str, message: &pb::Case) -> Option<Case> {
    let limit = limit(fields, &format!("{at}.limit"), message.limit.as_ref());
    let route = message
        .route
        .as_ref()
        .filter(|route| !route.steps.is_empty());
    let route = match route {
        None => Some(None),
        Some(route) => self::route(fields, &format!("{at}.route"), route).map(Some),
    };
    let components = each(
        fields,
        &format!("{at}.components"),
        &message.components,
        component,
    );
    let fees = each(fields, &format!("{at}.fees"), &message.fees, fee);
    let form = form(fields, &format!("{at}.form_schema"), &message.form_schema);
    Some(Case {
        key: optional(fields, &format!("{at}.key"), &message.key, KEY),
        name: optional(fields, &format!("{at}.name"), &message.name, NAME),
        limit: limit?,
        route: route?,
        components: components?,
        fees: fees?,
        form,
    })
}

/// Reads each of a list, and says what is wrong with any of them.
fn each<M, T>(
    fields: &mut Fields,
    at: &str,
    messages: &[M],
    read: fn(&mut Fields, &str, &M) -> Option<T>,
) -> Option<Vec<T>> {
    few(fields, at, messages.len());
    let read = |(index, message)| read(fields, &format!("{at}[{index}]"), message);
    let all: Vec<Option<T>> = messages.iter().enumerate().map(read).collect();
    all.into_iter().collect()
}

fn form(fields: &mut Fields, at: &str, schema: &str) -> Option<serde_json::Value> {
    if schema.is_empty() {
        return None;
    }
    let parsed = serde_json::from_str(schema).map_err(|error| {
        let english = format!("is not JSON: {error}");
        Violation::new(at, "MALFORMED", english, "không phải là JSON")
    });
    fields.take(parsed)
}

fn limit(fields: &mut Fields, at: &str, message: Option<&pb::Limit>) -> Option<Limit> {
    let Some(message) = message else {
        fields.reject(required(at));
        return None;
    };
    let extras = each(
        fields,
        &format!("{at}.remote_extras"),
        &message.remote_extras,
        extra,
    );
    let cutoffs = each(
        fields,
        &format!("{at}.cutoffs"),
        &message.cutoffs,
        |fields, at, message| Some(cutoffs(fields, at, message)),
    );
    let mut count = || count(fields, &format!("{at}.count"), message.count);
    let time = match message.unit() {
        pb::LimitUnit::Unspecified => {
            fields.reject(required(&format!("{at}.unit")));
            None
        }
        pb::LimitUnit::SameDay => Some(Time::SameDay),
        pb::LimitUnit::WorkingHour => count().map(Time::WorkingHours),
        pb::LimitUnit::WorkingDay => count().map(Time::WorkingDays),
        pb::LimitUnit::CalendarDay => count().map(Time::CalendarDays),
        pb::LimitUnit::Month => count().map(Time::Months),
    };
    Some(Limit {
        time: time?,
        assumed: message.assumed,
        extras: extras?,
        cutoffs: cutoffs?,
    })
}

fn extra(fields: &mut Fields, at: &str, message: &pb::RemoteExtra) -> Option<Extra> {
    Some(Extra {
        units: units(fields, &format!("{at}.unit_uids"), &message.unit_uids),
        count: count(fields, &format!("{at}.count"), message.count)?,
    })
}

fn cutoffs(fields: &mut Fields, at: &str, message: &pb::Cutoffs) -> Cutoffs {
    let handover = time_of_day(fields, &format!("{at}.handover"), &message.handover);
    let same_day = time_of_day(fields, &format!("{at}.same_day"), &message.same_day);
    let count_from = match message.count_from() {
        pb::CountFrom::Unspecified => None,
        pb::CountFrom::Instant => Some(CountFrom::Instant),
        pb::CountFrom::NextOpening => Some(CountFrom::NextOpening),
        pb::CountFrom::NextWorkingDay => Some(CountFrom::NextWorkingDay),
    };
    Cutoffs {
        channel: channel(message.channel()),
        handover,
        same_day,
        count_from,
    }
}

/// A time of day that may be left out.
fn time_of_day(fields: &mut Fields, at: &str, text: &str) -> Option<TimeOfDay> {
    if text.is_empty() {
        return None;
    }
    let parsed = TimeOfDay::try_from(text.to_owned())
        .map_err(|english| Violation::new(at, "MALFORMED", english, "phải có dạng HH:MM"));
    fields.take(parsed)
}

/// None for every way.
fn channel(channel: pb::FeeChannel) -> Option<Channel> {
    match channel {
        pb::FeeChannel::Unspecified => None,
        pb::FeeChannel::Online => Some(Channel::Online),
        pb::FeeChannel::Counter => Some(Channel::Counter),
        pb::FeeChannel::Post => Some(Channel::Post),
    }
}

fn count(fields: &mut Fields, at: &str, count: i32) -> Option<NonZeroU16> {
    let parsed = u16::try_from(count).ok().and_then(NonZeroU16::new);
    fields.take(parsed.ok_or_else(|| out_of_range(at, 1, u16::MAX.into())))
}

fn units(fields: &mut Fields, at: &str, uids: &[String]) -> Vec<UnitUid> {
    texts(fields, at, uids)
        .into_iter()
        .map(UnitUid::new)
        .collect()
}

fn component(fields: &mut Fields, at: &str, message: &pb::Component) -> Option<Component> {
    let mut papers = |name: &str, count: i32| {
        let at = format!("{at}.{name}");
        fields.take(u8::try_from(count).map_err(|_| out_of_range(&at, 0, u8::MAX.into())))
    };
    let originals = papers("originals", message.originals);
    let copies = papers("copies", message.copies);
    let register = match message.register() {
        pb::Register::Unspecified => None,
        pb::Register::Population => Some(Register::Population),
        pb::Register::CivilStatus => Some(Register::CivilStatus),
        pb::Register::Business => Some(Register::Business),
        pb::Register::Land => Some(Register::Land),
        pb::Register::Insurance => Some(Register::Insurance),
    };
    let endings = each(
        fields,
        &format!("{at}.file_types"),
        &message.file_types,
        |fields, at, ending| file_type(fields, at, ending),
    );
    Some(Component {
        key: optional(fields, &format!("{at}.key"), &message.key, KEY),
        name: optional(fields, &format!("{at}.name"), &message.name, NAME),
        originals: originals?,
        copies: copies?,
        register,
        file_types: endings?,
    })
}

fn file_type(fields: &mut Fields, at: &str, ending: &str) -> Option<FileType> {
    let parsed = FileType::try_from(ending.to_owned()).map_err(|english| {
        let vietnamese = "phải là đuôi tệp, ví dụ pdf";
        Violation::new(at, "MALFORMED", english, vietnamese)
    });
    fields.take(parsed)
}

fn fee(fields: &mut Fields, at: &str, message: &pb::Fee) -> Option<Fee> {
    let amount = Dong::try_from(message.amount_vnd)
        .map_err(|_| out_of_range(&format!("{at}.amount_vnd"), 0, i64::MAX));
    let amount = fields.take(amount);
    let paid = match message.time() {
        pb::FeeTime::Unspecified => Err(required(&format!("{at}.time"))),
        pb::FeeTime::Before => Ok(PaidWhen::Before),
        pb::FeeTime::During => Ok(PaidWhen::During),
    };
    let paid = fields.take(paid);
    Some(Fee {
        key: optional(fields, &format!("{at}.key"), &message.key, KEY),
        name: optional(fields, &format!("{at}.name"), &message.name, NAME),
        amount: amount?,
        channel: channel(message.channel()),
        units: units(fields, &format!("{at}.unit_uids"), &message.unit_uids),
        from: optional_day(fields, &format!("{at}.valid_from"), &message.valid_from),
        to: optional_day(fields, &format!("{at}.valid_to"), &message.valid_to),
        paid: paid?,
        payable_online: message.payable_online,
    })
}

fn route(fields: &mut Fields, at: &str, message: &pb::Route) -> Option<Route> {
    let steps = each(fields, &format!("{at}.steps"), &message.steps, step);
    Some(Route {
        name: optional(fields, &format!("{at}.name"), &message.name, KEY),
        steps: steps?,
    })
}

fn step(fields: &mut Fields, at: &str, message: &pb::Step) -> Option<Step> {
    let unit_rule = unit_rule(fields, at, message);
    let role = match message.role() {
        pb::StepRole::Unspecified => Err(required(&format!("{at}.role"))),
        pb::StepRole::Examiner => Ok(Role::Examiner),
        pb::StepRole::Leader => Ok(Role::Leader),
        pb::StepRole::HeadOfOffice => Ok(Role::HeadOfOffice),
        pb::StepRole::Clerk => Ok(Role::Clerk),
        pb::StepRole::Cashier => Ok(Role::Cashier),
    };
    let role = fields.take(role);
    let part = match message.part() {
        pb::StepPart::Unspecified => Err(required(&format!("{at}.part"))),
        pb::StepPart::Sole => Ok(Part::Sole),
        pb::StepPart::Lead => Ok(Part::Lead),
        pb::StepPart::Consulted => Ok(Part::Consulted),
    };
    let part = fields.take(part);
    let slice = slice(fields, at, message);
    Some(Step {
        key: optional(fields, &format!("{at}.key"), &message.key, KEY),
        name: optional(fields, &format!("{at}.name"), &message.name, NAME),
        after: texts(fields, &format!("{at}.after"), &message.after),
        unit_rule: unit_rule?,
        role: role?,
        slice: slice?,
        part: part?,
        decides: message.decides,
        waits_for_paper: message.waits_for_paper,
    })
}

fn unit_rule(fields: &mut Fields, at: &str, message: &pb::Step) -> Option<UnitRule> {
    match message.unit_rule() {
        pb::UnitRule::Unspecified => {
            fields.reject(required(&format!("{at}.unit_rule")));
            None
        }
        pb::UnitRule::Receiving => Some(UnitRule::Receiving),
        pb::UnitRule::ParentOfReceiving => Some(UnitRule::ParentOfReceiving),
        pb::UnitRule::Competent => Some(UnitRule::Competent),
        pb::UnitRule::Fixed => {
            let uid = fields.text(&format!("{at}.unit_uid"), &message.unit_uid, KEY);
            Some(UnitRule::Fixed(UnitUid::new(uid)))
        }
        pb::UnitRule::DepartmentOfField => Some(UnitRule::DepartmentOf {
            field: optional(fields, &format!("{at}.field"), &message.field, KEY),
            unit: None,
        }),
    }
}

/// A share of the limit, or time of its own.
fn slice(fields: &mut Fields, at: &str, message: &pb::Step) -> Option<Slice> {
    if message.outside_working_days != 0 {
        if message.share_percent != 0 {
            fields.reject(out_of_range(&format!("{at}.share_percent"), 0, 0));
        }
        let at = format!("{at}.outside_working_days");
        return count(fields, &at, message.outside_working_days).map(Slice::OutsideDays);
    }
    let share = u16::try_from(message.share_percent).ok();
    let share = share.and_then(|percent| Share::try_from(percent).ok());
    let wrong = || out_of_range(&format!("{at}.share_percent"), 1, 100);
    fields.take(share.ok_or_else(wrong)).map(Slice::Percent)
}
