//! Offers on their way from the units' queues to the journeys that wait for them.
//!
//! An offer may come before the caller knows the dossier's uid: the reply that tells it may be under way again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use proto::routing::v1::{PullTransfersRequest, Transfer};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::JoinSet;

use super::line::Line;
use super::province::Province;
use crate::cast;

const WAIT_SECONDS: i64 = 15;
/// Short, so that an offer whose delivery was cut comes again soon.
const LEASE_SECONDS: i64 = 5;
const AT_MOST: i32 = 50;
/// An answer may come that much later than the wait.
const GRACE: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(200);

/// One box for each dossier.
#[derive(Default)]
pub struct Mail(Mutex<HashMap<String, Letterbox>>);

struct Letterbox {
    sender: UnboundedSender<Transfer>,
    receiver: Option<UnboundedReceiver<Transfer>>,
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
    /// The offers of a dossier, those of before included.
    pub fn of(&self, dossier: &str) -> Option<UnboundedReceiver<Transfer>> {
        let mut boxes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let letterbox = boxes.entry(dossier.to_owned());
        letterbox.or_insert_with(Letterbox::new).receiver.take()
    }

    fn deliver(&self, offer: Transfer) {
        let mut boxes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let letterbox = boxes.entry(offer.dossier_uid.clone());
        // A journey that is over reads no more.
        let _ = letterbox.or_insert_with(Letterbox::new).sender.send(offer);
    }
}

/// Subscribes all units: a long poll each, over any replica that answers.
pub fn subscribe_all(line: &Arc<Line>, province: &Province, mail: &Arc<Mail>) -> JoinSet<()> {
    let mut pulling = JoinSet::new();
    for unit in &province.units {
        pulling.spawn(subscribe(
            Arc::clone(line),
            unit.uid.clone(),
            Arc::clone(mail),
        ));
    }
    pulling
}

async fn subscribe(line: Arc<Line>, unit: String, mail: Arc<Mail>) {
    let caller = cast::subject(&unit, "receptionist");
    let seconds = |seconds| Some(prost_types::Duration { seconds, nanos: 0 });
    let pull = PullTransfersRequest {
        unit_uid: unit,
        max_transfers: AT_MOST,
        wait: seconds(WAIT_SECONDS),
        lease: seconds(LEASE_SECONDS),
    };
    let patience = Duration::from_secs(WAIT_SECONDS.unsigned_abs()) + GRACE;
    loop {
        match line.ask(&caller, None, pull.clone(), patience).await {
            Ok(reply) => {
                let offers = reply.message.deliveries.into_iter();
                for offer in offers.filter_map(|delivery| delivery.transfer) {
                    mail.deliver(offer);
                }
            }
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}
