//! What callers ask of officers and positions, as the domain has it.

use chrono::NaiveDate;
use kit::authority::Context;
use kit::caller::Role;
use kit::clock;
use kit::failure::{Failure, Violation};
use kit::fields::{Fields, required};
use kit::page;
use kit::seal::DataKey;
use proto::identity::v1 as pb;

use crate::ledger::{Command, Ending, Row, Verb};
use crate::officer::{LONGEST_NAME, Name, Officer, Page};
use crate::position::{self, Period};
use crate::staff::Wanted;
use crate::subject::Subject;
use crate::unit;

const USUAL_PAGE: u64 = 100;
const LARGEST_PAGE: u64 = 500;
const MOST_ROWS: usize = 5_000;
const LONGEST_UID: usize = 200;

/// A request id and what is asked with it.
type Asked = Result<(String, Command), Failure>;

fn command(context: &Context, expected_revision: i64, verb: Verb) -> Command {
    Command {
        scope: context.rights.scope(),
        today: today(context),
        expected_revision,
        verb,
    }
}

fn today(context: &Context) -> NaiveDate {
    clock::local(context.at).date()
}

/// What is missing was rejected, so this is never reached.
fn nothing() -> Failure {
    Failure::invalid_fields(Vec::new())
}

/// `RegisterOfficer`.
pub(crate) fn register(context: &Context, message: &pb::RegisterOfficerRequest) -> Asked {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&message.request_id);
    let subject = fields.take(subject("subject", &message.subject));
    let name = fields.text("name", &message.name, LONGEST_NAME);
    let unit = fields.take(unit_in(&message.unit_uid)).flatten();
    fields.finish()?;
    let (subject, name) = (subject.ok_or_else(nothing)?, Name::new(name));
    let officer = Officer::new(subject, DataKey::generate(), name, unit);
    Ok((request_id, command(context, 0, Verb::Register(officer))))
}

/// `AssignPosition`.
pub(crate) fn assign(context: &Context, message: &pb::AssignPositionRequest) -> Asked {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&message.request_id);
    let row = pb::PositionRow {
        subject: message.subject.clone(),
        role: message.role,
        unit_uid: message.unit_uid.clone(),
        first_day: message.first_day.clone(),
        last_day: message.last_day.clone(),
        acting_for: String::new(),
    };
    let wanted = row_of(&row).map_err(|faults| {
        for fault in faults {
            fields.reject(fault);
        }
    });
    fields.finish()?;
    let verb = Verb::Assign(wanted.map_err(|()| nothing())?);
    Ok((
        request_id,
        command(context, message.expected_revision, verb),
    ))
}

/// `DelegatePosition`.
pub(crate) fn delegate(context: &Context, message: &pb::DelegatePositionRequest) -> Asked {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&message.request_id);
    let of = fields.text("position_uid", &message.position_uid, LONGEST_UID);
    let to = fields.take(subject("subject", &message.subject));
    let days = fields.take(days(&message.first_day, &message.last_day));
    fields.finish()?;
    let days = days.ok_or_else(nothing)?;
    let verb = Verb::Delegate {
        of: position::Uid::new(of),
        uid: position::Uid::new(clock::new_uid()),
        to: to.ok_or_else(nothing)?,
        first: days.first(),
        last: days.last(),
    };
    Ok((
        request_id,
        command(context, message.expected_revision, verb),
    ))
}

/// `EndPosition`.
pub(crate) fn end(context: &Context, message: &pb::EndPositionRequest) -> Asked {
    let (uid, last_day) = (&message.position_uid, &message.last_day);
    let (request_id, verb) = ending(&message.request_id, uid, last_day, Ending::Position)?;
    Ok((
        request_id,
        command(context, message.expected_revision, verb),
    ))
}

/// `EndDelegation`.
pub(crate) fn end_delegation(context: &Context, message: &pb::EndDelegationRequest) -> Asked {
    let (uid, last_day) = (&message.position_uid, &message.last_day);
    let (request_id, verb) = ending(&message.request_id, uid, last_day, Ending::Delegation)?;
    Ok((
        request_id,
        command(context, message.expected_revision, verb),
    ))
}

fn ending(
    request_id: &str,
    uid: &str,
    last_day: &str,
    what: Ending,
) -> Result<(String, Verb), Failure> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(request_id);
    let uid = fields.text("position_uid", uid, LONGEST_UID);
    let last_day = fields.take(day("last_day", last_day));
    fields.finish()?;
    let verb = Verb::End {
        position: position::Uid::new(uid),
        last_day: last_day.ok_or_else(nothing)?,
        what,
    };
    Ok((request_id, verb))
}

/// `DisableOfficer`.
pub(crate) fn disable(context: &Context, message: &pb::DisableOfficerRequest) -> Asked {
    let (request_id, subject) = named(&message.request_id, &message.subject)?;
    let verb = Verb::Disable(subject, clock::real().timestamp());
    Ok((
        request_id,
        command(context, message.expected_revision, verb),
    ))
}

/// `EnableOfficer`.
pub(crate) fn enable(context: &Context, message: &pb::EnableOfficerRequest) -> Asked {
    let (request_id, subject) = named(&message.request_id, &message.subject)?;
    let verb = Verb::Enable(subject);
    Ok((
        request_id,
        command(context, message.expected_revision, verb),
    ))
}

/// `UnlockOfficer`.
pub(crate) fn unlock(context: &Context, message: &pb::UnlockOfficerRequest) -> Asked {
    let (request_id, subject) = named(&message.request_id, &message.subject)?;
    Ok((request_id, command(context, 0, Verb::Unlock(subject))))
}

