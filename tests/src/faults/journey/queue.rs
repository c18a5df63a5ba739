//! How an offer is taken from its unit's queue: by people, who pull it, or by a system, which is brought it on its stream.

use std::time::Duration;

use proto::routing::v1::modify_leases_request::Change;
use proto::routing::v1::stream_transfers_request::Act;
use proto::routing::v1::{
    AcceptTransferRequest, AcknowledgeTransfersRequest, Acknowledgement, Delivery, DeliveryKey,
    GivingBack, LeaseExtension, ModifyLeasesRequest, Transfer,
};
use rand::RngExt as _;
use rand::rngs::StdRng;
use tonic::Status;

use super::{OfferKey, Refused, Work, officer};
use crate::cast::subject;
use crate::faults::line::asks_for_another_try;
use crate::faults::mail::LEASE_SECONDS;
use crate::faults::system::System;
use crate::new_request_id;
use crate::rpc::Rpc;
use crate::subscriber::seconds;

/// How long nobody wants to see again what was given back.
const LATER_SECONDS: i64 = 1;
/// How long a call on a delivery may take: its lease is as short.
const ANSWERED_IN: Duration = Duration::from_secs(LEASE_SECONDS.unsigned_abs());
/// One of so many offers that were acknowledged …
const LEFT_ONE_IN: u32 = 8;
/// … is left for so long: it would have come again by then.
const LEFT: Duration = Duration::from_secs(LEASE_SECONDS.unsigned_abs() + 2);

/// How the answer to an offer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taking {
    /// On the stream that brought it, where a system has the queue of the unit.
    OnTheStream,
    /// By itself.
    ByItself,
}

fn key_of(offer: &Transfer, attempt: i32) -> DeliveryKey {
    DeliveryKey {
        transfer_uid: offer.uid.clone(),
        offer_epoch: offer.offer_epoch,
        attempt,
    }
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
        let mut dice = self.scene.dice.on(&offer.step_key, self.number);
        let Some(system) = self.scene.systems.of(&offer.to_unit_uid) else {
            return self.take_by_hand(offer, attempt, &mut dice).await;
        };
        let deliveries = vec![key_of(offer, attempt)];
        match dice.random_range(0..10) {
            0..2 if attempt == 1 => {
                self.give_back_delivery(offer, attempt).await;
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
                let told = system.say(Act::Acknowledge(arrived)).await;
                if told.is_some_and(|told| told.without_effect.is_empty()) {
                    self.leave(offer, &mut dice).await;
                }
                Some(Taking::ByItself)
            }
            6 => {
                system.say(Act::Limits(System::limits())).await;
                Some(Taking::OnTheStream)
            }
            _ => Some(Taking::OnTheStream),
        }
    }

    /// What people do with a delivery, who mostly answer the offer at once.
    async fn take_by_hand(
        &self,
        offer: &Transfer,
        attempt: i32,
        dice: &mut StdRng,
    ) -> Option<Taking> {
        match dice.random_range(0..100) {
            0..4 if attempt == 1 => {
                self.give_back_delivery(offer, attempt).await;
                return None;
            }
            4..8 => {
                let extend = Change::Extend(seconds(2 * LEASE_SECONDS));
                self.modify_lease(offer, attempt, extend).await;
            }
            8..13 => {
                let acknowledge = AcknowledgeTransfersRequest {
                    unit_uid: offer.to_unit_uid.clone(),
                    deliveries: vec![key_of(offer, attempt)],
                };
                let arrived = self.ask_by_hand(offer, acknowledge).await;
                if arrived.is_some_and(|told| told.without_effect.is_empty()) {
                    self.leave(offer, dice).await;
                }
            }
            _ => {}
        }
        Some(Taking::ByItself)
    }

    /// Gives a delivery back, so that it comes again soon.
    pub(super) async fn give_back_delivery(&self, offer: &Transfer, attempt: i32) {
        let Some(system) = self.scene.systems.of(&offer.to_unit_uid) else {
            let give_back = Change::GiveBack(seconds(LATER_SECONDS));
            return self.modify_lease(offer, attempt, give_back).await;
        };
        let back = GivingBack {
            deliveries: vec![key_of(offer, attempt)],
            delay: Some(seconds(LATER_SECONDS)),
        };
        system.say(Act::GiveBack(back)).await;
    }

    async fn modify_lease(&self, offer: &Transfer, attempt: i32, change: Change) {
        let modify = ModifyLeasesRequest {
            unit_uid: offer.to_unit_uid.clone(),
            deliveries: vec![key_of(offer, attempt)],
            change: Some(change),
        };
        self.ask_by_hand(offer, modify).await;
    }

    /// Asks once as whoever pulls for the unit; nothing where that is not answered in time.
    async fn ask_by_hand<R: Rpc>(&self, offer: &Transfer, request: R) -> Option<R::Reply> {
        let desk = subject(&offer.to_unit_uid, "receptionist");
        let line = &self.scene.line;
        match line.ask(&desk, None, request, ANSWERED_IN).await {
            Ok(reply) => Some(reply.message),
            Err(status) => {
                self.note_refusal(&desk, R::PATH, &status);
                None
            }
        }
    }

    fn note_refusal(&self, by: &str, path: &str, status: &Status) {
        if !asks_for_another_try(status) {
            let odd = format!("{path} by {by} was refused: {status}");
            self.scene.mail.note(odd);
        }
    }

    /// Some of what has arrived is left for longer than its lease, and does not come again.
    async fn leave(&self, offer: &Transfer, dice: &mut StdRng) {
        if dice.random_ratio(1, LEFT_ONE_IN) {
            let key = (offer.uid.clone(), offer.offer_epoch);
            self.scene.mail.leave_lying(key, LEFT).await;
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
