//! The words of an applicant's name, by keyed hashes: found again without accents, and read by nobody.

use kit::seal::{self, Blind, Keyring};
use kit::text;

use crate::dossier::Dossier;

/// What the hashes are hashes of.
const WORD: &str = "dossier.words";
/// So much of a hash tells words of one desk apart, in hexadecimal digits.
const DIGITS: usize = 24;

/// The words of a text as they are compared.
pub fn of(text: &str) -> Vec<String> {
    text::fold(text)
        .split_whitespace()
        .map(str::to_owned)
        .collect()
}

/// The hashes of a dossier's words as they are kept, each between blanks; nothing once it was erased.
pub fn kept(dossier: &Dossier, ring: &Keyring) -> Result<Option<String>, seal::Error> {
    let Some(applicant) = &dossier.filing.applicant else {
        return Ok(None);
    };
    let mut kept = String::from(" ");
    for word in of(&applicant.name) {
        kept.push_str(&short(&ring.blind(WORD, word.as_bytes())?));
        kept.push(' ');
    }
    Ok(Some(kept))
}

/// What finds a word among those that are kept, by any key that it may have been hashed with.
pub fn patterns(ring: &Keyring, word: &str) -> Vec<String> {
    let blinds = ring.blinds(WORD, word.as_bytes()).into_iter();
    blinds
        .map(|blind| format!("% {} %", short(&blind)))
        .collect()
}

fn short(blind: &Blind) -> String {
    let mut text = blind.to_string();
    text.truncate(DIGITS);
    text
}
