//! Callers and keys on the wire.

use kit::{caller, keys};
use proto::identity::v1 as pb;

/// A caller as its token names it.
pub(crate) fn caller(caller: caller::Caller) -> pb::Caller {
    let role = match caller.role {
        None => pb::Role::Unspecified,
        Some(caller::Role::Receptionist) => pb::Role::Receptionist,
        Some(caller::Role::Examiner) => pb::Role::Examiner,
        Some(caller::Role::Leader) => pb::Role::Leader,
        Some(caller::Role::Citizen) => pb::Role::Citizen,
        Some(caller::Role::Client) => pb::Role::Client,
        Some(caller::Role::Service) => pb::Role::Service,
    };
    pb::Caller {
        subject: caller.subject,
        role: role.into(),
        unit_uids: caller.units,
        party_uid: caller.party.unwrap_or_default(),
    }
}

/// A key that verifies tokens.
pub(crate) fn verifying_key(key: &keys::PublicKey) -> pb::VerifyingKey {
    pb::VerifyingKey {
        kid: key.kid(),
        ed25519: key.to_bytes(),
    }
}
