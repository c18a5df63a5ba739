//! Local passwords: what may be one, and how it is kept (Argon2id with the library's costs: 19 MiB, two passes).

mod pool;

use std::collections::HashSet;
use std::fmt;
use std::sync::LazyLock;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use kit::clock;
use kit::failure::Violation;
use sha2::{Digest as _, Sha256};
use unicode_normalization::UnicodeNormalization as _;

pub use pool::{Place, Pool};

use crate::subject::Subject;

const SHORTEST: usize = 12;
/// The longest password, in characters.
pub const LONGEST: usize = 128;
/// Shorter subjects are in many words by chance.
const TELLING: usize = 3;
const SALT: usize = 16;
/// The hash of nobody's password, for taking the time that a hash takes.
const DECOY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bW90IGN1YSBkZWNveSBzYQ$nXLi7BbyONMsYrhSEJmCUZa5nKeVVqCGeDNwh/O4B6c";

/// Those of 12 characters or more among the 20,000 most common ones, as Django lists them, and what people here would take.
static COMMON: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("password/common.txt").lines().collect());

/// A password as somebody gives it, in NFC. Never shown.
#[derive(Clone)]
pub struct Password(String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

impl Password {
    /// One that is to be compared with the one that is kept.
    #[must_use]
    pub fn given(text: &str) -> Self {
        Self(text.nfc().collect())
    }

    /// One that is to be kept from now on, in this field of a request.
    ///
    /// # Errors
    /// When it is too short, too long, common, or has the subject in it.
    pub fn new(field: &str, text: &str, subject: &Subject) -> Result<Self, Violation> {
        let password = Self::given(text);
        let length = password.0.chars().count();
        let lower = password.0.to_lowercase();
        let subject = subject.as_str().to_lowercase();
        if !(SHORTEST..=LONGEST).contains(&length) {
            return Err(Violation::new(
                field,
                "PASSWORD_LENGTH",
                format!("has {length} characters; {SHORTEST} to {LONGEST} are allowed"),
                format!("có {length} ký tự; phải từ {SHORTEST} đến {LONGEST} ký tự"),
            ));
        }
        if subject.len() >= TELLING && lower.contains(&subject) {
            return Err(Violation::new(
                field,
                "PASSWORD_HAS_SUBJECT",
                "has the subject in it",
                "không được chứa tên đăng nhập",
            ));
        }
        if COMMON.contains(lower.as_str()) || is_monotonous(&lower) {
            return Err(Violation::new(
                field,
                "PASSWORD_COMMON",
                "is one of those that are tried first; take several words that do not belong together",
                "quá phổ biến, dễ bị đoán; hãy dùng vài từ không liên quan với nhau",
            ));
        }
        Ok(password)
    }

    /// A random one, for being used once.
    #[must_use]
    pub fn random() -> Self {
        let digits = format!("{:024x}", u128::from_be_bytes(clock::random_bytes()) >> 32);
        let groups: Vec<&str> = (0..24).step_by(6).map(|at| &digits[at..at + 6]).collect();
        Self(groups.join("-"))
    }

    /// The text itself, for showing it once to whom it is for.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

fn is_monotonous(text: &str) -> bool {
    let different: HashSet<char> = text.chars().collect();
    different.len() < 5
}

/// A salt that nobody else's hash has.
#[derive(Clone, Copy, Debug)]
pub struct Unique([u8; SALT]);

impl Unique {
    /// A fresh one.
    #[must_use]
    pub fn random() -> Self {
        Self(clock::random_bytes())
    }

    /// That of one request of a caller: the same request gives the same hash, so that it is known when it is repeated.
    #[must_use]
    pub fn of_request(caller: &str, request_id: &str) -> Self {
        let digest = Sha256::new()
            .chain_update(caller)
            .chain_update(" ")
            .chain_update(request_id)
            .finalize();
        let mut salt = [0; SALT];
        salt.copy_from_slice(&digest[..SALT]);
        Self(salt)
    }
}

/// A password as it is kept: a PHC string.
#[derive(Clone, PartialEq, Eq)]
pub struct Hash(String);

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hash")
    }
}

impl Hash {
    /// As it stands in the store.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// That of nobody's password, which takes as long to compare with.
    #[must_use]
    pub fn decoy() -> Self {
        Self::new(DECOY)
    }

    /// As it stands in the store.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What an officer's password is kept as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// The hash.
    pub hash: Hash,
    /// It must be changed at the first sign-in.
    pub one_time: bool,
}

