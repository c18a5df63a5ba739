//! The desks: each unit takes the offers that wait for it from its queue.

use std::sync::Arc;
use std::time::Duration;

use proto::routing::v1::{PullTransfersRequest, PullTransfersResponse, Transfer};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::call::Call;
use super::error::Error;
use super::line::Line;
use crate::cast::Role;

const AT_MOST: i32 = 100;
const WAIT_SECONDS: i64 = 30;
/// Longer than a run, so that only a killed suite delivers an offer again.
const LEASE_SECONDS: i64 = 600;
const AFTER_FAILURE: Duration = Duration::from_millis(100);

/// What comes from the desks.
pub type Offers = mpsc::UnboundedReceiver<Result<Transfer, Error>>;

/// All desks, pulling until they are dropped.
pub struct Desks {
    /// The offers as they come.
    pub offers: Offers,
    _pulling: JoinSet<()>,
}

impl Desks {
    /// A long poll for each unit, over few connections.
    #[must_use]
    pub fn open(line: &Arc<Line>, units: impl Iterator<Item = String>) -> Self {
        let (sender, offers) = mpsc::unbounded_channel();
        let mut pulling = JoinSet::new();
        for (lane, unit) in units.enumerate() {
            let desk = Desk {
                line: Arc::clone(line),
                unit,
                lane,
                offers: sender.clone(),
            };
            pulling.spawn(desk.work());
        }
        Self {
            offers,
            _pulling: pulling,
        }
    }
}

struct Desk {
    line: Arc<Line>,
    unit: String,
    lane: usize,
    offers: mpsc::UnboundedSender<Result<Transfer, Error>>,
}

impl Desk {
    async fn work(self) {
        let Some(call) = self.call() else { return };
        loop {
            let pulled = match self.pull(&call).await {
                Ok(pulled) => pulled.into_iter().map(Ok).collect(),
                Err(error) => {
                    tokio::time::sleep(AFTER_FAILURE).await;
                    vec![Err(error)]
                }
            };
            if pulled
                .into_iter()
                .any(|offer| self.offers.send(offer).is_err())
            {
                return;
            }
        }
    }

    fn call(&self) -> Option<Call> {
        let seconds = |seconds| Some(prost_types::Duration { seconds, nanos: 0 });
        let request = PullTransfersRequest {
            unit_uid: self.unit.clone(),
            max_transfers: AT_MOST,
            wait: seconds(WAIT_SECONDS),
            lease: seconds(LEASE_SECONDS),
        };
        let receptionist = self.line.cast().officer(&self.unit, Role::Receptionist)?;
        Some(Call::new(&request).by(receptionist))
    }

    async fn pull(&self, call: &Call) -> Result<Vec<Transfer>, Error> {
        let Some(answer) = self.line.pull(call, self.lane).await? else {
            return Ok(Vec::new());
        };
        let reply: PullTransfersResponse = answer.read()?;
        Ok(reply
            .deliveries
            .into_iter()
            .filter_map(|delivery| delivery.transfer)
            .collect())
    }
}
