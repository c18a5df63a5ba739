//! Who acts for whom.

use chrono::NaiveDate;
use kit::authority::{Relation, Rights};
use kit::clock;
use kit::log::Cause;
use kit::writer::{About, Effect};
use prost::Message as _;

use super::{Known, PartyChange, event};
use crate::error::Error;
use crate::ledger::Change;
use crate::party::Uid;
use crate::proxy::{Proxy, Reach};
use crate::{token, wire};

/// A proxy to grant.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub rights: Rights,
    /// The uid that it gets.
    pub uid: String,
    pub grantor: Uid,
    pub proxy: Uid,
    pub first_day: NaiveDate,
    pub last_day: NaiveDate,
    pub reach: Reach,
    pub evidence: String,
}

/// A proxy to revoke.
#[derive(Clone, Debug)]
pub(crate) struct Revocation {
    pub rights: Rights,
    pub uid: String,
    /// The second of the real clock: tokens that were given up to it end.
    pub now: i64,
}

/// A desk records it for anybody, an applicant grants for itself.
pub(super) fn may_grant(grant: &Grant) -> Result<(), Error> {
    if grant.rights.stands(Relation::Own, grant.grantor.as_str()) {
        return Ok(());
    }
    Err(Error::PartyNotFound(grant.grantor.clone()))
}

pub(super) fn may_revoke(known: &Known, revocation: &Revocation) -> Result<(), Error> {
    let proxy = known.proxies.get(&revocation.uid);
    let own = |proxy: &&Proxy| {
        let rights = &revocation.rights;
        rights.stands(Relation::Own, proxy.grantor.as_str())
    };
    let proxy = proxy.filter(own).map(|_| ());
    proxy.ok_or_else(|| Error::ProxyNotFound(revocation.uid.clone()))
}

/// One acts for another from now on. Both are kept as they were named, so that a merge that is undone leaves each its own; while
/// they are merged, whoever stands for them has it.
pub(super) fn grant(known: &Known, grant: &Grant, cause: &Cause) -> Result<Effect<Change>, Error> {
    let grantor = known.find(&grant.grantor)?;
    let acting = known.find(&grant.proxy)?;
    let standing = known.standing_for(grantor);
    if standing.uid == known.standing_for(acting).uid {
        return Err(Error::SameParty(standing.uid.clone()));
    }
    let proxy = Proxy {
        uid: grant.uid.clone(),
        grantor: grantor.uid.clone(),
        acting: acting.uid.clone(),
        first_day: grant.first_day,
        last_day: grant.last_day,
        reach: grant.reach.clone(),
        recorded_by: cause.actor.clone(),
        // As the store keeps it.
        recorded_at: clock::from_micros(clock::micros(cause.at)),
        evidence: grant.evidence.clone(),
        revoked_at: None,
        key: Some(grantor.key.clone()),
    };
    Ok(Effect {
        about: About::new(grantor.uid.as_str(), Some(&grantor.key)),
        events: vec![event(grantor, &wire::proxy::told_granted(&proxy))],
        reply: wire::proxy::granted(&proxy).encode_to_vec(),
        changes: vec![Change::Party(PartyChange::Proxy(proxy))],
    })
}

/// It acts no longer; what was revoked before stays as it is.
pub(super) fn revoke(
    known: &Known,
    revocation: &Revocation,
    cause: &Cause,
) -> Result<Effect<Change>, Error> {
    let before = known.proxies.get(&revocation.uid);
    let before = before.ok_or_else(|| Error::ProxyNotFound(revocation.uid.clone()))?;
    let about = About::new(before.grantor.as_str(), before.key.as_ref());
    if before.revoked_at.is_some() {
        return Ok(Effect {
            reply: wire::proxy::revoked(before).encode_to_vec(),
            about,
            ..Effect::nothing()
        });
    }
    let at = clock::from_micros(clock::micros(cause.at));
    let acting = known.find(&before.acting);
    let acting = acting.map_or(&before.acting, |acting| &known.standing_for(acting).uid);
    let ended = token::Revocation::of_subject(acting.as_str(), revocation.now);
    let proxy = before.clone().revoke(at);
    let uid = proxy.grantor.as_str();
    let told = wire::proxy::told_revoked(&proxy);
    let event = kit::log::NewEvent::new(uid, kit::log::Shard::of(uid), &told);
    Ok(Effect {
        about,
        events: vec![event.under(proxy.key.as_ref())],
        reply: wire::proxy::revoked(&proxy).encode_to_vec(),
        changes: vec![
            Change::Party(PartyChange::Proxy(proxy)),
            Change::Revocation(ended),
        ],
    })
}
