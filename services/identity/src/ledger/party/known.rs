//! What acts read of parties.

use std::collections::{BTreeSet, HashMap};

use kit::identity_number::IdentityNumber;
use kit::seal::Keyring;
use sea_orm::{DatabaseTransaction, DbErr};

use super::{Act, On, PartyChange, must_be_at};
use crate::error::Error;
use crate::party::{Party, Uid, family, standing_for};
use crate::proxy::Proxy;
use crate::store;

/// What is known of parties.
#[derive(Debug, Default)]
pub(crate) struct Known {
    parties: HashMap<Uid, Party>,
    holders: HashMap<IdentityNumber, Uid>,
    pub proxies: HashMap<String, Proxy>,
}

/// The keys of all that acts read of parties.
#[derive(Default)]
pub(crate) struct Keys<'a> {
    pub numbers: BTreeSet<&'a IdentityNumber>,
    parties: BTreeSet<&'a Uid>,
    proxies: BTreeSet<&'a str>,
}

impl<'a> Keys<'a> {
    /// Adds those of an act.
    pub fn add(&mut self, act: &'a Act) {
        match act {
            Act::Register(party) => self.numbers.extend(&party.particulars.numbers),
            Act::Update(on, _) | Act::Unmerge(on, _) => {
                self.parties.insert(&on.uid);
            }
            Act::AddNumber(on, number) => {
                self.parties.insert(&on.uid);
                self.numbers.insert(number);
            }
            Act::Merge { merged, survivor } => self.parties.extend([&merged.uid, survivor]),
            Act::Grant(grant) => self.parties.extend([&grant.grantor, &grant.proxy]),
            Act::Revoke(revocation) => {
                self.proxies.insert(&revocation.uid);
            }
        }
    }

    /// Loads what they name, locked.
    pub async fn load(self, (tx, ring): (&DatabaseTransaction, &Keyring)) -> Result<Known, DbErr> {
        let proxies = store::proxy::lock((tx, ring), &self.proxies).await?;
        let holders = store::party::holders(tx, ring, self.numbers).await?;
        let mut uids: BTreeSet<Uid> = self.parties.into_iter().cloned().collect();
        uids.extend(holders.values().cloned());
        Ok(Known {
            parties: store::party::lock((tx, ring), uids).await?,
            holders,
            proxies: proxies
                .into_iter()
                .map(|proxy| (proxy.uid.clone(), proxy))
                .collect(),
        })
    }
}

impl Known {
    pub fn find(&self, uid: &Uid) -> Result<&Party, Error> {
        let found = self.parties.get(uid);
        found.ok_or_else(|| Error::PartyNotFound(uid.clone()))
    }

    /// The party that an act may change: one that stands for itself, at the revision that the caller has seen.
    pub fn own(&self, on: &On) -> Result<&Party, Error> {
        let party = self.find(&on.uid)?;
        if party.survivor.is_some() {
            return Err(Error::PartyMerged {
                party: on.uid.clone(),
                survivor: self.standing_for(party).uid.clone(),
            });
        }
        must_be_at(party, on.expected_revision)?;
        Ok(party)
    }

    pub fn standing_for<'a>(&'a self, party: &'a Party) -> &'a Party {
        standing_for(party, |uid| self.parties.get(uid))
    }

    /// Those that were merged into it.
    pub fn family(&self, uid: &Uid) -> BTreeSet<&Uid> {
        family(uid, |root| {
            let pointing = self.parties.values();
            let pointing = pointing.filter(|party| party.survivor.as_ref() == Some(root));
            pointing.map(|party| &party.uid).collect()
        })
    }

    /// The party that has a number, or stands for the one that has it.
    pub fn holder(&self, number: &IdentityNumber) -> Option<&Party> {
        let holder = self.parties.get(self.holders.get(number)?)?;
        Some(self.standing_for(holder))
    }

    /// Lets the acts that follow see a change.
    pub fn apply(&mut self, change: PartyChange) {
        match change {
            PartyChange::Party(party) => {
                self.parties.insert(party.uid.clone(), party);
            }
            PartyChange::Number(uid, number) => {
                self.holders.insert(number, uid);
            }
            PartyChange::Proxy(proxy) => {
                self.proxies.insert(proxy.uid.clone(), proxy);
            }
        }
    }
}
