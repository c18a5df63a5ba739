//! The whole catalogue in memory: what is read and searched.

mod search;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::NaiveDate;
use kit::online::{Online, Service};

use crate::entry::{Entry, Version};
use crate::procedure::Level;
pub use search::{Agreement, Found, Search};
use search::{Index, Text};

/// All procedures in order of code.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    procedures: Vec<Arc<Shelved>>,
    /// Where each code stands among them.
    places: Arc<HashMap<String, usize>>,
    index: Arc<Index>,
}

/// A procedure, with the texts of its versions made ready for searching.
#[derive(Debug)]
pub struct Shelved {
    entry: Entry,
    texts: Vec<Text>,
}

/// Which procedures to list: a page in order of code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// As they are in force on this day.
    pub on: NaiveDate,
    /// Only this level, or all.
    pub level: Option<Level>,
    /// Only this online level, or all.
    pub online_level: Option<i32>,
    /// Only codes after this one.
    pub after: Option<String>,
    /// How many at most.
    pub size: usize,
}

/// A procedure as it is on a day.
#[derive(Clone, Copy, Debug)]
pub struct OnDay<'a> {
    /// All of it.
    pub entry: &'a Entry,
    /// The version in force.
    pub version: &'a Version,
    /// How far it is online, everywhere.
    pub online: Online,
}

/// The catalogue in figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// All procedures.
    pub procedures: i32,
    /// By online level.
    pub levels: BTreeMap<i32, i32>,
    /// Partial online services.
    pub partial: i32,
    /// Full ones.
    pub full: i32,
}

impl Shelf {
    /// The procedure with this code.
    #[must_use]
    pub fn get(&self, code: &str) -> Option<&Entry> {
        let place = self.places.get(code)?;
        Some(&self.procedures[*place].entry)
    }

    /// Where a code stands, or would stand.
    fn place(&self, code: &str) -> Result<usize, usize> {
        self.procedures
            .binary_search_by(|shelved| shelved.entry.code.as_str().cmp(code))
    }

    /// Puts procedures in the place of what they were before. The indexes are made anew: some ten milliseconds for a province.
    pub fn put(&mut self, entries: Vec<Entry>) {
        if entries.is_empty() {
            return;
        }
        let mut new = Vec::new();
        for entry in entries {
            match self.place(entry.code.as_str()) {
                Ok(place) => self.procedures[place] = Shelved::new(entry),
                Err(_) => new.push(Shelved::new(entry)),
            }
        }
        if !new.is_empty() {
            self.procedures.append(&mut new);
            self.procedures
                .sort_by(|one, other| one.entry.code.cmp(&other.entry.code));
        }
        let codes = self.entries().map(|entry| entry.code.to_string());
        self.places = Arc::new(codes.zip(0..).collect());
        self.index = Arc::new(Index::of(self.procedures.iter().map(Arc::as_ref)));
    }

    /// All procedures in order of code.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.procedures.iter().map(|shelved| &shelved.entry)
    }

    /// A page of what is in force, and whether another follows.
    #[must_use]
    pub fn page(&self, page: &Page) -> (Vec<OnDay<'_>>, bool) {
        let start = page.after.as_ref().map_or(0, |after| {
            self.place(after)
                .map_or_else(|place| place, |place| place + 1)
        });
        let fits = |of: &OnDay<'_>| {
            let level = of.online.level.map(kit::online::Level::number);
            page.level
                .is_none_or(|wanted| of.version.procedure.level == wanted)
                && page.online_level.is_none_or(|wanted| level == Some(wanted))
        };
        let in_force = self.procedures[start..]
            .iter()
            .filter_map(|shelved| OnDay::of(&shelved.entry, page.on));
        let mut found: Vec<_> = in_force.filter(fits).take(page.size + 1).collect();
        let more = found.len() > page.size;
        found.truncate(page.size);
        (found, more)
    }

    /// The catalogue of a day in figures.
    #[must_use]
    pub fn summary(&self, on: NaiveDate) -> Summary {
        let mut summary = Summary::default();
        for of in self.entries().filter_map(|entry| OnDay::of(entry, on)) {
            summary.procedures += 1;
            if let Some(level) = of.online.level {
                *summary.levels.entry(level.number()).or_default() += 1;
            }
            match of.online.service {
                Some(Service::Partial) => summary.partial += 1,
                Some(Service::Full) => summary.full += 1,
                None => {}
            }
        }
        summary
    }
}

impl Shelved {
    fn new(entry: Entry) -> Arc<Self> {
        let texts = entry
            .versions
            .iter()
            .map(|version| Text::of(&version.procedure));
        Arc::new(Self {
            texts: texts.collect(),
            entry,
        })
    }
}

impl<'a> OnDay<'a> {
    /// A procedure on a day; `None` where no version is in force.
    #[must_use]
    pub fn of(entry: &'a Entry, on: NaiveDate) -> Option<Self> {
        Some(Self {
            entry,
            version: entry.on(on)?,
            online: entry.online.on("", on),
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use kit::online::Period;

    use super::*;
    use crate::entry::tests::{day, entry};

    pub(crate) fn shelf(entries: &[(&str, &str)]) -> Shelf {
        let entries = entries
            .iter()
            .map(|(code, name)| entry(code, name, &["2017-01-01"]));
        let mut shelf = Shelf::default();
        shelf.put(entries.collect());
        shelf
    }

    #[test]
    fn what_is_put_takes_the_place_of_what_was_before_in_order_of_code() {
        let mut shelf = shelf(&[("1.000003", "Ba"), ("1.000001", "Một")]);
        shelf.put(vec![
            entry("1.000002", "Hai", &["2017-01-01"]),
            entry("1.000003", "Bốn", &["2017-01-01"]),
        ]);
        let names: Vec<_> = shelf
            .entries()
            .map(|entry| entry.versions[0].procedure.name.as_str())
            .collect();
        assert_eq!(names, ["Một", "Hai", "Bốn"]);
        assert!(shelf.get("1.000002").is_some() && shelf.get("1.000009").is_none());
    }

    #[test]
    fn the_figures_are_those_of_the_day() {
        let mut two = entry("1.000002", "Hai", &["2018-01-01"]);
        two.online.set(Period {
            unit: String::new(),
            from: day("2022-07-01"),
            to: None,
            level: kit::online::Level::new(4),
            service: Some(Service::Full),
        });
        let mut shelf = shelf(&[("1.000001", "Một")]);
        shelf.put(vec![two]);
        let figures = |on| {
            let summary = shelf.summary(day(on));
            (
                summary.procedures,
                summary.levels.get(&4).copied(),
                summary.full,
            )
        };
        assert_eq!(figures("2017-06-01"), (1, None, 0));
        assert_eq!(figures("2022-06-30"), (2, None, 0));
        assert_eq!(figures("2022-07-01"), (2, Some(1), 1));
    }
}
