//! `TrackDossier`: how far a dossier is, for anyone, and where, for whose it is; how often anyone may ask, since codes can be
//! guessed (R7).

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};
use kit::authority::{Context, Relation, Scope};
use kit::caller::Caller;
use kit::clock;
use kit::failure::Failure;
use kit::serve::Peer;
use proto::intake::v1 as pb;
use tonic::Code;

use super::Dossiers;
use crate::code::DossierCode;
use crate::custody::{self, Place};
use crate::dossier::Dossier;
use crate::error::Error;
use crate::{store, wire};

/// Whoever may read a dossier as its owner is told where it is.
const READ: &str = "intake.DossierService/GetDossier";
/// So often in a minute one caller may ask for codes of one unit and day.
const PER_MINUTE: NonZeroU32 = NonZeroU32::new(30).unwrap();
/// Those that asked long ago are forgotten when so many were counted.
const TIDY_AFTER: usize = 10_000;

impl Dossiers {
    /// How far the dossier with a code is, and where, as far as the caller may know that.
    pub(super) async fn track(
        &self,
        context: &Context,
        code: &DossierCode,
    ) -> Result<pb::TrackDossierResponse, Failure> {
        let found = store::find_by_code(self.sealed(), &Scope::Everything, code).await;
        let found = found.map_err(Error::from)?;
        let dossier = found.ok_or(Error::DossierNotFound)?;
        let places = if is_of(context, &dossier) {
            self.places(context, &dossier).await?
        } else {
            Vec::new()
        };
        Ok(wire::reply::tracked(&dossier, &places))
    }

    async fn places(&self, context: &Context, dossier: &Dossier) -> Result<Vec<Place>, Error> {
        let dossiers = BTreeSet::from([dossier.uid.as_str()]);
        let known = store::custodies(self.db.read(), &dossiers).await?;
        let stays = custody::stays(dossier, &known);
        let units = stays.iter().map(|stay| stay.unit.clone());
        let units = self.ledger.units(&self.db, units).await?;
        let today = clock::local(context.at).date();
        Ok(custody::places(&stays, &units, today))
    }
}

/// Whether the caller is the party that a dossier is of, or has its power.
fn is_of(context: &Context, dossier: &Dossier) -> bool {
    let owner = dossier.filing.party.as_deref();
    owner.is_some_and(|party| context.rights.under(READ).stands(Relation::Owner, party))
}

/// In whose name a question counts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Asker {
    /// Somebody with a token: its subject.
    Known(String),
    /// Whoever calls from there without one; nothing within this process.
    Unknown(Option<IpAddr>),
}

impl Asker {
    fn of(caller: &Caller, peer: Option<Peer>) -> Self {
        if caller.is_anonymous() {
            return Self::Unknown(peer.map(Peer::network));
        }
        Self::Known(caller.subject.clone())
    }
}

/// The counts of one process.
#[derive(Clone)]
pub struct Tracking(Arc<DefaultKeyedRateLimiter<(Asker, String)>>);

impl Tracking {
    /// Nobody has asked yet.
    pub fn new() -> Self {
        let quota = Quota::per_minute(PER_MINUTE);
        Self(Arc::new(DefaultKeyedRateLimiter::keyed(quota)))
    }

    /// Counts a question of a caller, whose connection comes from there.
    ///
    /// # Errors
    /// `TRACKED_TOO_OFTEN` with a delay.
    pub fn count(
        &self,
        caller: &Caller,
        peer: Option<Peer>,
        code: &DossierCode,
    ) -> Result<(), Failure> {
        if self.0.len() > TIDY_AFTER {
            self.0.retain_recent();
        }
        let key = (Asker::of(caller, peer), code.unit_and_day().to_owned());
        let Err(until) = self.0.check_key(&key) else {
            return Ok(());
        };
        let failure = Failure::new(
            Code::ResourceExhausted,
            "TRACKED_TOO_OFTEN",
            format!("codes of one unit and day may be asked for {PER_MINUTE} times a minute"),
            "Tra cứu quá nhiều lần; hãy thử lại sau",
        );
        Err(failure.retry_after(until.wait_time_from(DefaultClock::default().now())))
    }
}

#[cfg(test)]
mod tests {
    use kit::caller::Role;

    use super::*;

    #[test]
    fn r07_who_tries_codes_out_delays_nobody_else() {
        let tracking = Tracking::new();
        let code = |text| DossierCode::parse(text).unwrap();
        let (today, tomorrow) = ("000.00.12.H15-170828-0001", "000.00.12.H15-170829-0001");
        let here = Some(Peer([192, 0, 2, 1].into()));
        let there = Some(Peer([192, 0, 2, 2].into()));
        let anyone = Caller::anonymous();
        let count = |caller: &Caller, peer, text| tracking.count(caller, peer, &code(text));
        let refused = (0..=PER_MINUTE.get()).find_map(|_| count(&anyone, here, today).err());
        assert_eq!(refused.unwrap().reason(), "TRACKED_TOO_OFTEN");
        let party = Caller::new("party", Role::Applicant, Vec::new());
        for (caller, peer, text) in [
            (&anyone, here, tomorrow),
            (&anyone, there, today),
            (&anyone, None, today),
            (&party, here, today),
        ] {
            assert!(count(caller, peer, text).is_ok(), "{caller:?} {peer:?}");
        }
    }
}
