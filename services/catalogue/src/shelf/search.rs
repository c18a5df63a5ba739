//! Finding procedures by words.
//!
//! Every procedure of the day is looked at: a text is some hundred bytes, folded once, so that 50,000 are a few milliseconds.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use kit::text::{fold, normalise};
use memchr::memmem::Finder;

use super::{OnDay, Shelf, Shelved};
use crate::procedure::{ApplicantKind, Level, Procedure};

/// What to search: a page, best first.
#[derive(Clone, Debug)]
pub struct Search {
    /// Words, or the beginning of a code; empty finds all.
    pub text: String,
    /// Only this field, in any spelling of accents.
    pub field: Option<String>,
    /// Only what this department leads.
    pub lead_unit: Option<String>,
    /// Only this level.
    pub level: Option<Level>,
    /// Only this online level.
    pub online_level: Option<i32>,
    /// Only what these may apply for.
    pub applicant: Option<ApplicantKind>,
    /// As it is in force on this day.
    pub on: NaiveDate,
    /// Only what comes after this place.
    pub after: Option<(Agreement, String)>,
    /// How many at most.
    pub size: usize,
}

/// A procedure that was found.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// How it agrees.
    pub agreement: Agreement,
    /// The procedure on the day.
    pub of: OnDay<'a>,
}

/// How well a procedure agrees with what is searched; the better, the less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Agreement {
    /// It has this code.
    Code,
    /// Its code begins so.
    CodeBegins,
    /// Its name begins with the words, also in their accents.
    NameBegins,
    /// Its name has the words one after the other, also in their accents.
    Phrase,
    /// The same without accents.
    FoldedPhrase,
    /// Its name has all words somewhere, also in their accents.
    Words,
    /// The same without accents.
    FoldedWords,
    /// Its name, field, result and English name together have all words.
    Elsewhere,
}

const AGREEMENTS: [Agreement; 8] = [
    Agreement::Code,
    Agreement::CodeBegins,
    Agreement::NameBegins,
    Agreement::Phrase,
    Agreement::FoldedPhrase,
    Agreement::Words,
    Agreement::FoldedWords,
    Agreement::Elsewhere,
];

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = AGREEMENTS.iter().position(|known| known == self);
        write!(f, "{}", place.unwrap_or_default())
    }
}

impl FromStr for Agreement {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let place: usize = text.parse().map_err(|_| ())?;
        AGREEMENTS.get(place).copied().ok_or(())
    }
}

/// The texts of a version, each word of them with a space before it.
#[derive(Debug)]
pub(super) struct Text {
    accented: String,
    folded: String,
    elsewhere: String,
    field: String,
    local_code: String,
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
}

fn words(text: &str) -> String {
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
struct Wanted<'a> {
    code: &'a str,
    accented: &'a str,
    phrase: Finder<'a>,
    folded_phrase: Finder<'a>,
    words: Vec<Finder<'a>>,
    folded_words: Vec<Finder<'a>>,
}

impl<'a> Wanted<'a> {
    fn new(code: &'a str, accented: &'a str, folded: &'a str) -> Self {
        Self {
            code,
            accented,
            phrase: Finder::new(accented),
            folded_phrase: Finder::new(folded),
            words: each_word(accented),
            folded_words: each_word(folded),
        }
    }

    fn agreement(&self, code: &str, text: &Text) -> Option<Agreement> {
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

impl Search {
    fn fits(&self, of: &OnDay<'_>, text: &Text, field: Option<&str>) -> bool {
        let procedure = &of.version.procedure;
        let online = || of.online.level.map(kit::online::Level::number);
        let open_to =
            |kind| procedure.applicants.is_empty() || procedure.applicants.contains(&kind);
        let lead = self.lead_unit.as_deref();
        field.is_none_or(|wanted| text.field == wanted)
            && lead.is_none_or(|wanted| procedure.lead_unit.as_str() == wanted)
            && self.level.is_none_or(|wanted| procedure.level == wanted)
            && self
                .online_level
                .is_none_or(|wanted| online() == Some(wanted))
            && self.applicant.is_none_or(open_to)
    }
}

impl Shelf {
    /// A page of what is found, and whether another follows.
    #[must_use]
    pub fn search(&self, search: &Search) -> (Vec<Found<'_>>, bool) {
        let (accented, folded) = (normalise(&search.text).to_lowercase(), fold(&search.text));
        let (accented, folded) = (words(&accented), words(&folded));
        let code = search.text.trim();
        let wanted = Wanted::new(code, &accented, &folded);
        let field = search.field.as_deref().map(fold);
        let finds = self
            .0
            .iter()
            .filter_map(|shelved| find(shelved, search, &wanted, field.as_deref()));
        let after = |found: &Found<'_>| {
            let place = (found.agreement, found.of.entry.code.as_str());
            let after = search.after.as_ref();
            after.is_none_or(|(agreement, code)| place > (*agreement, code.as_str()))
        };
        let mut found: Vec<Found<'_>> = finds.filter(after).collect();
        // They come by code, and that order stays among those that agree as well.
        found.sort_by_key(|found| found.agreement);
        let more = found.len() > search.size;
        found.truncate(search.size);
        (found, more)
    }
}

fn find<'a>(
    shelved: &'a Shelved,
    search: &Search,
    wanted: &Wanted<'_>,
    field: Option<&str>,
) -> Option<Found<'a>> {
    let entry = &shelved.entry;
    let place = entry
        .versions
        .iter()
        .rposition(|version| version.from <= search.on)?;
    let text = shelved.texts.get(place)?;
    let agreement = wanted.agreement(entry.code.as_str(), text)?;
    let of = OnDay::of(entry, search.on)?;
    search
        .fits(&of, text, field)
        .then_some(Found { agreement, of })
}

