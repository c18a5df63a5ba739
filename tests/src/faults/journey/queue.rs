//! How an offer is taken from its unit's queue: by people, who pull it, or by a system, which is brought it on its stream.

use proto::routing::v1::stream_transfers_request::Act;
use proto::routing::v1::{
    AcceptTransferRequest, Acknowledgement, Delivery, DeliveryKey, GivingBack, LeaseExtension,
    Transfer,
};
use rand::RngExt as _;

use super::{OfferKey, Refused, Work, officer};
use crate::faults::mail::LEASE_SECONDS;
use crate::new_request_id;
use crate::subscriber::seconds;

/// How long a system does not want to see again what it gave back.
const LATER_SECONDS: i64 = 1;

/// How the answer to an offer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taking {
    /// On the stream that brought it, where a system has the queue of the unit.
    OnTheStream,
    /// By itself.
    ByItself,
}

/// Which offer a delivery brings.
pub(super) fn offer_of(delivery: &Delivery) -> OfferKey {
    let offer = delivery.transfer.as_ref();
    offer.map_or_else(Default::default, |offer| {
        (offer.uid.clone(), offer.offer_epoch)
    })
}

impl Work {
    /// What a system does with a delivery before it answers the offer; nothing where it gave that back, so that it comes again.
    /// Whether it had an effect is all one: its lease may have ended meanwhile.
    pub(super) async fn take(&self, offer: &Transfer, attempt: i32) -> Option<Taking> {
        let Some(system) = self.scene.systems.of(&offer.to_unit_uid) else {
            return Some(Taking::ByItself);
        };
        let deliveries = vec![DeliveryKey {
            transfer_uid: offer.uid.clone(),
            offer_epoch: offer.offer_epoch,
            attempt,
        }];
        let mut dice = self.scene.dice.on(&offer.step_key, self.number);
        match dice.random_range(0..10) {
            0..2 if attempt == 1 => {
                let delay = Some(seconds(LATER_SECONDS));
                let back = GivingBack { deliveries, delay };
                system.say(Act::GiveBack(back)).await;
                None
            }
            2..4 => {
                let lease = Some(seconds(2 * LEASE_SECONDS));
                let extension = LeaseExtension { deliveries, lease };
                system.say(Act::Extend(extension)).await;
                Some(Taking::OnTheStream)
            }
            4..6 => {
                let arrived = Acknowledgement { deliveries };
                system.say(Act::Acknowledge(arrived)).await;
                Some(Taking::ByItself)
            }
            _ => Some(Taking::OnTheStream),
        }
    }

    /// Accepts an offer as it was seen.
    pub(super) async fn accept(
        &self,
        offer: &Transfer,
        taking: Taking,
    ) -> Result<(Transfer, Option<String>), Refused> {
        let request = AcceptTransferRequest {
            request_id: new_request_id(),
            transfer_uid: offer.uid.clone(),
            offer_epoch: offer.offer_epoch,
        };
        let line = &self.scene.line;
        let accepted = match (self.scene.systems.of(&offer.to_unit_uid), taking) {
            (Some(system), Taking::OnTheStream) => {
                system.accept(line, self.number, request).await?
            }
            (Some(system), Taking::ByItself) => {
                line.act(self.number, &system.client, None, request).await?
            }
            (None, _) => {
                line.act(self.number, &officer(offer), None, request)
                    .await?
            }
        };
        let held = accepted.message.transfer;
        let held = held.ok_or_else(|| "a reply without a transfer".to_owned())?;
        Ok((held, accepted.position))
    }

    /// Somebody answers an offer that is not open any more, and must be refused. Where it is not, the checks say so.
    pub(super) async fn answer_late(&self, offer: &Transfer) -> Result<(), Refused> {
        const TOO_LATE: [&str; 2] = ["OFFER_CHANGED", "STATE_FORBIDS"];
        match self.accept(offer, Taking::ByItself).await {
            Err(reason) if !TOO_LATE.contains(&reason.as_str()) => Err(reason),
            Ok(_) | Err(_) => Ok(()),
        }
    }
}
