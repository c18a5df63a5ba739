//! What identity has to be told.

use kit::keys::{PrivateKey, PublicKey};

/// The keys of the suite itself.
#[derive(Clone)]
pub struct Settings {
    /// The key that tokens are signed with.
    pub signing_key: PrivateKey,
    /// The services of the suite by name, with the keys of their assertions; they get tokens with the role of a service.
    pub service_keys: Vec<(String, PublicKey)>,
}

impl Settings {
    /// The key of a service of the suite.
    #[must_use]
    pub fn service_key(&self, name: &str) -> Option<&PublicKey> {
        let found = self
            .service_keys
            .iter()
            .find(|(service, _)| service == name);
        found.map(|(_, key)| key)
    }
}
