//! What identity has to be told.

use kit::keys::PublicKey;

use crate::provider;
use crate::signing::Signing;

/// The keys of the suite itself, and whom it trusts.
#[derive(Clone)]
pub struct Settings {
    /// Who issues tokens: the URL under which the discovery document stands, the same for all replicas.
    pub issuer: String,
    /// The keys that tokens are signed with.
    pub signing: Signing,
    /// The services of the suite by name, with the keys of their assertions; they get tokens with the role of a service.
    pub service_keys: Vec<(String, PublicKey)>,
    /// The OpenID providers at which people sign in.
    pub providers: Vec<provider::Settings>,
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
