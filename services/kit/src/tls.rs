//! TLS: our own certificate, whose certificates we accept, and both again when their files change.
//!
//! Whoever renews certificates writes files (Kubernetes swaps a symlink) and tells nobody, so what the files hold is
//! compared every two seconds. What is open stays open; connections that are made from then on use what is new.

mod certificate;
mod material;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use rustls::{ClientConfig, ServerConfig};
use tokio_util::sync::CancellationToken;

pub(crate) use certificate::Session;
pub use certificate::{OverTls, PeerCertificate};
pub use material::Error;
use material::{Configs, Contents};

/// How often the files are looked at.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// Where certificates and keys are, all of them PEM.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// Our own; without it the port speaks plain text.
    pub own: Option<Own>,
    /// The authorities of the certificates that clients present; without it none is asked for.
    pub client_ca: Option<PathBuf>,
    /// Whether a client without a certificate is refused.
    pub client_required: bool,
    /// The authorities of the certificates that other services present.
    pub ca: Option<PathBuf>,
}

/// A certificate of ours: shown to whoever calls, and to the services that we call.
#[derive(Clone, Debug)]
pub struct Own {
    /// The certificate and those between it and its authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// TLS as the files have it by now.
#[derive(Clone)]
pub struct Tls(Arc<Inner>);

struct Inner {
    files: Files,
    /// What the files held when they were last looked at, be it good or bad.
    seen: Mutex<Contents>,
    current: RwLock<Configs>,
}

impl Tls {
    /// No TLS at all.
    #[must_use]
    pub fn none() -> Self {
        Self(Arc::new(Inner {
            files: Files::default(),
            seen: Mutex::default(),
            current: RwLock::default(),
        }))
    }

    /// Reads the files.
    ///
    /// # Errors
    /// When one is missing, broken, or does not fit the others.
    pub fn load(files: Files) -> Result<Self, Error> {
        let contents = Contents::read(&files)?;
        let configs = Configs::of(&files, &contents)?;
        configs.tell();
        Ok(Self(Arc::new(Inner {
            files,
            seen: Mutex::new(contents),
            current: RwLock::new(configs),
        })))
    }

    /// Reads the files again; tells whether what they hold is new and used from now on.
    ///
    /// # Errors
    /// When what they hold cannot be used: what was used before goes on being used. Said once for the same contents.
    pub fn look_again(&self) -> Result<bool, Error> {
        let contents = Contents::read(&self.0.files)?;
        let mut seen = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == contents {
            return Ok(false);
        }
        seen.clone_from(&contents);
        let configs = Configs::of(&self.0.files, &contents)?;
        configs.tell();
        let mut current = self.0.current.write();
        **current
            .as_mut()
            .unwrap_or_else(|poisoned| poisoned.get_mut()) = configs;
        Ok(true)
    }

    /// Looks at the files again and again until stopped.
    pub async fn follow(self, stop: CancellationToken) {
        let mut said = None;
        let pause = || tokio::time::sleep(LOOK_AGAIN);
        while stop.run_until_cancelled(pause()).await.is_some() {
            let this = self.clone();
            let looked = tokio::task::spawn_blocking(move || this.look_again()).await;
            match looked {
                Ok(Err(error)) => {
                    let error = error.to_string();
                    if said.as_ref() != Some(&error) {
                        tracing::warn!(error, "new certificates cannot be used; the old ones stay");
                        said = Some(error);
                    }
                }
                Ok(Ok(true)) => said = None,
                Ok(Ok(false)) | Err(_) => {}
            }
        }
    }

    /// How the next connection is taken in; `None` for plain text.
    pub(crate) fn server(&self) -> Option<Arc<ServerConfig>> {
        self.current().server.clone()
    }

    /// How the next connection is made; `None` when it is not known whose certificates to accept.
    pub(crate) fn client(&self) -> Option<Arc<ClientConfig>> {
        self.current().client.clone()
    }

    fn current(&self) -> std::sync::RwLockReadGuard<'_, Configs> {
        self.0
            .current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
