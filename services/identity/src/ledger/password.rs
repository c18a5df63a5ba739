//! Deciding what becomes of passwords and of attempts to sign in.

use kit::clock::Moment;
use kit::writer::Effect;
use prost::Message as _;

use super::officer::{event, event_of, give, must_be_no_client};
use super::{Change, World};
use crate::error::Error;
use crate::officer::{Officer, Standing};
use crate::password::{Credential, Hash};
use crate::staff::Wanted;
use crate::subject::Subject;
use crate::tries::Tries;
use crate::wire;
use chrono::NaiveDate;
use kit::authority::Scope;

/// An attempt to sign in.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    /// Who wants in; `None` when it can be nobody.
    pub subject: Option<Subject>,
    /// Where the attempt is counted when nobody can sign in by it now, so that it costs the same.
    pub decoy: String,
}

/// An attempt that succeeded.
#[derive(Clone, Debug)]
pub(crate) struct SignedIn {
    /// Who signed in.
    pub subject: Subject,
    /// The hash that the password was compared with, and the one that takes its place.
    pub changed: Option<(Hash, Hash)>,
}

/// An administrator of the province who is made by hand.
#[derive(Clone, Debug)]
pub(crate) struct Administrator {
    pub officer: Officer,
    pub wanted: Wanted,
    pub credential: Credential,
    pub today: NaiveDate,
}

/// Counts an attempt as failed until it has succeeded; replies whether the password counts.
pub(super) fn attempt(world: &World, attempt: &Attempt, at: Moment) -> Effect<Change> {
    let may_try = |subject: &Subject| {
        let officer = world.staff.officer(subject);
        let active = officer.is_some_and(|officer| officer.standing == Standing::Active);
        let tries = world.tries.get(subject.as_str());
        active
            && world.passwords.contains_key(subject)
            && tries.is_none_or(|tries| tries.may_try(at))
    };
    let own = attempt.subject.as_ref().filter(|subject| may_try(subject));
    let key = own.map_or(attempt.decoy.as_str(), Subject::as_str);
    let tries = world.tries.get(key).copied().unwrap_or_default();
    let counted = Change::Tries(key.to_owned(), tries.one_more(at));
    Effect {
        changes: vec![counted],
        reply: own.is_some().encode_to_vec(),
        ..Effect::nothing()
    }
}

/// Forgets the failures, and changes the password where that is wanted and nobody else has changed it meanwhile.
pub(super) fn signed_in(world: &World, signed_in: &SignedIn) -> Result<Effect<Change>, Error> {
    let subject = &signed_in.subject;
    let Some((was, hash)) = &signed_in.changed else {
        return Ok(Effect {
            changes: vec![forgotten(subject)],
            ..Effect::nothing()
        });
    };
    let kept = world.passwords.get(subject);
    if kept.is_none_or(|kept| kept.hash != *was) {
        return Err(Error::SignInRefused);
    }
    let credential = Credential {
        hash: hash.clone(),
        one_time: false,
    };
    Ok(set(subject, &credential, Vec::new()))
}

/// A new password; failures with the old one are forgotten.
pub(super) fn set(subject: &Subject, credential: &Credential, reply: Vec<u8>) -> Effect<Change> {
    let told = wire::officer::told_password(subject, credential.one_time);
    Effect {
        changes: vec![
            Change::Password(subject.clone(), credential.clone()),
            forgotten(subject),
        ],
        events: vec![event(subject, &told)],
        reply,
        ..Effect::nothing()
    }
}

/// Forgets the failures.
pub(super) fn unlock(subject: &Subject) -> Effect<Change> {
    Effect {
        changes: vec![forgotten(subject)],
        events: vec![event(subject, &wire::officer::told_unlocked(subject))],
        reply: wire::officer::unlocked(),
        ..Effect::nothing()
    }
}

fn forgotten(subject: &Subject) -> Change {
    Change::Tries(subject.to_string(), Tries::default())
}

/// Registers the officer unless it is there, gives it the position unless it has it, and sets its password.
pub(super) fn administrator(world: &World, made: &Administrator) -> Result<Effect<Change>, Error> {
    let subject = &made.officer.subject;
    let mut effect = set(subject, &made.credential, Vec::new());
    let mut staff = world.staff.clone();
    if staff.officer(subject).is_none() {
        must_be_no_client(world, subject)?;
        effect.events.insert(0, event_of(&made.officer));
        effect
            .changes
            .insert(0, Change::NewOfficer(made.officer.clone()));
        staff.put_officer(made.officer.clone());
    }
    if staff.holds(&made.wanted, made.today) {
        return Ok(effect);
    }
    let assigned = staff.assign(&world.units, &Scope::Everything, &made.wanted);
    let position = assigned.map_err(super::officer::first_of)?;
    give(&mut effect, position, made.today);
    Ok(effect)
}
