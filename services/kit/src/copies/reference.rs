//! Which events bring copies of units, procedures and calendars.

use prost::{DecodeError, Message as _};
use proto::catalogue::v1::{CatalogueChange, catalogue_change};
use proto::event::v1::Event;
use proto::identity::v1::{IdentityChange, identity_change};

use super::{CALENDAR, Copy, PROCEDURE, UNIT};

/// The copy that an event of identity brings, if any.
///
/// # Errors
/// When the event cannot be read.
pub fn from_identity(event: &Event) -> Result<Option<Copy>, DecodeError> {
    let change = IdentityChange::decode(super::change_of(event))?.change;
    Ok(match change {
        Some(identity_change::Change::UnitImported(imported)) => imported
            .unit
            .map(|unit| Copy::new(UNIT, unit.uid.clone(), &unit)),
        Some(identity_change::Change::PartyRegistered(_)) | None => None,
    })
}

/// The copy that an event of the catalogue brings, if any.
///
/// # Errors
/// When the event cannot be read.
pub fn from_catalogue(event: &Event) -> Result<Option<Copy>, DecodeError> {
    let change = CatalogueChange::decode(super::change_of(event))?.change;
    Ok(match change {
        Some(catalogue_change::Change::ProcedurePublished(published)) => published
            .procedure
            .map(|procedure| Copy::new(PROCEDURE, procedure.code.clone(), &procedure)),
        Some(catalogue_change::Change::CalendarPublished(published)) => published
            .calendar
            .map(|calendar| Copy::new(CALENDAR, calendar.key.clone(), &calendar)),
        None => None,
    })
}