#[cfg(test)]
mod tests {
    use super::super::tests::shelf;
    use super::*;
    use crate::entry::tests::day;

    fn search(text: &str) -> Search {
        Search {
            text: text.to_owned(),
            field: None,
            lead_unit: None,
            level: None,
            online_level: None,
            applicant: None,
            on: day("2020-01-01"),
            after: None,
            size: 10,
        }
    }

    fn registry() -> Shelf {
        shelf(&[
            ("1.000656", "Thủ tục đăng ký khai tử"),
            ("1.000894", "Thủ tục đăng ký kết hôn"),
            ("1.001193", "Đăng ký khai sinh"),
            ("1.004772", "Thủ tục đăng ký lại khai sinh"),
            ("2.000815", "Chứng thực bản sao"),
        ])
    }

    fn found(shelf: &Shelf, search: &Search) -> Vec<(String, Agreement)> {
        let (page, _) = shelf.search(search);
        page.iter()
            .map(|found| (found.of.entry.code.to_string(), found.agreement))
            .collect()
    }

    #[test]
    fn what_agrees_best_comes_first() {
        let shelf = registry();
        for (text, expected) in [
            (
                "đăng ký khai sinh",
                &[
                    ("1.001193", Agreement::NameBegins),
                    ("1.004772", Agreement::Words),
                ][..],
            ),
            (
                "dang ky khai sinh",
                &[
                    ("1.001193", Agreement::FoldedPhrase),
                    ("1.004772", Agreement::FoldedWords),
                ],
            ),
            (
                "khai tử",
                &[
                    ("1.000656", Agreement::Phrase),
                    ("1.004772", Agreement::FoldedWords),
                ],
            ),
            ("ly lich", &[]),
            ("SAO CHUNG", &[("2.000815", Agreement::FoldedWords)]),
            ("1.00119", &[("1.001193", Agreement::CodeBegins)]),
            ("1.001193", &[("1.001193", Agreement::Code)]),
            ("ho tich ket hon", &[("1.000894", Agreement::Elsewhere)]),
            ("hai", &[]),
        ] {
            let found = found(&shelf, &search(text));
            let found: Vec<_> = found
                .iter()
                .map(|(code, how)| (code.as_str(), *how))
                .collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn pages_bring_all_that_is_found_once_in_order() {
        let shelf = registry();
        let all = found(&shelf, &search("dang ky"));
        assert_eq!(all.len(), 4);
        let mut paged = Vec::new();
        let mut page = Search {
            size: 1,
            ..search("dang ky")
        };
        loop {
            let (found, more) = shelf.search(&page);
            let last = found.last().expect("a page has something");
            let place = (last.agreement, last.of.entry.code.to_string());
            paged.push((place.1.clone(), place.0));
            page.after = Some(place);
            if !more {
                break;
            }
        }
        assert_eq!(paged, all);
    }

    #[test]
    fn filters_leave_out_what_they_do_not_name() {
        let shelf = registry();
        let with = |change: fn(&mut Search)| {
            let mut search = search("");
            change(&mut search);
            found(&shelf, &search).len()
        };
        assert_eq!(with(|_| {}), 5);
        assert_eq!(with(|search| search.field = Some("ho tich".to_owned())), 5);
        assert_eq!(with(|search| search.field = Some("tich".to_owned())), 0);
        assert_eq!(with(|search| search.lead_unit = Some("v".to_owned())), 0);
        assert_eq!(with(|search| search.level = Some(Level::District)), 0);
        assert_eq!(with(|search| search.online_level = Some(2)), 0);
        assert_eq!(
            with(|search| search.applicant = Some(ApplicantKind::Business)),
            5
        );
        assert_eq!(with(|search| search.on = day("2016-01-01")), 0);
    }
}
