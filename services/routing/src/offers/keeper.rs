//! Keeping the lanes full. What it costs does not grow with how many offers are open: units with offers are found by one probe of
//! an index each, and a lane takes pages until it is full.

#[cfg(test)]
mod tests;

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};
use kit::db::Db;
use kit::queue::{LANE_CAPACITY, Mark, Offer, Page, Queue, Starving};
use sea_orm::DbErr;
use tokio::time::MissedTickBehavior;

use crate::store::{self, OpenOffer};
use crate::transfer::offer_key;

/// How many lanes are fed at once, so that one for which much is read holds up no other.
const FED_AT_ONCE: usize = 4;
/// How often the store is asked which units have offers.
const LOOK: Duration = Duration::from_secs(3);
/// How many lanes are looked through at each of these times although nothing tells that they lost something …
const LOOKED_THROUGH: usize = 40;
/// … and no more of them once they had so many offers.
const OFFERS_LOOKED_AT: usize = 2_000;

/// Refills lanes from the store for as long as the process runs: those that ask; every few seconds those that were never filled,
/// as all of them are after a wipe; and all, after Redis was away. A process may have died between a commit and telling of it: so
/// whoever starts looks through all of them, as what takes the dead one's place does, and then through a few more in turn.
pub async fn keep_lanes_full(db: Db, queue: Queue) {
    tokio::join!(
        feed_who_asks(&db, &queue),
        look_for_what_is_lost(&db, &queue)
    );
}

/// Feeds the lanes that ask, several at once, but none twice at once.
async fn feed_who_asks(db: &Db, queue: &Queue) {
    let mut feeding = FuturesUnordered::new();
    // The lanes that are being fed, and who of them asked again.
    let mut fed: HashMap<String, Option<Starving>> = HashMap::new();
    loop {
        let next = tokio::select! {
            starving = queue.lanes().starving(), if feeding.len() < FED_AT_ONCE => starving,
            Some(unit) = feeding.next() => match fed.remove(&unit).flatten() {
                Some(again) => again,
                None => continue,
            },
        };
        match fed.entry(next.unit.clone()) {
            Entry::Occupied(mut again) => {
                let anew = again.get().as_ref().is_some_and(|again| again.anew);
                again.insert(Some(Starving {
                    anew: anew || next.anew,
                    ..next
                }));
            }
            Entry::Vacant(free) => {
                free.insert(None);
                feeding.push(feed_one(db, queue, next));
            }
        }
    }
}

/// Feeds one lane, and gives its unit back.
async fn feed_one(db: &Db, queue: &Queue, starving: Starving) -> String {
    if let Err(error) = feed(db, queue, &starving).await {
        unread(&error);
    }
    starving.unit
}

async fn look_for_what_is_lost(db: &Db, queue: &Queue) {
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut doubted, mut last) = (true, String::new());
    loop {
        look.tick().await;
        doubted |= queue.lanes().doubted().now_or_never().is_some();
        let asked = if doubted {
            ask_for_all(db, queue).await
        } else {
            ask_for_what_is_lost(db, queue, &mut last).await
        };
        match asked {
            Ok(()) => doubted = false,
            Err(error) => unread(&error),
        }
    }
}

fn unread(error: &DbErr) {
    tracing::warn!(%error, "open offers could not be read; trying again");
}

/// Asks for lanes that were never filled; where there are none, looks through some more after the last that was looked through.
async fn ask_for_what_is_lost(db: &Db, queue: &Queue, last: &mut String) -> Result<(), DbErr> {
    let units = store::units_with_offers(db.read()).await?;
    let unknown = queue.lanes().unknown(&units).await;
    if !unknown.is_empty() {
        ask_for(queue, unknown);
        return Ok(());
    }
    let next = units.partition_point(|unit| unit <= last);
    let mut looked_at = 0;
    for unit in units.iter().skip(next).take(LOOKED_THROUGH) {
        looked_at += refill(db, queue, unit, Mark::default()).await?;
        last.clone_from(unit);
        if looked_at >= OFFERS_LOOKED_AT {
            break;
        }
    }
    if units.last().is_none_or(|unit| unit == last) {
        last.clear();
    }
    Ok(())
}

