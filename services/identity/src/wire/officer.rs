//! Officers and positions on the wire: what comes back and what the log tells.

use chrono::NaiveDate;
use kit::caller::Role;
use kit::failure::Violation;
use prost::Message as _;
use proto::identity::v1 as pb;
use proto::identity::v1::identity_change::Change;
use proto::identity::v1::position_outcome;

use crate::officer::{Officer, Page, Standing};
use crate::position::{Period, Position};
use crate::readiness::{KindReadiness, Unready};
use crate::staff::Outcome;
use crate::subject::Subject;

impl From<Standing> for pb::OfficerState {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::Active => Self::Active,
            Standing::Disabled => Self::Disabled,
        }
    }
}

impl From<&Position> for pb::Position {
    fn from(position: &Position) -> Self {
        let acting = position.acting_for.as_ref();
        let (first_day, last_day) = days(position.period);
        let acting_for = acting.map(|acting| acting.officer.to_string());
        let acting_in = acting.map(|acting| acting.position.to_string());
        Self {
            uid: position.uid.to_string(),
            subject: position.officer.to_string(),
            role: pb::Role::from(position.role).into(),
            unit_uid: position.unit.to_string(),
            first_day,
            last_day,
            acting_for: acting_for.unwrap_or_default(),
            acting_position_uid: acting_in.unwrap_or_default(),
        }
    }
}

fn days(period: Period) -> (String, String) {
    let last = period.last().map(|last| last.to_string());
    (period.first().to_string(), last.unwrap_or_default())
}

/// An officer with some of its positions.
pub(crate) fn officer<'a>(
    officer: &Officer,
    positions: impl IntoIterator<Item = &'a Position>,
) -> pb::Officer {
    pb::Officer {
        subject: officer.subject.to_string(),
        name: officer.name.as_str().to_owned(),
        unit_uid: unit_uid(officer),
        state: pb::OfficerState::from(officer.standing).into(),
        revision: officer.revision,
        positions: positions.into_iter().map(pb::Position::from).collect(),
    }
}

fn unit_uid(officer: &Officer) -> String {
    let unit = officer.unit.as_ref().map(ToString::to_string);
    unit.unwrap_or_default()
}

/// A page of officers, of which `page` asked for one too many to know whether another follows, with their positions.
pub(crate) fn page(
    mut officers: Vec<Officer>,
    positions: &[Position],
    page: &Page,
) -> pb::ListOfficersResponse {
    let size = usize::try_from(page.size).unwrap_or(usize::MAX);
    let more = officers.len() > size;
    officers.truncate(size);
    let last = officers.last().filter(|_| more);
    let next_page_token = last.map(|officer| kit::page::token(&[officer.subject.as_str()]));
    let with_positions = |one: &Officer| {
        let own = positions.iter().filter(|held| held.officer == one.subject);
        officer(one, own)
    };
    pb::ListOfficersResponse {
        next_page_token: next_page_token.unwrap_or_default(),
        officers: officers.iter().map(with_positions).collect(),
    }
}

/// The reply to `RegisterOfficer`; saved replies hold nothing personal.
pub(crate) fn registered(officer: &Officer) -> Vec<u8> {
    let reply = pb::RegisterOfficerResponse {
        subject: officer.subject.to_string(),
        revision: officer.revision,
    };
    reply.encode_to_vec()
}

/// The reply to `AssignPosition`.
pub(crate) fn assigned(position: &Position, revision: i64) -> Vec<u8> {
    let position = Some(position.into());
    pb::AssignPositionResponse { position, revision }.encode_to_vec()
}

/// The reply to `DelegatePosition`.
pub(crate) fn delegated(position: &Position, revision: i64) -> Vec<u8> {
    let position = Some(position.into());
    pb::DelegatePositionResponse { position, revision }.encode_to_vec()
}

/// The reply to `EndPosition`.
pub(crate) fn ended(position: &Position, revision: i64) -> Vec<u8> {
    let position = Some(position.into());
    pb::EndPositionResponse { position, revision }.encode_to_vec()
}

/// The reply to `EndDelegation`.
pub(crate) fn delegation_ended(position: &Position, revision: i64) -> Vec<u8> {
    let position = Some(position.into());
    pb::EndDelegationResponse { position, revision }.encode_to_vec()
}

/// The reply to `DisableOfficer` and to `EnableOfficer`, which are the same on the wire.
pub(crate) fn stands(officer: &Officer) -> Vec<u8> {
    let revision = officer.revision;
    pb::DisableOfficerResponse { revision }.encode_to_vec()
}

