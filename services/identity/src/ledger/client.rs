//! Deciding what becomes of client systems.

use kit::log::{NewEvent, Shard};
use kit::writer::Effect;
use prost::Message as _;

use super::{Change, World};
use crate::client::{Client, KeyRefusal, Reach, Registration};
use crate::error::Error;
use crate::jose::SignerKey;
use crate::subject::Subject;
use crate::token::Revocation;
use crate::wire;

/// An act on a client system.
#[derive(Clone, Debug)]
pub(crate) struct OnClient {
    /// The client.
    pub subject: Subject,
    /// The revision that the caller has seen; 0 does not check.
    pub expected_revision: i64,
    /// What.
    pub verb: Verb,
}

/// The acts on a client system.
#[derive(Clone, Debug)]
pub(crate) enum Verb {
    /// Register it.
    Register(Registration, Vec<SignerKey>),
    /// Change what it may do.
    Update(Registration),
    /// Add a key.
    AddKey(SignerKey),
    /// Remove a key.
    RemoveKey(String),
    /// Disable it, at this second of the real clock.
    Disable(i64),
    /// Enable it.
    Enable,
}

impl OnClient {
    /// What it says about units and certificates, if anything.
    pub fn registration(&self) -> Option<&Registration> {
        match &self.verb {
            Verb::Register(registration, _) | Verb::Update(registration) => Some(registration),
            Verb::AddKey(_) | Verb::RemoveKey(_) | Verb::Disable(_) | Verb::Enable => None,
        }
    }
}

pub(super) fn decide(world: &World, on: &OnClient) -> Result<Effect<Change>, Error> {
    if let Some(registration) = on.registration() {
        must_be_possible(world, &on.subject, registration)?;
    }
    let known = world.clients.get(&on.subject);
    if let Verb::Register(registration, keys) = &on.verb {
        if world.staff.officer(&on.subject).is_some() {
            return Err(Error::SubjectTaken(on.subject.clone()));
        }
        return register(known, on, registration, keys);
    }
    let known = known.ok_or_else(|| Error::ClientNotFound(on.subject.clone()))?;
    if on.expected_revision != 0 && on.expected_revision != known.revision {
        return Err(Error::RevisionChanged {
            expected: on.expected_revision,
            current: known.revision,
        });
    }
    let changed = match &on.verb {
        Verb::Register(registration, _) | Verb::Update(registration) => {
            known.registered_as(registration.clone())
        }
        Verb::AddKey(key) => known.with_key(key.clone()).map_err(refused)?,
        Verb::RemoveKey(kid) => known.without_key(kid).map_err(refused)?,
        Verb::Disable(_) => known.set_disabled(true),
        Verb::Enable => known.set_disabled(false),
    };
    let mut effect = effect(known, changed);
    if let Verb::Disable(now) = on.verb {
        let revocation = Revocation::of_disabled(&on.subject, now);
        effect.changes.push(Change::Revocation(revocation));
    }
    Ok(effect)
}

fn register(
    known: Option<&Client>,
    on: &OnClient,
    registration: &Registration,
    keys: &[SignerKey],
) -> Result<Effect<Change>, Error> {
    let client = Client::new(on.subject.clone(), registration.clone(), keys.to_vec());
    match known {
        None => Ok(Effect {
            reply: wire::client::reply(&client).encode_to_vec(),
            events: vec![told(&client)],
            changes: vec![Change::Client(client)],
            ..Effect::nothing()
        }),
        Some(known) if known.registration == client.registration && known.keys == client.keys => {
            Ok(Effect {
                reply: wire::client::reply(known).encode_to_vec(),
                ..Effect::nothing()
            })
        }
        Some(_) => Err(Error::ClientExists(on.subject.clone())),
    }
}

fn must_be_possible(
    world: &World,
    subject: &Subject,
    registration: &Registration,
) -> Result<(), Error> {
    if let Reach::At(units) = &registration.reach
        && let Some(unknown) = units.iter().find(|uid| world.units.get(uid).is_none())
    {
        return Err(Error::UnitNotFound(unknown.clone()));
    }
    let Some(certificate) = &registration.certificate_subject else {
        return Ok(());
    };
    let mut others = world.clients.values();
    let taken = others.any(|other| {
        other.subject != *subject
            && other.registration.certificate_subject.as_ref() == Some(certificate)
    });
    if taken {
        return Err(Error::CertificateTaken);
    }
    Ok(())
}

fn effect(known: &Client, changed: Client) -> Effect<Change> {
    let reply = wire::client::reply(&changed).encode_to_vec();
    if *known == changed {
        return Effect {
            reply,
            ..Effect::nothing()
        };
    }
    Effect {
        reply,
        events: vec![told(&changed)],
        changes: vec![Change::Client(changed)],
        ..Effect::nothing()
    }
}

fn told(client: &Client) -> NewEvent {
    let subject = client.subject.as_str();
    NewEvent::new(subject, Shard::of(subject), &wire::client::told(client))
}

fn refused(refusal: KeyRefusal) -> Error {
    match refusal {
        KeyRefusal::Full => Error::KeysFull,
        KeyRefusal::Unknown => Error::KeyNotFound,
    }
}