async fn ask_for_all(db: &Db, queue: &Queue) -> Result<(), DbErr> {
    let units = store::units_with_offers(db.read()).await?;
    ask_for(queue, &units);
    Ok(())
}

fn ask_for<'a>(queue: &Queue, units: impl IntoIterator<Item = &'a String>) {
    for unit in units {
        queue.lanes().ask_for(unit);
    }
}

/// Fills a lane that asks; tells how many offers were read for it.
async fn feed(db: &Db, queue: &Queue, starving: &Starving) -> Result<usize, DbErr> {
    let unit = &starving.unit;
    let from = if starving.anew {
        Mark::default()
    } else {
        queue.lanes().filled_to(unit).await
    };
    refill(db, queue, unit, from).await
}

/// Fills a lane from a place on; tells how many offers were read for it.
async fn refill(db: &Db, queue: &Queue, unit: &str, mut from: Mark) -> Result<usize, DbErr> {
    let mut read = 0;
    let limit = u64::try_from(LANE_CAPACITY).unwrap_or(u64::MAX);
    loop {
        let open = store::open_offers(db.read(), unit, &from, limit).await?;
        read += open.len();
        let last = open.last().filter(|_| open.len() == LANE_CAPACITY);
        let next = last.map(|last| Mark {
            due: last.hand_over_due,
            key: last.uid.clone(),
        });
        let is_all = from == Mark::default() && next.is_none();
        let elsewhere = if is_all {
            Vec::new()
        } else {
            of_the_same_dossiers(db, unit, &open).await?
        };
        let offers = in_order_per_dossier(&open, &elsewhere);
        let page = Page {
            offers: &offers,
            from,
            next,
        };
        let room = queue.lanes().refill(unit, &page).await;
        let Some(next) = page.next.filter(|_| room) else {
            return Ok(read);
        };
        from = next;
    }
}

/// What is open of the dossiers of a page, on the page and elsewhere.
async fn of_the_same_dossiers(
    db: &Db,
    unit: &str,
    page: &[OpenOffer],
) -> Result<Vec<OpenOffer>, DbErr> {
    if page.is_empty() {
        return Ok(Vec::new());
    }
    let dossiers = page.iter().map(|offer| offer.dossier_uid.as_str());
    let dossiers: BTreeSet<&str> = dossiers.collect();
    store::open_offers_of(db.read(), unit, &dossiers).await
}

/// What is due first comes first, and before it those of its dossier that were made earlier, also such as stand elsewhere in the
/// store.
fn in_order_per_dossier(page: &[OpenOffer], elsewhere: &[OpenOffer]) -> Vec<Offer> {
    let mut lines: HashMap<&str, BTreeMap<(i64, &str), &OpenOffer>> = HashMap::new();
    for open in page.iter().chain(elsewhere) {
        let line = lines.entry(open.dossier_uid.as_str()).or_default();
        line.insert(made(open), open);
    }
    let mut offers = Vec::with_capacity(page.len());
    for open in page {
        let Some(line) = lines.get_mut(open.dossier_uid.as_str()) else {
            continue;
        };
        while let Some(first) = line.first_entry()
            && *first.key() <= made(open)
        {
            offers.push(offer(first.remove()));
        }
    }
    offers
}

/// Its place among the offers of its dossier.
fn made(open: &OpenOffer) -> (i64, &str) {
    (open.offered_at, open.uid.as_str())
}

/// The trace and the commit of an offer are not kept in the store.
fn offer(open: &OpenOffer) -> Offer {
    Offer {
        key: offer_key(&open.uid, open.offer_epoch),
        dossier: open.dossier_uid.clone(),
        due: open.hand_over_due,
        ..Offer::default()
    }
}
