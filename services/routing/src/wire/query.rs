//! The work list: what is asked for, and its pages.

use kit::authority::Context;
use kit::caller::Role;
use kit::clock;
use kit::failure::{Failure, Violation};
use kit::fields::Fields;
use kit::page;
use proto::routing::v1 as pb;

use crate::store::{After, Assigned, Escalated, Filter};
use crate::transfer::{Transfer, Urgency};

const NAME: usize = 64;
const USUAL_PAGE: u64 = 50;
const LARGEST_PAGE: u64 = 500;
/// The states of what is open.
const OPEN: [pb::TransferState; 5] = [
    pb::TransferState::Offered,
    pb::TransferState::Accepted,
    pb::TransferState::Declined,
    pb::TransferState::Recalled,
    pb::TransferState::Returned,
];

/// `ListTransfers`.
///
/// # Errors
/// Every violation.
pub fn filter(context: &Context, request: &pb::ListTransfersRequest) -> Result<Filter, Failure> {
    let mut fields = Fields::new();
    let unit = fields.text("unit_uid", &request.unit_uid, NAME);
    let limit = fields.page_size(request.page_size, USUAL_PAGE, LARGEST_PAGE);
    let after = fields.take(after(&request.page_token)).flatten();
    let procedure = &request.procedure_code;
    let procedure = (!procedure.is_empty()).then(|| fields.text("procedure_code", procedure, NAME));
    let assigned = assigned(&mut fields, context, request);
    fields.finish()?;
    let due_before = request.due_before.as_ref().map(clock::from_timestamp);
    Ok(Filter {
        unit,
        states: states(request),
        open: names_no_state(request),
        due_before: due_before.map(clock::micros),
        procedure,
        role: role(request.role()),
        assigned,
        pressing: urgency(request.urgency()).map(|urgency| (urgency, clock::micros(context.at))),
        escalated: escalated(request.escalated()),
        link_late: request.link_late,
        after,
        limit,
    })
}

/// In order, each once, so that each is looked for once.
fn states(request: &pb::ListTransfersRequest) -> Vec<i32> {
    let mut states = request.states.clone();
    states.push(request.state);
    states.retain(|state| *state != 0);
    states.sort_unstable();
    states.dedup();
    states.retain(|state| pb::TransferState::try_from(*state).is_ok());
    if names_no_state(request) {
        states.extend(OPEN.map(i32::from));
    }
    states
}

fn names_no_state(request: &pb::ListTransfersRequest) -> bool {
    request.state == 0 && request.states.is_empty()
}

fn assigned(
    fields: &mut Fields,
    context: &Context,
    request: &pb::ListTransfersRequest,
) -> Option<Assigned> {
    let assigned = match request.assigned() {
        pb::Assigned::Unspecified => None,
        pb::Assigned::ToMe => Some(Assigned::To(context.caller().subject.clone())),
        pb::Assigned::ToNobody => Some(Assigned::ToNobody),
    };
    if request.assignee.is_empty() {
        return assigned;
    }
    if assigned.is_some() {
        fields.reject(Violation::new(
            "assignee",
            "CONTRADICTION",
            "cannot be named together with `assigned`",
            "không dùng cùng với `assigned`",
        ));
    }
    Some(Assigned::To(fields.text(
        "assignee",
        &request.assignee,
        NAME,
    )))
}

fn urgency(urgency: pb::TransferUrgency) -> Option<Urgency> {
    match urgency {
        pb::TransferUrgency::Unspecified => None,
        pb::TransferUrgency::AtRisk => Some(Urgency::AtRisk),
        pb::TransferUrgency::Late => Some(Urgency::Late),
    }
}

fn escalated(level: pb::EscalationLevel) -> Option<Escalated> {
    match level {
        pb::EscalationLevel::Unspecified => None,
        pb::EscalationLevel::Unit => Some(Escalated::OfUnit),
        pb::EscalationLevel::ParentUnit => Some(Escalated::FromBelow),
    }
}

fn role(role: pb::TransferRole) -> Option<Role> {
    match role {
        pb::TransferRole::Unspecified => None,
        pb::TransferRole::Receptionist => Some(Role::Receptionist),
        pb::TransferRole::Examiner => Some(Role::Examiner),
        pb::TransferRole::Leader => Some(Role::Leader),
        pb::TransferRole::HeadOfOffice => Some(Role::HeadOfOffice),
        pb::TransferRole::Clerk => Some(Role::Clerk),
        pb::TransferRole::Cashier => Some(Role::Cashier),
    }
}

/// The row after which a list goes on; `None` for its beginning.
pub(super) fn after(token: &str) -> Result<Option<After>, Violation> {
    let Some([due, uid]) = page::keys::<2>(token)? else {
        return Ok(None);
    };
    let due = due.parse().map_err(|_| page::foreign_token())?;
    Ok(Some(After { due, uid }))
}

/// The token of the page after these transfers; empty after the last.
#[must_use]
pub fn next_page(listed: &[Transfer], limit: u64) -> String {
    let full = u64::try_from(listed.len()).is_ok_and(|length| length >= limit);
    let last = listed.last().filter(|_| full);
    let due = |last: &Transfer| clock::micros(last.due.step).to_string();
    last.map(|last| page::token(&[&due(last), &last.uid]))
        .unwrap_or_default()
}
