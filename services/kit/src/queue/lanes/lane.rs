//! One unit's lane in this process: pure, with the time as an argument.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;

use tokio::time::Instant;

use super::{
    Change, Delivered, LANE_CAPACITY, MOST_ACKNOWLEDGED, Mark, Modify, Offer, Page, REFILL_BELOW,
    REPORTED_FOR, Stats, Take,
};

/// What a lane knows of the store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Fill {
    /// Nothing: it was never filled, or was wiped since.
    #[default]
    Unknown,
    /// It holds all that is open there.
    All,
    /// It holds what stands there before the mark, and more is open.
    To(Mark),
}

impl Fill {
    /// An offer that is due then was left out.
    fn left_out(&mut self, due: i64) {
        let before = Mark {
            due,
            key: String::new(),
        };
        match self {
            Self::Unknown => {}
            Self::All => *self = Self::To(before),
            Self::To(mark) => *mark = before.min(std::mem::take(mark)),
        }
    }

    /// A page was put in, wholly or not.
    fn take_in(&mut self, from: &Mark, next: Option<&Mark>, fitted: bool) {
        // What it left out, or where it ends. A page that does not begin where the lane is filled to leaves a gap.
        let to = if fitted { next } else { Some(from) };
        match self {
            Self::Unknown if *from != Mark::default() => {}
            Self::To(mark) if *mark < *from => {}
            Self::To(mark) if fitted && to.is_some_and(|to| to < mark) => {}
            Self::Unknown | Self::All | Self::To(_) => {
                *self = to.map_or(Self::All, |to| Self::To(to.clone()));
            }
        }
    }
}

/// The offers that wait for one unit.
#[derive(Debug, Default)]
pub(super) struct Lane {
    entries: HashMap<String, Entry>,
    /// Every entry, in the order in which they came.
    order: BTreeMap<u64, String>,
    ready: BTreeSet<u64>,
    /// Those that are not to be delivered before then.
    out: BTreeSet<(Instant, u64)>,
    dossiers: HashMap<String, BTreeSet<u64>>,
    acknowledged: HashSet<String>,
    next: u64,
    fill: Fill,
}

#[derive(Debug)]
struct Entry {
    order: u64,
    attempts: u32,
    /// As a delivery tells it.
    offer: Offer,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Ready,
    /// Behind an earlier one of its dossier.
    Parked,
    Leased {
        until: Instant,
        subscriber: String,
    },
    /// Given back for later, or told of as given up.
    Later(Instant),
}

/// What one look brought.
#[derive(Debug, Default)]
pub(super) struct Look {
    pub delivered: Vec<Delivered>,
    pub exhausted: Vec<Delivered>,
    /// When the first of those that are out may be delivered again.
    pub next: Option<Instant>,
}

impl Lane {
    /// Puts an offer in, unless it is there or was acknowledged. Whether it has its place now; it is left out where there is no
    /// room, or where it might overtake an earlier one of its dossier.
    pub fn offer(&mut self, offer: Offer) -> bool {
        if self.knows(&offer.key) {
            return true;
        }
        let follows = offer.earlier.iter().all(|key| self.knows(key));
        if !follows || self.entries.len() >= LANE_CAPACITY {
            self.fill.left_out(offer.due);
            return false;
        }
        let order = self.next;
        self.next += 1;
        self.ready.insert(order);
        self.order.insert(order, offer.key.clone());
        if !offer.dossier.is_empty() {
            let line = self.dossiers.entry(offer.dossier.clone()).or_default();
            line.insert(order);
        }
        let entry = Entry {
            order,
            attempts: 0,
            offer: Offer {
                due: 0,
                earlier: Vec::new(),
                ..offer
            },
            place: Place::Ready,
        };
        self.entries.insert(entry.offer.key.clone(), entry);
        true
    }

    /// Whether an offer is there, or was acknowledged.
    fn knows(&self, key: &str) -> bool {
        self.entries.contains_key(key) || self.acknowledged.contains(key)
    }

    /// Puts a page of what is open in the store in. Whether there is room for more.
    pub fn refill(&mut self, page: &Page<'_>) -> bool {
        let (mut fill, mut fitted) = (std::mem::take(&mut self.fill), true);
        for offer in page.offers {
            fitted &= self.offer(offer.clone());
        }
        fill.take_in(&page.from, page.next.as_ref(), fitted);
        self.fill = fill;
        fitted && self.entries.len() < LANE_CAPACITY
    }

    /// Where the next refill begins.
    pub fn filled_to(&self) -> Mark {
        match &self.fill {
            Fill::To(mark) => mark.clone(),
            Fill::Unknown | Fill::All => Mark::default(),
        }
    }

    /// Takes an offer out for good.
    pub fn settle(&mut self, key: &str) {
        self.acknowledged.remove(key);
        self.remove(key);
    }

    /// Takes what may be delivered to this subscriber now.
    pub fn take(&mut self, take: &Take<'_>, now: Instant) -> Look {
        self.end_leases(now);
        let mut look = Look::default();
        while look.delivered.len() < take.most {
            let Some(order) = self.ready.pop_first() else {
                break;
            };
            let blocked = self.is_blocked(order, take.subscriber);
            let Some(entry) = entry(&self.order, &mut self.entries, order) else {
                continue;
            };
            if blocked {
                entry.place = Place::Parked;
                continue;
            }
            if entry.attempts >= take.most_deliveries {
                let until = now + REPORTED_FOR;
                entry.place = Place::Later(until);
                self.out.insert((until, order));
                look.exhausted.push(entry.delivered());
                continue;
            }
            let until = now + take.lease;
            entry.attempts += 1;
            entry.place = Place::Leased {
                until,
                subscriber: take.subscriber.to_owned(),
            };
            self.out.insert((until, order));
            look.delivered.push(entry.delivered());
        }
        look.next = self.out.first().map(|(until, _)| *until);
        look
    }

