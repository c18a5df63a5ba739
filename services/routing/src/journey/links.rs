//! Offers that go by links, which must keep their limits (R12).

use kit::clock::{self, Moment};
use kit::copies::Calendars;
use worktime::Calendar;

use super::{Journey, Surroundings, What};
use crate::error::Error;
use crate::link::{Link, LinkStep, Links};
use crate::transfer::{State, Transfer};

impl Journey {
    /// What happened since it was last asked, seen from the links: offers go by them, and what they brought is answered.
    ///
    /// # Errors
    /// When the calendar has no working time ahead.
    pub fn follow_links(
        &mut self,
        links: &Links,
        calendars: Option<&Calendars>,
        at: Moment,
    ) -> Result<(), Error> {
        let told = self.told.iter();
        let told: Vec<(usize, What, String)> = told
            .enumerate()
            .map(|(nth, told)| (nth, told.what, told.transfer.uid.clone()))
            .collect();
        for (nth, what, uid) in told {
            match what {
                What::Offered | What::HoldEnded => {
                    if let Some(calendars) = calendars {
                        self.goes_by(nth, links, calendars)?;
                    }
                }
                What::Accepted | What::Declined => self.acknowledged(&uid, at),
                _ => {}
            }
        }
        Ok(())
    }

    fn goes_by(&mut self, nth: usize, links: &Links, calendars: &Calendars) -> Result<(), Error> {
        let offer = &mut self.told[nth].transfer;
        offer.link = links.of_offer(offer, calendars.of(&offer.to))?;
        let (uid, link) = (offer.uid.clone(), offer.link.clone());
        if let Some(known) = self.transfers.iter_mut().find(|known| known.uid == uid) {
            known.link = link;
        }
        Ok(())
    }

    fn acknowledged(&mut self, uid: &str, at: Moment) {
        self.with_link(uid, |link| link.acknowledged(at));
    }

    /// This offer was brought to the unit's system; whether that was not known before.
    pub fn delivered(&mut self, uid: &str, offer_epoch: i64, at: Moment) -> bool {
        let waits = |transfer: &Transfer| {
            let link = transfer.link.as_ref();
            transfer.offer_epoch == offer_epoch
                && transfer.state == State::Offered
                && link.is_some_and(|link| link.delivered_at.is_none())
        };
        if !self.transfer(uid).is_ok_and(waits) {
            return false;
        }
        self.with_link(uid, |link| link.delivered(at));
        true
    }

    /// Tells of it where that mends a link that was late; otherwise it is only kept.
    fn with_link(&mut self, uid: &str, change: impl FnOnce(Link) -> Link) {
        let Some(known) = self.transfers.iter_mut().find(|known| known.uid == uid) else {
            return;
        };
        let Some(before) = known.link.take() else {
            return;
        };
        let was_late = before.late_since().is_some();
        let after = change(before);
        let mended = was_late && after.late_since().is_none();
        known.link = Some(after);
        self.touched.insert(uid.to_owned());
        if mended {
            let mut transfer = known.clone();
            transfer.revision += 1;
            self.note(What::LinkMended, transfer);
        }
    }

    /// Whoever looks after links is told of what is late by now.
    pub(super) fn ring_link(&mut self, transfer: &Transfer, now: Moment, around: Surroundings<'_>) {
        let mut transfer = transfer.clone();
        while let Some((at, with)) = transfer.link_alarm()
            && at <= now
        {
            let calendar = around.calendar.of(&transfer.to);
            transfer = late(transfer, with, (now, calendar));
            self.note(What::LinkLate, transfer.clone());
        }
    }

    /// What links have been late with since it was last asked what happened: the transfer, its unit, and what it is.
    #[must_use]
    pub fn links_late_now(&self) -> Vec<(String, String, LinkStep)> {
        let late = self.told.iter().filter(|told| told.what == What::LinkLate);
        let late = late.filter_map(|told| {
            let lateness = told.transfer.link.as_ref()?.late.as_ref()?;
            let transfer = &told.transfer;
            Some((transfer.uid.clone(), transfer.to.clone(), lateness.with))
        });
        late.collect()
    }
}

fn late(transfer: Transfer, with: LinkStep, (now, calendar): (Moment, &Calendar)) -> Transfer {
    let working = calendar.next_opening(clock::local(now)).ok();
    let closing = working.and_then(|opening| calendar.closing(opening.date()));
    // Without working time ahead there is nothing to mend it by but now.
    let mend_by = closing.map_or(now, clock::from_local);
    Transfer {
        link: transfer.link.map(|link| link.late(with, now, mend_by)),
        revision: transfer.revision + 1,
        ..transfer
    }
}
