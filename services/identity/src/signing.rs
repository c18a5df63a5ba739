//! The keys that tokens are signed with.
//!
//! They are the files `token-signing*.pem` of a folder that all replicas share. All of them verify; the last by name signs.
//! To exchange the key, put `token-signing-2.pem` beside `token-signing.pem`. It signs when the file is two minutes old, so that
//! by then every replica and everybody who keeps the key set knows it. Remove the old file when the last token that it signed
//! has ended, 10 minutes after that. Nothing has to be restarted.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chrono::TimeDelta;
use kit::clock::{self, Moment};
use kit::keys::{Error, PrivateKey, PublicKey};
use tokio_util::sync::CancellationToken;

const NAME: &str = "token-signing";
const FIRST: &str = "token-signing.pem";
/// How old the file of a key must be before it signs, where there is another that may.
const SIGNS_AFTER: TimeDelta = TimeDelta::minutes(2);
/// How soon a file that came or went is noticed.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The keys as they are in the folder.
#[derive(Clone)]
pub struct Signing(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    keys: RwLock<Arc<Keys>>,
}

/// Those that were read last; there is always one.
struct Keys {
    signs: PrivateKey,
    verify: Vec<PublicKey>,
}

impl Signing {
    /// The keys of a folder; the first is made there when it has none.
    ///
    /// # Errors
    /// When one cannot be read or made.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let mut keys = Keys::read(folder)?;
        if keys.is_none() {
            let first = PrivateKey::load_or_create(&folder.join(FIRST))?;
            keys = Keys::of(&[(first, true)]);
        }
        let keys = keys.ok_or_else(|| nothing(folder))?;
        Ok(Self(Arc::new(Inner {
            folder: folder.to_owned(),
            keys: RwLock::new(Arc::new(keys)),
        })))
    }

    /// The key that signs.
    #[must_use]
    pub fn key(&self) -> PrivateKey {
        self.keys().signs.clone()
    }

    /// The keys that verify.
    #[must_use]
    pub fn public(&self) -> Vec<PublicKey> {
        self.keys().verify.clone()
    }

    fn keys(&self) -> Arc<Keys> {
        let keys = self.0.keys.read();
        Arc::clone(&keys.unwrap_or_else(PoisonError::into_inner))
    }

    /// Notices files that come and go, until stopped. What cannot be read is told, and changes nothing.
    pub async fn follow(self, stop: CancellationToken) {
        let mut told = String::new();
        while stop
            .run_until_cancelled(tokio::time::sleep(LOOK_EVERY))
            .await
            .is_some()
        {
            match Keys::read(&self.0.folder) {
                Ok(Some(keys)) => self.take(keys),
                Err(error) if error.to_string() != told => {
                    told = error.to_string();
                    tracing::error!(%error, "the signing keys stay as they are");
                }
                Ok(None) | Err(_) => {}
            }
        }
    }

    fn take(&self, keys: Keys) {
        let before = self.keys();
        if before.verify == keys.verify && before.signs.public() == keys.signs.public() {
            return;
        }
        tracing::info!(
            signs = keys.signs.public().kid(),
            verify = keys.verify.len(),
            "signing keys"
        );
        let mut now = self.0.keys.write().unwrap_or_else(PoisonError::into_inner);
        *now = Arc::new(keys);
    }
}

impl Keys {
    fn read(folder: &Path) -> Result<Option<Self>, Error> {
        let mut files: Vec<PathBuf> = Vec::new();
        let unreadable = |source| Error::File {
            path: folder.display().to_string(),
            source,
        };
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            let stem = path.file_stem().and_then(|stem| stem.to_str());
            let is_key = path.extension().is_some_and(|kind| kind == "pem");
            if is_key && stem.is_some_and(|stem| stem.starts_with(NAME)) {
                files.push(path);
            }
        }
        files.sort_by(|one, other| one.file_stem().cmp(&other.file_stem()));
        let long_ago = clock::real() - SIGNS_AFTER;
        let mut keys = Vec::with_capacity(files.len());
        for file in &files {
            let written = fs::metadata(file).and_then(|file| file.modified());
            let is_old = Moment::from(written.map_err(unreadable)?) <= long_ago;
            keys.push((PrivateKey::load(file)?, is_old));
        }
        Ok(Self::of(&keys))
    }

    /// The last of those that are old enough signs; where none is, the first.
    fn of(keys: &[(PrivateKey, bool)]) -> Option<Self> {
        let old = keys.iter().rfind(|(_, is_old)| *is_old);
        let (signs, _) = old.or_else(|| keys.first())?;
        Some(Self {
            signs: signs.clone(),
            verify: keys.iter().map(|(key, _)| key.public()).collect(),
        })
    }
}

fn nothing(folder: &Path) -> Error {
    Error::Malformed {
        what: format!("the folder {}", folder.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_by_name_signs_once_all_replicas_know_it_and_all_verify() {
        let folder = tempfile::tempdir().unwrap();
        let signing = Signing::open(folder.path()).unwrap();
        let first = signing.key().public();
        assert_eq!(signing.public(), std::slice::from_ref(&first));
        let second = PrivateKey::generate();
        let file = folder.path().join("token-signing-2.pem");
        second.save(&file).unwrap();
        signing.take(Keys::read(folder.path()).unwrap().unwrap());
        assert_eq!(signing.key().public(), first);
        assert_eq!(signing.public(), [first.clone(), second.public()]);
        let long_ago = (clock::real() - SIGNS_AFTER).into();
        let file = fs::File::open(file).unwrap();
        file.set_modified(long_ago).unwrap();
        signing.take(Keys::read(folder.path()).unwrap().unwrap());
        assert_eq!(signing.key().public(), second.public());
        assert_eq!(signing.public(), [first.clone(), second.public()]);
        fs::remove_file(folder.path().join(FIRST)).unwrap();
        assert_eq!(
            Signing::open(folder.path()).unwrap().public(),
            [second.public()]
        );
    }
}
