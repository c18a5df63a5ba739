//! Tokens for people who signed in at a provider.

use std::collections::BTreeSet;

use kit::authority::Scope;
use kit::caller::Role;
use kit::clock;
use kit::log::Cause;
use kit::seal::DataKey;
use kit::writer::Step;
use prost::Message as _;
use proto::identity::v1::RegisterPartyResponse;

use super::{Asked, Issued, Issuing, granted};
use crate::error::Error;
use crate::ledger::{self, Act};
use crate::officer::Standing;
use crate::party::{self, Particulars, Party};
use crate::subject::Subject;
use crate::{NAME, ProxyReach, store};

impl Issuing {
    /// A token for an officer whom a provider vouches for.
    pub(super) async fn for_officer(
        &self,
        subject: &Subject,
        asked: &Asked,
    ) -> Result<Issued, Error> {
        let sealed = (self.db.read(), self.db.ring());
        let officer = store::officer::find(sealed, &Scope::Everything, subject).await?;
        match officer {
            Some(officer) if officer.standing == Standing::Active => {
                self.for_positions(subject, asked).await
            }
            _ => Err(Error::NobodyByThisName(subject.clone())),
        }
    }

    /// A token for an applicant whom a provider vouches for: for its party, and for those who gave it the power.
    pub(super) async fn for_applicant(
        &self,
        particulars: Particulars,
        asked: &Asked,
    ) -> Result<Issued, Error> {
        let party = self.party(particulars, asked).await?;
        self.count(party.as_str())?;
        let day = clock::local(asked.civil).date();
        let db = self.db.read();
        let mut own = crate::parties_of(db, party.as_str()).await?;
        own.remove(party.as_str());
        let own = std::iter::once(party.to_string()).chain(own);
        let mut grants = vec![granted(Role::Applicant, own.collect())];
        let represented = crate::represented_by(db, party.as_str(), day).await?;
        // A token says nothing of procedures or dossiers, so a proxy that is limited to some is not in it.
        let represented = represented
            .into_iter()
            .filter(|represented| represented.reach == ProxyReach::All);
        let represented: BTreeSet<String> = represented
            .flat_map(|represented| represented.parties)
            .collect();
        if !represented.is_empty() {
            let represented = represented.into_iter().collect();
            grants.push(granted(Role::Proxy, represented));
        }
        let claims = self.claims(party.as_str(), grants, clock::real());
        self.sign(&claims, asked)
    }

    /// The party that somebody is; registered when it was not.
    async fn party(&self, particulars: Particulars, asked: &Asked) -> Result<party::Uid, Error> {
        let sealed = (self.db.read(), self.db.ring());
        let number = particulars.first_number();
        let known = match number {
            Some(number) => store::party::find_by_number(sealed, number).await?,
            None => None,
        };
        if let Some(known) = known {
            let standing = store::party::standing_for(sealed, known).await?;
            return Ok(standing.uid);
        }
        let uid = party::Uid::new(clock::new_uid());
        let party = Party::new(uid, DataKey::generate(), particulars);
        let step = Step {
            act: Act::Party(ledger::party::Act::Register(party)),
            cause: Cause::unasked(NAME, asked.civil),
        };
        let replied = self.writer.own(step).await.map_err(Error::Refused)?;
        let registered = RegisterPartyResponse::decode(replied.body.as_slice());
        let registered = registered.unwrap_or_default();
        let party = registered.party.unwrap_or_default();
        Ok(party::Uid::new(party.uid))
    }
}