/// Which officers have local passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holders {
    /// Whoever is given one.
    Everybody,
    /// Administrators of the province: all others sign in at a provider.
    Administrators,
}

/// The memory that hashes are made in, used again so that the system need not clear 19 MiB for each.
#[derive(Default)]
pub(crate) struct Memory(Vec<Block>);

impl Memory {
    /// The hash of a password. `None` when the library refuses, which it never does for these costs.
    fn hash(&mut self, password: &Password, salt: Unique) -> Option<Hash> {
        let params = Params::DEFAULT;
        let hash = self.output(
            password,
            &salt.0,
            params.clone(),
            Params::DEFAULT_OUTPUT_LEN,
        )?;
        let kept = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&params).ok()?,
            salt: Some(Salt::new(&salt.0).ok()?),
            hash: Some(hash),
        };
        Some(Hash(kept.to_string()))
    }

    /// Whether a password is the one that is kept.
    fn verify(&mut self, password: &Password, hash: &Hash) -> bool {
        self.matches(password, hash).unwrap_or(false)
    }

    fn matches(&mut self, password: &Password, hash: &Hash) -> Option<bool> {
        let kept = PasswordHash::new(&hash.0).ok()?;
        let (salt, wanted) = (kept.salt.as_ref()?, kept.hash.as_ref()?);
        let params = Params::try_from(&kept).ok()?;
        let found = self.output(password, salt, params, wanted.len())?;
        // The library compares them in constant time.
        Some(found == *wanted)
    }

    fn output(
        &mut self,
        password: &Password,
        salt: &[u8],
        params: Params,
        length: usize,
    ) -> Option<Output> {
        let blocks = params.block_count();
        if self.0.len() < blocks {
            self.0.resize(blocks, Block::new());
        }
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut output = [0; Output::MAX_LENGTH];
        let output = output.get_mut(..length)?;
        let memory = self.0.get_mut(..blocks)?;
        let made =
            argon2.hash_password_into_with_memory(password.0.as_bytes(), salt, output, memory);
        made.ok()?;
        Output::new(output).ok()
    }
}

#[cfg(test)]
mod tests {
    use argon2::PasswordVerifier as _;

    use super::*;

    fn reason(text: &str) -> Option<&'static str> {
        let subject = "Nguyen.Van.A".parse().unwrap();
        let refused = Password::new("password", text, &subject).err();
        refused.map(|violation| violation.reason)
    }

    #[test]
    fn a_password_is_long_rare_and_has_no_subject_in_it() {
        assert_eq!(reason("trâu vàng leo cây"), None);
        assert_eq!(reason("trâu vàng"), Some("PASSWORD_LENGTH"));
        assert_eq!(reason(&"ơ".repeat(129)), Some("PASSWORD_LENGTH"));
        assert_eq!(reason("là nguyen.van.a đây"), Some("PASSWORD_HAS_SUBJECT"));
        assert_eq!(reason("MatKhau@123456"), Some("PASSWORD_COMMON"));
        assert_eq!(reason("121212121212"), Some("PASSWORD_COMMON"));
    }

    #[test]
    fn a_password_is_the_same_however_its_letters_are_composed() {
        let (mut memory, salt) = (Memory::default(), Unique::random());
        let hash = memory
            .hash(&Password::given("tiếng Việt có dấu"), salt)
            .unwrap();
        let decomposed: String = "tiếng Việt có dấu".nfd().collect();
        assert!(memory.verify(&Password::given(&decomposed), &hash));
        assert!(!memory.verify(&Password::given("tieng Viet co dau"), &hash));
    }

    #[test]
    fn memory_that_was_used_before_gives_the_hash_that_the_library_gives() {
        let mut memory = Memory::default();
        for text in ["trâu vàng leo cây", "mèo trắng bơi sông"] {
            let hash = memory
                .hash(&Password::given(text), Unique::random())
                .unwrap();
            let library = Argon2::default().verify_password(text.as_bytes(), hash.as_str());
            assert_eq!(library, Ok(()));
            assert!(memory.verify(&Password::given(text), &hash));
        }
    }

    #[test]
    fn a_decoy_costs_what_a_password_costs_and_is_nobodys() {
        let mut memory = Memory::default();
        let hash = memory.hash(&Password::random(), Unique::random()).unwrap();
        let params = |hash: &Hash| PasswordHash::new(hash.as_str()).unwrap().params;
        assert_eq!(params(&Hash::decoy()), params(&hash));
        let matches = memory.matches(&Password::random(), &Hash::decoy());
        assert_eq!(matches, Some(false));
    }
}
