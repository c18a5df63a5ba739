//! Units on the wire.

use chrono::NaiveDate;
use kit::copies::change_of;
use prost::Message as _;
use proto::event::v1::Event;
use proto::identity::v1 as pb;
use proto::identity::v1::identity_change::Change;

use crate::register::{Draft, Found, Register, Taken};
use crate::unit::{self, Heir, Period, Succession, Unit};

pub(crate) fn unit_kind(kind: pb::UnitKind) -> Option<unit::Kind> {
    match kind {
        pb::UnitKind::Unspecified => None,
        pb::UnitKind::Province => Some(unit::Kind::Province),
        pb::UnitKind::Department => Some(unit::Kind::Department),
        pb::UnitKind::District => Some(unit::Kind::District),
        pb::UnitKind::Commune => Some(unit::Kind::Commune),
    }
}

impl From<unit::Kind> for pb::UnitKind {
    fn from(kind: unit::Kind) -> Self {
        match kind {
            unit::Kind::Province => Self::Province,
            unit::Kind::Department => Self::Department,
            unit::Kind::District => Self::District,
            unit::Kind::Commune => Self::Commune,
        }
    }
}

impl From<unit::Change> for pb::UnitChange {
    fn from(change: unit::Change) -> Self {
        match change {
            unit::Change::Merged => Self::Merged,
            unit::Change::Split => Self::Split,
            unit::Change::Abolished => Self::Abolished,
        }
    }
}

/// A unit as it stands on a day.
pub(crate) fn unit(unit: &Unit, on: NaiveDate) -> pb::Unit {
    let now = unit.on(on);
    pb::Unit {
        uid: unit.uid.to_string(),
        code: now.code.clone(),
        kind: pb::UnitKind::from(unit.kind).into(),
        subtype: now.subtype.clone(),
        name: now.name.clone(),
        short_name: now.short_name.clone(),
        parent_uid: text(now.parent.as_ref()),
        national_code: now.national_code.clone(),
        valid_from: unit.first.from.to_string(),
        valid_to: text(unit.last_day().as_ref()),
        successor_uid: text(unit.heir()),
        revision: unit.revision,
        periods: periods(unit),
        successions: successions(unit),
    }
}

