//! Offers that the queue gave up. They stay open: custody, state and clock are as they were.

use super::{Journey, What};
use crate::transfer::{DeadLetter, State};

impl Journey {
    /// The queue gave up an offer. What is no longer that open offer stays as it is.
    pub fn give_up(&mut self, uid: &str, offer_epoch: i64, letter: DeadLetter) {
        let transfer = self.transfer(uid).ok();
        if let Some(given_up) = transfer.and_then(|known| known.give_up(offer_epoch, letter)) {
            self.note(What::DeadLettered, given_up);
        }
    }

    /// Dead letters that are offered to a unit are delivered anew, all of them or those with these uids: which ones.
    pub fn redrive(&mut self, unit: &str, chosen: Option<&[String]>) -> Vec<String> {
        let is_meant = |uid: &String| chosen.is_none_or(|chosen| chosen.contains(uid));
        let redriven: Vec<_> = self
            .transfers
            .iter()
            .filter(|transfer| transfer.state == State::Offered && transfer.to == unit)
            .filter(|transfer| is_meant(&transfer.uid))
            .filter_map(crate::transfer::Transfer::redrive)
            .collect();
        let uids = redriven.iter().map(|transfer| transfer.uid.clone());
        let uids = uids.collect();
        for transfer in redriven {
            self.note(What::Redriven, transfer);
        }
        uids
    }
}
