//! Which events bring copies of units, procedures and calendars.

use prost::{DecodeError, Message as _};
use proto::catalogue::v1::{Calendar, CatalogueChange, Procedure, catalogue_change};
use proto::event::v1::Event;
use proto::identity::v1::{IdentityChange, Unit, identity_change};

use super::{CALENDAR, Copy, PROCEDURE, PROVINCE_CALENDAR, UNIT};

/// The copies that an event of identity brings.
///
/// # Errors
/// When the event cannot be read.
pub fn from_identity(event: &Event) -> Result<Vec<Copy>, DecodeError> {
    let change = IdentityChange::decode(super::change_of(event))?.change;
    let unit = match change {
        Some(identity_change::Change::UnitImported(imported)) => imported.unit,
        // Nothing else of identity is copied.
        _ => None,
    };
    let copy = |unit: Unit| Copy::new(UNIT, unit.uid.clone(), &unit);
    Ok(unit.map(copy).into_iter().collect())
}

/// The copies that an event of the catalogue brings: a procedure twice, as the one in force and as the version that dossiers
/// stay on.
///
/// # Errors
/// When the event cannot be read.
pub fn from_catalogue(event: &Event) -> Result<Vec<Copy>, DecodeError> {
    let change = CatalogueChange::decode(super::change_of(event))?.change;
    Ok(match change {
        Some(catalogue_change::Change::ProcedurePublished(published)) => published
            .procedure
            .as_ref()
            .map(procedure)
            .unwrap_or_default(),
        Some(catalogue_change::Change::CalendarPublished(published)) => published
            .calendar
            .as_ref()
            .map(calendar)
            .unwrap_or_default(),
        None => Vec::new(),
    })
}

fn procedure(procedure: &Procedure) -> Vec<Copy> {
    let version = procedure
        .version
        .as_ref()
        .map_or(0, |version| version.number);
    let keys = [
        procedure.code.clone(),
        version_key(&procedure.code, version),
    ];
    keys.map(|key| Copy::new(PROCEDURE, key, procedure))
        .to_vec()
}

/// A calendar twice too, as the one in force and as the version that deadlines were reckoned with.
fn calendar(calendar: &Calendar) -> Vec<Copy> {
    let keys = [calendar.key.clone(), calendar_key(calendar.revision)];
    keys.map(|key| Copy::new(CALENDAR, key, calendar)).to_vec()
}

/// The key of the copy of one version of the calendar that all units share.
#[must_use]
pub fn calendar_key(revision: i64) -> String {
    format!("{PROVINCE_CALENDAR}@{revision}")
}

/// The key of the copy of one version of a procedure.
#[must_use]
pub fn version_key(procedure: &str, version: i32) -> String {
    format!("{procedure}@{version}")
}