fn text(value: Option<&impl ToString>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

fn periods(unit: &Unit) -> Vec<pb::UnitPeriod> {
    let mut before: Option<&Period> = None;
    let mut periods = Vec::with_capacity(1 + unit.later.len());
    for (period, last) in unit.spans() {
        let changes = before.map(|before| changes(before, period));
        before = Some(period);
        periods.push(pb::UnitPeriod {
            valid_from: period.from.to_string(),
            valid_to: text(last.as_ref()),
            code: period.code.clone(),
            subtype: period.subtype.clone(),
            name: period.name.clone(),
            short_name: period.short_name.clone(),
            parent_uid: text(period.parent.as_ref()),
            national_code: period.national_code.clone(),
            changes: changes.unwrap_or_default(),
        });
    }
    periods
}

fn changes(before: &Period, after: &Period) -> Vec<i32> {
    let names = |period: &Period| (period.subtype.clone(), period.name.clone());
    let codes = |period: &Period| (period.code.clone(), period.national_code.clone());
    let all = [
        (names(before) != names(after), pb::UnitChange::Renamed),
        (codes(before) != codes(after), pb::UnitChange::Recoded),
        (before.parent != after.parent, pb::UnitChange::Moved),
    ];
    let changed = all.into_iter().filter(|(changed, _)| *changed);
    changed.map(|(_, change)| change.into()).collect()
}

fn successions(unit: &Unit) -> Vec<pb::UnitSuccession> {
    let succession = unit.end.as_ref().and_then(|end| end.succession.as_ref());
    let Some(succession) = succession else {
        return Vec::new();
    };
    let heirs = succession.heirs.iter();
    heirs
        .map(|heir| self::succession(unit, succession, heir))
        .collect()
}

fn succession(from: &Unit, succession: &Succession, heir: &Heir) -> pb::UnitSuccession {
    let day = from.last_day().and_then(|last| last.succ_opt());
    pb::UnitSuccession {
        from_uid: from.uid.to_string(),
        to_uid: heir.to.to_string(),
        day: text(day.as_ref()),
        change: pb::UnitChange::from(succession.change).into(),
        is_whole: heir.is_whole,
        is_default: heir.is_default,
        basis: heir.basis.clone(),
    }
}

/// A page of units; `more` says that another follows.
pub(crate) fn page(
    (units, more): &(Vec<&Unit>, bool),
    on: NaiveDate,
    cursor: String,
) -> pb::ListUnitsResponse {
    let last = units.last().filter(|_| *more);
    pb::ListUnitsResponse {
        next_page_token: last
            .map(|unit| kit::page::token(&[unit.uid.as_str()]))
            .unwrap_or_default(),
        units: units.iter().map(|one| unit(one, on)).collect(),
        cursor,
    }
}

/// A page of what was found.
pub(crate) fn found(
    (found, more): &(Vec<Found<'_>>, bool),
    on: NaiveDate,
) -> pb::SearchUnitsResponse {
    let last = found.last().filter(|_| *more);
    let shown = |found: &Found<'_>| pb::FoundUnit {
        unit: Some(unit(found.unit, on)),
        parent_name: found.parent_name.to_owned(),
        accents_agree: found.agreement == kit::text::Agreement::WithAccents,
    };
    pb::SearchUnitsResponse {
        next_page_token: last
            .map(|found| kit::page::token(&[found.unit.uid.as_str()]))
            .unwrap_or_default(),
        units: found.iter().map(shown).collect(),
    }
}

/// Who does the work of a unit on a day, and what became of whom.
pub(crate) fn succession_of(
    register: &Register,
    of: &Unit,
    on: NaiveDate,
) -> pb::GetSuccessionResponse {
    let heir = register.get(register.heir(&of.uid, on));
    let predecessors = register.predecessors(&of.uid);
    pb::GetSuccessionResponse {
        heir: heir.map(|heir| unit(heir, on)),
        successions: successions(of),
        predecessors: predecessors
            .map(|(from, succession, heir)| self::succession(from, succession, heir))
            .collect(),
    }
}

/// What the log tells of a unit.
pub(crate) fn imported(imported: &Unit, on: NaiveDate) -> pb::IdentityChange {
    let unit = Some(unit(imported, on));
    pb::IdentityChange {
        change: Some(Change::UnitImported(pb::UnitImported { unit })),
    }
}

/// What an event tells those who watch units of a kind, or of all kinds.
pub(crate) fn told(event: &Event, kind: Option<unit::Kind>) -> Option<pb::Unit> {
    // What cannot be read was not written by this version, and is none of its units.
    let change = pb::IdentityChange::decode(change_of(event)).ok()?.change;
    // Nothing else in the log of identity is about units.
    let Change::UnitImported(pb::UnitImported { unit: Some(unit) }) = change? else {
        return None;
    };
    kind.is_none_or(|kind| unit_kind(unit.kind()) == Some(kind))
        .then_some(unit)
}

/// What an import changed, or would change.
pub(crate) fn report(
    before: &Register,
    draft: &Draft,
    taken: &Taken,
    dry_run: bool,
) -> pb::ImportUnitsResponse {
    let uids = |units: Vec<&Unit>| units.into_iter().map(|unit| unit.uid.to_string()).collect();
    let known = |unit: &&Unit| before.get(&unit.uid);
    let (changed, new): (Vec<&Unit>, Vec<&Unit>) =
        taken.changed.iter().partition(|unit| known(unit).is_some());
    let ends =
        |unit: &&Unit| unit.end.is_some() && known(unit).map(|known| &known.end) != Some(&unit.end);
    let ending = taken.changed.iter().filter(ends).collect();
    let unchanged = draft.uids().len() - taken.changed.len();
    pb::ImportUnitsResponse {
        dry_run,
        new_uids: uids(new),
        changed_uids: uids(changed),
        ending_uids: uids(ending),
        unchanged: i32::try_from(unchanged).unwrap_or(i32::MAX),
    }
}
