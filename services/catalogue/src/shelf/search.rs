//! Finding procedures by words.
//!
//! The index says which procedures can be found, and how well at best. They are looked at in that order, and in order of code, until
//! nothing better can come: of words that nearly all have, the first page is found among the first few.

mod index;
#[cfg(test)]
mod scan;
mod text;

use std::collections::BinaryHeap;
use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use kit::text::{fold, normalise};

use super::{OnDay, Shelf, Shelved};
use crate::procedure::{ApplicantKind, Level};
pub(super) use index::Index;
pub(super) use text::Text;
use text::{Wanted, words};

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

    /// Whether a find comes after the page before.
    fn is_after(&self, agreement: Agreement, procedure: &Shelved) -> bool {
        let place = (agreement, procedure.entry.code.as_str());
        let after = self.after.as_ref();
        after.is_none_or(|(agreement, code)| place > (*agreement, code.as_str()))
    }
}

impl Shelf {
    /// A page of what is found, and whether another follows.
    #[must_use]
    pub fn search(&self, search: &Search) -> (Vec<Found<'_>>, bool) {
        let (accented, folded) = (normalise(&search.text).to_lowercase(), fold(&search.text));
        let (accented, folded) = (words(&accented), words(&folded));
        let wanted = Wanted::new(search.text.trim(), &accented, &folded);
        let field = search.field.as_deref().map(fold);
        let mut best = Best::new(search.size + 1);
        for (agreements, places) in self.index.candidates(search, &folded, field.as_deref()) {
            for place in places {
                let procedure = &self.procedures[place];
                let found = procedure.agreement(search, &wanted, field.as_deref());
                let found = found.filter(|agreement| agreements.contains(agreement));
                if let Some(agreement) = found.filter(|found| search.is_after(*found, procedure)) {
                    best.put(agreement, place);
                    if best.is_final(*agreements.start()) {
                        break;
                    }
                }
            }
        }
        self.found(best, search)
    }

    /// The page of the best.
    fn found(&self, best: Best, search: &Search) -> (Vec<Found<'_>>, bool) {
        let best = best.in_order();
        let more = best.len() > search.size;
        let page = best.into_iter().take(search.size);
        let page = page.filter_map(|(agreement, place)| {
            let of = OnDay::of(&self.procedures[place].entry, search.on)?;
            Some(Found { agreement, of })
        });
        (page.collect(), more)
    }
}

/// The best of what was put in, so many at most.
struct Best {
    size: usize,
    /// The worst on top.
    found: BinaryHeap<(Agreement, usize)>,
}

impl Best {
    fn new(size: usize) -> Self {
        Self {
            size,
            found: BinaryHeap::new(),
        }
    }

    fn put(&mut self, agreement: Agreement, place: usize) {
        self.found.push((agreement, place));
        if self.found.len() > self.size {
            self.found.pop();
        }
    }

    /// Whether nothing that agrees like this, or less, and has a later place can be among them.
    fn is_final(&self, agreement: Agreement) -> bool {
        let worst = self.found.peek();
        self.found.len() == self.size && worst.is_some_and(|(worst, _)| *worst <= agreement)
    }

    fn in_order(self) -> Vec<(Agreement, usize)> {
        self.found.into_sorted_vec()
    }
}

impl Shelved {
    /// How it agrees on the day; `None` where nothing is in force or it does not fit.
    fn agreement(
        &self,
        search: &Search,
        wanted: &Wanted<'_>,
        field: Option<&str>,
    ) -> Option<Agreement> {
        let entry = &self.entry;
        let mut versions = entry.versions.iter();
        let text = self
            .texts
            .get(versions.rposition(|version| version.from <= search.on)?)?;
        let agreement = wanted.agreement(entry.code.as_str(), text)?;
        let of = OnDay::of(entry, search.on)?;
        search.fits(&of, text, field).then_some(agreement)
    }
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
