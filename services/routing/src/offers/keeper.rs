//! Keeping the lanes full. What it costs does not grow with how many offers are open: units with offers are found by one probe of
//! an index each, and a lane takes pages until it is full.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::time::Duration;

use futures::FutureExt as _;
use kit::db::Db;
use kit::queue::{LANE_CAPACITY, Offer, Queue};
use sea_orm::DbErr;
use tokio::time::MissedTickBehavior;

use crate::store::{self, OpenOffer};
use crate::transfer::offer_key;

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
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while let Err(error) = ask_for_all(&db, &queue).await {
        unread(&error);
        look.tick().await;
    }
    let mut last = String::new();
    loop {
        let done = tokio::select! {
            unit = queue.lanes().starving() => refill(&db, &queue, &unit).await.map(|_| ()),
            _ = look.tick() => ask_for_what_is_lost(&db, &queue, &mut last).await,
        };
        if let Err(error) = done {
            unread(&error);
        }
    }
}

fn unread(error: &DbErr) {
    tracing::warn!(%error, "open offers could not be read; trying again");
}

/// Asks for lanes that lack something, and for some more after the last that was looked through.
async fn ask_for_what_is_lost(db: &Db, queue: &Queue, last: &mut String) -> Result<(), DbErr> {
    let doubted = queue.lanes().doubted().now_or_never().is_some();
    let units = store::units_with_offers(db.read()).await?;
    if doubted {
        ask_for(queue, &units);
        return Ok(());
    }
    for unit in queue.lanes().unknown(&units).await {
        queue.lanes().ask_for(unit);
    }
    let next = units.partition_point(|unit| unit <= last);
    let mut looked_at = 0;
    for unit in units.iter().skip(next).take(LOOKED_THROUGH) {
        looked_at += refill(db, queue, unit).await?;
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

fn ask_for(queue: &Queue, units: &[String]) {
    for unit in units {
        queue.lanes().ask_for(unit);
    }
}

/// Fills a lane; tells how many offers were read for it.
async fn refill(db: &Db, queue: &Queue, unit: &str) -> Result<usize, DbErr> {
    let mut read = 0;
    let limit = u64::try_from(LANE_CAPACITY).unwrap_or(u64::MAX);
    let mut after: Option<OpenOffer> = None;
    loop {
        let mut page = store::open_offers(db.read(), unit, after.as_ref(), limit).await?;
        let whole = page.len() < LANE_CAPACITY;
        read += page.len();
        after = page.last().cloned();
        in_order_per_dossier(&mut page);
        let offers: Vec<Offer> = page.iter().map(offer).collect();
        let room = queue.lanes().refill(unit, &offers, whole).await;
        if whole || !room {
            return Ok(read);
        }
    }
}

/// What is due first comes first; the offers of one dossier change places so that they come as they were made.
fn in_order_per_dossier(page: &mut [OpenOffer]) {
    let mut places: HashMap<String, Vec<usize>> = HashMap::new();
    for (place, offer) in page.iter().enumerate() {
        let of_dossier = places.entry(offer.dossier_uid.clone()).or_default();
        of_dossier.push(place);
    }
    for places in places.into_values().filter(|places| places.len() > 1) {
        let offers = places.iter().map(|place| page[*place].clone());
        let mut offers: Vec<OpenOffer> = offers.collect();
        offers.sort_by(|a, b| (a.offered_at, &a.uid).cmp(&(b.offered_at, &b.uid)));
        for (place, offer) in places.into_iter().zip(offers) {
            page[place] = offer;
        }
    }
}

/// The trace and the commit of an offer are not kept in the store.
fn offer(open: &OpenOffer) -> Offer {
    Offer {
        key: offer_key(&open.uid, open.offer_epoch),
        dossier: open.dossier_uid.clone(),
        ..Offer::default()
    }
}
