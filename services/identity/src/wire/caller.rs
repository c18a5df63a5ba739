//! Callers and keys on the wire.

use kit::caller::{self, Reach};
use kit::keys;
use proto::identity::v1 as pb;

/// A caller as its token names it.
pub(crate) fn caller(caller: &caller::Caller) -> pb::Caller {
    pb::Caller {
        subject: caller.subject.clone(),
        grants: caller.grants.iter().map(grant).collect(),
    }
}

fn grant(grant: &caller::Grant) -> pb::Grant {
    let names = match &grant.reach {
        Reach::At(names) => names.clone(),
        Reach::Everywhere => Vec::new(),
    };
    let of_parties = matches!(grant.role, caller::Role::Applicant | caller::Role::Proxy);
    let (party_uids, unit_uids) = if of_parties {
        (names, Vec::new())
    } else {
        (Vec::new(), names)
    };
    pb::Grant {
        role: pb::Role::from(grant.role).into(),
        unit_uids,
        party_uids,
        everywhere: grant.reach == Reach::Everywhere,
    }
}

/// What tokens are verified by.
pub(crate) fn key_set(set: caller::KeySet) -> pb::GetKeySetResponse {
    let subjects = set.revoked.subjects.into_iter();
    pb::GetKeySetResponse {
        keys: set.keys.iter().map(verifying_key).collect(),
        issuer: set.issuer,
        revoked_tokens: set.revoked.tokens.into_iter().collect(),
        revoked_subjects: subjects
            .map(|(subject, until)| pb::RevokedSubject {
                subject_sha256: subject.to_vec(),
                until,
            })
            .collect(),
    }
}

fn verifying_key(key: &keys::PublicKey) -> pb::VerifyingKey {
    pb::VerifyingKey {
        kid: key.kid(),
        ed25519: key.to_bytes(),
    }
}

/// How much a client may call, on the wire.
pub(crate) fn rate_class(class: caller::RateClass) -> pb::RateClass {
    match class {
        caller::RateClass::Low => pb::RateClass::Low,
        caller::RateClass::Standard => pb::RateClass::Standard,
        caller::RateClass::High => pb::RateClass::High,
    }
}
