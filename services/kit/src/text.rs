//! Vietnamese text: one form for what looks alike, a form without accents for searching, and the order of the alphabet.

use std::cmp::Ordering;
use std::sync::LazyLock;

use icu_collator::options::CollatorOptions;
use icu_collator::{Collator, CollatorBorrowed};
use icu_locale_core::locale;
use unicode_normalization::char::is_combining_mark;
use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};

/// Vietnamese order; the data are part of the program.
static ORDER: LazyLock<Option<CollatorBorrowed<'static>>> = LazyLock::new(|| {
    let made = Collator::try_new(locale!("vi").into(), CollatorOptions::default());
    made.inspect_err(|error| tracing::error!(%error, "names are sorted by code point"))
        .ok()
});

/// Spellings that are not the official one but are written, folded, with what the official one folds to.
const ALIASES: [(&str, &str); 2] = [("dac lac", "dak lak"), ("darlac", "dak lak")];

/// Text as it is kept: composed (NFC), whatever keyboard it came from.
#[must_use]
pub fn compose(text: &str) -> String {
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => text.to_owned(),
        IsNormalized::No | IsNormalized::Maybe => text.nfc().collect(),
    }
}

/// Text as it is compared: composed (NFC), one letter for those that look the same, one apostrophe, single spaces.
#[must_use]
pub fn normalise(text: &str) -> String {
    let letters = text.nfc().map(|letter| match letter {
        // Eth and the African D look like Đ.
        '\u{d0}' | '\u{189}' => 'Đ',
        '\u{f0}' | '\u{256}' => 'đ',
        '\u{2019}' | '\u{2bc}' | '\u{2018}' => '\'',
        other => other,
    });
    let text: String = letters.collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text in lower case without accents and apostrophes: `Ea H'Leo` gives `ea hleo`. Different names may give the same.
#[must_use]
pub fn fold(text: &str) -> String {
    let lower = normalise(text).to_lowercase();
    let letters = lower
        .nfd()
        .filter(|letter| !is_combining_mark(*letter) && *letter != '\'');
    let letters = letters.map(|letter| match letter {
        // These have no decomposition.
        'đ' => 'd',
        'ƀ' => 'b',
        other => other,
    });
    letters.collect()
}

/// Compares as a Vietnamese dictionary does: a ă â … d đ …, accents of tone second.
#[must_use]
pub fn compare(one: &str, other: &str) -> Ordering {
    let by_alphabet = |order: &CollatorBorrowed<'_>| order.compare(one, other);
    let in_order = ORDER.as_ref().map_or(Ordering::Equal, by_alphabet);
    in_order.then_with(|| one.cmp(other))
}

/// How well a text agrees with what is searched; the better, the less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Agreement {
    /// Also in its accents.
    WithAccents,
    /// Without accents.
    Folded,
    /// Without accents and spaces: `Krông Ana` and `Krông A Na`.
    WithoutSpaces,
}

/// What is searched: the beginnings of words, in order.
#[derive(Clone, Debug)]
pub struct Wanted {
    accented: String,
    folded: String,
    closed: String,
}

impl Wanted {
    /// A search for this text, in any case, with accents or without, in a spelling that is known to be written.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let folded = ALIASES
            .iter()
            .fold(fold(text), |folded, (alias, official)| {
                replace_words(&folded, alias, official)
            });
        Self {
            accented: normalise(text).to_lowercase(),
            closed: without_spaces(&folded),
            folded,
        }
    }

    /// Whether nothing is left to search for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.closed.is_empty()
    }

    /// How a text agrees; `None` when it does not.
    #[must_use]
    pub fn agreement(&self, text: &str) -> Option<Agreement> {
        if has_words(&normalise(text).to_lowercase(), &self.accented) {
            return Some(Agreement::WithAccents);
        }
        let folded = fold(text);
        if has_words(&folded, &self.folded) {
            return Some(Agreement::Folded);
        }
        let mut ends = word_starts(&folded).map(|start| without_spaces(&folded[start..]));
        ends.any(|end| end.starts_with(&self.closed))
            .then_some(Agreement::WithoutSpaces)
    }
}

/// Whether a text has these words, the last perhaps only begun.
fn has_words(text: &str, words: &str) -> bool {
    word_starts(text).any(|start| text[start..].starts_with(words))
}

fn word_starts(text: &str) -> impl Iterator<Item = usize> + '_ {
    let after_spaces = text.match_indices(' ').map(|(at, _)| at + 1);
    std::iter::once(0).chain(after_spaces)
}

fn without_spaces(text: &str) -> String {
    text.replace(' ', "")
}

