//! Replies.

use chrono::NaiveDate;
use kit::page;
use prost::Message as _;
use proto::catalogue::v1 as pb;

use super::procedure;
use crate::difference::Difference;
use crate::entry::Entry;
use crate::ledger::{Published, Taken};
use crate::shelf::{Found, OnDay, Search, Shelf, Summary};

/// A page of the list of a day.
pub(crate) fn page(
    (found, more): &(Vec<OnDay<'_>>, bool),
    day: NaiveDate,
    cursor: String,
) -> pb::ListProceduresResponse {
    let last = found.last().filter(|_| *more);
    let message = |of: &OnDay<'_>| procedure::version(of.entry, of.version, "", day);
    pb::ListProceduresResponse {
        procedures: found.iter().map(message).collect(),
        next_page_token: last
            .map_or_else(String::new, |last| page::token(&[last.entry.code.as_str()])),
        cursor,
    }
}

/// A page of what was found.
pub(crate) fn found(shelf: &Shelf, search: &Search) -> pb::SearchProceduresResponse {
    let (found, more) = shelf.search(search);
    let token = |found: &Found<'_>| {
        let agreement = found.agreement.to_string();
        page::token(&[&agreement, found.of.entry.code.as_str()])
    };
    let message = |found: &Found<'_>| {
        let said = &found.of.version.procedure;
        pb::FoundProcedure {
            code: said.code.to_string(),
            name: said.name.clone(),
            field: said.field.clone(),
            level: procedure::level(said.level).into(),
            lead_unit_uid: said.lead_unit.as_str().to_owned(),
            online_level: found.of.online.level.map_or(0, kit::online::Level::number),
            online_service: procedure::service(found.of.online.service).into(),
        }
    };
    pb::SearchProceduresResponse {
        procedures: found.iter().map(message).collect(),
        next_page_token: found.last().filter(|_| more).map(token).unwrap_or_default(),
    }
}

/// The catalogue in figures.
pub(crate) fn summary(summary: &Summary) -> pb::GetCatalogueSummaryResponse {
    let level = |(level, count): (&i32, &i32)| pb::LevelCount {
        online_level: *level,
        procedures: *count,
    };
    pb::GetCatalogueSummaryResponse {
        procedures: summary.procedures,
        levels: summary.levels.iter().map(level).collect(),
        partial: summary.partial,
        full: summary.full,
    }
}

/// The published versions.
pub(crate) fn versions(entry: &Entry, day: NaiveDate) -> pb::ListVersionsResponse {
    let versions = entry.versions.iter();
    pb::ListVersionsResponse {
        versions: versions
            .map(|version| procedure::version(entry, version, "", day))
            .collect(),
    }
}

/// In what versions differ.
pub(crate) fn differences(differences: Vec<Difference>) -> Vec<pb::Difference> {
    let message = |difference: Difference| pb::Difference {
        path: difference.path,
        before: difference.before,
        after: difference.after,
    };
    differences.into_iter().map(message).collect()
}

/// The draft of a procedure, if there is one.
pub(crate) fn draft(entry: &Entry, day: NaiveDate) -> Option<pb::Procedure> {
    let draft = entry.draft.as_ref();
    draft.map(|draft| procedure::draft(entry, draft, day))
}

/// The reply of `CreateDraft`.
pub(crate) fn draft_created(entry: &Entry, day: NaiveDate) -> Vec<u8> {
    let draft = draft(entry, day);
    pb::CreateDraftResponse { draft }.encode_to_vec()
}

/// The reply of `UpdateDraft`.
pub(crate) fn draft_updated(entry: &Entry, day: NaiveDate) -> Vec<u8> {
    let draft = draft(entry, day);
    pb::UpdateDraftResponse { draft }.encode_to_vec()
}

/// The reply of `DiscardDraft`: the draft as it was.
pub(crate) fn draft_discarded(before: &Entry, day: NaiveDate) -> Vec<u8> {
    let draft = draft(before, day);
    pb::DiscardDraftResponse { draft }.encode_to_vec()
}

/// The last version after a change that raises the revision.
fn last(entry: &Entry, day: NaiveDate) -> Option<pb::Procedure> {
    let last = entry.versions.last()?;
    let message = procedure::version(entry, last, "", day);
    Some(pb::Procedure {
        revision: entry.revision + 1,
        ..message
    })
}

/// The reply of `PublishVersion`.
pub(crate) fn published(published: &Published<'_>, day: NaiveDate) -> Vec<u8> {
    pb::PublishVersionResponse {
        procedure: last(published.entry, day),
        ends_version: published.ends_version,
        differences: differences(published.differences.clone()),
        receiving_units: count(published.receiving_units),
        dry_run: published.is_dry_run,
    }
    .encode_to_vec()
}

/// The reply of `RetireProcedure`.
pub(crate) fn retired(entry: &Entry, day: NaiveDate) -> Vec<u8> {
    let procedure = last(entry, day);
    pb::RetireProcedureResponse { procedure }.encode_to_vec()
}

/// The reply of `SetOnlineLevel`.
pub(crate) fn online_set(entry: &Entry, day: NaiveDate) -> Vec<u8> {
    let in_force = entry.on(day).map(|version| pb::Procedure {
        revision: entry.revision + 1,
        ..procedure::version(entry, version, "", day)
    });
    let procedure = in_force.or_else(|| last(entry, day));
    pb::SetOnlineLevelResponse { procedure }.encode_to_vec()
}

/// The reply of `ImportProcedures`.
pub(crate) fn taken(taken: Taken) -> Vec<u8> {
    pb::ImportProceduresResponse {
        procedures: count(taken.procedures),
        changed: count(taken.changed),
        published: count(taken.published),
        dry_run: taken.is_dry_run,
    }
    .encode_to_vec()
}

fn count(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