    /// Whether an earlier offer of the same dossier stands before this one: out with anybody else, or to come again.
    fn is_blocked(&self, order: u64, subscriber: &str) -> bool {
        let dossier = self.order.get(&order).and_then(|key| {
            let entry = self.entries.get(key)?;
            self.dossiers.get(&entry.offer.dossier)
        });
        let earlier = dossier.into_iter().flat_map(|line| line.range(..order));
        let is_with_the_same = |order: &u64| {
            let key = self.order.get(order);
            let entry = key.and_then(|key| self.entries.get(key));
            matches!(
                entry.map(|entry| &entry.place),
                Some(Place::Leased { subscriber: by, .. }) if by == subscriber
            )
        };
        !earlier.into_iter().all(is_with_the_same)
    }

    /// Changes one delivery; whether that had an effect.
    pub fn modify(&mut self, modify: &Modify, now: Instant) -> bool {
        self.end_leases(now);
        match modify.change {
            Change::Acknowledge => self.acknowledge(&modify.key),
            Change::Extend(by) => {
                let until = now + by;
                self.set_out(modify, until, |_, subscriber| Place::Leased {
                    until,
                    subscriber,
                })
            }
            Change::GiveBack(delay) => {
                let until = now + delay;
                self.set_out(modify, until, |_, _| Place::Later(until))
            }
            Change::Undeliver => self.set_out(modify, now, |entry, _| {
                entry.attempts -= 1;
                Place::Later(now)
            }),
        }
    }

    fn acknowledge(&mut self, key: &str) -> bool {
        if self.acknowledged.contains(key) {
            return true;
        }
        if self.acknowledged.len() >= MOST_ACKNOWLEDGED || !self.remove(key) {
            return false;
        }
        self.acknowledged.insert(key.to_owned());
        true
    }

    /// Has a delivery that is on lease come again at another time, out where `place` says.
    fn set_out(
        &mut self,
        modify: &Modify,
        until: Instant,
        place: impl FnOnce(&mut Entry, String) -> Place,
    ) -> bool {
        let Some(entry) = self.entries.get_mut(&modify.key) else {
            return false;
        };
        if entry.attempts != modify.attempt {
            return false;
        }
        let Place::Leased {
            until: before,
            subscriber,
        } = &entry.place
        else {
            return false;
        };
        let (before, subscriber) = (*before, subscriber.clone());
        entry.place = place(entry, subscriber);
        let order = entry.order;
        self.out.remove(&(before, order));
        self.out.insert((until, order));
        true
    }

    /// Removes an entry and lets those of its dossier that waited behind it come; whether it was there.
    fn remove(&mut self, key: &str) -> bool {
        let Some(entry) = self.entries.remove(key) else {
            return false;
        };
        self.order.remove(&entry.order);
        self.ready.remove(&entry.order);
        if let Place::Leased { until, .. } | Place::Later(until) = entry.place {
            self.out.remove(&(until, entry.order));
        }
        let Some(mut line) = self.dossiers.remove(&entry.offer.dossier) else {
            return true;
        };
        line.remove(&entry.order);
        for order in &line {
            self.release(*order);
        }
        if !line.is_empty() {
            self.dossiers.insert(entry.offer.dossier, line);
        }
        true
    }

    fn release(&mut self, order: u64) {
        if let Some(entry) = entry(&self.order, &mut self.entries, order)
            && matches!(entry.place, Place::Parked)
        {
            entry.place = Place::Ready;
            self.ready.insert(order);
        }
    }

    fn end_leases(&mut self, now: Instant) {
        while let Some((until, order)) = self.out.first().copied()
            && until <= now
        {
            self.out.pop_first();
            if let Some(entry) = entry(&self.order, &mut self.entries, order) {
                entry.place = Place::Ready;
                self.ready.insert(order);
            }
        }
    }

    /// Whether it should be refilled from the store.
    pub fn starves(&self) -> bool {
        match &self.fill {
            Fill::Unknown => true,
            Fill::All => false,
            Fill::To(_) => self.entries.len() < REFILL_BELOW,
        }
    }

    /// Whether it was never filled from the store, or was wiped since.
    pub fn is_unknown(&self) -> bool {
        self.fill == Fill::Unknown
    }

    /// What it holds.
    pub fn stats(&mut self, now: Instant) -> Stats {
        self.end_leases(now);
        let mut stats = Stats {
            held: self.entries.len(),
            acknowledged: self.acknowledged.len(),
            ..Stats::default()
        };
        for key in self.order.values() {
            let Some(entry) = self.entries.get(key) else {
                continue;
            };
            match entry.place {
                Place::Leased { .. } => stats.leased += 1,
                Place::Later(_) => stats.later += 1,
                Place::Ready | Place::Parked => {}
            }
            if entry.attempts == 0 && stats.oldest_waiting.is_none() {
                stats.oldest_waiting = entry.offer.committed_at;
            }
        }
        stats
    }
}

impl Entry {
    fn delivered(&self) -> Delivered {
        Delivered {
            offer: self.offer.clone(),
            attempt: self.attempts,
        }
    }
}

fn entry<'a>(
    order: &BTreeMap<u64, String>,
    entries: &'a mut HashMap<String, Entry>,
    number: u64,
) -> Option<&'a mut Entry> {
    entries.get_mut(order.get(&number)?)
}

/// How long it is from now until then.
pub(super) fn left(until: Instant, now: Instant) -> Duration {
    until.saturating_duration_since(now)
}
