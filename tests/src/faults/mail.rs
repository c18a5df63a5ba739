//! Offers on their way from the units' queues to the journeys that wait for them.
//!
//! An offer may come before the caller knows the dossier's uid: the reply that tells it may be under way again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use proto::routing::v1::{Delivery, PullTransfersRequest, RedriveDeadLettersRequest};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::JoinSet;

use super::crowd::Crowd;
use super::line::Line;
use super::province::{Province, Unit};
use super::record::OF_NO_JOURNEY;
use super::system::Systems;
use crate::cast;
use crate::new_request_id;

const WAIT_SECONDS: i64 = 15;
/// Short, so that an offer whose delivery was cut comes again soon.
pub const LEASE_SECONDS: i64 = 4;
const AT_MOST: i32 = 50;
/// An answer may come that much later than the wait.
const GRACE: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(200);

/// A transfer and the epoch of one offer of it.
pub type OfferKey = (String, i64);

/// One box for each dossier.
pub struct Mail {
    boxes: Mutex<HashMap<String, Letterbox>>,
    /// Offers that were acknowledged and are left lying, and whether each has come again since.
    lying: Mutex<HashMap<OfferKey, bool>>,
    left: Mutex<Left>,
    odd: Mutex<Vec<String>>,
    crowd: Arc<Crowd>,
}

/// How it went with offers that were acknowledged and left lying for longer than their leases.
#[derive(Clone, Copy, Debug, Default)]
pub struct Left {
    /// How many.
    pub offers: usize,
    /// How many of them came again meanwhile.
    pub again: usize,
}

struct Letterbox {
    sender: UnboundedSender<Delivery>,
    receiver: Option<UnboundedReceiver<Delivery>>,
}

impl Letterbox {
    fn new() -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        Self {
            sender,
            receiver: Some(receiver),
        }
    }
}

impl Mail {
    /// No mail yet. In a crowd some of it comes late.
    pub fn new(crowd: Arc<Crowd>) -> Self {
        Self {
            boxes: Mutex::default(),
            lying: Mutex::default(),
            left: Mutex::default(),
            odd: Mutex::default(),
            crowd,
        }
    }

    /// The offers of a dossier, those of before included.
    pub fn of(&self, dossier: &str) -> Option<UnboundedReceiver<Delivery>> {
        let mut boxes = self.boxes.lock().unwrap_or_else(PoisonError::into_inner);
        let letterbox = boxes.entry(dossier.to_owned());
        letterbox.or_insert_with(Letterbox::new).receiver.take()
    }

    /// Takes in what the subscriber of a unit has read; a slow one leaves it for a while first.
    pub async fn take_in(&self, unit: &str, deliveries: Vec<Delivery>) {
        if let Some(pause) = self.crowd.pause_of(unit) {
            tokio::time::sleep(pause).await;
        }
        for delivery in deliveries {
            self.crowd.came(unit, &delivery);
            self.deliver(unit, delivery);
        }
    }

    fn deliver(&self, unit: &str, delivery: Delivery) {
        let Some(offer) = &delivery.transfer else {
            return self.note(format!("{unit} is delivered nothing"));
        };
        if offer.to_unit_uid != unit {
            self.note(format!("{unit} is delivered {} of another", offer.uid));
        }
        let key = (offer.uid.clone(), offer.offer_epoch);
        self.lying(|lying| {
            if let Some(again) = lying.get_mut(&key) {
                *again = true;
            }
        });
        let mut boxes = self.boxes.lock().unwrap_or_else(PoisonError::into_inner);
        let letterbox = boxes.entry(offer.dossier_uid.clone());
        // A journey that is over reads no more.
        let _ = letterbox
            .or_insert_with(Letterbox::new)
            .sender
            .send(delivery);
    }

    /// Looks for so long whether an offer that was acknowledged comes again.
    pub async fn leave_lying(&self, offer: OfferKey, time: Duration) {
        self.lying(|lying| lying.insert(offer.clone(), false));
        tokio::time::sleep(time).await;
        let again = self.lying(|lying| lying.remove(&offer));
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        left.offers += 1;
        left.again += usize::from(again == Some(true));
    }

    /// How it went with what was left lying.
    pub fn left(&self) -> Left {
        *self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lying<T>(&self, what: impl FnOnce(&mut HashMap<OfferKey, bool>) -> T) -> T {
        what(&mut self.lying.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes what makes no sense.
    pub fn note(&self, odd: String) {
        let mut all = self.odd.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(odd);
    }

    /// What made no sense.
    pub fn odd(&self) -> Vec<String> {
        let odd = self.odd.lock().unwrap_or_else(PoisonError::into_inner);
        odd.clone()
    }
}

/// Subscribes the units that have no system: a long poll each, over any replica that answers.
pub fn subscribe_people(
    line: &Arc<Line>,
    (province, systems): (&Province, &Systems),
    mail: &Arc<Mail>,
    subscribers: &mut JoinSet<()>,
) {
    let without = province.units.iter();
    for unit in without.filter(|unit| systems.of(&unit.uid).is_none()) {
        subscribers.spawn(subscribe(
            Arc::clone(line),
            unit.uid.clone(),
            Arc::clone(mail),
        ));
    }
}

async fn subscribe(line: Arc<Line>, unit: String, mail: Arc<Mail>) {
    let caller = cast::subject(&unit, "receptionist");
    let seconds = |seconds| Some(prost_types::Duration { seconds, nanos: 0 });
    let pull = PullTransfersRequest {
        unit_uid: unit.clone(),
        max_transfers: AT_MOST,
        wait: seconds(WAIT_SECONDS),
        lease: seconds(LEASE_SECONDS),
    };
    let patience = Duration::from_secs(WAIT_SECONDS.unsigned_abs()) + GRACE;
    loop {
        match line.ask(&caller, None, pull.clone(), patience).await {
            Ok(reply) => {
                mail.take_in(&unit, reply.message.deliveries).await;
            }
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// Has what the queues gave up delivered anew, unit by unit and again from the first: its deliveries were cut, each of them.
pub async fn redrive(line: Arc<Line>, units: Vec<Unit>) {
    for unit in units.iter().cycle() {
        let caller = cast::subject(&unit.uid, "receptionist");
        let all = RedriveDeadLettersRequest {
            request_id: new_request_id(),
            unit_uid: unit.uid.clone(),
            transfer_uids: Vec::new(),
        };
        // Where it is refused, the checks say so.
        let _ = line.act(OF_NO_JOURNEY, &caller, None, all).await;
        tokio::time::sleep(PAUSE).await;
    }
}
