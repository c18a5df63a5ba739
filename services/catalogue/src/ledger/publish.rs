//! Publishing, retiring, and how far a procedure is online.

use chrono::NaiveDate;
use kit::online::Period;
use kit::writer::Effect;

use super::{Change, OnProcedure, World, changed};
use crate::check;
use crate::difference::{self, Difference};
use crate::entry::Entry;
use crate::error::Error;
use crate::fault::{Fault, Problem};
use crate::wire;

/// What a publication does, or would do.
pub(crate) struct Published<'a> {
    pub entry: &'a Entry,
    pub ends_version: i32,
    pub differences: Vec<Difference>,
    pub receiving_units: usize,
    pub is_dry_run: bool,
}

/// draft → published. All that keeps it from that is said at once.
pub(super) fn publish(
    world: &World,
    on: &OnProcedure,
    (from, is_dry_run): (NaiveDate, bool),
    today: NaiveDate,
) -> Result<Effect<Change>, Error> {
    let missing = || Error::DraftNotFound(on.code.to_string());
    let mut entry = world.find(&on.code).ok_or_else(missing)?.clone();
    let mut content = entry.draft(on.expected_revision)?.procedure.clone();
    check::settle(&mut content, &world.departments);
    let mut faults: Vec<Fault> = entry.must_follow(from).into_iter().collect();
    if from < today {
        faults.push(Fault::new("effective_from", Problem::DayPast(from)));
    }
    faults.extend(world.faults(&content, from));
    faults.extend(check::unpayable(&content, &entry.online, (from, None)));
    if !faults.is_empty() {
        return Err(Error::PublicationRefused(faults));
    }
    let before = entry.not_over_on(from).last().cloned();
    let differences = before
        .as_ref()
        .map(|before| difference::between(&before.procedure, &content));
    let differences = differences.transpose()?.unwrap_or_default();
    let receiving_units = check::receiving(&content, &world.units, from).count();
    entry.draft = None;
    entry.publish(content, from);
    let published = Published {
        entry: &entry,
        ends_version: before.map_or(0, |before| before.number),
        differences,
        receiving_units,
        is_dry_run,
    };
    let reply = wire::reply::published(&published, today);
    Ok(finished(entry, reply, is_dry_run, today))
}

/// published → retired.
pub(super) fn retire(
    world: &World,
    on: &OnProcedure,
    from: NaiveDate,
    today: NaiveDate,
) -> Result<Effect<Change>, Error> {
    let mut entry = world.published(on)?;
    entry.retire(from, today)?;
    let reply = wire::reply::retired(&entry, today);
    Ok(finished(entry, reply, false, today))
}

/// How far it is online in a period, as long as its fees can be paid that way.
pub(super) fn set_online(
    world: &World,
    on: &OnProcedure,
    period: &Period,
    today: NaiveDate,
) -> Result<Effect<Change>, Error> {
    let mut entry = world.published(on)?;
    entry.online.set(period.clone());
    let mut faults = unpayable(&entry, today);
    if period.to.is_some_and(|to| to < period.from) {
        faults.push(Fault::new("online_level.valid_to", Problem::PeriodInvalid));
    }
    if !faults.is_empty() {
        return Err(Error::PublicationRefused(faults));
    }
    let reply = wire::reply::online_set(&entry, today);
    Ok(finished(entry, reply, false, today))
}

/// The fees that would have to be payable online from a day on, and are not.
pub(super) fn unpayable(entry: &Entry, day: NaiveDate) -> Vec<Fault> {
    let versions = entry.not_over_on(day).flat_map(|version| {
        let days = (version.from.max(day), entry.last_day(version));
        check::unpayable(&version.procedure, &entry.online, days)
    });
    versions.collect()
}

fn finished(entry: Entry, reply: Vec<u8>, is_dry_run: bool, today: NaiveDate) -> Effect<Change> {
    let mut effect = Effect::nothing();
    if !is_dry_run {
        changed(entry, today, &mut effect);
    }
    effect.reply = reply;
    effect
}
