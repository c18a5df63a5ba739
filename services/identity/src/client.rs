//! A client system: another system that calls, with keys and rights of its own.

use std::str::FromStr;

use kit::caller::{RateClass, Role};

use crate::jose::SignerKey;
use crate::subject::Subject;
use crate::unit;

/// So many keys are valid at once: the old and the new one while they are exchanged.
pub const MOST_KEYS: usize = 2;

/// What a client is for; as text `system`, `linked_system`, `payment_provider`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A system of the province that files and works for its units.
    System,
    /// A system beside the province's units that works on steps (R12).
    LinkedSystem,
    /// A system that confirms payments.
    PaymentProvider,
}

impl Kind {
    const ALL: [Self; 3] = [Self::System, Self::LinkedSystem, Self::PaymentProvider];

    /// The word for it in files and in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::LinkedSystem => "linked_system",
            Self::PaymentProvider => "payment_provider",
        }
    }

    /// The role that its tokens name.
    #[must_use]
    pub fn role(self) -> Role {
        match self {
            Self::System => Role::Client,
            Self::LinkedSystem => Role::LinkedSystem,
            Self::PaymentProvider => Role::PaymentProvider,
        }
    }
}

impl FromStr for Kind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or(())
    }
}

/// The units that a client acts for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// These. Sorted.
    At(Vec<unit::Uid>),
    /// All of the province, also those to come.
    Everywhere,
}

/// What a client may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// What it is called, for people.
    pub name: String,
    /// What it is for.
    pub kind: Kind,
    /// The rpcs that it may call, as the table of rules names them: `intake.DossierService/SubmitDossier`. Sorted.
    pub rpcs: Vec<String>,
    /// The units that it acts for.
    pub reach: Reach,
    /// How much it may call.
    pub rate_class: RateClass,
    /// The subject of the certificate by which it may show who it is (RFC 4514); no two clients have the same.
    pub certificate_subject: Option<String>,
}

/// A client system as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Its lasting name, its `client_id`.
    pub subject: Subject,
    /// What it may do.
    pub registration: Registration,
    /// The keys of its assertions.
    pub keys: Vec<SignerKey>,
    /// It gets no tokens, and those that it has are void.
    pub disabled: bool,
    /// Raised by every change, from 1.
    pub revision: i64,
}

/// Why a client's keys stay as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRefusal {
    /// It has two keys already.
    Full,
    /// It has no such key.
    Unknown,
}

impl Client {
    /// A client that is registered now.
    #[must_use]
    pub fn new(subject: Subject, registration: Registration, keys: Vec<SignerKey>) -> Self {
        Self {
            subject,
            registration,
            keys,
            disabled: false,
            revision: 1,
        }
    }

    /// With what it may do changed.
    #[must_use]
    pub fn registered_as(&self, registration: Registration) -> Self {
        self.changed(|client| client.registration = registration)
    }

    /// With one key more; the same as before when it has that key.
    ///
    /// # Errors
    /// [`KeyRefusal::Full`].
    pub fn with_key(&self, key: SignerKey) -> Result<Self, KeyRefusal> {
        if self.keys.iter().any(|own| own.kid() == key.kid()) {
            return Ok(self.clone());
        }
        if self.keys.len() >= MOST_KEYS {
            return Err(KeyRefusal::Full);
        }
        Ok(self.changed(|client| client.keys.push(key)))
    }

    /// Without a key.
    ///
    /// # Errors
    /// [`KeyRefusal::Unknown`].
    pub fn without_key(&self, kid: &str) -> Result<Self, KeyRefusal> {
        if !self.keys.iter().any(|own| own.kid() == kid) {
            return Err(KeyRefusal::Unknown);
        }
        Ok(self.changed(|client| client.keys.retain(|own| own.kid() != kid)))
    }

    /// Enabled or disabled; the same as before when it is.
    #[must_use]
    pub fn set_disabled(&self, disabled: bool) -> Self {
        if self.disabled == disabled {
            return self.clone();
        }
        self.changed(|client| client.disabled = disabled)
    }

    fn changed(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut changed = self.clone();
        change(&mut changed);
        changed.revision += 1;
        changed
    }
}

#[cfg(test)]
mod tests {
    use kit::keys::PrivateKey;

    use super::*;

    fn key() -> SignerKey {
        SignerKey::parse(&PrivateKey::generate().public().to_jwk()).unwrap()
    }

    fn client(keys: Vec<SignerKey>) -> Client {
        let registration = Registration {
            name: "Phần mềm thuế".to_owned(),
            kind: Kind::LinkedSystem,
            rpcs: Vec::new(),
            reach: Reach::At(Vec::new()),
            rate_class: RateClass::Standard,
            certificate_subject: None,
        };
        Client::new("tax".parse().unwrap(), registration, keys)
    }

    #[test]
    fn two_keys_are_valid_while_they_are_exchanged_and_no_third() {
        let (old, new) = (key(), key());
        let both = client(vec![old.clone()]).with_key(new.clone()).unwrap();
        assert_eq!((both.keys.len(), both.revision), (2, 2));
        assert_eq!(both.with_key(new.clone()).unwrap(), both);
        assert_eq!(both.with_key(key()), Err(KeyRefusal::Full));
        let after = both.without_key(old.kid()).unwrap();
        assert_eq!(after.keys, [new]);
        assert_eq!(after.without_key(old.kid()), Err(KeyRefusal::Unknown));
    }

    #[test]
    fn disabling_twice_is_disabling_once() {
        let disabled = client(Vec::new()).set_disabled(true);
        assert_eq!((disabled.disabled, disabled.revision), (true, 2));
        assert_eq!(disabled.set_disabled(true), disabled);
    }
}
