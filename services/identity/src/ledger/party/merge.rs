//! Two parties that turn out to be one, and that after all were two.

use kit::writer::{About, Effect};
use prost::Message as _;

use super::{Known, On, PartyChange, event, must_be_at};
use crate::error::Error;
use crate::ledger::Change;
use crate::party::Uid;
use crate::token::Revocation;
use crate::wire;

/// One survives; the other keeps its uid, its numbers and all else, and points to it.
pub(super) fn merge(known: &Known, merged: &On, survivor: &Uid) -> Result<Effect<Change>, Error> {
    let before = known.find(&merged.uid)?;
    let standing = known.standing_for(known.find(survivor)?);
    if known.standing_for(before).uid == standing.uid {
        return Err(Error::SameParty(standing.uid.clone()));
    }
    let before = known.own(merged)?;
    let other = before.merged_into(&standing.uid);
    let standing = standing.with_others();
    let mut family = known.family(&standing.uid);
    family.extend(known.family(&other.uid));
    family.insert(&other.uid);
    let told = wire::party::told_merged(&other.uid, &standing.uid);
    let reply = wire::party::merged(&standing, &family).encode_to_vec();
    Ok(Effect {
        about: About::new(standing.uid.as_str(), Some(&standing.key)),
        events: vec![event(&other, &told)],
        reply,
        changes: [other, standing]
            .map(|party| Change::Party(PartyChange::Party(party)))
            .into(),
    })
}

/// The party is one of its own again, with those that were merged into it before.
/// What the survivor's tokens said of it ends.
pub(super) fn unmerge(known: &Known, on: &On, now: i64) -> Result<Effect<Change>, Error> {
    let before = known.find(&on.uid)?;
    let Some(survivor) = &before.survivor else {
        return Err(Error::PartyNotMerged(on.uid.clone()));
    };
    must_be_at(before, on.expected_revision)?;
    let survivor = known.find(survivor)?.with_others();
    let restored = before.on_its_own();
    let told = wire::party::told_unmerged(&restored.uid, &survivor.uid);
    let family = known.family(&restored.uid);
    let reply = wire::party::unmerged(&restored, &family, &survivor.uid).encode_to_vec();
    let ended = Revocation::of_subject(survivor.uid.as_str(), now);
    Ok(Effect {
        about: About::new(restored.uid.as_str(), Some(&restored.key)),
        events: vec![event(&restored, &told)],
        reply,
        changes: vec![
            Change::Party(PartyChange::Party(restored)),
            Change::Party(PartyChange::Party(survivor)),
            Change::Revocation(ended),
        ],
    })
}
