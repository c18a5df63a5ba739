//! The folder of keys, which all processes of the suite share: the services' private keys, identity's signing key beside them, and
//! in `data` the keys by which personal data are sealed.

use std::path::{Path, PathBuf};

use kit::keys::{Error, PrivateKey};
use kit::seal::{self, Keyring};

/// The folder.
#[derive(Clone, Debug)]
pub struct KeyFolder(Option<PathBuf>);

impl KeyFolder {
    /// The one at this path, which need not exist, or one that nobody named.
    pub fn new(path: Option<PathBuf>) -> Self {
        Self(path)
    }

    /// A private key; made where there is none.
    ///
    /// # Errors
    /// When it cannot be read or made.
    pub fn private(&self, name: &str) -> Result<PrivateKey, Error> {
        let folder = self.0.clone().unwrap_or_default();
        PrivateKey::load_or_create(&folder.join(format!("{name}.pem")))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.as_deref().unwrap_or(Path::new("."))
    }

    /// The keys by which personal data are sealed; the first is made where there is none.
    ///
    /// # Errors
    /// When they cannot be read or made.
    pub fn ring(&self) -> Result<Keyring, seal::Error> {
        Keyring::open(&self.data()?)
    }

    /// The same for looking only: nothing is made.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn ring_as_it_is(&self) -> Result<Keyring, seal::Error> {
        Keyring::read(&self.data()?)
    }

    /// The folder of the keys by which personal data are sealed.
    ///
    /// # Errors
    /// When nobody named it.
    pub fn data(&self) -> Result<PathBuf, seal::Error> {
        let folder = self.0.as_ref().ok_or(seal::Error::Unnamed)?;
        Ok(folder.join("data"))
    }
}
