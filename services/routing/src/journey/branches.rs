//! The book of branches: who is responsible, from the first offer of a step until the steps after it have opened.

use kit::clock::Moment;
use kit::sabotage::{self, Sabotage};
use sha2::{Digest as _, Sha256};

use super::{Holding, Journey, Surroundings, Told, What};
use crate::error::Error;
use crate::paper::Paper;
use crate::route::{Part, Step};
use crate::transfer::{State, Transfer, Work};

impl Journey {
    /// Opens the branch of a step. While the clock of the dossier stands still, its offer waits for that.
    pub(super) fn offer(
        &mut self,
        step: &Step,
        sender: &str,
        at: Moment,
        around: Surroundings<'_>,
    ) -> Result<(), Error> {
        let to = around.unit(&step.unit, at);
        let transfer = Transfer {
            uid: transfer_uid(
                &self.route.dossier,
                &step.key,
                self.attempts(&step.key).count(),
            ),
            dossier: self.route.dossier.clone(),
            dossier_code: self.route.code.clone(),
            procedure: self.route.procedure.clone(),
            work: Work {
                key: step.key.clone(),
                name: step.name.clone(),
                role: step.role,
                consulted: step.part == Part::Consulted,
                decides: step.decides,
                waits_for_paper: step.waits_for_paper,
            },
            from: sender.to_owned(),
            to: to.to_owned(),
            offered_before: Vec::new(),
            state: State::Offered,
            given_back: None,
            offer_epoch: 1,
            offered_at: at,
            due: self.due_of(&step.key, to, at, around.calendar)?,
            reason: String::new(),
            paper: Paper::default(),
            dead_letter: None,
            on_hold: self.route.stopped_at.is_some(),
            assignee: None,
            escalation: None,
            link: None,
            revision: 1,
            key: self.route.key.clone(),
        };
        let custodian = if sabotage::is(Sabotage::CustodyAtOffer) {
            to
        } else {
            sender
        };
        self.hold(&transfer, 0, custodian, at);
        self.note(What::Offered, transfer);
        Ok(())
    }

    pub(super) fn hand_to(&mut self, accepted: &Transfer, at: Moment) {
        self.hand(accepted, &accepted.to, at);
    }

    /// The branch of a transfer is this unit's from now on.
    pub(super) fn hand(&mut self, transfer: &Transfer, custodian: &str, at: Moment) {
        let before = self.end_holding(&transfer.uid, at);
        let ordinal = before.map_or(0, |ordinal| ordinal + 1);
        self.hold(transfer, ordinal, custodian, at);
    }

    fn hold(&mut self, transfer: &Transfer, ordinal: i32, custodian: &str, since: Moment) {
        self.handed.insert((transfer.uid.clone(), ordinal));
        self.holdings.push(Holding {
            transfer: transfer.uid.clone(),
            ordinal,
            dossier: transfer.dossier.clone(),
            step: transfer.work.key.clone(),
            custodian: custodian.to_owned(),
            since,
            until: None,
        });
    }

    fn end_holding(&mut self, transfer: &str, at: Moment) -> Option<i32> {
        let open = self
            .holdings
            .iter_mut()
            .find(|holding| holding.transfer == transfer && holding.until.is_none())?;
        open.until = Some(at);
        let ordinal = open.ordinal;
        self.handed.insert((transfer.to_owned(), ordinal));
        Some(ordinal)
    }

    /// Closes the branch of a transfer whose last change was just noted.
    pub(super) fn close(&mut self, transfer: &str, at: Moment) {
        self.end_holding(transfer, at);
        let last = self
            .told
            .iter_mut()
            .rev()
            .find(|told| told.transfer.uid == transfer);
        if let Some(last) = last {
            last.custodian = None;
        }
    }

    /// Closes the branch of a step that was done earlier and waited for others.
    pub(super) fn release(&mut self, transfer: &Transfer, at: Moment) {
        if self.end_holding(&transfer.uid, at).is_some() {
            self.note(What::Released, transfer.clone());
        }
    }

    pub(super) fn note(&mut self, what: What, transfer: Transfer) {
        let custodian = self.custodian(&transfer.uid);
        let custodian = custodian.map(|holding| (holding.custodian.clone(), holding.since));
        self.keep(&transfer);
        self.told.push(Told {
            what,
            transfer,
            custodian,
        });
    }

    /// The transfer as it is now, of which nothing is told.
    pub(super) fn keep(&mut self, transfer: &Transfer) {
        self.touched.insert(transfer.uid.clone());
        match self
            .transfers
            .iter_mut()
            .find(|known| known.uid == transfer.uid)
        {
            Some(known) => known.clone_from(transfer),
            None => self.transfers.push(transfer.clone()),
        }
    }
}

/// A dossier has one transfer for each step, and one more for each time that it was sent back to that or before it; its uid
/// follows from all three.
fn transfer_uid(dossier: &str, step: &str, before: usize) -> String {
    let named = match before {
        0 => format!("{dossier}/{step}"),
        before => format!("{dossier}/{step}/{before}"),
    };
    let digest = Sha256::digest(named);
    let half: [u8; 16] = std::array::from_fn(|index| digest[index]);
    format!("{:032x}", u128::from_be_bytes(half))
}
