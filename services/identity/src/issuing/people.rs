//! Tokens for people who are officers, or who have a key of their own.

use kit::authority::Scope;
use kit::caller::{Granted, Role};
use kit::clock;

use super::{Asked, Issued, Issuing};
use crate::error::Error;
use crate::officer::Standing;
use crate::principal::Principal;
use crate::store;
use crate::subject::Subject;
use crate::token::{Refusal, Unverified};

impl Issuing {
    /// A token for an officer whom a provider vouches for.
    pub(super) async fn for_officer(
        &self,
        subject: &Subject,
        asked: &Asked,
    ) -> Result<Issued, Error> {
        let everybody = &Scope::Everything;
        match store::officer::find(self.db.read(), everybody, subject).await? {
            Some(officer) if officer.standing == Standing::Active => {
                return self.for_positions(subject, asked).await;
            }
            Some(_) => return Err(Error::NobodyByThisName(subject.clone())),
            None => {}
        }
        let principal = store::principal::find(self.db.read(), subject).await?;
        let principal = principal.filter(|principal| principal.part.role().is_of_an_officer());
        let principal = principal.ok_or_else(|| Error::NobodyByThisName(subject.clone()))?;
        self.for_principal(&principal, asked).await
    }

    pub(super) async fn by_key_of_a_person(
        &self,
        assertion: &Unverified<'_>,
        subject: &Subject,
        asked: &Asked,
    ) -> Result<Issued, Error> {
        let principal = store::principal::find(self.db.read(), subject).await?;
        let principal = principal.ok_or(Refusal::Unknown)?;
        let key = principal.public_key.to_jwk();
        let key = crate::jose::SignerKey::parse(&key).map_err(|_| Refusal::Unknown)?;
        let accepted = assertion.verify(&[key], &self.addresses(), clock::real())?;
        self.take_once(subject.as_str(), &accepted).await?;
        self.for_principal(&principal, asked).await
    }

    async fn for_principal(&self, principal: &Principal, asked: &Asked) -> Result<Issued, Error> {
        let register = self.units.now().await?;
        let today = clock::local(asked.civil).date();
        let unit = principal.part.unit();
        let units = unit.map(|unit| register.estate(unit, today));
        let units = units.unwrap_or_default();
        let units = units.iter().map(ToString::to_string);
        let party = principal.part.party().map(ToString::to_string);
        let role = principal.part.role();
        let everywhere = role == Role::ProvinceAdministrator;
        let at = units.chain(party);
        let granted = Granted {
            role,
            at: if everywhere { Vec::new() } else { at.collect() },
            everywhere,
        };
        let subject = principal.subject.as_str();
        let claims = self.claims(subject, vec![granted], clock::real());
        self.sign(&claims, asked)
    }
}
