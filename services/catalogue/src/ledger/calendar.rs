//! The next version of the calendar.

use chrono::NaiveDate;
use kit::log::{NewEvent, Shard};
use kit::writer::Effect;
use prost::Message as _;

use super::{Change, World};
use crate::calendar::{Calendar, Column, Draft, Fault, Flaw, PROVINCE, Place, Version};
use crate::error::Error;
use crate::store::calendar::Row;
use crate::wire;

/// What the province's administrator wants of the calendar.
#[derive(Clone, Debug)]
pub(crate) struct CalendarImport {
    /// Only tell what would change.
    pub is_dry_run: bool,
    /// The version that the caller has seen; 0 does not check.
    pub expected_revision: i64,
    /// When it was announced; none: today.
    pub announced_on: Option<NaiveDate>,
    /// What it was announced by.
    pub basis: String,
    /// What to put over the version in force.
    pub draft: Draft,
}

/// Publishes the calendar of the files, unless the version in force says the same.
pub(super) fn publish(
    world: &World,
    calendar: &Calendar,
    today: NaiveDate,
    effect: &mut Effect<Change>,
) -> Result<(), Error> {
    let version = match in_force(world)? {
        None => Version::first(),
        Some((_, kept)) if kept == *calendar => return Ok(()),
        Some((version, _)) => version.next(today.max(version.announced_on), String::new()),
    };
    put(effect, &version, calendar);
    Ok(())
}

/// Puts a draft over the version in force.
pub(super) fn import(
    world: &World,
    import: &CalendarImport,
    today: NaiveDate,
) -> Result<Effect<Change>, Error> {
    let (before, kept) = in_force(world)?.unzip();
    let (current, kept) = (before.as_ref(), kept.unwrap_or_default());
    let revision = current.map_or(0, |version| version.revision);
    if import.expected_revision != 0 && import.expected_revision != revision {
        return Err(Error::RevisionChanged {
            expected: import.expected_revision,
            current: revision,
        });
    }
    let announced_on = import.announced_on.unwrap_or(today);
    let faults = untimely(announced_on, today, current).into_iter();
    let next = match kept.amended(&import.draft) {
        Ok(next) if faults.len() == 0 => next,
        Ok(_) => return Err(Error::CalendarInvalid(faults.collect())),
        Err(more) => return Err(Error::CalendarInvalid(faults.chain(more).collect())),
    };
    let difference = kept.difference(&next);
    let mut version = Version {
        revision: revision + 1,
        announced_on,
        basis: import.basis.clone(),
    };
    let mut effect = Effect::nothing();
    if difference.is_empty() {
        version.revision = revision;
    } else if !import.is_dry_run {
        put(&mut effect, &version, &next);
    }
    let named = import.draft.days.len();
    let report = wire::calendar::report(&difference, named, (version.revision, today));
    effect.reply = proto::catalogue::v1::ImportCalendarResponse {
        dry_run: import.is_dry_run,
        ..report
    }
    .encode_to_vec();
    Ok(effect)
}

/// A version is announced before it can be taken in, and after the one before it.
fn untimely(on: NaiveDate, today: NaiveDate, current: Option<&Version>) -> Option<Fault> {
    let flaw = match current {
        _ if on > today => Flaw::NotYet(today),
        Some(current) if on < current.announced_on => Flaw::Earlier(current.announced_on),
        _ => return None,
    };
    Some(Fault::new(Place::Whole, Column::AnnouncedOn, flaw))
}

fn in_force(world: &World) -> Result<Option<(Version, Calendar)>, Error> {
    let row = world.calendar.as_ref();
    row.map(|row| wire::calendar::stored(&row.body)).transpose()
}

fn put(effect: &mut Effect<Change>, version: &Version, calendar: &Calendar) {
    let message = wire::calendar::calendar(calendar, version);
    let row = Row {
        key: PROVINCE.to_owned(),
        revision: version.revision,
        announced_on: version.announced_on,
        basis: version.basis.clone(),
        body: message.encode_to_vec(),
    };
    let told = wire::calendar::published(message);
    effect
        .events
        .push(NewEvent::new(PROVINCE, Shard::of(PROVINCE), &told));
    effect.changes.push(Change::Calendar(row));
}
