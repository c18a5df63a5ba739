//! Which events bring copies of units, procedures and calendars.

use prost::{DecodeError, Message as _};
use proto::catalogue::v1::{
    Calendar, CatalogueChange, Procedure, ProcedureChanged, catalogue_change,
};
use proto::event::v1::Event;
use proto::identity::v1::{IdentityChange, Unit, identity_change};

use super::{CALENDAR, Copy, PROCEDURE, PROVINCE_CALENDAR, UNIT};

/// What stands between the code of a procedure and the number of a version.
const OF_VERSION: char = '@';

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

/// The copies that an event of the catalogue brings: of a procedure all that is in force or will be, under its code, and each
/// version by itself, which dossiers stay on.
///
/// # Errors
/// When the event cannot be read.
pub fn from_catalogue(event: &Event) -> Result<Vec<Copy>, DecodeError> {
    let change = CatalogueChange::decode(super::change_of(event))?.change;
    Ok(match change {
        Some(catalogue_change::Change::ProcedureChanged(changed)) => procedure(&changed),
        Some(catalogue_change::Change::CalendarPublished(published)) => published
            .calendar
            .as_ref()
            .map(calendar)
            .unwrap_or_default(),
        // What is not published is nobody's.
        Some(catalogue_change::Change::DraftChanged(_)) | None => Vec::new(),
    })
}

fn procedure(changed: &ProcedureChanged) -> Vec<Copy> {
    let versions = changed.procedures.iter().map(|procedure| {
        let version = procedure.version.as_ref();
        let number = version.map_or(0, |version| version.number);
        let key = version_key(&procedure.code, number);
        Copy::new(PROCEDURE, key, procedure)
    });
    let whole = Copy::new(PROCEDURE, changed.code.clone(), changed);
    std::iter::once(whole).chain(versions).collect()
}

/// The versions of a procedure that a copy has: under its code those that are in force or will be, by their first days, under a
/// [`version_key`] the one. None of what is no procedure.
#[must_use]
pub fn procedures(copy: &Copy) -> Vec<Procedure> {
    if copy.kind != PROCEDURE {
        return Vec::new();
    }
    let body = copy.body.as_slice();
    let decoded = if copy.key.contains(OF_VERSION) {
        Procedure::decode(body).map(|procedure| vec![procedure])
    } else {
        ProcedureChanged::decode(body).map(|changed| changed.procedures)
    };
    decoded.unwrap_or_default()
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
    format!("{procedure}{OF_VERSION}{version}")
}
