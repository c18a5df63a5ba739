//! The folder of a ring's keys: `1.key`, `2.key` and so on, each the base64 of 32 random bytes, readable by its owner alone.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Error;
use crate::clock;
use crate::keys::write_private;

const EXTENSION: &str = "key";

/// All keys by number.
pub(super) fn read(folder: &Path) -> Result<BTreeMap<u32, [u8; 32]>, Error> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(unusable(folder, &error)),
    };
    let mut keys = BTreeMap::new();
    for entry in entries {
        let path = entry.map_err(|error| unusable(folder, &error))?.path();
        if let Some(number) = number_of(&path) {
            keys.insert(number, key(&path)?);
        }
    }
    Ok(keys)
}

/// Makes a key under this number, unless somebody else just did.
pub(super) fn make(folder: &Path, number: u32) -> Result<(), Error> {
    let mut private = fs::DirBuilder::new();
    private.recursive(true).mode(0o700);
    let made = private.create(folder);
    made.map_err(|error| unusable(folder, &error))?;
    let path = folder.join(format!("{number}.{EXTENSION}"));
    let key: [u8; 32] = clock::random_bytes();
    match write_private(&path, format!("{}\n", STANDARD.encode(key)).as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(unusable(folder, &error)),
        _ => Ok(()),
    }
}

fn number_of(path: &Path) -> Option<u32> {
    let extension = path.extension()?;
    let number = path.file_stem()?.to_str()?.parse().ok();
    number.filter(|number| extension == EXTENSION && *number > 0)
}

fn key(path: &PathBuf) -> Result<[u8; 32], Error> {
    let text = fs::read_to_string(path).map_err(|error| unusable(path, &error))?;
    let bytes = STANDARD.decode(text.trim()).ok();
    let key = bytes.and_then(|bytes| bytes.try_into().ok());
    key.ok_or_else(|| Error::Malformed(path.display().to_string()))
}

fn unusable(path: &Path, error: &io::Error) -> Error {
    Error::Folder {
        path: path.display().to_string(),
        reason: error.to_string(),
    }
}