/// Replaces whole words.
fn replace_words(text: &str, words: &str, with: &str) -> String {
    let replaced = format!(" {text} ").replace(&format!(" {words} "), &format!(" {with} "));
    replaced.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How two texts relate.
    #[derive(Debug, PartialEq)]
    enum Relation {
        /// The same when written in one form.
        Same,
        /// The same but for case.
        SameButForCase,
        /// The same without accents.
        Folded,
        /// The same without accents and spaces.
        WithoutSpaces,
        /// Another spelling of the same.
        Alias,
        /// Nothing in common.
        Other,
    }

    fn relation(one: &str, other: &str) -> Relation {
        let wanted = Wanted::new(other);
        if normalise(one) == normalise(other) {
            Relation::Same
        } else if normalise(one).to_lowercase() == normalise(other).to_lowercase() {
            Relation::SameButForCase
        } else if fold(one) == fold(other) {
            Relation::Folded
        } else if without_spaces(&fold(one)) == without_spaces(&fold(other)) {
            Relation::WithoutSpaces
        } else if wanted.folded == fold(one) {
            Relation::Alias
        } else {
            Relation::Other
        }
    }

    #[test]
    fn names_relate_as_people_take_them() {
        for (one, other, expected) in [
            ("Đắk Lắk", "dak lak", Relation::Folded),
            ("Đắk Lắk", "ĐẮK LẮK", Relation::SameButForCase),
            ("Đắk Lắk", "Đăk Lăk", Relation::Folded),
            ("Đắk Lắk", "Đắc Lắc", Relation::Alias),
            // The same decomposed, and with Eth for Đ.
            (
                "Đắk Lắk",
                "Đa\u{306}\u{301}k La\u{306}\u{301}k",
                Relation::Same,
            ),
            ("Đắk Lắk", "\u{d0}ắk Lắk", Relation::Same),
            ("Xã Hòa Phú", "Xã Hoà Phú", Relation::Folded),
            ("Xã Ea Drông", "Xã Ea Drơng", Relation::Folded),
            ("Xã Hòa Đông", "Xã Hòa Đồng", Relation::Folded),
            ("Ea H'Leo", "Ea H\u{2019}leo", Relation::SameButForCase),
            ("M'Drắk", "M'Đrắk", Relation::Folded),
            ("Krông Ana", "Krông A Na", Relation::WithoutSpaces),
            ("Cư Êwi", "Cư Ê Wi", Relation::WithoutSpaces),
            ("Ea Knuếc", "Ea KNuec", Relation::Folded),
            ("Phường Thống Nhất", "Phường Thống Nhất", Relation::Same),
            ("Niê Kdăm", "nie kdam", Relation::Folded),
            ("H'Hen", "H\u{2019}Hen", Relation::Same),
            ("Ayŭn", "ayun", Relation::Folded),
            // Ƀ has no decomposition; it is folded by a rule of its own, as Đ is.
            ("ƀuôn", "buon", Relation::Folded),
            ("Phường  Tân Lập", "Phường Tân Lập ", Relation::Same),
            ("Đắk Lắk", "Đắk Nông", Relation::Other),
        ] {
            assert_eq!(relation(one, other), expected, "{one} and {other}");
            let found = Wanted::new(other).agreement(one);
            assert_eq!(
                found.is_some(),
                expected != Relation::Other,
                "{one} by {other}"
            );
        }
    }

    #[test]
    fn words_are_found_by_their_beginnings() {
        for (text, wanted, expected) in [
            (
                "Thành phố Buôn Ma Thuột",
                "Buôn",
                Some(Agreement::WithAccents),
            ),
            (
                "Thành phố Buôn Ma Thuột",
                "buon ma",
                Some(Agreement::Folded),
            ),
            ("Thành phố Buôn Ma Thuột", "thuot", Some(Agreement::Folded)),
            ("Thành phố Buôn Ma Thuột", "uon", None),
            ("Thành phố Buôn Ma Thuột", "ma buon", None),
            ("Xã Ea Drơng", "Ea Drông", Some(Agreement::Folded)),
            ("Xã Đắk Liêng", "d", Some(Agreement::Folded)),
            ("Xã Krông Ana", "krong a na", Some(Agreement::WithoutSpaces)),
        ] {
            assert_eq!(
                Wanted::new(wanted).agreement(text),
                expected,
                "{text} by {wanted}"
            );
        }
        assert!(Wanted::new(" \u{2019} ").is_empty());
    }

    #[test]
    fn names_are_sorted_as_in_a_vietnamese_dictionary() {
        const DISTRICTS: &str = "Buôn Đôn | Buôn Hồ | Buôn Ma Thuột";
        const COMMUNES: &str = "Băng A Drênh | Bình Hòa | Bông Krang | Buôn Trấp | Buôn Tría | Buôn Triết | Chứ Kbô | \
            Cuôr Đăng | Cư Bao | Cư Elang | Cư Êbur | Dray Bhăng | Dur Kmăl | Đắk Liêng | Đoàn Kết | Ea Drông | Ea Drơng | \
            Ea H'Leo | Ea Hiao | Ea Kao | Ea Kênh | Ea Kiết | Ea Ô | Ea Păl | Hòa An | Hòa Xuân | Ia Lốp | M'Drắk | Tam Giang | \
            Tân Hòa | Tân Lập | Thành Công | Thắng Lợi | Thống Nhất | Tự An | Ya Tờ Mốt";
        for list in [DISTRICTS, COMMUNES] {
            let expected: Vec<&str> = list.split(" | ").collect();
            let mut sorted = expected.clone();
            sorted.sort_unstable();
            assert_ne!(sorted, expected, "code points give another order");
            sorted.sort_by(|one, other| compare(one, other));
            assert_eq!(sorted, expected);
        }
    }
}