/// The reply to `SetPassword`.
pub(crate) fn password_set() -> Vec<u8> {
    pb::SetPasswordResponse {}.encode_to_vec()
}

/// The reply to `UnlockOfficer`.
pub(crate) fn unlocked() -> Vec<u8> {
    pb::UnlockOfficerResponse {}.encode_to_vec()
}

/// The reply to `ImportPositions`.
pub(crate) fn imported(taken: &[Result<Outcome, Vec<Violation>>]) -> Vec<u8> {
    import(taken).encode_to_vec()
}

/// What becomes of the rows of an import.
pub(crate) fn import(taken: &[Result<Outcome, Vec<Violation>>]) -> pb::ImportPositionsResponse {
    let outcomes = taken.iter().map(|taken| match taken {
        Ok(outcome) => happens(outcome),
        Err(faults) => pb::PositionOutcome {
            outcome: position_outcome::Outcome::Faulty.into(),
            position_uid: String::new(),
            faults: faults.iter().map(fault).collect(),
        },
    });
    pb::ImportPositionsResponse {
        outcomes: outcomes.collect(),
    }
}

fn happens(outcome: &Outcome) -> pb::PositionOutcome {
    let what = match outcome {
        Outcome::Assigned(_) => position_outcome::Outcome::Assigned,
        Outcome::Moved(_) => position_outcome::Outcome::Moved,
        Outcome::Unchanged(_) => position_outcome::Outcome::Unchanged,
    };
    let uid = outcome.position().map(ToString::to_string);
    pb::PositionOutcome {
        outcome: what.into(),
        position_uid: uid.unwrap_or_default(),
        faults: Vec::new(),
    }
}

fn fault(violation: &Violation) -> pb::PositionFault {
    pb::PositionFault {
        field: violation.field.clone(),
        reason: violation.reason.to_owned(),
        description: violation.english.clone(),
        message: violation.vietnamese.clone(),
    }
}

/// Who is missing where.
pub(crate) fn readiness(kinds: Vec<KindReadiness>) -> pb::GetReadinessResponse {
    let unready = |unit: Unready| pb::UnreadyUnit {
        unit_uid: unit.unit.to_string(),
        name: unit.name,
        missing: roles(&unit.missing),
    };
    let kind = |kind: KindReadiness| pb::KindReadiness {
        kind: pb::UnitKind::from(kind.kind).into(),
        units: kind.units.into_iter().map(unready).collect(),
    };
    pb::GetReadinessResponse {
        kinds: kinds.into_iter().map(kind).collect(),
    }
}

fn roles(roles: &[Role]) -> Vec<i32> {
    roles
        .iter()
        .map(|role| pb::Role::from(*role).into())
        .collect()
}

/// What the log tells of an officer.
pub(crate) fn told(officer: &Officer) -> pb::IdentityChange {
    change(Change::OfficerChanged(pb::OfficerChanged {
        subject: officer.subject.to_string(),
        unit_uid: unit_uid(officer),
        state: pb::OfficerState::from(officer.standing).into(),
    }))
}

/// What the log tells of a new position.
pub(crate) fn told_assigned(position: &Position) -> pb::IdentityChange {
    let position = Some(position.into());
    change(Change::PositionAssigned(pb::PositionAssigned { position }))
}

/// What the log tells when the last day of a position is set or moved.
pub(crate) fn told_last_day(position: &Position) -> pb::IdentityChange {
    let position = Some(position.into());
    change(Change::LastDaySet(pb::LastDaySet { position }))
}

/// What the log tells when a position is held no longer.
pub(crate) fn told_ended(position: &Position, from: NaiveDate) -> pb::IdentityChange {
    change(Change::PositionEnded(pb::PositionEnded {
        position: Some(position.into()),
        from_day: from.to_string(),
    }))
}

/// What the log tells of a password.
pub(crate) fn told_password(subject: &Subject, one_time: bool) -> pb::IdentityChange {
    change(Change::PasswordSet(pb::PasswordSet {
        subject: subject.to_string(),
        one_time,
    }))
}

/// What the log tells when failed sign-ins were forgotten.
pub(crate) fn told_unlocked(subject: &Subject) -> pb::IdentityChange {
    change(Change::OfficerUnlocked(pb::OfficerUnlocked {
        subject: subject.to_string(),
    }))
}

fn change(change: Change) -> pb::IdentityChange {
    pb::IdentityChange {
        change: Some(change),
    }
}
