//! Texts that are looked for, in whatever spelling they may stand in a place.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use memchr::memmem;
use tests::receiver::hex;

/// Texts, each with its spellings.
pub struct Texts<'a>(Vec<(&'a str, Vec<String>)>);

impl<'a> Texts<'a> {
    pub fn of(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let texts = texts.into_iter();
        Self(texts.map(|text| (text, spellings(text))).collect())
    }

    /// Those that are in a place.
    pub fn found_in(&self, place: &[u8]) -> Vec<&'a str> {
        let mut found = Vec::new();
        for (text, spellings) in &self.0 {
            let mut spellings = spellings.iter();
            if spellings.any(|spelling| contains(place, spelling.as_bytes())) {
                found.push(*text);
            }
        }
        found
    }
}

/// A text as it may stand somewhere: plain, in hex, and in base64 wherever it begins in a group of three bytes.
fn spellings(text: &str) -> Vec<String> {
    let bytes = text.as_bytes();
    let hex = hex(bytes);
    let mut spellings = vec![text.to_owned(), hex.to_uppercase(), hex];
    for before in 0..3 {
        let padded = [&vec![0; before], bytes].concat();
        let encoded = STANDARD_NO_PAD.encode(&padded);
        // The letters at both ends depend on what stands beside it.
        let (from, to) = ((before * 8).div_ceil(6), padded.len() * 8 / 6);
        spellings.push(encoded[from..to].to_owned());
    }
    spellings
}

pub fn contains(place: &[u8], what: &[u8]) -> bool {
    memmem::find(place, what).is_some()
}