/// What is asked of an officer, by the verb that is made of it.
pub(crate) fn of_officer(context: &Context, verb: Verb) -> Command {
    command(context, 0, verb)
}

fn named(request_id: &str, text: &str) -> Result<(String, Subject), Failure> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(request_id);
    let subject = fields.take(subject("subject", text));
    fields.finish()?;
    Ok((request_id, subject.ok_or_else(nothing)?))
}

/// `ImportPositions`.
pub(crate) fn import(context: &Context, message: &pb::ImportPositionsRequest) -> Asked {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&message.request_id);
    if message.rows.len() > MOST_ROWS {
        fields.reject(Violation::new(
            "rows",
            "OUT_OF_RANGE",
            format!("has {} rows; {MOST_ROWS} are taken", message.rows.len()),
            format!("có {} dòng; nhiều nhất là {MOST_ROWS}", message.rows.len()),
        ));
    }
    fields.finish()?;
    let rows: Vec<Row> = message.rows.iter().map(row_of).collect();
    Ok((request_id, command(context, 0, Verb::Import(rows))))
}

fn row_of(row: &pb::PositionRow) -> Row {
    let mut faults = Vec::new();
    let officer = subject("subject", &row.subject);
    let officer = officer.map_err(|fault| faults.push(fault));
    let role = role_in("role", row.role()).map_err(|fault| faults.push(fault));
    let unit = unit_in(&row.unit_uid).and_then(|unit| unit.ok_or_else(|| required("unit_uid")));
    let unit = unit.map_err(|fault| faults.push(fault));
    let period = days(&row.first_day, &row.last_day).map_err(|fault| faults.push(fault));
    let acting_for = match row.acting_for.as_str() {
        "" => Ok(None),
        text => subject("acting_for", text).map(Some),
    };
    let acting_for = acting_for.map_err(|fault| faults.push(fault));
    match (officer, role, unit, period, acting_for) {
        (Ok(officer), Ok(role), Ok(unit), Ok(period), Ok(acting_for)) => Ok(Wanted {
            uid: position::Uid::new(clock::new_uid()),
            officer,
            role,
            unit,
            period,
            acting_for,
        }),
        _ => Err(faults),
    }
}

/// A page, from a request at this day.
pub(crate) fn list(context: &Context, message: &pb::ListOfficersRequest) -> Result<Page, Failure> {
    let mut fields = Fields::new();
    let size = fields.page_size(message.page_size, USUAL_PAGE, LARGEST_PAGE);
    let after = fields.take(page::keys(&message.page_token)).flatten();
    let on = fields.take(as_of(context, &message.as_of));
    let unit = fields.take(unit_in(&message.unit_uid)).flatten();
    let role = match message.role() {
        pb::Role::Unspecified => None,
        role => fields.take(role_in("role", role)),
    };
    fields.finish()?;
    Ok(Page {
        unit,
        role,
        on: on.ok_or_else(nothing)?,
        after: after.map(|[subject]| subject),
        size,
    })
}

/// The day that `GetReadiness` is asked for.
pub(crate) fn readiness(
    context: &Context,
    message: &pb::GetReadinessRequest,
) -> Result<NaiveDate, Failure> {
    let mut fields = Fields::new();
    let on = fields.take(as_of(context, &message.as_of));
    fields.finish()?;
    on.ok_or_else(nothing)
}

fn as_of(context: &Context, text: &str) -> Result<NaiveDate, Violation> {
    match text {
        "" => Ok(today(context)),
        text => day("as_of", text),
    }
}

/// The subject in a field.
pub(crate) fn subject(field: &str, text: &str) -> Result<Subject, Violation> {
    if text.is_empty() {
        return Err(required(field));
    }
    text.parse().map_err(|()| {
        Violation::new(
            field,
            "MALFORMED",
            "must be 1 to 64 printable ASCII characters without spaces, no name of the suite and no uid",
            "phải gồm 1 đến 64 ký tự ASCII không dấu, không có khoảng trắng",
        )
    })
}

/// The unit that a request may name.
fn unit_in(text: &str) -> Result<Option<unit::Uid>, Violation> {
    if text.chars().count() > LONGEST_UID || text.chars().any(char::is_control) {
        return Err(Violation::new(
            "unit_uid",
            "MALFORMED",
            "is no uid of a unit",
            "không phải là mã đơn vị",
        ));
    }
    Ok((!text.is_empty()).then(|| unit::Uid::new(text)))
}

fn days(first: &str, last: &str) -> Result<Period, Violation> {
    let first = day("first_day", first)?;
    let last = match last {
        "" => None,
        last => Some(day("last_day", last)?),
    };
    Period::new(first, last).map_err(|_| {
        Violation::new(
            "last_day",
            "ENDS_BEFORE_IT_BEGINS",
            "is before the first day",
            "trước ngày bắt đầu",
        )
    })
}

fn day(field: &str, text: &str) -> Result<NaiveDate, Violation> {
    if text.is_empty() {
        return Err(required(field));
    }
    text.parse().map_err(|_| {
        Violation::new(
            field,
            "MALFORMED",
            "must be a date such as 2025-07-01",
            "phải là ngày dạng 2025-07-01",
        )
    })
}

fn role_in(field: &str, role: pb::Role) -> Result<Role, Violation> {
    let found = Role::try_from(role).ok();
    found.filter(|role| role.is_of_an_officer()).ok_or_else(|| {
        Violation::new(
            field,
            "MALFORMED",
            "must be one of the nine roles of officers",
            "phải là một trong chín vai trò của cán bộ",
        )
    })
}
