//! Keys come, go and are replaced under running processes.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

#[test]
fn the_first_key_is_made_once_and_is_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    let (one, other) = (Keyring::open(&path).unwrap(), Keyring::open(&path).unwrap());
    let key = DataKey::generate();
    let wrapped = one.wrap("a", &key).unwrap();
    assert_eq!(other.unwrap("a", &wrapped).unwrap(), key);
    assert_eq!(
        one.blind("n", b"1").unwrap(),
        other.blind("n", b"1").unwrap()
    );
    let mode = path.join("1.key").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_wrapped_key_is_its_subjects_alone() {
    let folder = tempfile::tempdir().unwrap();
    let ring = Keyring::open(folder.path()).unwrap();
    let wrapped = ring.wrap("a", &DataKey::generate()).unwrap();
    assert_eq!(ring.unwrap("b", &wrapped), Err(Error::Altered));
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_added_seals_within_seconds_and_opens_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let ring = Keyring::open(folder.path()).unwrap();
    let key = DataKey::generate();
    let before = ring.wrap("a", &key).unwrap();
    assert_eq!(Keyring::rotate(folder.path()).unwrap(), 2);
    let elsewhere = Keyring::open(folder.path()).unwrap();
    let after = elsewhere.wrap("a", &key).unwrap();
    assert_eq!(ring.newest().unwrap(), 1, "it has not looked yet");
    assert_eq!(ring.unwrap("a", &after).unwrap(), key);
    tokio::time::advance(LOOK_AGAIN).await;
    assert_eq!(ring.newest().unwrap(), 2);
    assert_eq!(ring.unwrap("a", &before).unwrap(), key);
    assert!(!ring.is_newest(&before).unwrap() && ring.is_newest(&after).unwrap());
}

#[test]
fn a_key_that_was_removed_or_replaced_is_named_as_missing() {
    let folder = tempfile::tempdir().unwrap();
    let ring = Keyring::open(folder.path()).unwrap();
    let wrapped = ring.wrap("a", &DataKey::generate()).unwrap();
    std::fs::remove_file(folder.path().join("1.key")).unwrap();
    let without = Keyring::read(folder.path()).unwrap();
    let missing = without.unwrap("a", &wrapped).unwrap_err();
    assert!(missing.to_string().starts_with("the key 1 ("), "{missing}");
    assert!(matches!(
        without.wrap("a", &DataKey::generate()),
        Err(Error::NoKey(_))
    ));
    let another = Keyring::open(folder.path()).unwrap();
    assert_eq!(another.unwrap("a", &wrapped).unwrap_err(), missing);
}

#[test]
fn a_hash_is_of_one_value_one_use_and_one_key() {
    let folder = tempfile::tempdir().unwrap();
    let ring = Keyring::open(folder.path()).unwrap();
    let blind = ring.blind("party.number", b"066088777101").unwrap();
    assert_eq!(
        ring.blinds("party.number", b"066088777101"),
        std::slice::from_ref(&blind)
    );
    assert_ne!(
        ring.blind("dossier.content", b"066088777101").unwrap(),
        blind
    );
    let is_of = |ring: &Keyring, value| ring.is_of(blind.as_bytes(), "party.number", value);
    assert_eq!(is_of(&ring, b"066088777101"), Some(true));
    assert_eq!(is_of(&ring, b"066088777102"), Some(false));
    Keyring::rotate(folder.path()).unwrap();
    let rotated = Keyring::read(folder.path()).unwrap();
    assert_eq!(rotated.blinds("party.number", b"066088777101").len(), 2);
    assert_eq!(is_of(&rotated, b"066088777101"), Some(true));
    std::fs::remove_file(folder.path().join("1.key")).unwrap();
    let without = Keyring::read(folder.path()).unwrap();
    assert_eq!(is_of(&without, b"066088777101"), None);
}

#[test]
fn a_file_that_is_no_key_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("7.key"), "not a key").unwrap();
    let error = Keyring::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("7.key is no key"), "{error}");
}
