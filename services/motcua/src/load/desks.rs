//! The subscribers: every unit waits at its queue, and what comes is given to whoever follows the dossier.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kit::clock;
use proto::routing::v1::{PullTransfersRequest, PullTransfersResponse, Transfer};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::error::Error;
use super::line::Line;
use super::scenario::officer;
use crate::cast::{self, CallerId, Role};

const AT_MOST: i32 = 100;
const WAIT_SECONDS: i64 = 30;
/// Longer than a run, so that no offer comes twice.
const LEASE_SECONDS: i64 = 600;
const AFTER_FAILURE: Duration = Duration::from_millis(100);

/// All units' long polls, until this is dropped.
pub struct Desks {
    boxes: Arc<Boxes>,
    _pulling: JoinSet<()>,
}

/// An offer that came.
pub struct Delivery {
    /// The offer.
    pub transfer: Transfer,
    /// From its commit to its arrival here; `None` when the queue had lost it meanwhile.
    pub took: Option<Duration>,
}

/// The offers of the dossiers that somebody follows, or will: an offer may come before the reply that it follows.
#[derive(Default)]
struct Boxes(Mutex<HashMap<String, Mailbox>>);

struct Mailbox {
    into: mpsc::UnboundedSender<Delivery>,
    from: Option<mpsc::UnboundedReceiver<Delivery>>,
}

/// The offers of one dossier.
pub struct Following {
    dossier: String,
    offers: mpsc::UnboundedReceiver<Delivery>,
    boxes: Arc<Boxes>,
}

impl Desks {
    /// Opens the desks of all units.
    ///
    /// # Errors
    /// When a unit has no receptionist among the callers.
    pub fn open(line: &Arc<Line>) -> Result<Self, Error> {
        let boxes = Arc::new(Boxes::default());
        let mut pulling = JoinSet::new();
        for (turn, unit) in cast::units_with_desks()?.into_iter().enumerate() {
            let receptionist = officer(line, &unit, Role::Receptionist)?;
            let (line, boxes) = (Arc::clone(line), Arc::clone(&boxes));
            pulling
                .spawn(async move { pull(&line, receptionist, request(unit), turn, &boxes).await });
        }
        Ok(Self {
            boxes,
            _pulling: pulling,
        })
    }

    /// The offers of a dossier, also those that have come already.
    #[must_use]
    pub fn follow(&self, dossier: &str) -> Following {
        let mut boxes = self.boxes.lock();
        let mailbox = boxes.entry(dossier.to_owned()).or_insert_with(Mailbox::new);
        let offers = mailbox.from.take().unwrap_or_else(|| {
            let again = Mailbox::new();
            mailbox.into = again.into;
            again.from.unwrap_or_else(|| mpsc::unbounded_channel().1)
        });
        Following {
            dossier: dossier.to_owned(),
            offers,
            boxes: Arc::clone(&self.boxes),
        }
    }
}

impl Following {
    /// The next offer.
    ///
    /// # Errors
    /// When none comes in time.
    pub async fn next(&mut self, patience: Duration) -> Result<Delivery, Error> {
        let next = tokio::time::timeout(patience, self.offers.recv()).await;
        let next = next.ok().flatten();
        next.ok_or(Error::NoOffer(patience.as_secs()))
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.boxes.lock().remove(&self.dossier);
    }
}

impl Boxes {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Mailbox>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, delivery: Delivery) {
        let mut boxes = self.lock();
        let dossier = delivery.transfer.dossier_uid.clone();
        let mailbox = match boxes.entry(dossier) {
            Entry::Occupied(mailbox) => mailbox.into_mut(),
            Entry::Vacant(place) => place.insert(Mailbox::new()),
        };
        // Whoever followed may have gone: the offer stays open in the suite.
        let _ = mailbox.into.send(delivery);
    }
}

impl Mailbox {
    fn new() -> Self {
        let (into, from) = mpsc::unbounded_channel();
        Self {
            into,
            from: Some(from),
        }
    }
}

async fn pull(
    line: &Line,
    receptionist: CallerId,
    request: PullTransfersRequest,
    turn: usize,
    boxes: &Boxes,
) {
    loop {
        let answered = line.pull(receptionist, &request, turn).await;
        let now = clock::real();
        let pulled: Result<PullTransfersResponse, _> =
            answered.and_then(|answer| Ok(answer.read()?));
        let Ok(pulled) = pulled else {
            tokio::time::sleep(AFTER_FAILURE).await;
            continue;
        };
        let offers = pulled.deliveries.into_iter();
        for offer in offers {
            let Some(transfer) = offer.transfer else {
                continue;
            };
            let committed_at = offer.committed_at.as_ref().map(clock::from_timestamp);
            let took = committed_at.map(|committed_at| now - committed_at);
            boxes.put(Delivery {
                transfer,
                took: took.and_then(|took| took.to_std().ok()),
            });
        }
    }
}

fn request(unit_uid: String) -> PullTransfersRequest {
    let seconds = |seconds| Some(prost_types::Duration { seconds, nanos: 0 });
    PullTransfersRequest {
        unit_uid,
        max_transfers: AT_MOST,
        wait: seconds(WAIT_SECONDS),
        lease: seconds(LEASE_SECONDS),
    }
}
