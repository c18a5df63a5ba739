//! Units that are no more: what is theirs goes to those that do their work (domain.md R16).

use kit::clock::Moment;

use super::{Journey, Surroundings, What};
use crate::transfer::{State, Transfer};

impl Journey {
    /// What units that are no more hold, answer for or are offered goes to the units that do their work. No step is redone, and
    /// no clock begins anew.
    pub fn inherit(&mut self, at: Moment, around: Surroundings<'_>) {
        let open = self.transfers.iter();
        let open = open.filter(|transfer| self.custodian(&transfer.uid).is_some());
        let open: Vec<Transfer> = open.cloned().collect();
        for transfer in open {
            let custody = self.inherit_custody(transfer, at, around);
            self.rehome(custody, at, around);
        }
    }

    /// The custody goes on; what has become of the transfer.
    fn inherit_custody(
        &mut self,
        transfer: Transfer,
        at: Moment,
        around: Surroundings<'_>,
    ) -> Transfer {
        let is_senders = transfer.state == State::Offered || transfer.state.waits_for_sender();
        let custodian = if is_senders {
            &transfer.from
        } else {
            &transfer.to
        };
        let heir = around.unit(custodian, at).to_owned();
        let (from, to) = if is_senders {
            (heir.as_str(), transfer.to.as_str())
        } else {
            (transfer.from.as_str(), heir.as_str())
        };
        let Some(inherited) = transfer.inherited(from, to) else {
            return transfer;
        };
        self.hand(&inherited, &heir, at);
        self.note(What::Inherited, inherited.clone());
        inherited
    }

    /// An offer goes on.
    fn rehome(&mut self, transfer: Transfer, at: Moment, around: Surroundings<'_>) {
        let heir = around.unit(&transfer.to, at);
        if transfer.state != State::Offered || heir == transfer.to {
            return;
        }
        let offered = transfer.offered_to(heir);
        self.note(What::Rehomed, transfer);
        self.note(What::Offered, offered);
    }
}
