//! The texts of a version, and how they agree with what is searched.

use kit::text::{fold, normalise};
use memchr::memmem::Finder;

use super::Agreement;
use crate::procedure::Procedure;

/// The texts of a version, each word of them with a space before it.
#[derive(Debug)]
pub struct Text {
    accented: String,
    folded: String,
    elsewhere: String,
    pub field: String,
    pub local_code: String,
}

impl Text {
    pub fn of(procedure: &Procedure) -> Self {
        let Procedure {
            name,
            field,
            result,
            name_en,
            local_code,
            ..
        } = procedure;
        Self {
            accented: words(&normalise(name).to_lowercase()),
            folded: words(&fold(name)),
            elsewhere: words(&fold(&format!("{field} {result} {name_en}"))),
            field: fold(field),
            local_code: local_code
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
        }
    }

    /// The words that it is found by, without accents.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        let of = [&self.folded, &self.elsewhere].into_iter();
        of.flat_map(|words| words.split(' ').skip(1))
    }
}

/// The words of a text, each with a space before it.
pub fn words(text: &str) -> String {
    let mut spaced = String::with_capacity(text.len() + 1);
    for word in text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
    {
        spaced.push(' ');
        spaced.push_str(word);
    }
    spaced
}

/// What is searched, made ready.
pub struct Wanted<'a> {
    code: &'a str,
    accented: &'a str,
    phrase: Finder<'a>,
    folded_phrase: Finder<'a>,
    words: Vec<Finder<'a>>,
    folded_words: Vec<Finder<'a>>,
}

impl<'a> Wanted<'a> {
    pub fn new(code: &'a str, accented: &'a str, folded: &'a str) -> Self {
        Self {
            code,
            accented,
            phrase: Finder::new(accented),
            folded_phrase: Finder::new(folded),
            words: each_word(accented),
            folded_words: each_word(folded),
        }
    }

    /// How a version agrees; `None` when it does not.
    pub fn agreement(&self, code: &str, text: &Text) -> Option<Agreement> {
        if let Some(agreement) = self.of_codes(&[code, &text.local_code]) {
            return Some(agreement);
        }
        let (mut here, mut anywhere) = (true, true);
        for word in &self.folded_words {
            if word.find(text.folded.as_bytes()).is_none() {
                here = false;
                anywhere &= word.find(text.elsewhere.as_bytes()).is_some();
            }
        }
        match (here, anywhere) {
            (true, _) => Some(self.in_name(text)),
            (false, true) => Some(Agreement::Elsewhere),
            (false, false) => None,
        }
    }

    fn of_codes(&self, codes: &[&str]) -> Option<Agreement> {
        if self.code.is_empty() || !codes.iter().any(|code| code.starts_with(self.code)) {
            None
        } else if codes.contains(&self.code) {
            Some(Agreement::Code)
        } else {
            Some(Agreement::CodeBegins)
        }
    }

    /// How the name agrees that has all words without accents.
    fn in_name(&self, text: &Text) -> Agreement {
        let accented = text.accented.as_bytes();
        if text.accented.starts_with(self.accented) {
            Agreement::NameBegins
        } else if self.phrase.find(accented).is_some() {
            Agreement::Phrase
        } else if self.folded_phrase.find(text.folded.as_bytes()).is_some() {
            Agreement::FoldedPhrase
        } else if self.words.iter().all(|word| word.find(accented).is_some()) {
            Agreement::Words
        } else {
            Agreement::FoldedWords
        }
    }
}

/// Each word with the space before it.
fn each_word(words: &str) -> Vec<Finder<'_>> {
    let starts: Vec<usize> = words.match_indices(' ').map(|(at, _)| at).collect();
    let ends = starts.iter().skip(1).copied().chain([words.len()]);
    let each = starts.iter().zip(ends);
    each.map(|(start, end)| Finder::new(&words[*start..end]))
        .collect()
}
