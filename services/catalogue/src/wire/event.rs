//! What the log tells, and what is heard from others.

use chrono::NaiveDate;
use kit::copies;
use prost::DecodeError;
use proto::catalogue::v1 as pb;
use proto::catalogue::v1::catalogue_change::Change;
use proto::event::v1::Event;

use super::procedure;
use crate::entry::Entry;
use crate::ledger::Act;

/// A procedure as it is from a day on.
pub(crate) fn procedure_changed(entry: &Entry, day: NaiveDate) -> pb::CatalogueChange {
    let versions = entry.not_over_on(day);
    let procedures = versions.map(|version| procedure::version(entry, version, "", day));
    let changed = pb::ProcedureChanged {
        code: entry.code.to_string(),
        procedures: procedures.collect(),
    };
    pb::CatalogueChange {
        change: Some(Change::ProcedureChanged(changed)),
    }
}

/// That somebody works on a draft.
pub(crate) fn draft_changed(entry: &Entry) -> pb::CatalogueChange {
    let draft = entry.draft.as_ref();
    let changed = pb::DraftChanged {
        code: entry.code.to_string(),
        number: entry.next_number(),
        revision: draft.map_or(0, |draft| draft.revision),
    };
    pb::CatalogueChange {
        change: Some(Change::DraftChanged(changed)),
    }
}

/// What an event of identity asks for.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn from_identity(event: &Event) -> Result<Option<Act>, DecodeError> {
    let copies = copies::from_identity(event)?;
    Ok((!copies.is_empty()).then_some(Act::Copies(copies)))
}

/// What a watch tells of an event: procedures of one level, or of all.
pub(crate) fn told(event: &Event, level: pb::CompetentLevel) -> Option<pb::ProcedureChanged> {
    use prost::Message as _;
    let change = pb::CatalogueChange::decode(copies::change_of(event)).ok()?;
    let Change::ProcedureChanged(changed) = change.change? else {
        return None;
    };
    let is_of_level = |of: &pb::Procedure| of.level() == level;
    let wanted = level == pb::CompetentLevel::Unspecified
        || changed.procedures.is_empty()
        || changed.procedures.iter().any(is_of_level);
    wanted.then_some(changed)
}
