//! What identity tells of those who may be given work, people and systems.

use chrono::NaiveDate;
use kit::caller::Role;
use kit::copies;
use prost::{DecodeError, Message as _};
use proto::event::v1::Event;
use proto::identity::v1 as pb;
use proto::identity::v1::identity_change::Change;

use crate::act::{Act, Staffing};
use crate::staff::{Officer, Position};

/// What an event of an officer, a position or a client system asks for; nothing where it tells of something else.
///
/// # Errors
/// When it cannot be read.
pub(super) fn told(event: &Event) -> Result<Option<Act>, DecodeError> {
    let change = pb::IdentityChange::decode(copies::change_of(event))?.change;
    Ok(match change {
        Some(Change::ClientChanged(changed)) => changed.client.map(system),
        other => staffing(other).map(Act::Staff),
    })
}

/// One that is disabled, or of another kind, works on no steps.
fn system(client: pb::Client) -> Act {
    let registration = client.registration.unwrap_or_default();
    let linked = !client.disabled && registration.kind() == pb::ClientKind::LinkedSystem;
    let units = registration.unit_uids.into_iter().filter(|_| linked);
    Act::System(client.client_id, units.collect())
}

fn staffing(change: Option<Change>) -> Option<Staffing> {
    match change {
        Some(Change::OfficerChanged(changed)) => {
            let disabled = changed.state() == pb::OfficerState::Disabled;
            let subject = changed.subject;
            Some(Staffing::Officer(Officer { subject, disabled }))
        }
        Some(Change::PositionAssigned(assigned)) => held(assigned.position),
        Some(Change::LastDaySet(set)) => held(set.position),
        Some(Change::PositionEnded(ended)) => {
            let from = date(&ended.from_day);
            let position = ended.position.and_then(position);
            let ended = position.zip(from);
            ended.map(|(position, from)| Staffing::Ended(position, from))
        }
        _ => None,
    }
}

fn held(message: Option<pb::Position>) -> Option<Staffing> {
    message.and_then(position).map(Staffing::Position)
}

fn position(message: pb::Position) -> Option<Position> {
    let last = match message.last_day.as_str() {
        "" => None,
        day => Some(date(day)?),
    };
    Some(Position {
        role: role(message.role())?,
        first: date(&message.first_day)?,
        last,
        uid: message.uid,
        subject: message.subject,
        unit: message.unit_uid,
    })
}

fn role(role: pb::Role) -> Option<Role> {
    let word = role.as_str_name().strip_prefix("ROLE_")?;
    word.to_ascii_lowercase().parse().ok()
}

fn date(text: &str) -> Option<NaiveDate> {
    text.parse().ok()
}
